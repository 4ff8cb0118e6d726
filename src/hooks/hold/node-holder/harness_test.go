package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// program is the real holder, built once for all tests.
var program string

func TestMain(m *testing.M) {
	if root := os.Getenv(writerEnv); root != "" {
		runWriter(root)
		return
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "stillpoint-holder-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "holder")
	build := exec.Command("go", "build", "-trimpath", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		panic(err)
	}
	defer removeNewGuardCgroups()()
	return m.Run()
}

// removeNewGuardCgroups remembers which hierarchies had no guard cgroup, and returns what
// removes those that the tests made.
func removeNewGuardCgroups() func() {
	mounted, err := mountedHierarchies()
	if err != nil {
		panic(err)
	}
	var made []string
	for _, h := range mounted {
		directory := filepath.Join(h.mount, guardCgroup)
		if _, err := os.Stat(directory); os.IsNotExist(err) {
			made = append(made, directory)
		}
	}
	return func() {
		eventually(time.Second, func() bool {
			left := false
			for _, directory := range made {
				err := os.Remove(directory)
				left = left || err != nil && !os.IsNotExist(err)
			}
			return !left
		})
	}
}

// eventually asks until it is true or the time is up.
func eventually(limit time.Duration, ok func() bool) bool {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return true
		}
	}
	return ok()
}

// event is a line of a holder.
type event struct {
	name   string
	values map[string]string
}

func (e event) String() string { return fmt.Sprint(e.name, " ", e.values) }

// session is a running holder with its stream.
type session struct {
	t      testing.TB
	id     string
	state  string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	events chan event
}

// startHold starts `<id> hold` with a spec; the state directory is the test's own.
func startHold(t testing.TB, state, id string, s *spec) *session {
	t.Helper()
	cmd := exec.Command(program, "--state-dir", state, id, "hold")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	check(t, err)
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	h := &session{t: t, id: id, state: state, cmd: cmd, stdin: stdin, events: make(chan event, 100)}
	go h.read(stdout)
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		h.awaitGuard()
	})
	line, err := json.Marshal(s)
	check(t, err)
	_, err = fmt.Fprintf(stdin, "%s\n", line)
	check(t, err)
	return h
}

// awaitGuard waits until the guard is gone: the state directory can then be removed.
func (h *session) awaitGuard() {
	store, err := os.OpenRoot(h.state)
	check(h.t, err)
	defer store.Close()
	held, err := openHold(store, h.id)
	if err != nil {
		return // never armed
	}
	defer held.dir.Close()
	if !eventually(3*time.Second, func() bool { return !held.guard().alive() }) {
		h.t.Errorf("the guard of %s stays", h.id)
	}
}

func (h *session) read(stdout io.Reader) {
	defer close(h.events)
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) < 3 || words[0] != "STILL1" || words[1] != h.id {
			h.events <- event{name: "garbage: " + lines.Text()}
			continue
		}
		e := event{name: words[2], values: map[string]string{}}
		for _, pair := range words[3:] {
			key, value, _ := strings.Cut(pair, "=")
			e.values[key], _ = url.PathUnescape(value)
		}
		h.events <- e
	}
}

func (h *session) send(command string) {
	h.t.Helper()
	if _, err := fmt.Fprintln(h.stdin, command); err != nil {
		h.t.Logf("send %s: %v", command, err)
	}
}

// expect waits for the next event that is no beat and checks its name and values, given as
// pairs.
func (h *session) expect(name string, pairs ...string) event {
	h.t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		select {
		case e, open := <-h.events:
			if !open {
				h.t.Fatalf("stream ended, wanted %s", name)
			}
			if e.name == eventBeat && name != eventBeat {
				continue
			}
			if e.name != name {
				h.t.Fatalf("got %s, wanted %s %v", e, name, pairs)
			}
			for i := 0; i < len(pairs); i += 2 {
				if e.values[pairs[i]] != pairs[i+1] {
					h.t.Fatalf("got %s, wanted %s=%s", e, pairs[i], pairs[i+1])
				}
			}
			return e
		case <-deadline:
			h.t.Fatalf("no event in time, wanted %s", name)
		}
	}
}

// freeze brings a new session to the frozen state.
func (h *session) freeze() event {
	h.t.Helper()
	h.expect(eventReady)
	h.send(cmdSync)
	h.expect(eventSynced)
	h.send(cmdArm)
	h.expect(eventArmed)
	h.send(cmdFreeze)
	return h.expect(eventFrozen)
}

// verb runs another verb of the program and returns its first line.
func verb(t testing.TB, state string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, append([]string{"--state-dir", state}, args...)...).Output()
	if err != nil {
		t.Fatalf("%v: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
