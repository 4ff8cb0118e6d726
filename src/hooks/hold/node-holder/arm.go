package main

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// settleTimeout is how long `arm` waits for other holds of its containers to settle.
const settleTimeout = 500 * time.Millisecond

// arm makes the hold's state, starts its guard and returns when the guard watches. When it
// fails after the directory was made the hold is ended, so that a guard that came up late
// goes away and the id stays used.
func arm(stateDir, id string, s *spec, all holdings, volumes []*volume) (*hold, int, error) {
	store, err := openStore(stateDir)
	if err != nil {
		return nil, 0, err
	}
	defer store.Close()
	h, err := createHold(store, id)
	if errors.Is(err, fs.ErrExist) {
		return nil, 0, faultf(codeAlreadyArmed, "the id %s was used before", id)
	}
	if err != nil {
		return nil, 0, faultf(codeStateFailed, "%v", err)
	}
	guardPID, err := h.prepare(stateDir, store, s, all, volumes)
	if err != nil {
		_, claimErr := h.claim(whyAbort)
		return nil, 0, errors.Join(err, claimErr, h.settle())
	}
	return h, guardPID, nil
}

func (h *hold) prepare(stateDir string, store *os.Root, s *spec, all holdings, volumes []*volume) (int, error) {
	self, err := readProcess(os.Getpid())
	if err != nil {
		return 0, faultf(codeStateFailed, "%v", err)
	}
	r := &record{
		Version: protocolVersion, ID: h.id, TTLMillis: s.TTLMillis, MaxMillis: s.MaxMillis,
		ArmedAt: now(), Holder: self, Targets: all.targets, Gates: all.gates,
	}
	for _, v := range volumes {
		r.Volumes = append(r.Volumes, v.ref)
	}
	if err := h.putJSON(fileRecord, r); err != nil {
		return 0, faultf(codeStateFailed, "%v", err)
	}
	if err := waitFree(store, h.id, all); err != nil {
		return 0, err
	}
	return spawnGuard(stateDir, h.id)
}

// waitFree refuses containers and gates that another hold has. One that is just being ended gets a
// moment to settle.
func waitFree(store *os.Root, id string, all holdings) error {
	began := now()
	for {
		other, err := busyWith(store, id, all)
		if err != nil {
			return faultf(codeStateFailed, "%v", err)
		}
		if other == "" {
			return nil
		}
		if began.since() > settleTimeout {
			return faultf(codeTargetBusy, "%s", other)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
