// The writer of the shape tests and of the bench: it numbers records in a file or on a device, and says on standard output when each was written. Its image
// holds this program alone: no shell, no libc, nothing to exec but itself.
//
//	writer write [--device] [--sync] [--count=N] [--stubborn] PATH    appends records and logs `NUMBER SENT ACKNOWLEDGED` (ms since the epoch)
//	writer read PATH...     one line of JSON for each: how many records there are, from 1 without a gap
//	writer commit [--every=D] PATH    commits as the log of a database does, for the bench and for many writers at once
//	writer serve [--port=N] [--delay=D] PATH    answers lines on a TCP port once they are on the disk, and logs `LINE CAME ANSWERED` (ms since the epoch)
//	writer written PATH     succeeds when the file is there and not empty
//	writer touch PATH       makes an empty file
//	writer idle             waits for SIGTERM
//	writer true | false     ends, for probes
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// size of a record: one sector, so that a torn one cannot be taken for a whole one.
const size = 512

const pace = 10 * time.Millisecond

func main() {
	if len(os.Args) < 2 {
		fail("usage: writer write|read|commit|serve|written|touch|idle|true|false")
	}
	switch arguments := os.Args[2:]; os.Args[1] {
	case "write":
		write(arguments)
	case "read":
		read(arguments)
	case "commit":
		commit(arguments)
	case "serve":
		serve(arguments)
	case "written":
		written(arguments[0])
	case "touch":
		_, err := os.OpenFile(arguments[0], os.O_CREATE|os.O_WRONLY, 0o666)
		check(err)
	case "idle":
		<-terminated()
	case "true":
	default:
		os.Exit(1)
	}
}

func write(arguments []string) {
	flags := flag.NewFlagSet("write", flag.ExitOnError)
	device := flags.Bool("device", false, "the path is a device")
	sync := flags.Bool("sync", false, "acknowledge only what is on the disk; otherwise what is in the page cache")
	count := flags.Int("count", 0, "end after so many records; 0: at SIGTERM")
	stubborn := flags.Bool("stubborn", false, "go on at SIGTERM")
	check(flags.Parse(arguments))
	mode := os.O_RDWR | os.O_CREATE
	if *device {
		mode = os.O_RDWR
	}
	file, err := os.OpenFile(flags.Arg(0), mode, 0o666)
	check(err)
	next := records(file) + 1
	end := terminated()
	for n := next; *count == 0 || n < next+*count; n++ {
		select {
		case <-end:
			if !*stubborn {
				return
			}
		case <-time.After(pace):
		}
		sent := time.Now()
		_, err := file.WriteAt(record(n), int64(n-1)*size)
		check(err)
		if *sync {
			check(file.Sync())
		}
		fmt.Printf("%d %s %s\n", n, millis(sent), millis(time.Now()))
	}
}

func read(paths []string) {
	for _, path := range paths {
		file, err := os.Open(path)
		check(err)
		line, err := json.Marshal(map[string]any{"path": path, "records": records(file)})
		check(err)
		fmt.Println(string(line))
		check(file.Close())
	}
}

// records counts those that are whole and in their place.
func records(file io.ReaderAt) int {
	buffer := make([]byte, size)
	for n := 1; ; n++ {
		if _, err := file.ReadAt(buffer, int64(n-1)*size); err != nil || !bytes.Equal(buffer, record(n)) {
			return n - 1
		}
	}
}

func record(n int) []byte {
	return bytes.Repeat([]byte(fmt.Sprintf("%015d\n", n)), size/16)
}

func millis(at time.Time) string {
	return strconv.FormatFloat(float64(at.UnixMicro())/1000, 'f', 3, 64)
}

func terminated() <-chan os.Signal {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	return signals
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, message)
	os.Exit(2)
}
