package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// usageLimit is how long one file system may take to answer: one whose server is gone never does.
const usageLimit = 5 * time.Second

// usageSpec is the line on stdin of `usage`.
type usageSpec struct {
	Version int          `json:"version"`
	Volumes []volumeSpec `json:"volumes"`
}

// usageReport is the line on stdout of `usage`.
type usageReport struct {
	Version int           `json:"version"`
	Volumes []volumeUsage `json:"volumes"`
}

// volumeUsage says how full a file system is, or why that is not known: then there are no numbers.
type volumeUsage struct {
	Ref            string `json:"ref"`
	TotalBytes     uint64 `json:"totalBytes"`
	UsedBytes      uint64 `json:"usedBytes"`
	AvailableBytes uint64 `json:"availableBytes"`
	Error          string `json:"error,omitempty"`
}

func parseUsageSpec(line []byte) (*usageSpec, error) {
	var s usageSpec
	if err := decodeStrict(line, &s); err != nil {
		return nil, err
	}
	if s.Version != protocolVersion {
		return nil, faultf(codeBadSpec, "version %d is not %d", s.Version, protocolVersion)
	}
	if len(s.Volumes) == 0 || len(s.Volumes) > maxMembers {
		return nil, faultf(codeBadSpec, "1 to %d volumes are needed", maxMembers)
	}
	for _, v := range s.Volumes {
		if err := v.check(); err != nil {
			return nil, err
		}
		if v.Block {
			return nil, faultf(codeBadSpec, "volume %s has no file system", v.Ref)
		}
	}
	return &s, nil
}

// runUsage is the main function of `<id> usage`: it looks at file systems of containers and changes nothing.
func runUsage(id string, stdin io.Reader, stdout io.Writer) int {
	out := newEmitter(stdout, id)
	line, err := newInput(stdin).line()
	if err != nil {
		out.fail(faultf(codeBadSpec, "no spec on stdin: %v", err), true)
		return exitError
	}
	report, err := usageOf(line)
	if err == nil {
		err = json.NewEncoder(stdout).Encode(report)
	}
	if err != nil {
		out.fail(err, true)
		return exitError
	}
	return exitOK
}

func usageOf(line []byte) (*usageReport, error) {
	s, err := parseUsageSpec(line)
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{}
	for _, v := range s.Volumes {
		ids[v.ContainerID] = true
	}
	containers, err := findContainers(ids)
	if err != nil {
		return nil, err
	}
	report := &usageReport{Version: protocolVersion, Volumes: make([]volumeUsage, len(s.Volumes))}
	var all sync.WaitGroup
	for i, wanted := range s.Volumes {
		all.Go(func() { report.Volumes[i] = measureInTime(wanted, containers[wanted.ContainerID]) })
	}
	all.Wait()
	return report, nil
}

// measureInTime does not wait for a file system that does not answer: what asks it ends with this program.
func measureInTime(wanted volumeSpec, c *container) volumeUsage {
	answer := make(chan volumeUsage, 1)
	go func() { answer <- measure(wanted, c) }()
	select {
	case u := <-answer:
		return u
	case <-time.After(usageLimit):
		return volumeUsage{Ref: wanted.Ref, Error: fmt.Sprintf("the file system did not answer within %v", usageLimit)}
	}
}

// measure looks at one file system, through a process of its container.
func measure(wanted volumeSpec, c *container) volumeUsage {
	u := volumeUsage{Ref: wanted.Ref}
	if err := u.read(wanted, c); err != nil {
		message := err.Error()
		return volumeUsage{Ref: wanted.Ref, Error: message[:min(len(message), maxMessage)]}
	}
	return u
}

func (u *volumeUsage) read(wanted volumeSpec, c *container) error {
	if c == nil {
		return fmt.Errorf("no process of container %s", wanted.ContainerID)
	}
	mounted, err := mountedHierarchies()
	if err != nil {
		return err
	}
	_, h, err := chooseFreezer("", mounted)
	if err != nil {
		return err
	}
	// As for a hold: a container of that pod, and nothing else on the node.
	if _, err := c.members[0].directory(h.key, wanted.PodUID, wanted.ContainerID); err != nil {
		return err
	}
	v, err := openVolume(&wanted, c)
	if err != nil {
		return err
	}
	defer unix.Close(v.fd)
	var fs unix.Statfs_t
	if err := unix.Fstatfs(v.fd, &fs); err != nil {
		return err
	}
	unit := uint64(fs.Bsize)
	u.TotalBytes, u.UsedBytes, u.AvailableBytes = fs.Blocks*unit, (fs.Blocks-fs.Bfree)*unit, fs.Bavail*unit
	return nil
}
