package main

import "os"

// busyWith tells which other hold that is not settled freezes one of the containers, or has a
// gate in one of the pods. Each hold writes its record before it looks, so of two that come
// together at least one sees the other.
func busyWith(store *os.Root, own string, all holdings) (string, error) {
	wanted := all.names()
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
		for name := range (holdings{r.Targets, r.Gates}).names() {
			if wanted[name] {
				return id, nil
			}
		}
	}
	return "", nil
}

// names are what two holds must not have in common: containers that are frozen, and pods that
// have a gate.
func (a holdings) names() map[string]bool {
	names := map[string]bool{}
	for _, t := range a.targets {
		if t.Freeze {
			names["container "+t.ContainerID] = true
		}
	}
	for _, g := range a.gates {
		names["gate "+g.PodUID] = true
	}
	return names
}
