package main

import (
	"errors"
	"io/fs"
	"strings"
	"time"
)

// claim races for the end of the hold: the mkdir is atomic, so one contender of all wins,
// ever. The winner leaves its name and the time for the others.
func (h *hold) claim(why string) (won bool, err error) {
	if err := h.dir.Mkdir(dirEnd, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return false, nil
		}
		return false, err
	}
	if err := h.putUptime(fileAt, now()); err != nil {
		return true, err
	}
	return true, h.put(fileWhy, []byte(why))
}

// ended tells whether somebody has ended the hold. A doubt counts as ended: nothing is
// frozen, and nothing is called unbroken, on a state that cannot be read.
func (h *hold) ended() bool {
	_, err := h.dir.Stat(dirEnd)
	return !errors.Is(err, fs.ErrNotExist) || h.removed()
}

// settle marks that the hold has ended and will never touch its containers again.
func (h *hold) settle() error { return h.put(fileThawed, nil) }

func (h *hold) settled() bool {
	_, err := h.dir.Stat(fileThawed)
	return err == nil
}

// removed tells whether the state directory itself was taken away.
func (h *hold) removed() bool {
	_, err := h.dir.Stat(fileRecord)
	return err != nil
}

// winner names who ended the hold and when. A winner writes its name right after its mkdir;
// one that died in between stays unknown.
func (h *hold) winner() (string, uptime) {
	for range 20 {
		if why, err := h.dir.ReadFile(fileWhy); err == nil {
			at, _ := h.uptimeOf(fileAt)
			return strings.TrimSpace(string(why)), at
		}
		time.Sleep(10 * time.Millisecond)
	}
	return whyUnknown, 0
}
