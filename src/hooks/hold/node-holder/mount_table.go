package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mountEntry is a mount as a process sees it: a line of its mountinfo (proc(5)).
type mountEntry struct {
	pid int
	// root is the part of the file system that is mounted, point is where.
	root   string
	point  string
	kind   string
	source string
}

// mountsOfNode reads what processes see mounted, every view of it once, and tells how many
// views there are. What cannot be read is an error, since anything might be there.
func mountsOfNode() (entries []mountEntry, views int, err error) {
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return nil, 0, err
	}
	seen := map[string]bool{}
	for _, entry := range processes {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		// Of a process that may not be looked into the mounts can be read all the same.
		view, err := viewOf(pid)
		if err == nil && seen[view] {
			continue
		}
		known := err == nil
		found, err := mountsSeenBy(pid)
		if err != nil {
			return nil, 0, err
		}
		entries = append(entries, found...)
		if known && len(found) > 0 {
			seen[view] = true
		}
	}
	return entries, len(seen), nil
}

// viewOf names what a process sees of mounts: its mount namespace, and its root in that, since
// mountinfo leaves out what the root does not lead to.
func viewOf(pid int) (string, error) {
	directory := "/proc/" + strconv.Itoa(pid)
	namespace, err := os.Readlink(directory + "/ns/mnt")
	if err != nil {
		return "", err
	}
	var root unix.Stat_t
	if err := unix.Stat(directory+"/root", &root); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d:%d", namespace, root.Dev, root.Ino), nil
}

// mountsSeenBy reads the mounts of a process; none when it has ended.
func mountsSeenBy(pid int) ([]mountEntry, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/mountinfo")
	// Whoever is ending has left its namespaces and its files before (EINVAL).
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var entries []mountEntry
	for _, line := range strings.Split(string(text), "\n") {
		if e, ok := parseMount(line); ok {
			e.pid = pid
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func parseMount(line string) (mountEntry, bool) {
	before, after, _ := strings.Cut(line, " - ")
	left, right := strings.Fields(before), strings.Fields(after)
	if len(left) < 5 {
		return mountEntry{}, false
	}
	e := mountEntry{root: unescapeMount.Replace(left[3]), point: unescapeMount.Replace(left[4])}
	if len(right) > 1 {
		e.kind, e.source = right[0], unescapeMount.Replace(right[1])
	}
	return e, true
}

// device names what is mounted: the device of a file system, or the device node itself where
// that is mounted, as the kubelet does it with block volumes.
func (e mountEntry) device() string {
	if e.kind == "devtmpfs" && e.root != "/" {
		return "/dev" + e.root
	}
	return e.source
}
