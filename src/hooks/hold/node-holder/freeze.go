package main

import (
	"sync/atomic"
	"time"
)

// engagement is the part of a hold that has an impact: from the freeze command to the thaw.
type engagement struct {
	// impact is the moment right before the first freeze; the length of a hold counts from it.
	impact uptime
	// stop makes freezers that still wait give up.
	stop atomic.Bool
	// settled is closed when no freezer will ask for a freeze any more.
	settled chan struct{}
	// outcome brings the result of freeze, sync and reading back, once.
	outcome chan engagementResult
	// complete is set when `frozen` was reported.
	complete bool
}

type engagementResult struct {
	freeze time.Duration
	sync   time.Duration
	at     uptime
	err    error
}

// engagedOutcome is the channel of a freeze under way; nil (blocks for ever) without one.
func (h *holder) engagedOutcome() <-chan engagementResult {
	if h.engaged == nil {
		return nil
	}
	return h.engaged.outcome
}

// freeze begins the hold. The work goes on beside the commands, so that an abort or the end
// of stdin is obeyed at once while a slow sync runs.
func (h *holder) freeze() (code int, done bool) {
	held := h.hold.Load()
	switch {
	case held == nil:
		h.out.fail(faultf(codeNotArmed, "freeze needs arm"), false)
		return 0, false
	case h.engaged != nil:
		h.out.fail(faultf(codeUnsupported, "freeze was asked for before"), false)
		return 0, false
	case held.ended():
		return h.end(""), true
	}
	impact := now()
	// Written before the first impact: from here on the guard counts TTL and MAX.
	if err := held.putUptime(fileImpact, impact); err != nil {
		h.out.fail(faultf(codeStateFailed, "%v", err), true)
		return h.end(whyAbort), true
	}
	e := &engagement{impact: impact, settled: make(chan struct{}), outcome: make(chan engagementResult, 1)}
	h.engaged = e
	go func() { e.outcome <- e.engage(held, h.targets, h.volumes) }()
	return 0, false
}

// engage freezes all, then syncs and notes the processes at the same time.
func (e *engagement) engage(held *hold, targets []*target, volumes []*volume) (result engagementResult) {
	stop := func() bool { return e.stop.Load() || held.ended() }
	began := now()
	result.err = freezeAll(targets, stop)
	if result.err == nil && stop() {
		result.err = faultf(codeFreezeFailed, "given up, the hold has ended")
	}
	close(e.settled)
	result.freeze = began.since()
	if result.err != nil {
		return result
	}
	synced := now()
	result.err = inParallel(2, func(i int) error {
		if i == 0 {
			return syncAll(volumes)
		}
		return noteAll(targets)
	})
	result.sync, result.at = synced.since(), now()
	return result
}

func noteAll(targets []*target) error {
	return inParallel(len(targets), func(i int) error {
		if !targets[i].Freeze {
			return nil
		}
		return targets[i].note()
	})
}

// frozen reports the result of a freeze, or gives the hold up.
func (h *holder) frozen(result engagementResult) (code int, done bool) {
	if result.err != nil {
		return h.giveUp(result.err), true
	}
	h.engaged.complete = true
	h.out.emit(eventFrozen, "freezeMicros", micros(result.freeze), "syncMicros", micros(result.sync), "at", result.at.String())
	return 0, false
}
