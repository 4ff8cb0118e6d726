package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// process is a process that cannot be confused with a later one of the same pid: Start is
// field 22 of /proc/PID/stat (proc(5)), clock ticks since boot.
type process struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start"`
}

// readProcess looks up a pid. A process that has ended but was not reaped yet counts as gone
// (fs.ErrNotExist): it keeps its start time but holds nothing still.
func readProcess(pid int) (process, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if errors.Is(err, unix.ESRCH) {
		err = fs.ErrNotExist
	}
	if err != nil {
		return process{}, err
	}
	// The command name is in parentheses and may hold anything, parentheses too.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return process{}, fmt.Errorf("stat of process %d has %d fields", pid, len(fields))
	}
	if state := fields[0][0]; state == 'Z' || state == 'X' {
		return process{}, fs.ErrNotExist
	}
	start, err := strconv.ParseUint(string(fields[19]), 10, 64)
	if err != nil {
		return process{}, err
	}
	return process{PID: pid, Start: start}, nil
}

// alive tells whether it is still the same process.
func (p process) alive() bool {
	if p.PID == 0 {
		return false
	}
	seen, err := readProcess(p.PID)
	return err == nil && seen == p
}

// processesIn lists the processes of a cgroup directory and of the groups below it.
func processesIn(cgroup string) ([]process, error) {
	var found []process
	err := filepath.WalkDir(cgroup, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() {
			return nil
		}
		text, err := os.ReadFile(filepath.Join(path, "cgroup.procs"))
		if err != nil {
			return err
		}
		for _, word := range strings.Fields(string(text)) {
			pid, err := strconv.Atoi(word)
			if err != nil {
				return err
			}
			if p, err := readProcess(pid); err == nil {
				found = append(found, p)
			} else if !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	})
	return found, err
}
