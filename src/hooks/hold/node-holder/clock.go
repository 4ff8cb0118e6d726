package main

import (
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// uptime is a moment in microseconds since boot. It counts CLOCK_BOOTTIME, the clock behind
// the first number of /proc/uptime, so that a record written here and one written by the
// shell holder tell the same time. It does not follow changes of the wall clock, and it
// goes on while the machine is suspended.
type uptime int64

// now reads the clock.
func now() uptime {
	var t unix.Timespec
	// Cannot fail: the clock exists since Linux 2.6.39 and the pointer is valid.
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return uptime(t.Nano() / 1000)
}

// since returns how long ago t was.
func (t uptime) since() time.Duration { return now().sub(t) }

func (t uptime) sub(earlier uptime) time.Duration {
	return time.Duration(t-earlier) * time.Microsecond
}

func (t uptime) add(d time.Duration) uptime { return t + uptime(d.Microseconds()) }

// String gives seconds with centiseconds, the form of /proc/uptime.
func (t uptime) String() string {
	return strconv.FormatFloat(float64(t/10000)/100, 'f', 2, 64)
}

func micros(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }
