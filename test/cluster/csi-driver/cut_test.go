package main

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
)

func (b bench) tryCut(ctx context.Context, parameters map[string]string, volumes ...string) (*csi.VolumeGroupSnapshot, error) {
	request := &csi.CreateVolumeGroupSnapshotRequest{Name: "try", SourceVolumeIds: volumes, Parameters: parameters}
	info := &grpc.UnaryServerInfo{FullMethod: "/csi.v1.GroupController/CreateVolumeGroupSnapshot"}
	answer, err := b.intercept(ctx, request, info, func(ctx context.Context, q any) (any, error) {
		return b.CreateVolumeGroupSnapshot(ctx, q.(*csi.CreateVolumeGroupSnapshotRequest))
	})
	if err != nil {
		return nil, err
	}
	return answer.(*csi.CreateVolumeGroupSnapshotResponse).GroupSnapshot, nil
}

func (b bench) instants() int {
	b.Helper()
	entries, err := os.ReadDir(b.instantsDir())
	must(b.T, err)
	return len(entries)
}

func TestClassModes(t *testing.T) {
	b := newBench(t)
	v := b.create("v", 64<<20, nil)
	_, err := b.tryCut(context.Background(), map[string]string{"mode": "failing"}, v)
	wantCode(t, err, codes.Internal)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = b.tryCut(ctx, map[string]string{"mode": "hanging"}, v)
	wantCode(t, err, codes.DeadlineExceeded)
	_, err = b.tryCut(context.Background(), map[string]string{"mode": "unheard of"}, v)
	wantCode(t, err, codes.InvalidArgument)
	if b.instants() != 0 {
		t.Error("a call that failed left something behind")
	}
	start := time.Now()
	g, err := b.tryCut(context.Background(), map[string]string{"mode": "slow", "cutDelay": "200ms", "readyAfter": "300ms"}, v)
	must(t, err)
	if cut := g.CreationTime.AsTime().Sub(start); cut < 200*time.Millisecond || g.ReadyToUse {
		t.Errorf("the slow class cut after %v, ready %v", cut, g.ReadyToUse)
	}
	for !g.ReadyToUse {
		time.Sleep(10 * time.Millisecond)
		r, err := b.GetVolumeGroupSnapshot(context.Background(), &csi.GetVolumeGroupSnapshotRequest{GroupSnapshotId: g.GroupSnapshotId})
		must(t, err)
		g = r.GroupSnapshot
	}
	if took := time.Since(g.CreationTime.AsTime()); took < 300*time.Millisecond {
		t.Errorf("ready %v after the cut, too early", took)
	}
	_, err = b.DeleteVolumeGroupSnapshot(context.Background(), &csi.DeleteVolumeGroupSnapshotRequest{GroupSnapshotId: g.GroupSnapshotId})
	must(t, err)
	if b.instants() != 0 {
		t.Error("deleting the group left its instant")
	}
}

func TestSkewedOrder(t *testing.T) {
	b := newBench(t)
	first, second := b.create("first", 64<<20, nil), b.create("second", 64<<20, nil)
	for order, early := range map[string]string{"created": first, "reverse": second} {
		g := b.groupCut(order, map[string]string{"mode": "skewed", "skew": "100ms", "order": order}, first, second)
		apart := g.Snapshots[1].CreationTime.AsTime().Sub(g.Snapshots[0].CreationTime.AsTime())
		if g.Snapshots[0].SourceVolumeId != early || apart < 100*time.Millisecond {
			t.Errorf("order %s: %s first, %v apart", order, g.Snapshots[0].SourceVolumeId, apart)
		}
	}
}

func TestFaultFile(t *testing.T) {
	b := newBench(t)
	v := b.create("v", 64<<20, nil)
	fault := func(content string) { must(t, os.WriteFile(b.faults.path, []byte(content), 0o600)) }

	fault(`{"CreateVolumeGroupSnapshot": {"Code": "UNAVAILABLE", "Times": 2}}`)
	for range 2 {
		_, err := b.tryCut(context.Background(), nil, v)
		wantCode(t, err, codes.Unavailable)
	}
	if b.instants() != 0 {
		t.Error("an early fault must come before the cut")
	}
	_, err := b.tryCut(context.Background(), nil, v)
	must(t, err)

	fault(`{"CreateVolumeGroupSnapshot": {"Code": "INTERNAL", "Late": true, "Times": 1}}`)
	_, err = b.tryCut(context.Background(), nil, v)
	wantCode(t, err, codes.Internal)
	_, err = b.tryCut(context.Background(), nil, v)
	must(t, err)
	if b.instants() != 1 {
		t.Error("the lost answer and its repetition must be one cut")
	}

	fault(`{"CreateVolumeGroupSnapshot": {"Hang": true}, "DeleteVolume": {"Before": "1h"}}`)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err = b.tryCut(ctx, nil, v)
	wantCode(t, err, codes.Canceled)

	fault(`not JSON`)
	if _, err = b.tryCut(context.Background(), nil, v); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("a broken fault file must not be passed over: %v", err)
	}
}
