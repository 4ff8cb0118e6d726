package main

import "errors"

// holdings is everything that a hold keeps from running on.
type holdings struct {
	targets []*target
	gates   []*gate
}

func (h *holder) holdings() holdings { return holdings{h.targets, h.gates} }

// letGo thaws all containers and opens all gates, side by side. It may be repeated.
func (a holdings) letGo() error {
	return inParallel(2, func(i int) error {
		if i == 0 {
			return thawAll(a.targets)
		}
		return openAll(a.gates)
	})
}

// free tells whether nothing is frozen and no gate is on; a doubt is a no.
func (a holdings) free() bool { return allThawed(a.targets) && allOpen(a.gates) }

// unbroken reads everything again; "" or the first reason against.
func (a holdings) unbroken() string {
	reasons := make([]string, len(a.targets)+len(a.gates))
	_ = inParallel(len(reasons), func(i int) error {
		if i < len(a.targets) {
			reasons[i] = a.targets[i].unbroken()
		} else {
			reasons[i] = a.gates[i-len(a.targets)].unbroken()
		}
		return nil
	})
	for _, reason := range reasons {
		if reason != "" {
			return reason
		}
	}
	return ""
}

// open opens what a record names for an end. What is gone needs none; what could be opened is
// returned beside an error.
func (r *record) open() (holdings, error) {
	targets, err := openTargets(r.Targets)
	gates, gateErr := openRecorded(r.ID, r.Gates)
	return holdings{targets, gates}, errors.Join(err, gateErr)
}

func (a holdings) close() {
	closeTargets(a.targets)
	closeGates(a.gates)
}
