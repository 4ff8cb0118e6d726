package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// guardCgroup is the guard's cgroup in every hierarchy, next to the kubelet's tree: what the
// runtime does to the agent's container does not reach it.
const guardCgroup = "/stillpoint-guard"

// leaveContainer moves this process into guardCgroup in every hierarchy and reads back that
// it is there.
func leaveContainer() error {
	mounted, err := mountedHierarchies()
	if err != nil {
		return faultf(codeGuardNotIsolated, "%v", err)
	}
	for _, h := range mounted {
		if err := h.enter(guardCgroup); err != nil {
			return faultf(codeGuardNotIsolated, "%s: %v", hierarchyName(h.key), err)
		}
	}
	paths, err := cgroupPaths("self")
	if err != nil {
		return faultf(codeGuardNotIsolated, "%v", err)
	}
	for key, path := range paths {
		// A hierarchy that nobody has mounted holds everyone in its root.
		if path != guardCgroup && path != "/" {
			return faultf(codeGuardNotIsolated, "still in %s of %s", path, hierarchyName(key))
		}
	}
	return nil
}

// enter makes a cgroup where it is missing and moves this process into it. It tries again
// when somebody removes the empty group at the same moment.
func (h hierarchy) enter(path string) error {
	directory := filepath.Join(h.mount, path)
	var err error
	for range 3 {
		if err = h.enterOnce(directory); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return err
}

func (h hierarchy) enterOnce(directory string) error {
	if err := os.Mkdir(directory, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if h.has("cpuset") && !h.v2 {
		// A new v1 cpuset is empty and takes no process before it has both.
		for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
			if err := copySetting(h.mount, directory, name); err != nil {
				return err
			}
		}
	}
	return os.WriteFile(filepath.Join(directory, "cgroup.procs"), []byte("0"), 0)
}

func copySetting(from, to, name string) error {
	present, err := os.ReadFile(filepath.Join(to, name))
	if err != nil || strings.TrimSpace(string(present)) != "" {
		return err
	}
	value, err := os.ReadFile(filepath.Join(from, name))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, name), value, 0)
}

// lowerOOMScore asks the kernel to kill this process last. Without CAP_SYS_RESOURCE the
// kernel may refuse; the guard is small, and the agent sweeps after it.
func lowerOOMScore() {
	for _, score := range []string{"-1000", "-999", "0"} {
		if os.WriteFile("/proc/self/oom_score_adj", []byte(score), 0) == nil {
			return
		}
	}
}
