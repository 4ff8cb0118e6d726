package main

import "time"

type engagementResult struct {
	// settled is the time from the last gate on until the first freeze; 0 without gates.
	settled time.Duration
	freeze  time.Duration
	sync    time.Duration
	at      uptime
	err     error
}

// frozenOutcome is the channel of a freeze under way; nil (blocks for ever) without one.
func (h *holder) frozenOutcome() <-chan engagementResult {
	if h.engaged == nil {
		return nil
	}
	return h.engaged.outcome
}

// freeze begins the hold, or goes on with it when gates are closed. The work goes on beside
// the commands, so that an abort or the end of stdin is obeyed at once while a slow sync runs.
func (h *holder) freeze() (code int, done bool) {
	held, e := h.hold.Load(), h.engaged
	switch {
	case held == nil:
		h.out.fail(faultf(codeNotArmed, "freeze needs arm"), false)
		return 0, false
	case e != nil && e.outcome != nil:
		h.out.fail(faultf(codeUnsupported, "freeze was asked for before"), false)
		return 0, false
	case len(h.gates) > 0 && (e == nil || e.gated == 0):
		h.out.fail(faultf(codeNotGated, "freeze needs the gates of this hold, which are not reported closed"), false)
		return 0, false
	case held.ended():
		return h.end(""), true
	}
	if e == nil {
		if e, code = h.engage(held); e == nil {
			return code, true
		}
	}
	e.outcome = make(chan engagementResult, 1)
	e.changing.Add(1)
	go func() { e.outcome <- e.freeze(held, h.targets, h.volumes) }()
	return 0, false
}

// freeze stops all, then syncs and notes the processes at the same time.
func (e *engagement) freeze(held *hold, targets []*target, volumes []*volume) (result engagementResult) {
	stop := func() bool { return e.over(held) != nil }
	began := now()
	if e.gated != 0 {
		result.settled = began.sub(e.gated)
	}
	result.err = freezeAll(targets, stop)
	if result.err == nil {
		result.err = e.over(held)
	}
	e.changing.Done()
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
	values := []string{"freezeMicros", micros(result.freeze), "syncMicros", micros(result.sync), "at", result.at.String()}
	if len(h.gates) > 0 {
		values = append(values, "settledMicros", micros(result.settled))
	}
	h.out.emit(eventFrozen, values...)
	return 0, false
}
