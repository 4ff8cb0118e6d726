package main

import (
	"os"
	"strings"
)

// v1Freezer drives the freezer controller of cgroup v1 (kernel: freezer-subsystem.rst).
type v1Freezer struct{ dir *os.Root }

func (f *v1Freezer) request() error { return writeControl(f.dir, "freezer.state", "FROZEN") }
func (f *v1Freezer) thaw() error    { return writeControl(f.dir, "freezer.state", "THAWED") }
func (f *v1Freezer) close() error   { return f.dir.Close() }

func (f *v1Freezer) frozen() (bool, error) {
	state, err := readControl(f.dir, "freezer.state")
	if err != nil || state != "FROZEN" {
		return false, err
	}
	// FROZEN is also what a group shows whose parent somebody else froze.
	self, err := readControl(f.dir, "freezer.self_freezing")
	return self == "1", err
}

func (f *v1Freezer) idle() (bool, error) {
	state, err := readControl(f.dir, "freezer.state")
	return state == "THAWED", err
}

func (f *v1Freezer) thawed() (bool, error) {
	self, err := readControl(f.dir, "freezer.self_freezing")
	return self == "0", err
}

func readControl(dir *os.Root, name string) (string, error) {
	text, err := dir.ReadFile(name)
	return strings.TrimSpace(string(text)), err
}

func writeControl(dir *os.Root, name, value string) error {
	file, err := dir.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(value)
	return err
}
