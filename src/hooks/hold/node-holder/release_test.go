package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	longTTL = 5 * time.Second
	longMax = 10 * time.Second
)

func TestReleaseProvesTheHold(t *testing.T) {
	bothFreezers(t, func(t *testing.T, kind string) {
		c := newContainer(t, "kubepods", "")
		h := startHold(t, t.TempDir(), "win-1", c.spec(kind, longTTL, longMax))
		frozen := h.freeze()
		if !strings.Contains(frozen.values["at"], ".") {
			t.Errorf("at=%q has no centiseconds", frozen.values["at"])
		}
		if !c.still() {
			t.Error("the container writes while it is frozen")
		}
		h.send(cmdBeat)
		h.expect(eventBeat)
		h.send(cmdRelease)
		e := h.expect(eventReleased, "why", whyRelease, "unbroken", "true")
		if held, err := strconv.Atoi(e.values["heldMicros"]); err != nil || held < 60_000 || held > 10_000_000 {
			t.Errorf("heldMicros=%s", e.values["heldMicros"])
		}
		if !c.runs(time.Second) {
			t.Error("the container does not write after the release")
		}
	})
}

func TestOthersEndTheHold(t *testing.T) {
	cases := []struct {
		name     string
		ttl, max time.Duration
		end      func(h *session)
		why      string
		within   time.Duration
	}{
		{"ttl", 300 * time.Millisecond, longMax, func(*session) {}, whyTTL, 800 * time.Millisecond},
		{"max despite beats", 500 * time.Millisecond, 900 * time.Millisecond, beatFor(1500 * time.Millisecond), whyMax, 200 * time.Millisecond},
		{"eof", longTTL, longMax, func(h *session) { h.stdin.Close() }, whyEOF, time.Second},
		{"abort", longTTL, longMax, func(h *session) { h.send(cmdAbort) }, whyAbort, time.Second},
		{"takeover", longTTL, longMax, func(h *session) {
			line := verb(h.t, h.state, h.id, "end", whyTakeover)
			if !strings.HasPrefix(line, "STILL1 "+h.id+" released why=takeover unbroken=false heldMicros=") {
				h.t.Errorf("end takeover printed %q", line)
			}
		}, whyTakeover, time.Second},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			bothFreezers(t, func(t *testing.T, kind string) {
				c := newContainer(t, "kubepods", "")
				h := startHold(t, t.TempDir(), "win-2", c.spec(kind, test.ttl, test.max))
				h.freeze()
				if !c.still() {
					t.Error("not frozen")
				}
				test.end(h)
				if !c.runs(test.within) {
					t.Errorf("not thawed within %s", test.within)
				}
				h.send(cmdRelease) // too late
				h.expect(eventBroken, "why", test.why)
			})
		})
	}
}

func beatFor(length time.Duration) func(h *session) {
	return func(h *session) {
		for end := time.Now().Add(length); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			h.send(cmdBeat)
		}
	}
}

func TestUnheldEnds(t *testing.T) {
	c := newContainer(t, "kubepods", "")
	for _, arm := range []bool{false, true} {
		for _, command := range []string{cmdRelease, cmdAbort} {
			t.Run(fmt.Sprint(command, " armed ", arm), func(t *testing.T) {
				h := startHold(t, t.TempDir(), "win-3", c.spec("", longTTL, longMax))
				h.expect(eventReady)
				if arm {
					h.send(cmdArm)
					h.expect(eventArmed)
				}
				h.send(command)
				h.expect(eventEnded, "why", command)
			})
		}
	}
}

func TestFreezeNeedsArm(t *testing.T) {
	c := newContainer(t, "kubepods", "")
	h := startHold(t, t.TempDir(), "win-4", c.spec("", longTTL, longMax))
	h.expect(eventReady)
	h.send(cmdFreeze)
	h.expect(eventError, "code", codeNotArmed, "fatal", "false")
	h.send(cmdGate)
	h.expect(eventError, "code", codeUnsupported, "fatal", "false")
	if c.still() {
		t.Error("frozen without a guard")
	}
}

func TestBrokenWhenThawedByOthers(t *testing.T) {
	bothFreezers(t, func(t *testing.T, kind string) {
		c := newContainer(t, "kubepods", "")
		h := startHold(t, t.TempDir(), "win-5", c.spec(kind, longTTL, longMax))
		h.freeze()
		c.thaw()
		h.send(cmdRelease)
		h.expect(eventBroken, "why", brokenNotFrozen)
	})
}

func TestBrokenWhenAProcessWasReplaced(t *testing.T) {
	bothFreezers(t, func(t *testing.T, kind string) {
		c := newContainer(t, "kubepods", "")
		h := startHold(t, t.TempDir(), "win-6", c.spec(kind, longTTL, longMax))
		h.freeze()
		check(t, c.main.Process.Kill())
		if kind == freezerV1 {
			c.thaw() // here a frozen process dies only once it is thawed, as the runtime does it
		}
		_ = c.main.Wait()
		c.main = c.start()
		c.refreeze(kind)
		h.send(cmdRelease)
		h.expect(eventBroken, "why", brokenRestarted)
		if !c.runs(time.Second) {
			t.Error("the new process is left frozen")
		}
	})
}

func TestBrokenWhenAChildWasKilled(t *testing.T) {
	c := newContainer(t, "kubepods", "")
	child := c.start()
	h := startHold(t, t.TempDir(), "win-7", c.spec(freezerV2, longTTL, longMax))
	h.freeze()
	check(t, child.Process.Kill()) // stays a zombie until the test reaps it
	if !eventually(time.Second, func() bool { _, err := readProcess(child.Process.Pid); return err != nil }) {
		t.Fatal("on cgroup v2 a frozen process should die at once")
	}
	h.send(cmdRelease)
	h.expect(eventBroken, "why", brokenRestarted)
}

func TestIDIsUsedOnce(t *testing.T) {
	c := newContainer(t, "kubepods", "")
	state := t.TempDir()
	h := startHold(t, state, "win-8", c.spec("", longTTL, longMax))
	h.expect(eventReady)
	h.send(cmdArm)
	h.expect(eventArmed)
	h.send(cmdArm)
	h.expect(eventError, "code", codeAlreadyArmed, "fatal", "false")
	second := startHold(t, state, "win-8", c.spec("", longTTL, longMax))
	second.expect(eventReady)
	second.send(cmdArm)
	second.expect(eventError, "code", codeAlreadyArmed, "fatal", "true")
	other := startHold(t, state, "win-9", c.spec("", longTTL, longMax))
	other.expect(eventReady)
	other.send(cmdArm)
	other.expect(eventError, "code", codeTargetBusy, "fatal", "true")
	h.send(cmdFreeze)
	h.expect(eventFrozen)
	h.send(cmdRelease)
	h.expect(eventReleased, "unbroken", "true")
	next := startHold(t, state, "win-10", c.spec("", longTTL, longMax))
	next.freeze()
	next.send(cmdRelease)
	next.expect(eventReleased, "unbroken", "true")
}

func TestEndIsIdempotent(t *testing.T) {
	c := newContainer(t, "kubepods", "")
	state := t.TempDir()
	for range 2 {
		if line := verb(t, state, "never", "end", whyTakeover); line != "STILL1 never ended why=absent" {
			t.Errorf("end of an absent id printed %q", line)
		}
	}
	late := startHold(t, state, "never", c.spec("", longTTL, longMax))
	late.expect(eventReady)
	late.send(cmdArm)
	late.expect(eventError, "code", codeAlreadyArmed)

	h := startHold(t, state, "win-11", c.spec("", longTTL, longMax))
	h.freeze()
	if line := verb(t, state, "win-11", "status"); !strings.Contains(line, "state=holding guard=true") {
		t.Errorf("status printed %q", line)
	}
	if line := verb(t, state, "win-11", "end", whySweep); !strings.Contains(line, "released why=sweep unbroken=false") {
		t.Errorf("first end printed %q", line)
	}
	if line := verb(t, state, "win-11", "end", whyTakeover); line != "STILL1 win-11 ended why=sweep" {
		t.Errorf("second end printed %q", line)
	}
	h.expect(eventBroken, "why", whySweep)
	if !c.runs(time.Second) {
		t.Error("left frozen")
	}
	if line := verb(t, state, "win-11", "status"); !strings.Contains(line, "state=ended why=sweep") {
		t.Errorf("status printed %q", line)
	}
}

func TestSettledHoldIsLeftAlone(t *testing.T) {
	c := newContainer(t, "kubepods", "")
	state := t.TempDir()
	first := startHold(t, state, "win-12", c.spec("", longTTL, longMax))
	first.freeze()
	first.send(cmdRelease)
	first.expect(eventReleased, "unbroken", "true")
	second := startHold(t, state, "win-13", c.spec("", longTTL, longMax))
	second.freeze()
	verb(t, state, "win-12", "end", whyTakeover) // must not thaw the second hold's freeze
	if !c.still() {
		t.Error("the end of an old hold thawed a new one")
	}
	second.send(cmdRelease)
	second.expect(eventReleased, "unbroken", "true")
	if _, err := os.Stat(filepath.Join(state, "win-12", fileThawed)); err != nil {
		t.Error(err)
	}
}
