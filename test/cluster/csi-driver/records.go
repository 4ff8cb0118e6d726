package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"time"
)

type volume struct {
	ID, Name string
	Seq      int64 // order of creation
	Bytes    int64
	Source   string // id of the snapshot or volume that it was made from
	Block    bool   // raw block: the image carries no file system of ours
	Grow     bool   // the image grew; the file system inside has to follow
	// Attributes are what its classes have told it; see attributes.go.
	Attributes map[string]string `json:",omitempty"`
}

type snapshot struct {
	ID, Name, Volume, Group string
	Instant                 string // directory below instants
	Bytes                   int64
	Created, Ready          time.Time
}

type group struct {
	ID, Name string
	Members  []string // ids of snapshots
}

// records is what exists; it lives in one file.
type records struct {
	Seq       int64
	Volumes   map[string]*volume
	Snapshots map[string]*snapshot
	Groups    map[string]*group
}

func loadRecords(path string) (records, error) {
	r := records{Volumes: map[string]*volume{}, Snapshots: map[string]*snapshot{}, Groups: map[string]*group{}}
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	return r, err
}

// save replaces the file by a rename. It does not fsync: the driver may be killed at any time, but its machine losing power ends the test
// cluster anyway, and an fsync would add milliseconds to every cut.
func (r *records) save(path string) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", b, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// nextID makes an id that is not used twice: a number for this driver, and a part of the name for drivers with other state directories.
func (r *records) nextID(kind, name string) (id string, seq int64) {
	r.Seq++
	sum := sha256.Sum256([]byte(name))
	return fmt.Sprintf("%s-%d-%x", kind, r.Seq, sum[:4]), r.Seq
}

func (r *records) volumeNamed(name string) *volume {
	for _, v := range r.Volumes {
		if v.Name == name {
			return v
		}
	}
	return nil
}

func (r *records) snapshotNamed(name string) *snapshot {
	for _, s := range r.Snapshots {
		if s.Name == name && s.Group == "" {
			return s
		}
	}
	return nil
}

func (r *records) groupNamed(name string) *group {
	for _, g := range r.Groups {
		if g.Name == name {
			return g
		}
	}
	return nil
}

func (r *records) instantInUse(instant string) bool {
	for _, s := range r.Snapshots {
		if s.Instant == instant {
			return true
		}
	}
	return false
}

// sortedSnapshots lists in a stable order, so that paging works and runs can be compared.
func (r *records) sortedSnapshots() []*snapshot {
	list := make([]*snapshot, 0, len(r.Snapshots))
	for _, s := range r.Snapshots {
		list = append(list, s)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].ID < list[j].ID })
	return list
}
