package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	guardTick = 50 * time.Millisecond
	// guardPatience is how long a guard lets another winner thaw before it does it itself.
	guardPatience = time.Second
)

// guard is the dead-man switch of one hold. It ends the hold when a limit has passed or the
// holder is gone, and it stays until nothing is frozen and no holder is left that could
// freeze again.
type guard struct {
	hold   *hold
	record *record
	all    holdings
	// holder is a pidfd: readable once the holder has ended.
	holder int
}

// runGuard is the main function of the guard process; it always ends with 0, since an orphan
// that dies otherwise may alarm whoever adopted it.
func runGuard(stateDir, id string) int {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGQUIT)
	ready := os.NewFile(guardReadyFD, "ready")
	g, err := armGuard(stateDir, id)
	if err != nil {
		f := asFault(err)
		fmt.Fprintf(ready, "%s %s\n", f.code, f.message)
		return 0
	}
	fmt.Fprintln(ready, guardReadyWord)
	ready.Close()
	ended := g.watch()
	g.settle(ended)
	return 0
}

// armGuard opens all that the guard needs later and leaves the agent's container.
func armGuard(stateDir, id string) (*guard, error) {
	store, err := openStore(stateDir)
	if err != nil {
		return nil, err
	}
	h, err := openHold(store, id)
	if err != nil {
		return nil, faultf(codeGuardFailed, "%v", err)
	}
	store.Close()
	r, err := h.record()
	if err != nil {
		return nil, faultf(codeGuardFailed, "%v", err)
	}
	all, err := r.open()
	if err != nil {
		return nil, faultf(codeGuardFailed, "%v", err)
	}
	holder, err := unix.PidfdOpen(r.Holder.PID, 0)
	if err != nil || !r.Holder.alive() {
		return nil, faultf(codeGuardFailed, "the holder is gone (%v)", err)
	}
	if err := leaveContainer(); err != nil {
		return nil, err
	}
	lowerOOMScore()
	self, err := readProcess(os.Getpid())
	if err != nil {
		return nil, faultf(codeGuardFailed, "%v", err)
	}
	if err := h.putJSON(fileGuard, self); err != nil {
		return nil, faultf(codeGuardFailed, "%v", err)
	}
	return &guard{hold: h, record: r, all: all, holder: holder}, nil
}

// watch returns when the hold has ended; whether by this guard.
func (g *guard) watch() (own bool) {
	for {
		if g.hold.ended() {
			return false
		}
		why := ""
		if g.holderGone(guardTick) {
			why = whyEOF
		} else if p, err := g.hold.progress(); err != nil {
			why = whyTTL // a state that cannot be read proves nothing
		} else {
			why = g.record.expired(p, now())
		}
		if why != "" && !g.hold.ended() {
			// A claim that fails for another reason than a lost race must not stop the thaw.
			won, err := g.hold.claim(why)
			return won || err != nil
		}
	}
}

// settle thaws, or lets the winner do it, until the holder has settled the hold, or nothing
// is frozen or closed and the holder is gone.
func (g *guard) settle(own bool) {
	began := now()
	pause := guardTick
	for !g.hold.settled() {
		gone := g.holderGone(0)
		if !g.all.free() {
			if own || gone || began.since() > guardPatience {
				_ = g.all.letGo() // looked at again in the next round
			}
		} else if gone {
			_ = g.hold.settle() // else the agent does it
			return
		}
		time.Sleep(pause)
		pause = min(pause+guardTick/2, time.Second)
	}
}

// holderGone waits until the holder has ended, at most for the time given.
func (g *guard) holderGone(wait time.Duration) bool {
	fds := []unix.PollFd{{Fd: int32(g.holder), Events: unix.POLLIN}}
	n, err := unix.Poll(fds, int(wait.Milliseconds()))
	return err == nil && n > 0
}
