package main

import (
	"errors"
	"time"
)

// end ends the hold and reports it; it returns the exit code. why is empty when somebody
// else has ended it already.
func (h *holder) end(why string) int {
	held := h.hold.Load()
	if held == nil {
		h.out.emit(eventEnded, "why", why)
		return exitOK
	}
	e := h.engaged
	told := now()
	won, claimErr := false, error(nil)
	if why != "" {
		won, claimErr = held.claim(why)
	}
	if e == nil {
		return h.endUntouched(held, why, won, claimErr)
	}
	unbroken := ""
	if won && why == whyRelease {
		// Before the thaw: afterwards nothing could be proven any more.
		unbroken = h.holdings().unbroken()
	}
	length, thawErr := e.letGo(h.holdings())
	thaw := told.since()
	if thawErr == nil {
		thawErr = held.settle()
	}
	if err := errors.Join(claimErr, thawErr); err != nil {
		h.out.fail(err, true)
	}
	switch {
	case !won:
		winner, at := held.winner()
		if at > e.impact {
			length = at.sub(e.impact)
		}
		return h.broken(winner, length)
	case why != whyRelease:
		return h.broken(why, length)
	case unbroken != "":
		return h.broken(unbroken, length)
	case claimErr != nil || thawErr != nil:
		return h.broken(whyRelease, length)
	}
	h.out.emit(eventReleased, "why", whyRelease, "unbroken", "true", "heldMicros", micros(length), "thawMicros", micros(thaw))
	return exitOK
}

// endUntouched ends an armed hold without an impact.
func (h *holder) endUntouched(held *hold, why string, won bool, claimErr error) int {
	if err := errors.Join(claimErr, held.settle()); err != nil {
		h.out.fail(err, true)
	}
	if !won {
		why, _ = held.winner()
	}
	h.out.emit(eventEnded, "why", why)
	return exitOK
}

// giveUp releases after a failure inside the window, and only then says what failed.
func (h *holder) giveUp(failure error) int {
	held, e := h.hold.Load(), h.engaged
	won, claimErr := held.claim(whyAbort)
	length, thawErr := e.letGo(h.holdings())
	if thawErr == nil {
		thawErr = held.settle()
	}
	why := whyAbort
	if !won {
		why, _ = held.winner()
	}
	h.out.fail(errors.Join(failure, claimErr, thawErr), true)
	return h.broken(why, length)
}

func (h *holder) broken(why string, length time.Duration) int {
	h.out.emit(eventBroken, "why", why, "heldMicros", micros(length))
	return exitBroken
}
