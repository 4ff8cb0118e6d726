package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
)

// runEnd is the main function of `<id> end <why>`: it ends a hold from outside. It may be
// repeated, and thaws also when somebody else won the race. An id that nobody armed is used
// up, so that a holder that comes late cannot arm it any more.
func runEnd(stateDir, id, why string, stdout io.Writer) int {
	out := newEmitter(stdout, id)
	store, err := openStore(stateDir)
	if err != nil {
		out.fail(err, true)
		return exitError
	}
	defer store.Close()
	h, err := createHold(store, id)
	if err == nil {
		_, err = h.claim(whyAbsent)
	} else if errors.Is(err, fs.ErrExist) {
		h, err = openHold(store, id)
	}
	if err != nil {
		out.fail(faultf(codeStateFailed, "%v", err), true)
		return exitError
	}
	defer h.dir.Close()
	return h.endFromOutside(why, out)
}

func (h *hold) endFromOutside(why string, out *emitter) int {
	won, err := h.claim(why)
	impact, thawErr := h.thawRecorded()
	if err = errors.Join(err, thawErr); err != nil {
		out.fail(err, true)
		return exitError
	}
	if won && impact != 0 {
		out.emit(eventReleased, "why", why, "unbroken", "false", "heldMicros", micros(impact.since()))
		return exitOK
	}
	if !won {
		why, _ = h.winner()
	}
	out.emit(eventEnded, "why", why)
	return exitOK
}

// thawRecorded thaws what the record of an ended hold names, unless the hold is settled, and
// settles it when its holder is gone. It returns the moment of the impact, 0 without one.
func (h *hold) thawRecorded() (uptime, error) {
	p, err := h.progress()
	if err != nil {
		return 0, faultf(codeStateFailed, "%v", err)
	}
	if h.settled() {
		return p.impact, nil
	}
	r, err := h.record()
	if errors.Is(err, fs.ErrNotExist) {
		return 0, h.settle() // nothing is frozen without a record
	}
	if err != nil {
		return 0, faultf(codeStateFailed, "%v", err)
	}
	gone := !r.Holder.alive()
	if p.impact != 0 {
		all, err := r.open()
		defer all.close()
		err = errors.Join(err, all.letGo())
		if err != nil {
			return p.impact, faultf(codeThawFailed, "%v", err)
		}
	}
	if gone {
		return p.impact, h.settle()
	}
	return p.impact, nil
}

// runStatus is the main function of `<id> status`: what the state says, changing nothing.
func runStatus(stateDir, id string, stdout io.Writer) int {
	out := newEmitter(stdout, id)
	store, err := os.OpenRoot(stateDir)
	if errors.Is(err, fs.ErrNotExist) {
		out.emit(eventStatus, "state", whyAbsent)
		return exitOK
	}
	if err != nil {
		out.fail(err, true)
		return exitError
	}
	defer store.Close()
	h, err := openHold(store, id)
	if errors.Is(err, fs.ErrNotExist) {
		out.emit(eventStatus, "state", whyAbsent)
		return exitOK
	}
	if err != nil {
		out.fail(err, true)
		return exitError
	}
	defer h.dir.Close()
	return h.report(out)
}

func (h *hold) report(out *emitter) int {
	p, err := h.progress()
	if err != nil {
		out.fail(err, true)
		return exitError
	}
	guardAlive := strconv.FormatBool(h.guard().alive())
	if _, err := h.dir.Stat(dirEnd); err == nil {
		why, at := h.winner()
		out.emit(eventStatus, "state", "ended", "why", why, "at", at.String(), "guard", guardAlive)
		return exitOK
	}
	if p.impact == 0 {
		out.emit(eventStatus, "state", "armed", "guard", guardAlive)
		return exitOK
	}
	beat := max(p.impact, p.beat)
	out.emit(eventStatus, "state", "holding", "guard", guardAlive,
		"heldMicros", micros(p.impact.since()), "beatAgeMicros", micros(beat.since()))
	return exitOK
}
