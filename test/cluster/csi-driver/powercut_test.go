package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A cut is a power cut: what was only in the page cache of the volume's file system is lost, what was synced is there.
func TestCutLosesWhatWasNotSynced(t *testing.T) {
	b := newBench(t)
	v := b.create("v", 256<<20, nil)
	dir := b.publish(v, "pod")
	write(t, filepath.Join(dir, "synced"), "kept", true)
	write(t, filepath.Join(dir, "unsynced"), "lost", false)
	before := b.restored(b.groupCut("before", nil, v), v, "before")
	if !exists(t, filepath.Join(before, "synced")) {
		t.Error("a synced file is missing after the cut")
	}
	if content, err := os.ReadFile(filepath.Join(before, "unsynced")); err == nil && len(content) > 0 {
		t.Errorf("a file that was never synced survived the cut: %q", content)
	}
	f, err := os.Open(dir)
	must(t, err)
	must(t, unix.Syncfs(int(f.Fd())))
	must(t, f.Close())
	after := b.restored(b.groupCut("after", nil, v), v, "after")
	if content, err := os.ReadFile(filepath.Join(after, "unsynced")); err != nil || string(content) != "lost" {
		t.Errorf("after sync -f the file must be in the copy: %q, %v", content, err)
	}
}

// chain writes numbers in turn into two volumes, each synced before the next: an instant can show n on one side and n or n-1 on the other.
func chain(t *testing.T, first, second string, stop <-chan struct{}) {
	for n := 1; ; n++ {
		for _, dir := range []string{first, second} {
			write(t, filepath.Join(dir, "new"), fmt.Sprint(n), true)
			must(t, os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "n")))
			f, err := os.Open(dir)
			must(t, err)
			must(t, f.Sync())
			must(t, f.Close())
		}
		select {
		case <-stop:
			return
		default:
		}
	}
}

func number(t *testing.T, dir string) (n int) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "n"))
	must(t, err)
	_, err = fmt.Sscan(string(content), &n)
	must(t, err)
	return n
}

// All members of an atomic group have one instant; those of a skewed one do not, so the check is able to tell.
func TestGroupHasOneInstant(t *testing.T) {
	b := newBench(t)
	first, second := b.create("first", 128<<20, nil), b.create("second", 128<<20, nil)
	dirs := []string{b.publish(first, "first-pod"), b.publish(second, "second-pod")}
	stop := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() { chain(t, dirs[0], dirs[1], stop) })
	defer writer.Wait()
	defer close(stop)
	for !exists(t, filepath.Join(dirs[1], "n")) || number(t, dirs[1]) < 2 {
		time.Sleep(time.Millisecond)
	}
	for i := range 10 {
		g := b.groupCut(fmt.Sprint("atomic-", i), nil, first, second)
		x, y := number(t, b.restored(g, first, fmt.Sprint("x", i))), number(t, b.restored(g, second, fmt.Sprint("y", i)))
		if x != y && x != y+1 {
			t.Errorf("cut %d shows %d and %d: two instants", i, x, y)
		}
	}
	g := b.groupCut("skewed", map[string]string{"mode": "skewed", "skew": "500ms"}, first, second)
	if x, y := number(t, b.restored(g, first, "xs")), number(t, b.restored(g, second, "ys")); x == y || x == y+1 {
		t.Errorf("a skewed cut shows %d and %d, as if it had one instant", x, y)
	}
}
