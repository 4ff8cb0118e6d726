package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"sort"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// cut takes the volumes as the class says and returns one unnamed snapshot for each. Created is read after the cut: it is the upper bound of
// the instant. On failure nothing stays.
func (d *driver) cut(ctx context.Context, c class, id string, volumes []volume) (taken []*snapshot, err error) {
	switch c.mode {
	case "failing":
		return nil, status.Errorf(codes.Internal, "the class says mode=failing")
	case "hanging":
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	// An array that was told to cut does so even when the caller has gone, so ctx is not asked here.
	time.Sleep(c.cutDelay)
	sort.Slice(volumes, func(i, j int) bool { return (volumes[i].Seq < volumes[j].Seq) != c.reverse })
	var made []string
	defer func() {
		if err != nil {
			d.forget(made)
		}
	}()
	instant := id
	var at time.Time
	for i, v := range volumes {
		if i == 0 || c.mode == "skewed" {
			if i > 0 {
				time.Sleep(c.skew)
				instant = fmt.Sprintf("%s-%d", id, i)
			}
			if err := snapshotSubvolume(d.liveDir(), d.instantsDir(), instant); err != nil {
				return nil, err
			}
			at = time.Now()
			made = append(made, instant)
		}
		image := filepath.Join(d.instantDir(instant), v.ID+imageSuffix)
		info, err := os.Stat(image)
		if err != nil {
			return nil, status.Errorf(codes.NotFound, "volume %s went away before its cut", v.ID)
		}
		taken = append(taken, &snapshot{Volume: v.ID, Instant: instant, Bytes: info.Size(), Created: at, Ready: at.Add(c.readyAfter)})
	}
	return taken, nil
}

// forget removes instants; what cannot be removed is swept at the next start.
func (d *driver) forget(instants []string) {
	for _, instant := range instants {
		if err := destroySubvolume(d.instantsDir(), instant); err != nil {
			log.Printf("left for the sweep: %v", err)
		}
	}
}

// dropSnapshots removes snapshots and a group from the records and then the instants that nothing uses any more.
func (d *driver) dropSnapshots(groupID string, ids ...string) error {
	instants := map[string]bool{}
	err := d.update(func(r *records) {
		for _, id := range ids {
			if s := r.Snapshots[id]; s != nil {
				instants[s.Instant] = true
				delete(r.Snapshots, id)
			}
		}
		delete(r.Groups, groupID)
		for instant := range instants {
			if r.instantInUse(instant) {
				delete(instants, instant)
			}
		}
	})
	if err != nil {
		return err
	}
	for instant := range instants {
		if err := destroySubvolume(d.instantsDir(), instant); err != nil {
			return err
		}
	}
	return nil
}
