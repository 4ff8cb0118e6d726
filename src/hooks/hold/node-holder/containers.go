package main

import (
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// container is what the node knows about a container id: its processes with the cgroup
// paths of each.
type container struct {
	members []member
}

type member struct {
	process process
	paths   map[string]string
}

var hexRun = regexp.MustCompile(`[0-9a-f]{64}`)

// findContainers reads /proc/*/cgroup once and sorts the processes by the container ids
// asked for. Processes of one container come oldest first.
func findContainers(ids map[string]bool) (map[string]*container, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	found := map[string]*container{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cgroup"))
		if err != nil {
			continue // ended meanwhile
		}
		for _, id := range hexRun.FindAllString(string(text), -1) {
			if ids[id] {
				addMember(found, id, pid)
				break
			}
		}
	}
	for _, c := range found {
		sort.Slice(c.members, func(i, j int) bool {
			return c.members[i].process.Start < c.members[j].process.Start
		})
	}
	return found, nil
}

func addMember(found map[string]*container, id string, pid int) {
	p, err := readProcess(pid)
	if err != nil {
		return
	}
	paths, err := cgroupPaths(strconv.Itoa(pid))
	if err != nil {
		return
	}
	if found[id] == nil {
		found[id] = &container{}
	}
	found[id].members = append(found[id].members, member{process: p, paths: paths})
}

// directory gives the path, below a hierarchy's root, of the cgroup that is named by the
// container id: not a sub-group that a process made for itself. It refuses a path outside
// the kubelet's tree, and one that is not in the pod named.
func (m *member) directory(key, podUID, containerID string) (string, error) {
	segments := strings.Split(m.paths[key], "/")
	for i, segment := range segments {
		if segment != containerID && !strings.HasSuffix(segment, "-"+containerID+".scope") {
			continue
		}
		above := strings.Join(segments[:i], "/")
		if !underKubepods(above) || !inPod(segments[:i], podUID) {
			break
		}
		return above + "/" + segment, nil
	}
	return "", faultf(codeNotAContainer, "%s is not a container of pod %s in %s", m.paths[key], podUID, hierarchyName(key))
}

// inPod looks for the pod's own directory: `pod<uid>` or, with the systemd driver,
// `kubepods-…-pod<uid with underscores>.slice`.
func inPod(segments []string, podUID string) bool {
	slice := "-pod" + strings.ReplaceAll(podUID, "-", "_") + ".slice"
	for _, segment := range segments {
		if segment == "pod"+podUID || strings.HasSuffix(segment, slice) {
			return true
		}
	}
	return false
}

func hierarchyName(key string) string {
	if key == "" {
		return "cgroup v2"
	}
	return key
}

// ownPod tells whether a container's cgroup directory is in the pod that this program
// runs in: whoever freezes himself cannot thaw.
func ownPod(key, directory string) (bool, error) {
	own, err := cgroupPaths("self")
	if err != nil {
		return false, err
	}
	pod := directory[:strings.LastIndexByte(directory, '/')+1]
	return strings.HasPrefix(own[key]+"/", pod), nil
}
