package main

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// echoEnv makes a writer answer on echoPort, too.
	echoEnv  = "STILLPOINT_TEST_ECHO"
	echoPort = 7000
	// echoDelay lies between a byte and its answer, so that a test can close a gate in between.
	echoDelay = 100 * time.Millisecond
	// otherPort answers as well and is never gated.
	otherPort = 7001
)

// What is locked to the first thread keeps goroutines away from it that enter another
// namespace: that thread's namespaces are what /proc/PID shows of the whole process.
func init() { runtime.LockOSThread() }

// serveEcho answers every byte after echoDelay.
func serveEcho() error {
	for _, port := range []int{echoPort, otherPort} {
		listener, err := net.Listen("tcp", ":"+strconv.Itoa(port)) // IPv4 and IPv6
		if err != nil {
			return err
		}
		go func() {
			for {
				if conn, err := listener.Accept(); err == nil {
					go echo(conn)
				}
			}
		}()
	}
	return nil
}

func echo(conn net.Conn) {
	defer conn.Close()
	for one := make([]byte, 1); ; {
		if _, err := io.ReadFull(conn, one); err != nil {
			return
		}
		time.Sleep(echoDelay)
		if _, err := conn.Write(one); err != nil {
			return
		}
	}
}

// newServer makes a pod as a runtime does: a sandbox process keeps its network namespace, and
// the container that writes and answers joins it.
func newServer(t testing.TB) *testContainer {
	t.Helper()
	c := newPod(t, "kubepods", "")
	c.sandbox = exec.Command("sleep", "infinity")
	c.sandbox.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	check(t, c.sandbox.Start())
	t.Cleanup(func() {
		_ = c.sandbox.Process.Kill()
		_ = c.sandbox.Wait()
	})
	for _, dir := range c.dirs {
		own := filepath.Join(filepath.Dir(dir), randomHex(32))
		check(t, os.Mkdir(own, 0o755))
		check(t, os.WriteFile(filepath.Join(own, "cgroup.procs"), []byte(strconv.Itoa(c.sandbox.Process.Pid)), 0))
	}
	out, err := exec.Command("nsenter", "--net="+c.namespace(), "ip", "link", "set", "lo", "up").CombinedOutput()
	if err != nil {
		t.Fatalf("lo: %v: %s", err, out)
	}
	c.main = c.start()
	return c
}

// namespace is a path to the pod's network namespace.
func (c *testContainer) namespace() string {
	return "/proc/" + strconv.Itoa(c.sandbox.Process.Pid) + "/ns/net"
}

// inside runs something on a thread of its own in the pod's network namespace.
func (c *testContainer) inside(do func()) {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		ns, err := os.Open(c.namespace())
		if err == nil {
			defer ns.Close()
			err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			do()
		}
		done <- err
	}()
	check(c.t, <-done)
}

// dial connects to a port of the pod; host is 127.0.0.1 or ::1.
func (c *testContainer) dial(host string, port int) (conn net.Conn, err error) {
	c.inside(func() {
		conn, err = net.DialTimeout("tcp", net.JoinHostPort(host, strconv.Itoa(port)), 300*time.Millisecond)
	})
	if err == nil {
		c.t.Cleanup(func() { conn.Close() })
	}
	return conn, err
}

// answers tells whether a byte comes back on a connection within a time.
func answers(conn net.Conn, limit time.Duration) error {
	if _, err := conn.Write([]byte("x")); err != nil {
		return err
	}
	return answered(conn, limit)
}

func answered(conn net.Conn, limit time.Duration) error {
	if err := conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 1))
	return err
}

// open tells whether new clients are answered again within a time.
func (c *testContainer) open(limit time.Duration) bool {
	return eventually(limit, func() bool {
		conn, err := c.dial("127.0.0.1", echoPort)
		return err == nil && answers(conn, time.Second) == nil
	})
}

// gates lists our tables in the pod's network namespace.
func (c *testContainer) gates() []string {
	ns, err := os.Open(c.namespace())
	check(c.t, err)
	defer ns.Close()
	tables, err := gateTables(ns)
	check(c.t, err)
	return tables
}

// nft changes the rules in the pod as somebody else might do it.
func (c *testContainer) nft(args ...string) {
	c.t.Helper()
	out, err := exec.Command("nsenter", append([]string{"--net=" + c.namespace(), "nft"}, args...)...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("nft %v: %v: %s", args, err, out)
	}
}

func (c *testContainer) gatedSpec(ttl, max time.Duration) *spec {
	s := c.spec("", ttl, max)
	s.Gates = []gateSpec{{Ref: "ns/pod/db", PodUID: c.podUID, ContainerID: c.id, Ports: []uint16{echoPort}}}
	return s
}

// gate brings a new session to the gated state.
func (h *session) gate() event {
	h.t.Helper()
	h.expect(eventReady, "gates", "1")
	h.send(cmdArm)
	h.expect(eventArmed)
	h.send(cmdGate)
	return h.expect(eventGated)
}

// settle freezes after a while.
func (h *session) settle(length time.Duration) event {
	h.t.Helper()
	time.Sleep(length)
	h.send(cmdFreeze)
	e := h.expect(eventFrozen)
	if settled := number(h.t, e.values["settledMicros"]); settled < int(length.Microseconds()) || settled > 5_000_000 {
		h.t.Errorf("settledMicros=%s after %s", e.values["settledMicros"], length)
	}
	return e
}
