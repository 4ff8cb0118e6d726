package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// guardOf reads the pid from an armed session and makes sure that it goes at the end.
func armedGuard(h *session) int {
	h.t.Helper()
	h.expect(eventReady)
	h.send(cmdArm)
	pid, err := strconv.Atoi(h.expect(eventArmed).values["guardPid"])
	check(h.t, err)
	return pid
}

func TestGuardStandsOutside(t *testing.T) {
	c := newContainer(t, "kubepods", "")
	h := startHold(t, t.TempDir(), "guard-1", c.spec("", longTTL, longMax))
	pid := armedGuard(h)
	paths, err := cgroupPaths(strconv.Itoa(pid))
	check(t, err)
	mounted, err := mountedHierarchies()
	check(t, err)
	for _, hierarchy := range mounted {
		if paths[hierarchy.key] != guardCgroup {
			t.Errorf("guard is in %s of %s", paths[hierarchy.key], hierarchyName(hierarchy.key))
		}
	}
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	if exe, err := os.Readlink(proc + "/exe"); err != nil || !strings.HasPrefix(exe, "/memfd:stillpoint-guard") {
		t.Errorf("the guard runs from %s (%v), not from memory", exe, err)
	}
	for _, fd := range []string{"0", "1", "2"} {
		if to, err := os.Readlink(proc + "/fd/" + fd); err != nil || to != "/dev/null" {
			t.Errorf("descriptor %s is %s (%v)", fd, to, err)
		}
	}
	if session, err := unix.Getsid(pid); err != nil || session != pid {
		t.Errorf("the guard is in session %d (%v)", session, err)
	}
	h.send(cmdAbort)
	h.expect(eventEnded)
	if !eventually(time.Second, func() bool { _, err := readProcess(pid); return err != nil }) {
		t.Error("the guard stays after the end")
	}
}

// TestAgentIsKilled does what a runtime does to a container of a force-deleted pod: every
// process in its cgroups gets SIGKILL.
func TestAgentIsKilled(t *testing.T) {
	bothFreezers(t, func(t *testing.T, kind string) {
		c := newContainer(t, "kubepods", "")
		agentPod := newContainer(t, "kubepods", "")
		h := startHold(t, t.TempDir(), "guard-2", c.spec(kind, 600*time.Millisecond, longMax))
		h.expect(eventReady)
		agentPod.join(h.cmd.Process.Pid)
		h.send(cmdArm)
		h.expect(eventArmed)
		h.send(cmdFreeze)
		h.expect(eventFrozen)
		if !c.still() {
			t.Error("not frozen")
		}
		killed := 0
		for _, dir := range agentPod.dirs {
			inside, err := processesIn(dir)
			check(t, err)
			for _, p := range inside {
				check(t, unix.Kill(p.PID, unix.SIGKILL))
				killed++
			}
		}
		if killed == 0 {
			t.Fatal("nothing was in the agent's cgroup")
		}
		if !c.runs(time.Second) {
			t.Error("the database is left still")
		}
		if line := verb(t, h.state, h.id, "end", whyTakeover); line != "STILL1 guard-2 ended why=eof" {
			t.Errorf("end printed %q", line)
		}
	})
}

// TestStoppedHolder stops the holder in the middle: the guard must end the hold by its own
// limits, and stay while the holder could freeze again.
func TestStoppedHolder(t *testing.T) {
	c := newContainer(t, "kubepods", "")
	h := startHold(t, t.TempDir(), "guard-3", c.spec("", 400*time.Millisecond, longMax))
	pid := armedGuard(h)
	h.send(cmdFreeze)
	h.expect(eventFrozen)
	check(t, h.cmd.Process.Signal(unix.SIGSTOP))
	if !c.runs(time.Second) {
		t.Fatal("left still")
	}
	c.refreeze(freezerV1) // as a holder that was stopped just before its write would do it
	if !c.runs(2 * time.Second) {
		t.Error("the guard did not thaw again")
	}
	if _, err := readProcess(pid); err != nil {
		t.Error("the guard left while the holder lived")
	}
	check(t, h.cmd.Process.Signal(unix.SIGCONT))
	h.expect(eventBroken, "why", whyTTL)
}

func TestGuardIgnoresSignals(t *testing.T) {
	c := newContainer(t, "kubepods", "")
	h := startHold(t, t.TempDir(), "guard-4", c.spec("", longTTL, longMax))
	pid := armedGuard(h)
	for _, signal := range []unix.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT} {
		check(t, unix.Kill(pid, signal))
	}
	h.send(cmdFreeze)
	h.expect(eventFrozen)
	if _, err := readProcess(pid); err != nil {
		t.Fatal("a signal ended the guard")
	}
	h.send(cmdRelease)
	h.expect(eventReleased, "unbroken", "true")
}

// TestAgentSweeps kills guard and holder, so that only the agent's main process is left.
func TestAgentSweeps(t *testing.T) {
	bothFreezers(t, func(t *testing.T, kind string) {
		c := newContainer(t, "kubepods", "")
		state := t.TempDir()
		h := startHold(t, state, "guard-5", c.spec(kind, longTTL, longMax))
		pid := armedGuard(h)
		h.send(cmdFreeze)
		h.expect(eventFrozen)
		check(t, unix.Kill(pid, unix.SIGKILL))
		check(t, h.cmd.Process.Kill())
		_ = h.cmd.Wait()
		if !c.still() {
			t.Fatal("somebody else thawed")
		}
		agent := exec.Command(program, "--state-dir", state, "agent")
		check(t, agent.Start())
		if !c.runs(2 * time.Second) {
			t.Error("the agent did not sweep")
		}
		check(t, agent.Process.Signal(unix.SIGTERM))
		if err := agent.Wait(); err != nil {
			t.Errorf("the agent ended with %v", err)
		}
		if line := verb(t, state, "guard-5", "end", whyTakeover); line != "STILL1 guard-5 ended why=sweep" {
			t.Errorf("end printed %q", line)
		}
	})
}

// TestAgentLeavesLivingHoldsAlone runs the sweep over a hold within its limits.
func TestAgentLeavesLivingHoldsAlone(t *testing.T) {
	c := newContainer(t, "kubepods", "")
	state := t.TempDir()
	agent := exec.Command(program, "--state-dir", state, "agent")
	check(t, agent.Start())
	h := startHold(t, state, "guard-6", c.spec("", longTTL, longMax))
	h.freeze()
	time.Sleep(1500 * time.Millisecond) // more than one sweep
	check(t, agent.Process.Signal(unix.SIGTERM))
	_ = agent.Wait()
	if !c.still() {
		t.Error("the agent ended a living hold")
	}
	h.send(cmdRelease)
	h.expect(eventReleased, "unbroken", "true")
}

func TestLimits(t *testing.T) {
	r := &record{TTLMillis: 3000, MaxMillis: 10000, ArmedAt: 1_000_000}
	second := func(s float64) uptime { return uptime(1_000_000 + s*1e6) }
	cases := []struct {
		name string
		p    progress
		at   uptime
		why  string
	}{
		{"idle, beating or not", progress{}, second(59.9), ""},
		{"idle too long", progress{beat: second(59)}, second(60), whyTTL},
		{"impact counts as a beat", progress{impact: second(50)}, second(52.9), ""},
		{"silent", progress{impact: second(50)}, second(53), whyTTL},
		{"beating", progress{impact: second(1), beat: second(9)}, second(10.9), ""},
		{"beats do not move max", progress{impact: second(1), beat: second(10)}, second(11), whyMax},
		{"the earlier limit names it", progress{impact: second(1), beat: second(7)}, second(30), whyTTL},
		{"the earlier limit names it", progress{impact: second(1), beat: second(9)}, second(30), whyMax},
		{"before a restart of the node", progress{impact: second(1)}, second(-0.5), whyMax},
	}
	for _, test := range cases {
		if why := r.expired(test.p, test.at); why != test.why {
			t.Errorf("%s: %q, wanted %q", test.name, why, test.why)
		}
	}
}
