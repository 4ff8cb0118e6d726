package main

import (
	"bufio"
	"bytes"
	"os"
	"path/filepath"
	"strings"
)

// hierarchy is one mounted cgroup hierarchy of the node.
type hierarchy struct {
	// key is the middle field of its lines in /proc/PID/cgroup: the controllers, a name
	// (`name=systemd`), or nothing for cgroup v2.
	key   string
	mount string
	v2    bool
}

func (h hierarchy) has(controller string) bool {
	for _, c := range strings.Split(h.key, ",") {
		if c == controller {
			return true
		}
	}
	return false
}

// unescapeMount undoes the octal escapes of mountinfo (proc(5)).
var unescapeMount = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// mountedHierarchies finds the cgroup hierarchies whose root directory this process sees.
// A mount of a part of a hierarchy, as a container has it for itself, does not count.
func mountedHierarchies() ([]hierarchy, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	memberships, err := cgroupPaths("self")
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	var found []hierarchy
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if !ok || len(left) < 6 || len(right) < 3 || left[3] != "/" {
			continue
		}
		h := hierarchy{mount: unescapeMount.Replace(left[4]), v2: right[0] == "cgroup2"}
		if !h.v2 && right[0] != "cgroup" {
			continue
		}
		for key := range memberships {
			if !seen[key] && (h.v2 && key == "" || !h.v2 && key != "" && matchesOptions(key, right[2])) {
				h.key, seen[key] = key, true
				found = append(found, h)
				break
			}
		}
	}
	return found, lines.Err()
}

// matchesOptions tells whether the super block options of a v1 mount name this hierarchy.
func matchesOptions(key, options string) bool {
	have := map[string]bool{}
	for _, option := range strings.Split(options, ",") {
		have[option] = true
	}
	for _, controller := range strings.Split(key, ",") {
		if !have[controller] {
			return false
		}
	}
	return true
}

// cgroupPaths reads /proc/PID/cgroup: hierarchy key to path below the hierarchy's root.
func cgroupPaths(pid string) (map[string]string, error) {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "cgroup"))
	if err != nil {
		return nil, err
	}
	paths := map[string]string{}
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		parts := strings.SplitN(line, ":", 3)
		if len(parts) == 3 {
			paths[parts[1]] = parts[2]
		}
	}
	return paths, nil
}

// underKubepods tells whether a cgroup path lies in the kubelet's part of the tree, with the
// cgroupfs driver (`kubepods`) or the systemd one (`kubepods.slice`, under a cgroup root of
// its own `x-kubepods.slice`).
func underKubepods(path string) bool {
	for _, segment := range strings.Split(path, "/") {
		if segment == "kubepods" || segment == "kubepods.slice" || strings.HasSuffix(segment, "-kubepods.slice") {
			return true
		}
	}
	return false
}
