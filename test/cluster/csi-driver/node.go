package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func (d *driver) NodeGetInfo(context.Context, *csi.NodeGetInfoRequest) (*csi.NodeGetInfoResponse, error) {
	return &csi.NodeGetInfoResponse{NodeId: d.node}, nil
}

func (d *driver) NodeGetCapabilities(context.Context, *csi.NodeGetCapabilitiesRequest) (*csi.NodeGetCapabilitiesResponse, error) {
	r := &csi.NodeGetCapabilitiesResponse{}
	for _, t := range []csi.NodeServiceCapability_RPC_Type{
		csi.NodeServiceCapability_RPC_GET_VOLUME_STATS,
		csi.NodeServiceCapability_RPC_EXPAND_VOLUME,
		csi.NodeServiceCapability_RPC_SINGLE_NODE_MULTI_WRITER,
	} {
		rpc := &csi.NodeServiceCapability_RPC{Type: t}
		r.Capabilities = append(r.Capabilities, &csi.NodeServiceCapability{Type: &csi.NodeServiceCapability_Rpc{Rpc: rpc}})
	}
	return r, nil
}

// NodePublishVolume gives a pod the volume: the first target mounts the file system once for the node, every target is a bind mount of it.
func (d *driver) NodePublishVolume(_ context.Context, q *csi.NodePublishVolumeRequest) (*csi.NodePublishVolumeResponse, error) {
	if q.VolumeId == "" || q.TargetPath == "" || q.VolumeCapability == nil {
		return nil, status.Error(codes.InvalidArgument, "a volume id, a target path and a capability are required")
	}
	v, end, err := d.take(q.VolumeId)
	if err != nil {
		return nil, err
	}
	defer end()
	block, err := checkCapabilities([]*csi.VolumeCapability{q.VolumeCapability})
	if err != nil {
		return nil, err
	}
	if block != v.Block {
		return nil, status.Error(codes.InvalidArgument, "the volume has the other volume mode")
	}
	if mounted, err := mountedAt(q.TargetPath); err != nil || mounted {
		return &csi.NodePublishVolumeResponse{}, err
	}
	if q.VolumeCapability.GetAccessMode().GetMode() == csi.VolumeCapability_AccessMode_SINGLE_NODE_SINGLE_WRITER {
		if targets, err := d.targets(v); err != nil || len(targets) > 0 {
			return nil, errors.Join(err, status.Errorf(codes.FailedPrecondition, "volume %s is for one writer and in use", v.ID))
		}
	}
	if err := d.publish(v, q.TargetPath, q.Readonly); err != nil {
		return nil, errors.Join(err, d.releaseUnused(v))
	}
	return &csi.NodePublishVolumeResponse{}, nil
}

func (d *driver) publish(v volume, target string, readOnly bool) error {
	if v.Block {
		device, err := attach(d.image(v.ID))
		if err != nil {
			return err
		}
		if err := errors.Join(os.MkdirAll(filepath.Dir(target), 0o750), touch(target)); err != nil {
			return err
		}
		return bind(device, target, readOnly)
	}
	if err := d.mountOnNode(v); err != nil {
		return err
	}
	if err := os.MkdirAll(target, 0o750); err != nil {
		return err
	}
	return bind(d.mountDir(v.ID), target, readOnly)
}

func touch(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// mountOnNode mounts the file system, grown first if the volume has grown and no pod has it.
func (d *driver) mountOnNode(v volume) error {
	if mounted, err := mountedAt(d.mountDir(v.ID)); err != nil || mounted {
		return err
	}
	if v.Grow {
		if err := growOffline(d.image(v.ID), d.mountDir(v.ID)); err != nil {
			return err
		}
		if err := d.hasGrown(v); err != nil {
			return err
		}
	}
	_, err := mountImage(d.image(v.ID), d.mountDir(v.ID))
	return err
}

func (d *driver) hasGrown(v volume) error {
	return d.update(func(r *records) { r.Volumes[v.ID].Grow = false })
}

// targets lists where pods have the volume.
func (d *driver) targets(v volume) ([]string, error) {
	device, err := attachedDevice(d.image(v.ID))
	if err != nil || device == "" {
		return nil, err
	}
	mounts, err := mountsOf(device)
	var targets []string
	for _, m := range mounts {
		if m.point != d.mountDir(v.ID) {
			targets = append(targets, m.point)
		}
	}
	return targets, err
}

// releaseUnused gives the loop device back when no pod has the volume any more.
func (d *driver) releaseUnused(v volume) error {
	targets, err := d.targets(v)
	if err != nil || len(targets) > 0 {
		return err
	}
	if err := releaseImage(d.image(v.ID)); err != nil {
		return err
	}
	if err := os.Remove(d.mountDir(v.ID)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (d *driver) NodeUnpublishVolume(_ context.Context, q *csi.NodeUnpublishVolumeRequest) (*csi.NodeUnpublishVolumeResponse, error) {
	if q.VolumeId == "" || q.TargetPath == "" {
		return nil, status.Error(codes.InvalidArgument, "a volume id and a target path are required")
	}
	v, end, err := d.take(q.VolumeId)
	if err != nil {
		return nil, err
	}
	defer end()
	// EINVAL: not a mount point, so an earlier call did it.
	if err := unix.Unmount(q.TargetPath, 0); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) {
		return nil, status.Errorf(codes.Internal, "unmount %s: %v", q.TargetPath, err)
	}
	if err := os.Remove(q.TargetPath); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return &csi.NodeUnpublishVolumeResponse{}, d.releaseUnused(v)
}

func (d *driver) NodeExpandVolume(_ context.Context, q *csi.NodeExpandVolumeRequest) (*csi.NodeExpandVolumeResponse, error) {
	if q.VolumeId == "" || q.VolumePath == "" {
		return nil, status.Error(codes.InvalidArgument, "a volume id and a volume path are required")
	}
	v, end, err := d.take(q.VolumeId)
	if err != nil {
		return nil, err
	}
	defer end()
	device, err := attachedDevice(d.image(v.ID))
	if err != nil {
		return nil, err
	}
	if device == "" {
		return nil, status.Errorf(codes.NotFound, "volume %s is not published", v.ID)
	}
	if v.Block {
		err = refreshCapacity(device)
	} else if v.Grow {
		err = growOnline(device)
	}
	if err != nil {
		return nil, status.Errorf(codes.FailedPrecondition, "volume %s grows when it is mounted anew: %v", v.ID, err)
	}
	return &csi.NodeExpandVolumeResponse{CapacityBytes: v.Bytes}, d.hasGrown(v)
}

func (d *driver) NodeGetVolumeStats(_ context.Context, q *csi.NodeGetVolumeStatsRequest) (*csi.NodeGetVolumeStatsResponse, error) {
	if q.VolumeId == "" || q.VolumePath == "" {
		return nil, status.Error(codes.InvalidArgument, "a volume id and a volume path are required")
	}
	v, err := d.volume(q.VolumeId)
	if err != nil {
		return nil, err
	}
	if mounted, err := mountedAt(q.VolumePath); err != nil || !mounted {
		return nil, errors.Join(err, status.Errorf(codes.NotFound, "nothing is mounted at %s", q.VolumePath))
	}
	if v.Block {
		return &csi.NodeGetVolumeStatsResponse{Usage: []*csi.VolumeUsage{{Unit: csi.VolumeUsage_BYTES, Total: v.Bytes}}}, nil
	}
	var s unix.Statfs_t
	if err := unix.Statfs(q.VolumePath, &s); err != nil {
		return nil, err
	}
	unit := int64(s.Bsize)
	return &csi.NodeGetVolumeStatsResponse{Usage: []*csi.VolumeUsage{
		{Unit: csi.VolumeUsage_BYTES, Total: int64(s.Blocks) * unit, Available: int64(s.Bavail) * unit, Used: int64(s.Blocks-s.Bfree) * unit},
		{Unit: csi.VolumeUsage_INODES, Total: int64(s.Files), Available: int64(s.Ffree), Used: int64(s.Files - s.Ffree)},
	}}, nil
}
