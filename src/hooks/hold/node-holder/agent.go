package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	sweepEvery = time.Second
	// sweepPatience is what a living guard, or the winner of a race, gets before the agent
	// does it in its place.
	sweepPatience = time.Second
	// keepEnded is how long the state of an ended hold stays, so that its id stays used.
	keepEnded = time.Hour
)

// agent is the main process of the node agent: it reaps what it adopts and sweeps after
// guards that died.
type agent struct {
	stateDir string
	log      io.Writer
}

// runAgent sweeps once a second until SIGTERM. It ends no hold on its way out: each has a
// guard of its own.
func runAgent(stateDir string, log io.Writer) int {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Fprintf(log, "stillpoint agent: cannot adopt orphans: %v\n", err)
	}
	a := &agent{stateDir: stateDir, log: log}
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	a.sweep()
	a.sweepGates()
	for {
		select {
		case <-stop:
			return exitOK
		case <-children:
			reap()
		case <-tick.C:
			reap() // a signal that came while another was pending is lost
			a.sweep()
		}
	}
}

func reap() {
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		if pid <= 0 || err != nil {
			return
		}
	}
}

// sweep looks at every hold on this node. One that fails does not keep it from the others.
func (a *agent) sweep() {
	store, err := openStore(a.stateDir)
	if err != nil {
		fmt.Fprintf(a.log, "stillpoint agent: %v\n", err)
		return
	}
	defer store.Close()
	ids, err := holdIDs(store)
	if err != nil {
		fmt.Fprintf(a.log, "stillpoint agent: %v\n", err)
		return
	}
	for _, id := range ids {
		if err := a.sweepHold(store, id); err != nil && !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(a.log, "stillpoint agent: hold %s: %v\n", id, err)
		}
	}
}

func (a *agent) sweepHold(store *os.Root, id string) error {
	h, err := openHold(store, id)
	if err != nil {
		return err
	}
	defer h.dir.Close()
	if info, err := h.dir.Stat(dirEnd); err == nil {
		return sweepEnded(store, h, time.Since(info.ModTime()))
	}
	overdue, err := h.overdue()
	if err != nil || !overdue {
		return err
	}
	won, err := h.claim(whySweep)
	if err == nil && !won {
		return nil
	}
	// A claim that fails for another reason than a lost race must not stop the thaw.
	_, thawErr := h.thawRecorded()
	fmt.Fprintf(a.log, "stillpoint agent: hold %s ended by the sweep\n", id)
	return errors.Join(err, thawErr)
}

// overdue tells whether a hold should have ended by now without the agent's help.
func (h *hold) overdue() (bool, error) {
	r, err := h.record()
	if errors.Is(err, fs.ErrNotExist) {
		// Its holder died right after the mkdir, or is about to write.
		info, err := h.dir.Stat(".")
		return err == nil && time.Since(info.ModTime()) > idleLimit, err
	}
	if err != nil {
		return false, err
	}
	p, err := h.progress()
	if err != nil {
		return false, err
	}
	at := now()
	if h.guard().alive() {
		at = at.add(-sweepPatience)
		return at >= r.ArmedAt && r.expired(p, at) != "", nil
	}
	// Without guard and holder nobody is left who could release it with a proof.
	return r.expired(p, at) != "" || !r.Holder.alive(), nil
}

// sweepEnded thaws what a dead winner left frozen, and removes old state.
func sweepEnded(store *os.Root, h *hold, age time.Duration) error {
	switch {
	case age > keepEnded && h.settled():
		return store.RemoveAll(h.id)
	case age < sweepPatience || h.settled():
		return nil
	}
	_, err := h.thawRecorded()
	return err
}
