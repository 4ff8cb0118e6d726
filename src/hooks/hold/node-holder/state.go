package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// defaultStateDir is a hostPath of the agent, on a tmpfs of the node and never on a volume
// that is held.
const defaultStateDir = "/run/stillpoint"

// Files of a hold's state directory.
const (
	fileRecord = "record" // JSON, written once, before the guard starts
	fileBeat   = "beat"   // uptime of the last beat, microseconds
	fileImpact = "impact" // uptime right before the first gate or freeze, microseconds
	fileGuard  = "guard"  // JSON process of the guard
	dirEnd     = "end"    // made once, by whoever ends the hold
	fileWhy    = "end/why"
	fileAt     = "end/at"
	// fileThawed is written when nothing is frozen, no gate is on, and nobody is left who could
	// freeze or close again. Without it the containers are not free for another hold, with it
	// nobody thaws them for this one.
	fileThawed = "end/thawed"
)

// record says what was resolved when the hold was armed. Guard, agent and `end` act on it
// and on nothing else.
type record struct {
	Version   int       `json:"version"`
	ID        string    `json:"id"`
	TTLMillis int64     `json:"ttlMillis"`
	MaxMillis int64     `json:"maxMillis"`
	ArmedAt   uptime    `json:"armedAtMicros"`
	Holder    process   `json:"holder"`
	Targets   []*target `json:"targets"`
	Volumes   []string  `json:"volumes"`
	Gates     []*gate   `json:"gates,omitempty"`
}

func (r *record) ttl() time.Duration { return time.Duration(r.TTLMillis) * time.Millisecond }
func (r *record) max() time.Duration { return time.Duration(r.MaxMillis) * time.Millisecond }

// hold is the state directory of one hold, held open: it stays reachable when its path is
// gone from this process's view.
type hold struct {
	id  string
	dir *os.Root
}

// openStore opens the directory of all holds and makes it where it is missing.
func openStore(path string) (*os.Root, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, faultf(codeStateFailed, "%v", err)
	}
	store, err := os.OpenRoot(path)
	if err != nil {
		return nil, faultf(codeStateFailed, "%v", err)
	}
	return store, nil
}

// createHold makes the directory of a new hold; fs.ErrExist says that the id was used.
func createHold(store *os.Root, id string) (*hold, error) {
	if err := store.Mkdir(id, 0o700); err != nil {
		return nil, err
	}
	return openHold(store, id)
}

func openHold(store *os.Root, id string) (*hold, error) {
	dir, err := store.OpenRoot(id)
	if err != nil {
		return nil, err
	}
	return &hold{id: id, dir: dir}, nil
}

// put writes a file so that readers see all of it or the one before.
func (h *hold) put(name string, content []byte) error {
	draft := name + ".new"
	if err := h.dir.WriteFile(draft, content, 0o600); err != nil {
		return err
	}
	return h.dir.Rename(draft, name)
}

func (h *hold) putJSON(name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return h.put(name, text)
}

func (h *hold) putUptime(name string, t uptime) error {
	return h.put(name, strconv.AppendInt(nil, int64(t), 10))
}

// uptimeOf reads a moment; 0 when it was not written.
func (h *hold) uptimeOf(name string) (uptime, error) {
	text, err := h.dir.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	value, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return uptime(value), err
}

// record reads the record; fs.ErrNotExist when the hold never got that far.
func (h *hold) record() (*record, error) {
	text, err := h.dir.ReadFile(fileRecord)
	if err != nil {
		return nil, err
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("record of %s: %w", h.id, err)
	}
	if r.Version != protocolVersion || r.ID != h.id {
		return nil, fmt.Errorf("record of %s is not ours: version %d, id %q", h.id, r.Version, r.ID)
	}
	return &r, nil
}

// guard reads which process guards the hold; the zero process when none is known.
func (h *hold) guard() process {
	var p process
	text, err := h.dir.ReadFile(fileGuard)
	if err != nil || json.Unmarshal(text, &p) != nil {
		return process{}
	}
	return p
}

// holdIDs lists the holds that have a state directory.
func holdIDs(store *os.Root) ([]string, error) {
	entries, err := fs.ReadDir(store.FS(), ".")
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, entry := range entries {
		if entry.IsDir() && validID(entry.Name()) {
			ids = append(ids, entry.Name())
		}
	}
	return ids, nil
}
