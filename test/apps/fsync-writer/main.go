// fsync-writer writes as the log of a database does: 8 KiB and fdatasync, again and again, round a file of fixed size.
// usage: fsync-writer FILE [PAUSE]    PAUSE between two commits, 10ms by default; 0 for none
package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

const (
	record = 8 << 10
	size   = 4 << 20
)

func main() {
	if len(os.Args) < 2 {
		fail("a file is needed", nil)
	}
	pause := 10 * time.Millisecond
	if len(os.Args) > 2 {
		given, err := time.ParseDuration(os.Args[2])
		if err != nil {
			fail("pause", err)
		}
		pause = given
	}
	file, err := os.OpenFile(os.Args[1], os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		fail("open", err)
	}
	// All blocks are there before the first commit, as in a recycled log segment.
	if _, err := file.WriteAt(make([]byte, size), 0); err != nil {
		fail("fill", err)
	}
	block := make([]byte, record)
	for n := uint64(0); ; n++ {
		for i := range block {
			block[i] = byte(n)
		}
		if _, err := file.WriteAt(block, int64(n%(size/record))*record); err != nil {
			fail("write", err)
		}
		if err := syscall.Fdatasync(int(file.Fd())); err != nil {
			fail("fdatasync", err)
		}
		time.Sleep(pause)
	}
}

func fail(what string, err error) {
	fmt.Fprintln(os.Stderr, "fsync-writer:", what, err)
	os.Exit(1)
}
