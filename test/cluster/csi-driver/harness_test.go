package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/container-storage-interface/spec/lib/go/csi"
)

// newDisk gives a directory on a btrfs file system of its own. It needs root, as the driver does.
func newDisk(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "csi-driver-test-")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	disk, root := filepath.Join(dir, "disk.img"), filepath.Join(dir, "disk")
	must(t, truncated(disk, 8<<30))
	must(t, os.Mkdir(root, 0o700))
	shell(t, "mkfs.btrfs", "-q", "-m", "single", disk)
	shell(t, "mount", "-o", "loop,noatime,nobarrier", disk, root)
	t.Cleanup(func() { shell(t, "umount", root) })
	state := filepath.Join(root, "state")
	t.Cleanup(func() { must(t, cleanup(state)) })
	return state
}

// bench is a driver with its disk, and what a test does with volumes in short words.
type bench struct {
	*testing.T
	*driver
}

func newBench(t *testing.T) bench {
	t.Helper()
	d, err := newDriver("csi.test", "node-test", newDisk(t))
	must(t, err)
	return bench{t, d}
}

func mountCapability() *csi.VolumeCapability {
	return &csi.VolumeCapability{AccessType: &csi.VolumeCapability_Mount{Mount: &csi.VolumeCapability_MountVolume{}}}
}

func (b bench) create(name string, bytes int64, from *csi.VolumeContentSource) string {
	b.Helper()
	r, err := b.CreateVolume(context.Background(), &csi.CreateVolumeRequest{Name: name, CapacityRange: &csi.CapacityRange{RequiredBytes: bytes},
		VolumeCapabilities: []*csi.VolumeCapability{mountCapability()}, VolumeContentSource: from})
	must(b.T, err)
	return r.Volume.VolumeId
}

// publish mounts a volume for a pod and returns the directory.
func (b bench) publish(volume, pod string) string {
	b.Helper()
	target := filepath.Join(b.dir, "pods", pod)
	_, err := b.NodePublishVolume(context.Background(), &csi.NodePublishVolumeRequest{VolumeId: volume, TargetPath: target, VolumeCapability: mountCapability()})
	must(b.T, err)
	return target
}

func (b bench) unpublish(volume, pod string) {
	b.Helper()
	_, err := b.NodeUnpublishVolume(context.Background(), &csi.NodeUnpublishVolumeRequest{VolumeId: volume, TargetPath: filepath.Join(b.dir, "pods", pod)})
	must(b.T, err)
}

func (b bench) groupCut(name string, parameters map[string]string, volumes ...string) *csi.VolumeGroupSnapshot {
	b.Helper()
	r, err := b.CreateVolumeGroupSnapshot(context.Background(), &csi.CreateVolumeGroupSnapshotRequest{Name: name, SourceVolumeIds: volumes, Parameters: parameters})
	must(b.T, err)
	return r.GroupSnapshot
}

// restored makes a volume out of the group's member of a volume and mounts it.
func (b bench) restored(g *csi.VolumeGroupSnapshot, volume, name string) string {
	b.Helper()
	for _, s := range g.Snapshots {
		if s.SourceVolumeId == volume {
			return b.publish(b.create(name, s.SizeBytes, fromSnapshot(s.SnapshotId)), name)
		}
	}
	b.Fatalf("%s is not in the group", volume)
	return ""
}

func fromSnapshot(id string) *csi.VolumeContentSource {
	return &csi.VolumeContentSource{Type: &csi.VolumeContentSource_Snapshot{Snapshot: &csi.VolumeContentSource_SnapshotSource{SnapshotId: id}}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func shell(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, out)
	}
}

func write(t *testing.T, path, content string, sync bool) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	_, err = f.WriteString(content)
	must(t, err)
	if sync {
		must(t, f.Sync())
	}
	must(t, f.Close())
}

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}
