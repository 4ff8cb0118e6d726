package main

import (
	"bytes"
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"time"
)

// Bounds of a spec. They keep a wrong caller from making a hold that nobody would survive.
const (
	maxSpecBytes = 1 << 20
	maxMembers   = 512
	minLimit     = 100 * time.Millisecond
	maxLimit     = 60 * time.Second
)

// spec is the first line on stdin of `hold`.
type spec struct {
	Version int `json:"version"`
	// TTLMillis ends the hold when no beat came for so long; MaxMillis ends it in any case,
	// counted from the first impact.
	TTLMillis int64 `json:"ttlMillis"`
	MaxMillis int64 `json:"maxMillis"`
	// Freezer is v1, v2 or auto (v1 where its controller is mounted, else v2).
	Freezer string       `json:"freezer,omitempty"`
	Targets []targetSpec `json:"targets"`
	Volumes []volumeSpec `json:"volumes"`
	// Gates are closed by the `gate` command, before the freeze.
	Gates []gateSpec `json:"gates,omitempty"`
}

// targetSpec names a container. Freeze false only watches that it stays the same one.
type targetSpec struct {
	Ref         string `json:"ref"`
	PodUID      string `json:"podUid"`
	ContainerID string `json:"containerId"`
	Freeze      bool   `json:"freeze"`
}

// gateSpec names the client ports of a container that is frozen after a while without clients.
type gateSpec struct {
	Ref         string   `json:"ref"`
	PodUID      string   `json:"podUid"`
	ContainerID string   `json:"containerId"`
	Ports       []uint16 `json:"ports"`
}

// volumeSpec names a volume by its path in a container that mounts it: a file system by
// MountPath, or a device by DevicePath with Block set.
type volumeSpec struct {
	Ref         string `json:"ref"`
	PodUID      string `json:"podUid"`
	ContainerID string `json:"containerId"`
	MountPath   string `json:"mountPath,omitempty"`
	DevicePath  string `json:"devicePath,omitempty"`
	Block       bool   `json:"block,omitempty"`
}

func (s *spec) ttl() time.Duration { return time.Duration(s.TTLMillis) * time.Millisecond }
func (s *spec) max() time.Duration { return time.Duration(s.MaxMillis) * time.Millisecond }

var (
	containerIDPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
	podUIDPattern      = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

// decodeStrict reads a line of JSON; unknown fields are refused, since a misspelt limit must
// not become a missing one.
func decodeStrict(line []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return faultf(codeBadSpec, "%v", err)
	}
	return nil
}

// parseSpec reads and checks a spec.
func parseSpec(line []byte) (*spec, error) {
	var s spec
	if err := decodeStrict(line, &s); err != nil {
		return nil, err
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return &s, nil
}

func (s *spec) check() error {
	switch {
	case s.Version != protocolVersion:
		return faultf(codeBadSpec, "version %d is not %d", s.Version, protocolVersion)
	case s.ttl() < minLimit || s.ttl() > maxLimit || s.max() < minLimit || s.max() > maxLimit:
		return faultf(codeBadSpec, "ttlMillis and maxMillis must be %d to %d", minLimit.Milliseconds(), maxLimit.Milliseconds())
	case s.Freezer != "" && s.Freezer != "auto" && s.Freezer != freezerV1 && s.Freezer != freezerV2:
		return faultf(codeBadSpec, "freezer %q is not v1, v2 or auto", s.Freezer)
	case len(s.Targets)+len(s.Volumes) == 0:
		return faultf(codeBadSpec, "no targets and no volumes")
	case len(s.Targets) > maxMembers || len(s.Volumes) > maxMembers || len(s.Gates) > maxMembers:
		return faultf(codeBadSpec, "more than %d targets, volumes or gates", maxMembers)
	}
	if err := s.checkTargets(); err != nil {
		return err
	}
	for _, v := range s.Volumes {
		if err := v.check(); err != nil {
			return err
		}
	}
	return s.checkGates()
}

func (s *spec) checkTargets() error {
	seen := map[string]bool{}
	for _, t := range s.Targets {
		if err := checkContainer(t.Ref, t.PodUID, t.ContainerID); err != nil {
			return err
		}
		if seen[t.ContainerID] {
			return faultf(codeBadSpec, "container %s is named twice", t.ContainerID)
		}
		seen[t.ContainerID] = true
	}
	return nil
}

// checkGates refuses a gate without a freeze, which would prove nothing, and a second one in
// a pod, whose containers share the network.
func (s *spec) checkGates() error {
	frozen := map[string]string{}
	for _, t := range s.Targets {
		if t.Freeze {
			frozen[t.ContainerID] = t.PodUID
		}
	}
	gated := map[string]bool{}
	for _, g := range s.Gates {
		if err := checkContainer(g.Ref, g.PodUID, g.ContainerID); err != nil {
			return err
		}
		if frozen[g.ContainerID] != g.PodUID {
			return faultf(codeBadSpec, "gate %s: its container is no target that is frozen", g.Ref)
		}
		if gated[g.PodUID] {
			return faultf(codeBadSpec, "gate %s: pod %s has another gate", g.Ref, g.PodUID)
		}
		gated[g.PodUID] = true
		if err := g.checkPorts(); err != nil {
			return err
		}
	}
	return nil
}

func (g *gateSpec) checkPorts() error {
	if len(g.Ports) == 0 || len(g.Ports) > maxPorts {
		return faultf(codeBadSpec, "gate %s needs 1 to %d ports", g.Ref, maxPorts)
	}
	for i, port := range g.Ports {
		if port == 0 || slices.Contains(g.Ports[:i], port) {
			return faultf(codeBadSpec, "gate %s: port %d is no port, or named twice", g.Ref, port)
		}
	}
	return nil
}

func (v *volumeSpec) check() error {
	if err := checkContainer(v.Ref, v.PodUID, v.ContainerID); err != nil {
		return err
	}
	where := v.MountPath
	if v.Block {
		where = v.DevicePath
	}
	if !path.IsAbs(where) || path.Clean(where) == "/" || (v.MountPath != "") == v.Block || (v.DevicePath != "") != v.Block {
		return faultf(codeBadSpec, "volume %s needs an absolute mountPath, or block and an absolute devicePath", v.Ref)
	}
	return nil
}

func checkContainer(ref, podUID, containerID string) error {
	if ref == "" || len(ref) > 512 || !podUIDPattern.MatchString(podUID) || !containerIDPattern.MatchString(containerID) {
		return faultf(codeBadSpec, "%q needs ref, podUid and a containerId of 64 hex digits", ref)
	}
	return nil
}
