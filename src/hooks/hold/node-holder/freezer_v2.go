package main

import (
	"os"
	"strings"
)

// v2Freezer drives cgroup.freeze of cgroup v2 (kernel: cgroup-v2.rst). It needs no
// controller, so it also works in the v2 hierarchy of a hybrid node.
type v2Freezer struct{ dir *os.Root }

func (f *v2Freezer) request() error { return writeControl(f.dir, "cgroup.freeze", "1") }
func (f *v2Freezer) thaw() error    { return writeControl(f.dir, "cgroup.freeze", "0") }
func (f *v2Freezer) close() error   { return f.dir.Close() }

func (f *v2Freezer) frozen() (bool, error) {
	standing, err := f.event("frozen")
	if err != nil || standing != "1" {
		return false, err
	}
	own, err := readControl(f.dir, "cgroup.freeze")
	return own == "1", err
}

func (f *v2Freezer) idle() (bool, error) {
	standing, err := f.event("frozen")
	if err != nil || standing != "0" {
		return false, err
	}
	return f.thawed()
}

func (f *v2Freezer) thawed() (bool, error) {
	own, err := readControl(f.dir, "cgroup.freeze")
	return own == "0", err
}

func (f *v2Freezer) event(name string) (string, error) {
	text, err := readControl(f.dir, "cgroup.events")
	for _, line := range strings.Split(text, "\n") {
		if key, value, ok := strings.Cut(line, " "); ok && key == name {
			return value, err
		}
	}
	return "", err
}
