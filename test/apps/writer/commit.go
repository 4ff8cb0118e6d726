package main

import (
	"flag"
	"os"
	"syscall"
	"time"
)

const (
	block = 8 << 10
	log   = 4 << 20
)

// commit writes as the log of a database does: a block and fdatasync, by default a hundred times a second, round a file of fixed size.
func commit(arguments []string) {
	flags := flag.NewFlagSet("commit", flag.ExitOnError)
	every := flags.Duration("every", pace, "time between two commits")
	check(flags.Parse(arguments))
	file, err := os.OpenFile(flags.Arg(0), os.O_RDWR|os.O_CREATE, 0o600)
	check(err)
	// All blocks are there before the first commit, as in a recycled log segment.
	_, err = file.WriteAt(make([]byte, log), 0)
	check(err)
	content := make([]byte, block)
	for n := uint64(0); ; n++ {
		for i := range content {
			content[i] = byte(n)
		}
		_, err = file.WriteAt(content, int64(n%(log/block))*block)
		check(err)
		check(syscall.Fdatasync(int(file.Fd())))
		time.Sleep(*every)
	}
}

// written fails unless the file is there and not empty.
func written(path string) {
	info, err := os.Stat(path)
	check(err)
	if info.Size() == 0 {
		fail("empty")
	}
}
