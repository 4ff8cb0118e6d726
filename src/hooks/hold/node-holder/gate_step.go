package main

import "time"

type gateResult struct {
	took time.Duration
	at   uptime
	err  error
}

// gatedOutcome is the channel of gates that are being closed; nil (blocks for ever) without.
func (h *holder) gatedOutcome() <-chan gateResult {
	if h.engaged == nil {
		return nil
	}
	return h.engaged.gates
}

// gate begins the hold of members that need time without clients: their ports are closed and
// they run on. The work goes on beside the commands, as that of a freeze.
func (h *holder) gate() (code int, done bool) {
	held := h.hold.Load()
	switch {
	case len(h.gates) == 0:
		h.out.fail(faultf(codeUnsupported, "this hold has no gates"), false)
		return 0, false
	case held == nil:
		h.out.fail(faultf(codeNotArmed, "gate needs arm"), false)
		return 0, false
	case h.engaged != nil:
		h.out.fail(faultf(codeUnsupported, "gate was asked for before"), false)
		return 0, false
	case held.ended():
		return h.end(""), true
	}
	e, code := h.engage(held)
	if e == nil {
		return code, true
	}
	e.changing.Add(1)
	go func() { e.gates <- e.close(held, h.gates) }()
	return 0, false
}

// close puts the gates on, unless the hold has ended already; an end that comes later waits
// for it and takes them off.
func (e *engagement) close(held *hold, gates []*gate) (result gateResult) {
	defer e.changing.Done()
	began := now()
	if result.err = e.over(held); result.err == nil {
		result.err = closeAll(gates)
	}
	result.at = now()
	result.took = result.at.sub(began)
	return result
}

// over is the error of a hold that has ended; nil while it goes on.
func (e *engagement) over(held *hold) error {
	if e.stop.Load() || held.ended() {
		return faultf(codeFreezeFailed, "given up, the hold has ended")
	}
	return nil
}

// gated reports that all gates are on, or gives the hold up.
func (h *holder) gated(result gateResult) (code int, done bool) {
	if result.err != nil {
		return h.giveUp(result.err), true
	}
	h.engaged.gated = result.at
	h.out.emit(eventGated, "gateMicros", micros(result.took), "at", result.at.String())
	return 0, false
}
