package main

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// podVolumes is the directory of CSI volumes in a pod's directory.
const podVolumes = "kubernetes.io~csi"

// What a node has of a volume.
const (
	// stateMounted: it is mounted in some mount namespace.
	stateMounted = "mounted"
	// stateKept: it is not, but the kubelet is about to mount it, or is not done with unmounting it.
	stateKept = "kept"
	stateFree = "free"
)

// mountsSpec is the line on stdin of `mounts`.
type mountsSpec struct {
	Version int            `json:"version"`
	Volumes []wantedVolume `json:"volumes"`
}

// wantedVolume is a volume as the kubelet names its mounts: by its PersistentVolume in a pod,
// by driver and handle for the node.
type wantedVolume struct {
	Ref    string `json:"ref"`
	Name   string `json:"volumeName"`
	Driver string `json:"driver"`
	Handle string `json:"volumeHandle"`
}

var (
	volumeNamePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,252}$`)
	driverPattern     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$`)
)

// runMounts is the main function of `<id> mounts`: what this node has of some volumes. It
// changes nothing. Only its last event, `looked`, says that the answer is whole.
func runMounts(id string, stdin io.Reader, stdout io.Writer) int {
	out := newEmitter(stdout, id)
	if err := reportMounts(stdin, out); err != nil {
		out.fail(err, true)
		return exitError
	}
	return exitOK
}

func reportMounts(stdin io.Reader, out *emitter) error {
	line, err := newInput(stdin).line()
	if err != nil {
		return err
	}
	s, err := parseMountsSpec(line)
	if err != nil {
		return err
	}
	// The mounts first: a volume whose mounting has begun meanwhile has a record by then.
	entries, views, err := mountsOfNode()
	if err != nil {
		return err
	}
	kubelets, err := openKubelets(entries)
	if err != nil {
		return err
	}
	defer closeKubelets(kubelets)
	for i := range s.Volumes {
		if err := s.Volumes[i].report(entries, kubelets, out); err != nil {
			return err
		}
	}
	out.emit(eventLooked, "volumes", strconv.Itoa(len(s.Volumes)), "views", strconv.Itoa(views))
	return nil
}

func parseMountsSpec(line []byte) (*mountsSpec, error) {
	var s mountsSpec
	if err := decodeStrict(line, &s); err != nil {
		return nil, err
	}
	if s.Version != protocolVersion {
		return nil, faultf(codeBadSpec, "version %d is not %d", s.Version, protocolVersion)
	}
	if len(s.Volumes) == 0 || len(s.Volumes) > maxMembers {
		return nil, faultf(codeBadSpec, "not 1 to %d volumes", maxMembers)
	}
	for _, v := range s.Volumes {
		if v.Ref == "" || len(v.Ref) > 512 || v.Handle == "" || !volumeNamePattern.MatchString(v.Name) || !driverPattern.MatchString(v.Driver) {
			return nil, faultf(codeBadSpec, "%q needs ref, volumeName, driver and volumeHandle", v.Ref)
		}
	}
	return &s, nil
}

func (v *wantedVolume) report(entries []mountEntry, kubelets []*kubelet, out *emitter) error {
	for _, e := range entries {
		if v.isAt(e.point) {
			out.emit(eventVolume, "ref", v.Ref, "state", stateMounted, "at", e.point, "device", e.device())
			return nil
		}
	}
	for _, k := range kubelets {
		place, err := k.keeps(v)
		if err != nil {
			return err
		}
		if place != "" {
			out.emit(eventVolume, "ref", v.Ref, "state", stateKept, "at", place)
			return nil
		}
	}
	out.emit(eventVolume, "ref", v.Ref, "state", stateFree)
	return nil
}

// digest is by what the kubelet names the mount of a volume for the whole node.
func (v *wantedVolume) digest() string {
	sum := sha256.Sum256([]byte(v.Handle))
	return hex.EncodeToString(sum[:])
}

// isAt tells whether the kubelet mounts this volume there: below its own directories for CSI,
// wherever those are, in a directory with the volume's name. The names that it uses itself
// are few; a PersistentVolume that is called like one of them is found too often, not too seldom.
func (v *wantedVolume) isAt(point string) bool {
	segments := strings.Split(point, "/")
	digest := v.digest()
	for i, segment := range segments {
		ofNode := segment == "csi" && i > 0 && segments[i-1] == "kubernetes.io"
		if segment == podVolumes || segment == "volume-subpaths" || ofNode {
			below := segments[i+1:]
			return slices.Contains(below, v.Name) || slices.Contains(below, digest)
		}
	}
	return false
}
