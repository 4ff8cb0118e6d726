package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// driver serves all CSI services for one node.
type driver struct {
	csi.UnimplementedIdentityServer
	csi.UnimplementedControllerServer
	csi.UnimplementedGroupControllerServer
	csi.UnimplementedNodeServer

	name, node, dir string
	faults          faultFile

	mu      sync.Mutex // guards records and busy; never held while data moves
	records records
	busy    map[string]bool // names and ids with a call under way
}

func newDriver(name, node, dir string) (*driver, error) {
	for _, tool := range []string{"mkfs.ext4", "debugfs", "resize2fs"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, fmt.Errorf("%w: install the package e2fsprogs", err)
		}
	}
	d := &driver{name: name, node: node, dir: dir, busy: map[string]bool{}, faults: faultFile{path: filepath.Join(dir, "faults.json")}}
	if err := d.prepareDirectories(); err != nil {
		return nil, err
	}
	var err error
	if d.records, err = loadRecords(d.recordsFile()); err != nil {
		return nil, err
	}
	return d, d.sweep()
}

func (d *driver) recordsFile() string           { return filepath.Join(d.dir, "records.json") }
func (d *driver) liveDir() string               { return filepath.Join(d.dir, "live") }
func (d *driver) instantsDir() string           { return filepath.Join(d.dir, "instants") }
func (d *driver) instantDir(name string) string { return filepath.Join(d.instantsDir(), name) }
func (d *driver) mountDir(volume string) string { return filepath.Join(d.dir, "mounts", volume) }
func (d *driver) image(volume string) string    { return filepath.Join(d.liveDir(), volume+imageSuffix) }

const imageSuffix = ".img"

// begin marks keys as busy. A second call for one of them is told ABORTED, as CSI wants. The returned function ends the work.
func (d *driver) begin(keys ...string) (func(), error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, k := range keys {
		if d.busy[k] {
			return nil, status.Errorf(codes.Aborted, "%s: a call for it is under way", k)
		}
	}
	for _, k := range keys {
		d.busy[k] = true
	}
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, k := range keys {
			delete(d.busy, k)
		}
	}, nil
}

// update changes the records under the lock and writes them.
func (d *driver) update(change func(*records)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.records)
	return d.records.save(d.recordsFile())
}

// volume returns a copy of the record, so that it can be read without the lock.
func (d *driver) volume(id string) (volume, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if v := d.records.Volumes[id]; v != nil {
		return *v, nil
	}
	return volume{}, status.Errorf(codes.NotFound, "no volume %s", id)
}

// take is begin and volume in one: a call that works on a volume has it to itself until it calls the function returned.
func (d *driver) take(id string) (volume, func(), error) {
	end, err := d.begin("volume " + id)
	if err != nil {
		return volume{}, nil, err
	}
	v, err := d.volume(id)
	if err != nil {
		end()
		return volume{}, nil, err
	}
	return v, end, nil
}

func command(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
