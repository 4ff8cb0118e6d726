package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
)

// target is a container of the hold. Its JSON form is part of the record: what guard,
// agent and `end` act on.
type target struct {
	Ref         string `json:"ref"`
	PodUID      string `json:"podUid"`
	ContainerID string `json:"containerId"`
	Freeze      bool   `json:"freeze"`
	// Main is the container's oldest process when the target was resolved.
	Main process `json:"main"`
	// Freezer and Cgroup say how it is frozen: the kind, and the directory.
	Freezer string `json:"freezer"`
	Cgroup  string `json:"cgroup"`

	freezer freezer
	// noted are the processes read when everything stood still.
	noted []process
}

// chooseFreezer picks the hierarchy to freeze in. Where cgroup v1 has the freezer controller
// a container is always in it; on a hybrid node it may be in cgroup v2 as well.
func chooseFreezer(kind string, mounted []hierarchy) (string, hierarchy, error) {
	for _, h := range mounted {
		if kind != freezerV2 && !h.v2 && h.has("freezer") {
			return freezerV1, h, nil
		}
	}
	for _, h := range mounted {
		if kind != freezerV1 && h.v2 {
			return freezerV2, h, nil
		}
	}
	return "", hierarchy{}, faultf(codeFreezerMissing, "no freezer %q is mounted", kind)
}

// resolveTargets finds the containers of a spec and opens their freezers. Nothing is
// changed on the node.
func resolveTargets(s *spec, containers map[string]*container) ([]*target, error) {
	mounted, err := mountedHierarchies()
	if err != nil {
		return nil, err
	}
	kind, h, err := chooseFreezer(s.Freezer, mounted)
	if err != nil {
		return nil, err
	}
	var targets []*target
	for _, wanted := range s.Targets {
		c := containers[wanted.ContainerID]
		if c == nil {
			return nil, faultf(codeTargetNotFound, "%s: no process of container %s", wanted.Ref, wanted.ContainerID)
		}
		directory, err := c.members[0].directory(h.key, wanted.PodUID, wanted.ContainerID)
		if err != nil {
			return nil, err
		}
		if own, err := ownPod(h.key, directory); err != nil || own {
			return nil, errors.Join(err, faultf(codeOwnPod, "%s is in the pod that would freeze it", wanted.Ref))
		}
		t := &target{
			Ref: wanted.Ref, PodUID: wanted.PodUID, ContainerID: wanted.ContainerID, Freeze: wanted.Freeze,
			Main: c.members[0].process, Freezer: kind, Cgroup: filepath.Join(h.mount, directory),
		}
		if err := t.prepare(); err != nil {
			return nil, err
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// prepare opens the freezer and refuses a container that somebody else keeps frozen: we
// must never thaw what we did not freeze.
func (t *target) prepare() error {
	if err := t.open(); err != nil {
		return faultf(codeTargetNotFound, "%s: %v", t.Ref, err)
	}
	if !t.Freeze {
		return nil
	}
	idle, err := t.freezer.idle()
	if err != nil {
		return faultf(codeFreezerMissing, "%s: %v", t.Ref, err)
	}
	if !idle {
		return faultf(codeAlreadyFrozen, "%s is frozen by somebody else", t.Ref)
	}
	return nil
}

func (t *target) open() (err error) {
	t.freezer, err = openFreezer(t.Freezer, t.Cgroup)
	return err
}

// note reads which processes stand still, and that the main one is still among them.
func (t *target) note() error {
	noted, err := processesIn(t.Cgroup)
	if err != nil {
		return faultf(codeFreezeFailed, "%s: %v", t.Ref, err)
	}
	if !slices.Contains(noted, t.Main) {
		return faultf(codeFreezeFailed, "%s: process %d is gone", t.Ref, t.Main.PID)
	}
	t.noted = noted
	return nil
}

// unbroken reads again, before the thaw, what the freeze has shown. It returns "" or why the
// hold proves nothing: brokenNotFrozen or brokenRestarted.
func (t *target) unbroken() string {
	if !t.Freeze {
		if t.Main.alive() {
			return ""
		}
		return brokenRestarted
	}
	present, err := processesIn(t.Cgroup)
	if err != nil {
		return brokenRestarted // the cgroup went with the container
	}
	for _, p := range t.noted {
		if !slices.Contains(present, p) {
			return brokenRestarted
		}
	}
	// Read last: what it says holds for all that was read before.
	if frozen, err := t.freezer.frozen(); err != nil || !frozen {
		return brokenNotFrozen
	}
	return ""
}

// openTargets opens the freezers of a record for a thaw. A cgroup that is gone needs none.
func openTargets(targets []*target) ([]*target, error) {
	var opened []*target
	var errs error
	for _, t := range targets {
		if !t.Freeze {
			continue
		}
		switch err := t.open(); {
		case err == nil:
			opened = append(opened, t)
		case !errors.Is(err, fs.ErrNotExist):
			errs = errors.Join(errs, fmt.Errorf("%s: %w", t.Ref, err))
		}
	}
	return opened, errs
}

// allThawed tells whether nothing is frozen by us any more; a doubt is a no.
func allThawed(targets []*target) bool {
	for _, t := range targets {
		if !t.Freeze {
			continue
		}
		if done, err := t.freezer.thawed(); !done && !cgroupGone(err) {
			return false
		}
	}
	return true
}

// thawAll thaws in parallel and returns the first failure.
func thawAll(targets []*target) error {
	return inParallel(len(targets), func(i int) error {
		t := targets[i]
		if !t.Freeze {
			return nil
		}
		if err := thawNow(t.freezer); err != nil {
			return faultf(codeThawFailed, "%s: %v", t.Ref, err)
		}
		return nil
	})
}

// freezeAll freezes in parallel. Where one fails the others go on; the caller thaws all.
func freezeAll(targets []*target, stop func() bool) error {
	return inParallel(len(targets), func(i int) error {
		t := targets[i]
		if !t.Freeze {
			return nil
		}
		err := freezeNow(t.freezer, stop)
		var known *fault
		if err == nil || errors.As(err, &known) {
			return err
		}
		return faultf(codeFreezeFailed, "%s: %v", t.Ref, err)
	})
}

func closeTargets(targets []*target) {
	for _, t := range targets {
		_ = t.freezer.close() // read and write are done; nothing is lost
	}
}
