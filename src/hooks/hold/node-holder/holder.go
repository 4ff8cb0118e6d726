package main

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// endTick is how often a holder looks whether somebody else has ended its hold.
const endTick = 50 * time.Millisecond

// Exit codes. They are for people; only an event of the right id proves anything.
const (
	exitOK     = 0
	exitError  = 1
	exitUsage  = 2
	exitBroken = 3
)

// holder runs one hold: it obeys the operator's commands and reports events.
type holder struct {
	id       string
	stateDir string
	out      *emitter
	spec     *spec
	targets  []*target
	volumes  []*volume
	gates    []*gate

	// hold is set once the guard watches. The reader of commands uses it too, for beats.
	hold atomic.Pointer[hold]
	// engaged is set from the first impact on, see engagement.go.
	engaged *engagement
}

// runHold is the main function of `<id> hold`.
func runHold(stateDir, id string, in io.Reader, stdout io.Writer) int {
	signal.Ignore(syscall.SIGPIPE) // a closed stdout is the operator's end, not ours
	stop := make(chan os.Signal, 4)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)

	hurry()
	h := &holder{id: id, stateDir: stateDir, out: newEmitter(stdout, id)}
	input := newInput(in)
	first, err := input.line()
	if err == nil {
		h.spec, err = parseSpec(first)
	} else if errors.Is(err, io.EOF) {
		h.out.emit(eventEnded, "why", whyEOF)
		return exitOK
	}
	if err == nil {
		err = h.resolve()
	}
	if err != nil {
		h.out.fail(err, true)
		return exitError
	}
	h.out.emit(eventReady, "targets", strconv.Itoa(len(h.targets)), "volumes", strconv.Itoa(len(h.volumes)), "gates", strconv.Itoa(len(h.gates)))
	return h.run(input.commands(h.beat), stop)
}

// resolve finds containers and volumes; it has no impact on them.
func (h *holder) resolve() error {
	wanted := map[string]bool{}
	for _, t := range h.spec.Targets {
		wanted[t.ContainerID] = true
	}
	for _, v := range h.spec.Volumes {
		wanted[v.ContainerID] = true
	}
	containers, err := findContainers(wanted)
	if err != nil {
		return err
	}
	if h.targets, err = resolveTargets(h.spec, containers); err != nil {
		return err
	}
	if h.volumes, err = resolveVolumes(h.spec, containers); err != nil {
		return err
	}
	h.gates, err = resolveGates(h.id, h.spec, containers)
	return err
}

// run obeys commands until the hold has ended, and returns the exit code.
func (h *holder) run(commands <-chan string, stop <-chan os.Signal) int {
	tick := time.NewTicker(endTick)
	defer tick.Stop()
	for {
		select {
		case command, open := <-commands:
			if !open {
				return h.end(whyEOF)
			}
			if code, done := h.obey(command); done {
				return code
			}
		case outcome := <-h.gatedOutcome():
			if code, done := h.gated(outcome); done {
				return code
			}
		case outcome := <-h.frozenOutcome():
			if code, done := h.frozen(outcome); done {
				return code
			}
		case <-h.out.lost:
			return h.end(whyEOF)
		case <-stop:
			return h.end(whyEOF)
		case <-tick.C:
			if held := h.hold.Load(); held != nil && held.ended() {
				return h.end("")
			}
		}
	}
}

// obey runs one command; done says that the program ends with the code.
func (h *holder) obey(command string) (code int, done bool) {
	switch command {
	case cmdSync:
		h.sync()
	case cmdArm:
		return h.arm()
	case cmdGate:
		return h.gate()
	case cmdFreeze:
		return h.freeze()
	case cmdRelease:
		if h.engaged != nil && !h.engaged.complete {
			// Nothing was reported frozen, so there is nothing a release could prove.
			return h.end(whyAbort), true
		}
		return h.end(whyRelease), true
	case cmdAbort:
		return h.end(whyAbort), true
	default:
		h.out.fail(faultf(codeUnsupported, "unknown command %.100q", command), false)
	}
	return 0, false
}

// sync is the warm-up: what it writes now need not be written inside the window.
func (h *holder) sync() {
	began := now()
	if err := syncAll(h.volumes); err != nil {
		h.out.fail(err, false)
		return
	}
	h.out.emit(eventSynced, "micros", micros(began.since()))
}

func (h *holder) arm() (code int, done bool) {
	if h.hold.Load() != nil {
		h.out.fail(faultf(codeAlreadyArmed, "this hold is armed"), false)
		return 0, false
	}
	held, guardPID, err := arm(h.stateDir, h.id, h.spec, h.holdings(), h.volumes)
	if err != nil {
		h.out.fail(err, true)
		return exitError, true
	}
	h.hold.Store(held)
	h.out.emit(eventArmed, "guardPid", strconv.Itoa(guardPID))
	return 0, false
}

// beat is called by the reader of commands, so that a beat counts while a sync goes on.
func (h *holder) beat() {
	if held := h.hold.Load(); held != nil {
		if err := held.putUptime(fileBeat, now()); err != nil {
			h.out.fail(faultf(codeStateFailed, "%v", err), false)
			return
		}
	}
	h.out.emit(eventBeat)
}
