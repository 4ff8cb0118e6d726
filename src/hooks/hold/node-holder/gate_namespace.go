package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// startingTimeout is how long a process may take that a runtime starts in a pod's namespaces
// until it is in the pod's cgroups as well.
const startingTimeout = 500 * time.Millisecond

// namespaceOf opens the network namespace of a process and gives its inode.
func namespaceOf(p process) (*os.File, uint64, error) {
	ns, inode, err := openNamespace(filepath.Join("/proc", strconv.Itoa(p.PID), "ns/net"))
	if err != nil {
		return nil, 0, err
	}
	if !p.alive() { // the path may have led to another process of the same pid
		ns.Close()
		return nil, 0, fs.ErrNotExist
	}
	return ns, inode, nil
}

func openNamespace(path string) (*os.File, uint64, error) {
	ns, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	var stat unix.Stat_t
	if err := unix.Fstat(int(ns.Fd()), &stat); err != nil {
		ns.Close()
		return nil, 0, err
	}
	return ns, stat.Ino, nil
}

// strangersIn finds processes that are in no pod but in one of these network namespaces, as
// those of the node are in that of a pod with hostNetwork; one for each namespace. A process
// that the runtime is just starting in a pod joins its namespaces first and its cgroups right
// after: it gets a moment.
//
// Process 1 alone would not do: it may be closed to us, and on a node that is itself a
// container it can be another machine's.
func strangersIn(inodes map[uint64]bool) (map[uint64]int, error) {
	if len(inodes) == 0 {
		return nil, nil
	}
	for began := now(); ; time.Sleep(20 * time.Millisecond) {
		found := map[uint64]int{}
		err := eachProcess(func(p process, _ []string, ofPod bool) {
			if inode, err := inodeOf(p); !ofPod && err == nil && inodes[inode] {
				found[inode] = p.PID
			}
		})
		if err != nil || len(found) == 0 || began.since() > startingTimeout {
			return found, err
		}
	}
}

func inodeOf(p process) (uint64, error) {
	var stat unix.Stat_t
	err := unix.Stat(filepath.Join("/proc", strconv.Itoa(p.PID), "ns/net"), &stat)
	return stat.Ino, err
}

// findNamespace opens the network namespace of a recorded gate by whatever still leads to it:
// the server, any other process of its pod (a restarted container, the sandbox's own process),
// or the runtime's mount that keeps it while the pod has no process. It returns nil when
// nothing does: the namespace is gone.
//
// Numbers of namespaces are used again; the table's name tells whose gate it is.
func findNamespace(g *gate) (*os.File, error) {
	if ns, inode, err := namespaceOf(g.Main); err == nil {
		if inode == g.Namespace {
			return ns, nil
		}
		ns.Close()
	}
	members, err := processesOfPod(g.PodUID)
	if err != nil {
		return nil, err
	}
	for _, p := range members {
		ns, inode, err := namespaceOf(p)
		if err != nil {
			continue // ended meanwhile
		}
		if inode == g.Namespace {
			return ns, nil
		}
		ns.Close()
	}
	return mountedNamespace(g.Namespace)
}

// processesOfPod lists the processes below the pod's cgroup, those of its sandbox included.
func processesOfPod(podUID string) ([]process, error) {
	var found []process
	err := eachProcess(func(p process, segments []string, ofPod bool) {
		if ofPod && inPod(segments, podUID) {
			found = append(found, p)
		}
	})
	return found, err
}

// eachProcess calls do for every process. One that is in the kubelet's part of any cgroup tree
// is of a pod; segments are its path there.
func eachProcess(do func(p process, segments []string, ofPod bool)) error {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		p, err := readProcess(pid)
		if err != nil {
			continue // ended meanwhile
		}
		paths, err := cgroupPaths(entry.Name())
		if err != nil {
			continue
		}
		var segments []string
		for _, path := range paths {
			if underKubepods(path) {
				segments = strings.Split(path, "/")
				break
			}
		}
		do(p, segments, segments != nil)
	}
	return nil
}

// mountedNamespace looks for the mount by which a runtime keeps a network namespace, as the
// processes of the node see it, and opens it; nil when there is none.
func mountedNamespace(inode uint64) (found *os.File, err error) {
	var failures error
	err = eachProcess(func(p process, _ []string, ofPod bool) {
		if ofPod || found != nil {
			return
		}
		ns, err := mountedFor(p, inode)
		found, failures = ns, errors.Join(failures, err)
	})
	if found != nil {
		return found, nil
	}
	return nil, errors.Join(err, failures)
}

func mountedFor(p process, inode uint64) (*os.File, error) {
	home := filepath.Join("/proc", strconv.Itoa(p.PID))
	text, err := os.ReadFile(filepath.Join(home, "mountinfo"))
	if err != nil {
		return nil, nil // closed to us, or ended: another process sees the same mounts
	}
	root := fmt.Sprintf("net:[%d]", inode)
	for _, line := range strings.Split(string(text), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 5 || fields[3] != root {
			continue
		}
		ns, seen, err := openNamespace(filepath.Join(home, "root", unescapeMount.Replace(fields[4])))
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
			continue
		case err != nil:
			return nil, err
		case seen == inode:
			return ns, nil
		}
		ns.Close()
	}
	return nil, nil
}
