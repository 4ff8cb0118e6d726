package main

import "os"

// busyWith says which other hold that is not settled freezes one of the containers, or has a
// gate in one of the pods; "" for none. Each hold writes its record before it looks, so of two
// that come together at least one sees the other.
func busyWith(store *os.Root, own string, all holdings) (string, error) {
	wanted := all.uses()
	ids, err := holdIDs(store)
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		if id == own {
			continue
		}
		other, err := openHold(store, id)
		if err != nil {
			continue // removed meanwhile
		}
		r, err := other.record()
		settled := other.settled()
		other.dir.Close()
		if err != nil || settled {
			continue
		}
		for use := range (holdings{r.Targets, r.Gates}).uses() {
			if wanted[use] {
				return "hold " + id + " has " + use.what, nil
			}
		}
	}
	return "", nil
}

// use is something that two holds must not have in common: a container that is frozen, or the
// ports of a pod.
type use struct{ what, id string }

func (a holdings) uses() map[use]bool {
	uses := map[use]bool{}
	for _, t := range a.targets {
		if t.Freeze {
			uses[use{"one of the containers", t.ContainerID}] = true
		}
	}
	for _, g := range a.gates {
		uses[use{"a gate in one of the pods", g.PodUID}] = true
	}
	return uses
}
