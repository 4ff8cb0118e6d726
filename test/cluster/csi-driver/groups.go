package main

import (
	"context"
	"fmt"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func (d *driver) GroupControllerGetCapabilities(context.Context, *csi.GroupControllerGetCapabilitiesRequest) (*csi.GroupControllerGetCapabilitiesResponse, error) {
	rpc := &csi.GroupControllerServiceCapability_RPC{Type: csi.GroupControllerServiceCapability_RPC_CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT}
	return &csi.GroupControllerGetCapabilitiesResponse{Capabilities: []*csi.GroupControllerServiceCapability{
		{Type: &csi.GroupControllerServiceCapability_Rpc{Rpc: rpc}},
	}}, nil
}

func (d *driver) CreateVolumeGroupSnapshot(ctx context.Context, q *csi.CreateVolumeGroupSnapshotRequest) (*csi.CreateVolumeGroupSnapshotResponse, error) {
	if q.Name == "" || len(q.SourceVolumeIds) == 0 {
		return nil, status.Error(codes.InvalidArgument, "a name and source volumes are required")
	}
	c, err := parseClass(q.Parameters)
	if err != nil {
		return nil, err
	}
	end, err := d.begin("group name " + q.Name)
	if err != nil {
		return nil, err
	}
	defer end()
	known, err := d.findGroup(q.Name, q.SourceVolumeIds)
	if err != nil || known != nil {
		return &csi.CreateVolumeGroupSnapshotResponse{GroupSnapshot: known}, err
	}
	var volumes []volume
	for _, id := range q.SourceVolumeIds {
		v, err := d.volume(id)
		if err != nil {
			return nil, err
		}
		volumes = append(volumes, v)
	}
	d.mu.Lock()
	id, _ := d.records.nextID("group", q.Name)
	d.mu.Unlock()
	taken, err := d.cut(ctx, c, id, volumes)
	if err != nil {
		return nil, err
	}
	var answer *csi.VolumeGroupSnapshot
	err = d.update(func(r *records) {
		g := &group{ID: id, Name: q.Name}
		for i, s := range taken {
			s.ID, s.Name, s.Group = fmt.Sprintf("%s-member-%d", id, i), q.Name, id
			r.Snapshots[s.ID] = s
			g.Members = append(g.Members, s.ID)
		}
		r.Groups[id] = g
		answer = r.groupMessage(g)
	})
	if err != nil {
		return nil, err
	}
	return &csi.CreateVolumeGroupSnapshotResponse{GroupSnapshot: answer}, nil
}

// findGroup returns the group of that name if it has exactly these volumes.
func (d *driver) findGroup(name string, volumes []string) (*csi.VolumeGroupSnapshot, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.records.groupNamed(name)
	if g == nil {
		return nil, nil
	}
	wanted := map[string]bool{}
	for _, v := range volumes {
		wanted[v] = true
	}
	for _, m := range g.Members {
		if !wanted[d.records.Snapshots[m].Volume] || len(wanted) != len(g.Members) {
			return nil, status.Errorf(codes.AlreadyExists, "group snapshot %s has other volumes", name)
		}
	}
	return d.records.groupMessage(g), nil
}

// groupMessage makes the answer: created with the last member, ready with all of them.
func (r *records) groupMessage(g *group) *csi.VolumeGroupSnapshot {
	answer := &csi.VolumeGroupSnapshot{GroupSnapshotId: g.ID, ReadyToUse: true}
	for _, m := range g.Members {
		s := r.Snapshots[m].message()
		answer.Snapshots = append(answer.Snapshots, s)
		answer.ReadyToUse = answer.ReadyToUse && s.ReadyToUse
		if answer.CreationTime == nil || s.CreationTime.AsTime().After(answer.CreationTime.AsTime()) {
			answer.CreationTime = s.CreationTime
		}
	}
	return answer
}

func (d *driver) DeleteVolumeGroupSnapshot(_ context.Context, q *csi.DeleteVolumeGroupSnapshotRequest) (*csi.DeleteVolumeGroupSnapshotResponse, error) {
	if q.GroupSnapshotId == "" {
		return nil, status.Error(codes.InvalidArgument, "a group snapshot id is required")
	}
	end, err := d.begin("group " + q.GroupSnapshotId)
	if err != nil {
		return nil, err
	}
	defer end()
	d.mu.Lock()
	g := d.records.Groups[q.GroupSnapshotId]
	d.mu.Unlock()
	if g == nil {
		return &csi.DeleteVolumeGroupSnapshotResponse{}, nil
	}
	return &csi.DeleteVolumeGroupSnapshotResponse{}, d.dropSnapshots(g.ID, g.Members...)
}

func (d *driver) GetVolumeGroupSnapshot(_ context.Context, q *csi.GetVolumeGroupSnapshotRequest) (*csi.GetVolumeGroupSnapshotResponse, error) {
	if q.GroupSnapshotId == "" {
		return nil, status.Error(codes.InvalidArgument, "a group snapshot id is required")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	g := d.records.Groups[q.GroupSnapshotId]
	if g == nil {
		return nil, status.Errorf(codes.NotFound, "no group snapshot %s", q.GroupSnapshotId)
	}
	return &csi.GetVolumeGroupSnapshotResponse{GroupSnapshot: d.records.groupMessage(g)}, nil
}
