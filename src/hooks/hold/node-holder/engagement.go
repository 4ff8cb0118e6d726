package main

import (
	"sync"
	"sync/atomic"
	"time"
)

// engagement is the part of a hold that has an impact: from the first gate or freeze to the
// end of all.
type engagement struct {
	// impact is the moment right before the first gate or freeze; the length of a hold counts
	// from it.
	impact uptime
	// stop makes what still waits give up.
	stop atomic.Bool
	// changing counts steps that may still close a gate or ask for a freeze.
	changing sync.WaitGroup
	// gates brings the result of closing the gates, once.
	gates chan gateResult
	// gated is the moment when the last gate was on; 0 before.
	gated uptime
	// outcome brings the result of freeze, sync and reading back, once; nil before the freeze.
	outcome chan engagementResult
	// complete is set when `frozen` was reported.
	complete bool
}

// engage notes the first impact; from here on the guard counts TTL and MAX. It returns nil
// when that could not be written, and the hold has ended.
func (h *holder) engage(held *hold) (*engagement, int) {
	impact := now()
	// Written before the impact itself.
	if err := held.putUptime(fileImpact, impact); err != nil {
		h.out.fail(faultf(codeStateFailed, "%v", err), true)
		return nil, h.end(whyAbort)
	}
	h.engaged = &engagement{impact: impact, gates: make(chan gateResult, 1)}
	return h.engaged, exitOK
}

// letGo waits until nothing can close a gate or ask for a freeze any more, lets everything go,
// and returns how long the hold was.
func (e *engagement) letGo(all holdings) (time.Duration, error) {
	e.stop.Store(true)
	e.changing.Wait()
	err := all.letGo()
	return e.impact.since(), err
}
