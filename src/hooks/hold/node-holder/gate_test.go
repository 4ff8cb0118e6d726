package main

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// quiet is how long a test listens to be sure that nothing comes.
const quiet = 2*echoDelay + 100*time.Millisecond

func TestGateClosesBothDirections(t *testing.T) {
	for _, host := range []string{"127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			c := newServer(t)
			asked, err := c.dial(host, echoPort)
			check(t, err)
			late, err := c.dial(host, echoPort)
			check(t, err)
			other, err := c.dial(host, otherPort)
			check(t, err)
			check(t, answers(asked, time.Second))
			h := startHold(t, t.TempDir(), "gate-1", c.gatedSpec(longTTL, longMax))
			h.expect(eventReady, "gates", "1")
			h.send(cmdArm)
			h.expect(eventArmed)
			_, err = asked.Write([]byte("x")) // its answer is on the way out when the gate is closed
			check(t, err)
			h.send(cmdGate)
			h.expect(eventGated)
			_, err = late.Write([]byte("x"))
			check(t, err)
			if err := answered(asked, quiet); !isTimeout(err) {
				t.Errorf("an answer left through the gate (%v)", err)
			}
			if err := answered(late, quiet); !isTimeout(err) {
				t.Errorf("what was sent after the gate was answered (%v)", err)
			}
			if _, err := c.dial(host, echoPort); !isTimeout(err) {
				t.Errorf("a new connection: %v", err)
			}
			check(t, answers(other, time.Second))
			if !c.runs(time.Second) {
				t.Error("the server does not run on behind its gate")
			}
			h.settle(0)
			if !c.still() {
				t.Error("not frozen")
			}
			h.send(cmdRelease)
			h.expect(eventReleased, "why", whyRelease, "unbroken", "true")
			if tables := c.gates(); len(tables) != 0 {
				t.Errorf("left: %v", tables)
			}
			check(t, answered(asked, 5*time.Second))
			check(t, answered(late, 5*time.Second))
			if !c.open(time.Second) {
				t.Error("new clients are not answered after the release")
			}
		})
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestGateOrder(t *testing.T) {
	c := newServer(t)
	h := startHold(t, t.TempDir(), "gate-2", c.gatedSpec(longTTL, longMax))
	h.expect(eventReady, "gates", "1")
	h.send(cmdGate)
	h.expect(eventError, "code", codeNotArmed, "fatal", "false")
	h.send(cmdArm)
	h.expect(eventArmed)
	h.send(cmdFreeze)
	h.expect(eventError, "code", codeNotGated, "fatal", "false")
	h.send(cmdGate)
	h.expect(eventGated)
	h.send(cmdGate)
	h.expect(eventError, "code", codeUnsupported, "fatal", "false")
	h.settle(20 * time.Millisecond)
	h.send(cmdRelease)
	h.expect(eventReleased, "unbroken", "true")

	ungated := startHold(t, t.TempDir(), "gate-3", c.spec("", longTTL, longMax))
	ungated.expect(eventReady, "gates", "0")
	ungated.send(cmdArm)
	ungated.expect(eventArmed)
	ungated.send(cmdGate)
	ungated.expect(eventError, "code", codeUnsupported, "fatal", "false")
	ungated.send(cmdFreeze)
	if e := ungated.expect(eventFrozen); e.values["settledMicros"] != "" {
		t.Errorf("a hold without gates says %s", e)
	}
	ungated.send(cmdRelease)
	ungated.expect(eventReleased, "unbroken", "true")
}

// TestOthersOpenTheGate ends holds whose server is gated, and such that are frozen besides.
func TestOthersOpenTheGate(t *testing.T) {
	cases := []struct {
		name     string
		ttl, max time.Duration
		end      func(h *session)
		why      string
	}{
		{"ttl", 400 * time.Millisecond, longMax, func(*session) {}, whyTTL},
		{"max from the gate on", 500 * time.Millisecond, 900 * time.Millisecond, beatFor(1500 * time.Millisecond), whyMax},
		{"eof", longTTL, longMax, func(h *session) { h.stdin.Close() }, whyEOF},
		{"abort", longTTL, longMax, func(h *session) { h.send(cmdAbort) }, whyAbort},
		{"takeover", longTTL, longMax, func(h *session) { verb(h.t, h.state, h.id, "end", whyTakeover) }, whyTakeover},
	}
	for _, test := range cases {
		for _, freeze := range []bool{false, true} {
			t.Run(test.name+" frozen "+strconv.FormatBool(freeze), func(t *testing.T) {
				c := newServer(t)
				h := startHold(t, t.TempDir(), "gate-4", c.gatedSpec(test.ttl, test.max))
				h.gate()
				if freeze {
					h.settle(50 * time.Millisecond)
				}
				if len(c.gates()) != 1 {
					t.Error("no gate")
				}
				test.end(h)
				if !c.open(1500*time.Millisecond) || len(c.gates()) != 0 {
					t.Errorf("the gate stays: %v", c.gates())
				}
				h.send(cmdRelease) // too late
				h.expect(eventBroken, "why", test.why)
			})
		}
	}
}

// TestReleaseBeforeFreeze has nothing to prove.
func TestReleaseBeforeFreeze(t *testing.T) {
	c := newServer(t)
	h := startHold(t, t.TempDir(), "gate-5", c.gatedSpec(longTTL, longMax))
	h.gate()
	h.send(cmdRelease)
	h.expect(eventBroken, "why", whyAbort)
	if !c.open(time.Second) {
		t.Error("left closed")
	}
}

func TestBrokenWhenTheGateWasChanged(t *testing.T) {
	table := gateTable("gate-6")
	cases := map[string][]string{
		"table removed":   {"delete", "table", "inet", table},
		"rule removed":    {"flush", "chain", "inet", table, "from_server"},
		"chain removed":   {"flush", "chain", "inet", table, "to_server;", "delete", "chain", "inet", table, "to_server"},
		"another rule":    {"insert", "rule", "inet", table, "to_server", "accept"},
		"another port":    {"flush", "chain", "inet", table, "to_server;", "add", "rule", "inet", table, "to_server", "tcp", "dport", "1", "counter", "drop"},
		"table off":       {"add", "table", "inet", table, "{", "flags", "dormant;", "}"},
		"table not right": {"flush", "ruleset"},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			c := newServer(t)
			h := startHold(t, t.TempDir(), "gate-6", c.gatedSpec(longTTL, longMax))
			h.gate()
			h.settle(20 * time.Millisecond)
			c.nft(change...)
			h.send(cmdRelease)
			h.expect(eventBroken, "why", brokenNotGated)
			if !c.open(time.Second) || len(c.gates()) != 0 {
				t.Errorf("the gate stays: %v", c.gates())
			}
		})
	}
}

// TestContainerRestartsBehindTheGate kills the server: its pod keeps the network namespace,
// and with it the gate, until the hold ends.
func TestContainerRestartsBehindTheGate(t *testing.T) {
	c := newServer(t)
	h := startHold(t, t.TempDir(), "gate-7", c.gatedSpec(longTTL, longMax))
	h.gate()
	h.settle(20 * time.Millisecond)
	check(t, c.main.Process.Kill())
	c.thaw()
	_ = c.main.Wait()
	c.main = c.start()
	if len(c.gates()) != 1 {
		t.Error("no gate before the end")
	}
	h.send(cmdRelease)
	h.expect(eventBroken, "why", brokenRestarted)
	if !c.open(time.Second) || len(c.gates()) != 0 {
		t.Errorf("the gate stays: %v", c.gates())
	}
}

// TestGuardOpensTheGate kills the holder as TestAgentIsKilled does; before the freeze nothing
// else would end the gate.
func TestGuardOpensTheGate(t *testing.T) {
	for _, freeze := range []bool{false, true} {
		t.Run("frozen "+strconv.FormatBool(freeze), func(t *testing.T) {
			c := newServer(t)
			h := startHold(t, t.TempDir(), "gate-8", c.gatedSpec(longTTL, longMax))
			h.gate()
			if freeze {
				h.settle(20 * time.Millisecond)
			}
			check(t, h.cmd.Process.Kill())
			if !c.open(time.Second) || len(c.gates()) != 0 {
				t.Errorf("the gate stays: %v", c.gates())
			}
			if line := verb(t, h.state, h.id, "end", whyTakeover); line != "STILL1 gate-8 ended why=eof" {
				t.Errorf("end printed %q", line)
			}
		})
	}
}

// TestStoppedHolderBehindTheGate stops the holder: the guard opens by its own limits.
func TestStoppedHolderBehindTheGate(t *testing.T) {
	c := newServer(t)
	h := startHold(t, t.TempDir(), "gate-9", c.gatedSpec(400*time.Millisecond, longMax))
	h.gate()
	check(t, h.cmd.Process.Signal(unix.SIGSTOP))
	if !c.open(2*time.Second) || len(c.gates()) != 0 {
		t.Errorf("the gate stays: %v", c.gates())
	}
	check(t, h.cmd.Process.Signal(unix.SIGCONT))
	h.expect(eventBroken, "why", whyTTL)
}

// TestAgentOpensTheGate kills holder and guard; what leads to the namespace differs.
func TestAgentOpensTheGate(t *testing.T) {
	cases := map[string]func(c *testContainer){
		"server runs": func(*testContainer) {},
		"server restarted": func(c *testContainer) {
			kill(c)
			c.main = c.start()
		},
		"only the sandbox is left": kill,
	}
	for name, lose := range cases {
		t.Run(name, func(t *testing.T) {
			c := newServer(t)
			state := t.TempDir()
			h := startHold(t, state, "gate-10", c.gatedSpec(longTTL, longMax))
			killBoth(h)
			if len(c.gates()) != 1 {
				t.Fatal("somebody else opened the gate")
			}
			lose(c)
			sweepOnce(t, state, func() bool { return len(c.gates()) == 0 })
			if line := verb(t, state, "gate-10", "end", whyTakeover); line != "STILL1 gate-10 ended why=sweep" {
				t.Errorf("end printed %q", line)
			}
		})
	}
}

// TestEndFindsANamespaceWithoutProcess keeps the namespace by a mount alone, as a runtime does
// whose sandboxes have no process of their own.
func TestEndFindsANamespaceWithoutProcess(t *testing.T) {
	c := newServer(t)
	name := "stillpoint-test-" + strconv.Itoa(os.Getpid())
	ip := func(args ...string) {
		out, err := exec.Command("ip", append([]string{"netns"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("ip netns %v: %v: %s", args, err, out)
		}
	}
	ip("attach", name, strconv.Itoa(c.sandbox.Process.Pid))
	t.Cleanup(func() { ip("delete", name) })
	state := t.TempDir()
	h := startHold(t, state, "gate-11", c.gatedSpec(longTTL, longMax))
	killBoth(h)
	kill(c)
	check(t, c.sandbox.Process.Kill())
	_ = c.sandbox.Wait()
	mounted, err := os.Open("/run/netns/" + name)
	check(t, err)
	defer mounted.Close()
	if tables, err := gateTables(mounted); err != nil || len(tables) != 1 {
		t.Fatalf("gates: %v %v", tables, err)
	}
	if line := verb(t, state, "gate-11", "end", whyTakeover); !strings.Contains(line, "released why=takeover unbroken=false") {
		t.Errorf("end printed %q", line)
	}
	if tables, err := gateTables(mounted); err != nil || len(tables) != 0 {
		t.Errorf("left: %v %v", tables, err)
	}
}

func kill(c *testContainer) {
	_ = c.main.Process.Kill()
	c.thaw()
	_ = c.main.Wait()
}

// killBoth gates and kills guard and holder.
func killBoth(h *session) {
	h.t.Helper()
	h.expect(eventReady)
	h.send(cmdArm)
	guard := number(h.t, h.expect(eventArmed).values["guardPid"])
	h.send(cmdGate)
	h.expect(eventGated)
	check(h.t, unix.Kill(guard, unix.SIGKILL))
	check(h.t, h.cmd.Process.Kill())
	_ = h.cmd.Wait()
}

// sweepOnce runs the agent until it has done something.
func sweepOnce(t *testing.T, state string, done func() bool) {
	t.Helper()
	agent := exec.Command(program, "--state-dir", state, "agent")
	check(t, agent.Start())
	if !eventually(3*time.Second, done) {
		t.Error("the agent did not sweep")
	}
	check(t, agent.Process.Signal(unix.SIGTERM))
	if err := agent.Wait(); err != nil {
		t.Errorf("the agent ended with %v", err)
	}
}

// TestAgentOpensLeftovers puts gates on behind the holder's back: of a hold that is settled, of
// one that lives, and of one that nobody here knows.
func TestAgentOpensLeftovers(t *testing.T) {
	c := newServer(t)
	state := t.TempDir()
	over := startHold(t, state, "gate-16", c.spec("", longTTL, longMax))
	over.freeze()
	over.send(cmdRelease)
	over.expect(eventReleased, "unbroken", "true")
	live := startHold(t, state, "gate-17", c.gatedSpec(longTTL, longMax))
	live.gate()
	ns, err := os.Open(c.namespace())
	check(t, err)
	defer ns.Close()
	for _, id := range []string{"gate-16", "gate-none"} {
		check(t, closePorts(ns, gateTable(id), []uint16{otherPort}))
	}
	left := []string{gateTable("gate-17"), gateTable("gate-none")}
	sweepOnce(t, state, func() bool { return len(c.gates()) == len(left) })
	if tables := c.gates(); !slices.Equal(slices.Sorted(slices.Values(tables)), left) {
		t.Errorf("left: %v", tables)
	}
	live.settle(0)
	live.send(cmdRelease)
	live.expect(eventReleased, "unbroken", "true")
}

func TestOneGateAPod(t *testing.T) {
	c := newServer(t)
	state := t.TempDir()
	h := startHold(t, state, "gate-12", c.gatedSpec(longTTL, longMax))
	h.gate()
	// Another container of the pod, with a gate in the same network namespace.
	second := *c
	second.id, second.dirs = randomHex(32), nil
	for _, dir := range c.dirs {
		own := dir[:strings.LastIndexByte(dir, '/')+1] + second.id
		check(t, os.Mkdir(own, 0o755))
		second.dirs = append(second.dirs, own)
	}
	sidecar := exec.Command("nsenter", "--net="+c.namespace(), "sleep", "infinity")
	check(t, sidecar.Start())
	t.Cleanup(func() { second.stop(sidecar) })
	second.join(sidecar.Process.Pid)
	alone := second.gatedSpec(longTTL, longMax)
	alone.Volumes = nil
	other := startHold(t, state, "gate-13", alone)
	other.expect(eventReady)
	other.send(cmdArm)
	other.expect(eventError, "code", codeTargetBusy, "fatal", "true")
	h.settle(20 * time.Millisecond)
	h.send(cmdRelease)
	h.expect(eventReleased, "unbroken", "true")
}

// TestStrangersInTheNetwork has a process of the node in the pod's network. One that joins the
// pod's cgroups, as what a runtime starts there does, is none.
func TestStrangersInTheNetwork(t *testing.T) {
	c := newServer(t)
	stranger := exec.Command("nsenter", "--net="+c.namespace(), "sleep", "infinity")
	check(t, stranger.Start())
	t.Cleanup(func() { c.stop(stranger) })
	inside, err := os.Readlink(c.namespace())
	check(t, err)
	if !eventually(time.Second, func() bool {
		link, _ := os.Readlink("/proc/" + strconv.Itoa(stranger.Process.Pid) + "/ns/net")
		return link == inside
	}) {
		t.Fatal("not in the network")
	}
	refused := startHold(t, t.TempDir(), "gate-18", c.gatedSpec(longTTL, longMax))
	refused.expect(eventError, "code", codeHostNetwork, "fatal", "true")
	h := startHold(t, t.TempDir(), "gate-19", c.gatedSpec(longTTL, longMax))
	time.Sleep(startingTimeout / 5) // it looks meanwhile
	c.join(stranger.Process.Pid)
	h.expect(eventReady, "gates", "1")
}

func TestRefusedGates(t *testing.T) {
	onNode := newContainer(t, "kubepods", "")
	h := startHold(t, t.TempDir(), "gate-14", onNode.gatedSpec(longTTL, longMax))
	h.expect(eventError, "code", codeHostNetwork, "fatal", "true")

	change := func(do func(s *spec)) *spec {
		s := onNode.gatedSpec(longTTL, longMax)
		do(s)
		return s
	}
	for name, s := range map[string]*spec{
		"no ports":          change(func(s *spec) { s.Gates[0].Ports = nil }),
		"port 0":            change(func(s *spec) { s.Gates[0].Ports = []uint16{0} }),
		"a port twice":      change(func(s *spec) { s.Gates[0].Ports = []uint16{1, 1} }),
		"too many ports":    change(func(s *spec) { s.Gates[0].Ports = make([]uint16, maxPorts+1) }),
		"two in a pod":      change(func(s *spec) { s.Gates = append(s.Gates, s.Gates[0]) }),
		"not frozen":        change(func(s *spec) { s.Targets[0].Freeze = false }),
		"another container": change(func(s *spec) { s.Gates[0].ContainerID = randomHex(32) }),
		"another pod":       change(func(s *spec) { s.Gates[0].PodUID = "x" }),
		"no ref":            change(func(s *spec) { s.Gates[0].Ref = "" }),
	} {
		t.Run(name, func(t *testing.T) {
			h := startHold(t, t.TempDir(), "gate-15", s)
			h.expect(eventError, "code", codeBadSpec, "fatal", "true")
		})
	}
}
