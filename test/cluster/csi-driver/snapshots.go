package main

import (
	"context"
	"strconv"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"
)

func (s *snapshot) message() *csi.Snapshot {
	return &csi.Snapshot{SnapshotId: s.ID, SourceVolumeId: s.Volume, SizeBytes: s.Bytes, CreationTime: timestamppb.New(s.Created),
		ReadyToUse: !time.Now().Before(s.Ready), GroupSnapshotId: s.Group}
}

func (d *driver) CreateSnapshot(ctx context.Context, q *csi.CreateSnapshotRequest) (*csi.CreateSnapshotResponse, error) {
	if q.Name == "" || q.SourceVolumeId == "" {
		return nil, status.Error(codes.InvalidArgument, "a name and a source volume are required")
	}
	c, err := parseClass(q.Parameters)
	if err != nil {
		return nil, err
	}
	end, err := d.begin("snapshot name " + q.Name)
	if err != nil {
		return nil, err
	}
	defer end()
	if known := d.findSnapshot(q.Name); known != nil {
		if known.SourceVolumeId != q.SourceVolumeId {
			return nil, status.Errorf(codes.AlreadyExists, "snapshot %s is of volume %s", q.Name, known.SourceVolumeId)
		}
		return &csi.CreateSnapshotResponse{Snapshot: known}, nil
	}
	v, err := d.volume(q.SourceVolumeId)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	id, _ := d.records.nextID("snap", q.Name)
	d.mu.Unlock()
	taken, err := d.cut(ctx, c, id, []volume{v})
	if err != nil {
		return nil, err
	}
	s := taken[0]
	s.ID, s.Name = id, q.Name
	if err := d.update(func(r *records) { r.Snapshots[id] = s }); err != nil {
		return nil, err
	}
	return &csi.CreateSnapshotResponse{Snapshot: s.message()}, nil
}

func (d *driver) findSnapshot(name string) *csi.Snapshot {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s := d.records.snapshotNamed(name); s != nil {
		return s.message()
	}
	return nil
}

func (d *driver) DeleteSnapshot(_ context.Context, q *csi.DeleteSnapshotRequest) (*csi.DeleteSnapshotResponse, error) {
	if q.SnapshotId == "" {
		return nil, status.Error(codes.InvalidArgument, "a snapshot id is required")
	}
	end, err := d.begin("snapshot " + q.SnapshotId)
	if err != nil {
		return nil, err
	}
	defer end()
	d.mu.Lock()
	s := d.records.Snapshots[q.SnapshotId]
	d.mu.Unlock()
	if s == nil {
		return &csi.DeleteSnapshotResponse{}, nil
	}
	if s.Group != "" {
		return nil, status.Errorf(codes.InvalidArgument, "%s is a member of group snapshot %s and goes with it", s.ID, s.Group)
	}
	return &csi.DeleteSnapshotResponse{}, d.dropSnapshots("", s.ID)
}

func (d *driver) ListSnapshots(_ context.Context, q *csi.ListSnapshotsRequest) (*csi.ListSnapshotsResponse, error) {
	start := 0
	if q.StartingToken != "" {
		n, err := strconv.Atoi(q.StartingToken)
		if err != nil || n < 0 {
			return nil, status.Errorf(codes.Aborted, "starting token %q is none of ours", q.StartingToken)
		}
		start = n
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []*csi.ListSnapshotsResponse_Entry
	for _, s := range d.records.sortedSnapshots() {
		if (q.SnapshotId == "" || q.SnapshotId == s.ID) && (q.SourceVolumeId == "" || q.SourceVolumeId == s.Volume) {
			found = append(found, &csi.ListSnapshotsResponse_Entry{Snapshot: s.message()})
		}
	}
	start = min(start, len(found))
	end := len(found)
	r := &csi.ListSnapshotsResponse{}
	if q.MaxEntries > 0 && start+int(q.MaxEntries) < end {
		end = start + int(q.MaxEntries)
		r.NextToken = strconv.Itoa(end)
	}
	r.Entries = found[start:end]
	return r, nil
}
