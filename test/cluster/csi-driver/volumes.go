package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	blockBytes   = 4096
	minimumBytes = 8 << 20 // room for an ext4 with a journal
	defaultBytes = 1 << 30
)

func (d *driver) CreateVolume(_ context.Context, q *csi.CreateVolumeRequest) (*csi.CreateVolumeResponse, error) {
	if q.Name == "" {
		return nil, status.Error(codes.InvalidArgument, "a name is required")
	}
	block, err := checkCapabilities(q.VolumeCapabilities)
	if err != nil {
		return nil, err
	}
	bytes, err := wantedBytes(q.CapacityRange)
	if err != nil {
		return nil, err
	}
	attributes, err := createAttributes(q)
	if err != nil {
		return nil, err
	}
	end, err := d.begin("volume name " + q.Name)
	if err != nil {
		return nil, err
	}
	defer end()
	source := q.VolumeContentSource.GetSnapshot().GetSnapshotId() + q.VolumeContentSource.GetVolume().GetVolumeId()
	d.mu.Lock()
	known := d.records.volumeNamed(q.Name)
	d.mu.Unlock()
	if known != nil {
		if err := known.matches(q.CapacityRange, source, block); err != nil {
			return nil, err
		}
		return &csi.CreateVolumeResponse{Volume: known.message(q.VolumeContentSource)}, nil
	}
	v := &volume{Name: q.Name, Bytes: bytes, Source: source, Block: block, Attributes: attributes}
	d.mu.Lock()
	v.ID, v.Seq = d.records.nextID("vol", q.Name)
	d.mu.Unlock()
	if err := d.fill(v, q.VolumeContentSource); err != nil {
		return nil, err
	}
	if err := d.update(func(r *records) { r.Volumes[v.ID] = v }); err != nil {
		return nil, err
	}
	return &csi.CreateVolumeResponse{Volume: v.message(q.VolumeContentSource)}, nil
}

// checkCapabilities says whether raw block is wanted, and refuses what the driver does not have.
func checkCapabilities(capabilities []*csi.VolumeCapability) (block bool, err error) {
	if len(capabilities) == 0 {
		return false, status.Error(codes.InvalidArgument, "volume capabilities are required")
	}
	for _, c := range capabilities {
		block = block || c.GetBlock() != nil
		if c.GetBlock() == nil && c.GetMount() == nil {
			return false, status.Error(codes.InvalidArgument, "a capability is neither block nor mount")
		}
		if fs := c.GetMount().GetFsType(); fs != "" && fs != "ext4" {
			return false, status.Errorf(codes.InvalidArgument, "file system %s: only ext4 is made here", fs)
		}
		if len(c.GetMount().GetMountFlags()) > 0 {
			return false, status.Error(codes.InvalidArgument, "mount options are not supported")
		}
		switch c.GetAccessMode().GetMode() {
		// MULTI_NODE_MULTI_WRITER, which is ReadWriteMany, is taken: all of its writers are on the one node that there is.
		case csi.VolumeCapability_AccessMode_MULTI_NODE_SINGLE_WRITER, csi.VolumeCapability_AccessMode_MULTI_NODE_READER_ONLY:
			return false, status.Error(codes.InvalidArgument, "volumes are for one node")
		}
	}
	return block, nil
}

// wantedBytes rounds up to whole blocks of the file system.
func wantedBytes(r *csi.CapacityRange) (int64, error) {
	required, limit := r.GetRequiredBytes(), r.GetLimitBytes()
	if required < 0 || limit < 0 {
		return 0, status.Error(codes.InvalidArgument, "a capacity is negative")
	}
	bytes := max(required, minimumBytes)
	if required == 0 && (limit == 0 || limit >= defaultBytes) {
		bytes = defaultBytes
	}
	bytes = (bytes + blockBytes - 1) / blockBytes * blockBytes
	if limit > 0 && bytes > limit {
		return 0, status.Errorf(codes.OutOfRange, "%d bytes is more than the limit of %d", bytes, limit)
	}
	return bytes, nil
}

// fill makes the image of a new volume, empty or out of its source.
func (d *driver) fill(v *volume, from *csi.VolumeContentSource) error {
	var image string
	var bytes int64
	switch {
	case from == nil:
		return createImage(d.image(v.ID), v.Bytes, v.Block)
	case from.GetSnapshot() != nil:
		d.mu.Lock()
		s := d.records.Snapshots[v.Source]
		d.mu.Unlock()
		if s == nil {
			return status.Errorf(codes.NotFound, "no snapshot %s", v.Source)
		}
		if time.Now().Before(s.Ready) {
			return status.Errorf(codes.Unavailable, "snapshot %s is not ready", s.ID)
		}
		image, bytes = filepath.Join(d.instantDir(s.Instant), s.Volume+imageSuffix), s.Bytes
	default:
		parent, err := d.volume(v.Source)
		if err != nil {
			return err
		}
		image, bytes = d.image(parent.ID), parent.Bytes
	}
	if v.Bytes < bytes {
		return status.Errorf(codes.OutOfRange, "%d bytes asked, the source has %d", v.Bytes, bytes)
	}
	v.Grow = v.Bytes > bytes
	return copyImage(image, d.image(v.ID), v.Bytes)
}

func (v *volume) matches(r *csi.CapacityRange, source string, block bool) error {
	limit := r.GetLimitBytes()
	if v.Source != source || v.Block != block || v.Bytes < r.GetRequiredBytes() || limit > 0 && v.Bytes > limit {
		return status.Errorf(codes.AlreadyExists, "volume %s exists with another source, size or mode", v.Name)
	}
	return nil
}

func (v *volume) message(from *csi.VolumeContentSource) *csi.Volume {
	return &csi.Volume{VolumeId: v.ID, CapacityBytes: v.Bytes, ContentSource: from}
}

func (d *driver) DeleteVolume(_ context.Context, q *csi.DeleteVolumeRequest) (*csi.DeleteVolumeResponse, error) {
	if q.VolumeId == "" {
		return nil, status.Error(codes.InvalidArgument, "a volume id is required")
	}
	end, err := d.begin("volume " + q.VolumeId)
	if err != nil {
		return nil, err
	}
	defer end()
	if _, err := d.volume(q.VolumeId); err != nil {
		return &csi.DeleteVolumeResponse{}, nil // gone already
	}
	device, err := attachedDevice(d.image(q.VolumeId))
	if err != nil {
		return nil, err
	}
	if device != "" {
		return nil, status.Errorf(codes.FailedPrecondition, "volume %s is in use on %s", q.VolumeId, device)
	}
	if err := os.Remove(d.image(q.VolumeId)); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	return &csi.DeleteVolumeResponse{}, d.update(func(r *records) { delete(r.Volumes, q.VolumeId) })
}
