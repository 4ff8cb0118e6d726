package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func wantCode(t *testing.T, err error, code codes.Code) {
	t.Helper()
	if status.Code(err) != code {
		t.Errorf("got %v, want %v", err, code)
	}
}

func TestManyVolumesAtOnce(t *testing.T) {
	const count = 48
	b := newBench(t)
	var all sync.WaitGroup
	ids := make([]string, count)
	for i := range count {
		all.Go(func() {
			ids[i] = b.create(fmt.Sprint("v", i), 64<<20, nil)
			write(t, filepath.Join(b.publish(ids[i], fmt.Sprint("pod", i)), "who"), fmt.Sprint(i), true)
		})
	}
	all.Wait()
	g := b.groupCut("all", nil, ids...)
	for i := range count {
		all.Go(func() {
			content, err := os.ReadFile(filepath.Join(b.restored(g, ids[i], fmt.Sprint("r", i)), "who"))
			if err != nil || string(content) != fmt.Sprint(i) {
				t.Errorf("volume %d holds %q, %v", i, content, err)
			}
			b.unpublish(ids[i], fmt.Sprint("pod", i))
		})
	}
	all.Wait()
	devices, err := loopDevicesBelow(b.dir)
	must(t, err)
	if len(devices) != count {
		t.Errorf("%d loop devices are attached, want the %d of the copies", len(devices), count)
	}
}

func TestTwoPodsShareOneVolume(t *testing.T) {
	b := newBench(t)
	v := b.create("v", 64<<20, nil)
	first, second := b.publish(v, "first"), b.publish(v, "second")
	write(t, filepath.Join(first, "file"), "x", true)
	b.unpublish(v, "first")
	if !exists(t, filepath.Join(second, "file")) {
		t.Error("the second pod lost the volume with the first")
	}
	_, err := b.DeleteVolume(context.Background(), &csi.DeleteVolumeRequest{VolumeId: v})
	wantCode(t, err, codes.FailedPrecondition)
	b.unpublish(v, "second")
	b.unpublish(v, "second")
	_, err = b.DeleteVolume(context.Background(), &csi.DeleteVolumeRequest{VolumeId: v})
	must(t, err)
}

func TestVolumesOfManyWritersAreTakenForOneNode(t *testing.T) {
	for mode, want := range map[csi.VolumeCapability_AccessMode_Mode]codes.Code{
		csi.VolumeCapability_AccessMode_MULTI_NODE_MULTI_WRITER:  codes.OK,
		csi.VolumeCapability_AccessMode_MULTI_NODE_SINGLE_WRITER: codes.InvalidArgument,
		csi.VolumeCapability_AccessMode_MULTI_NODE_READER_ONLY:   codes.InvalidArgument,
	} {
		c := mountCapability()
		c.AccessMode = &csi.VolumeCapability_AccessMode{Mode: mode}
		_, err := checkCapabilities([]*csi.VolumeCapability{c})
		wantCode(t, err, want)
	}
}

func TestRestoreIntoLargerVolumeGrowsTheFileSystem(t *testing.T) {
	b := newBench(t)
	v := b.create("v", 64<<20, nil)
	write(t, filepath.Join(b.publish(v, "pod"), "file"), "x", true)
	s := b.groupCut("g", nil, v).Snapshots[0]
	dir := b.publish(b.create("large", 512<<20, fromSnapshot(s.SnapshotId)), "large")
	var fs unix.Statfs_t
	must(t, unix.Statfs(dir, &fs))
	if size := int64(fs.Blocks) * int64(fs.Bsize); size < 400<<20 || !exists(t, filepath.Join(dir, "file")) {
		t.Errorf("the restored file system has %d bytes or lacks its file", size)
	}
	_, err := b.CreateVolume(context.Background(), &csi.CreateVolumeRequest{Name: "small", CapacityRange: &csi.CapacityRange{RequiredBytes: 32 << 20},
		VolumeCapabilities: []*csi.VolumeCapability{mountCapability()}, VolumeContentSource: fromSnapshot(s.SnapshotId)})
	wantCode(t, err, codes.OutOfRange)
}

func TestRawBlock(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	block := &csi.VolumeCapability{AccessType: &csi.VolumeCapability_Block{Block: &csi.VolumeCapability_BlockVolume{}}}
	device := func(name string, from *csi.VolumeContentSource) (string, string) {
		r, err := b.CreateVolume(ctx, &csi.CreateVolumeRequest{Name: name, CapacityRange: &csi.CapacityRange{RequiredBytes: 64 << 20},
			VolumeCapabilities: []*csi.VolumeCapability{block}, VolumeContentSource: from})
		must(t, err)
		target := filepath.Join(b.dir, "pods", name)
		_, err = b.NodePublishVolume(ctx, &csi.NodePublishVolumeRequest{VolumeId: r.Volume.VolumeId, TargetPath: target, VolumeCapability: block})
		must(t, err)
		return r.Volume.VolumeId, target
	}
	v, target := device("v", nil)
	f, err := os.OpenFile(target, os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteAt([]byte("raw"), 1<<20)
	must(t, err)
	must(t, f.Sync())
	must(t, f.Close())
	_, copied := device("copy", fromSnapshot(b.groupCut("g", nil, v).Snapshots[0].SnapshotId))
	f, err = os.Open(copied)
	must(t, err)
	got := make([]byte, 3)
	_, err = f.ReadAt(got, 1<<20)
	must(t, err)
	must(t, f.Close())
	if string(got) != "raw" {
		t.Errorf("the copy of the device holds %q", got)
	}
	b.unpublish(v, "v")
	if device, err := attachedDevice(b.image(v)); err != nil || device != "" {
		t.Errorf("%s is still attached: %v", device, err)
	}
}

func TestStartSweepsWhatNoRecordKnows(t *testing.T) {
	b := newBench(t)
	v := b.create("v", 64<<20, nil)
	dir := b.publish(v, "pod")
	b.groupCut("known", nil, v)
	must(t, snapshotSubvolume(b.liveDir(), b.instantsDir(), "left-behind"))
	must(t, truncated(b.image("left-behind"), 64<<20))
	again, err := newDriver(b.name, b.node, b.dir)
	must(t, err)
	if exists(t, again.instantDir("left-behind")) || exists(t, again.image("left-behind")) {
		t.Error("a restart keeps what no record knows")
	}
	if len(again.records.Groups) != 1 || !exists(t, filepath.Join(dir, "lost+found")) {
		t.Error("a restart lost a group or a mounted volume")
	}
}

func TestExpansion(t *testing.T) {
	b := newBench(t)
	ctx := context.Background()
	v := b.create("v", 64<<20, nil)
	b.publish(v, "pod")
	b.unpublish(v, "pod")
	r, err := b.ControllerExpandVolume(ctx, &csi.ControllerExpandVolumeRequest{VolumeId: v, CapacityRange: &csi.CapacityRange{RequiredBytes: 256 << 20}})
	must(t, err)
	if r.CapacityBytes != 256<<20 || !r.NodeExpansionRequired {
		t.Errorf("unexpected answer %v", r)
	}
	dir := b.publish(v, "pod")
	var fs unix.Statfs_t
	must(t, unix.Statfs(dir, &fs))
	if size := int64(fs.Blocks) * int64(fs.Bsize); size < 200<<20 {
		t.Errorf("the file system has %d bytes after the expansion", size)
	}
}
