package main

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	freezerV1 = "v1"
	freezerV2 = "v2"

	// freezeTimeout bounds how long one container may take to stand still. A task in an
	// uninterruptible wait can delay it; a window that waits longer is not worth having.
	freezeTimeout = 2 * time.Second
	thawTries     = 5
)

// freezer stops and starts one container. It holds a descriptor of the cgroup directory, so
// that it works on when the path to it is gone from the caller's view.
type freezer interface {
	// request asks the kernel to freeze; it returns before everything stands still.
	request() error
	// frozen tells whether everything in the container stands still by our request.
	frozen() (bool, error)
	// idle tells whether nothing freezes the container, neither we nor anybody above.
	idle() (bool, error)
	// thaw takes our request back.
	thaw() error
	// thawed tells whether our request is gone.
	thawed() (bool, error)
	close() error
}

// openFreezer opens the freezer of a cgroup directory. kind is freezerV1 or freezerV2.
func openFreezer(kind, cgroup string) (freezer, error) {
	dir, err := os.OpenRoot(cgroup)
	if err != nil {
		return nil, err
	}
	if kind == freezerV1 {
		return &v1Freezer{dir}, nil
	}
	return &v2Freezer{dir}, nil
}

// cgroupGone tells whether an error says that the cgroup no longer exists. What is gone
// holds no process, so it counts as thawed.
func cgroupGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV)
}

// freezeNow freezes and waits until the container stands still. stop is asked between looks;
// when it says true the freeze is given up with an error, and the caller thaws.
func freezeNow(f freezer, stop func() bool) error {
	if err := f.request(); err != nil {
		return err
	}
	began := now()
	asked := began
	for looks := 0; ; looks++ {
		done, err := f.frozen()
		if err != nil || done {
			return err
		}
		if stop() {
			return faultf(codeFreezeFailed, "given up, the hold has ended")
		}
		if began.since() > freezeTimeout {
			return faultf(codeFreezeTimeout, "not still after %s", freezeTimeout)
		}
		// A v1 group can stay in FREEZING when a task forked at the wrong moment; asking again
		// helps (libcontainer does the same).
		if asked.since() > 50*time.Millisecond {
			if err := f.request(); err != nil {
				return err
			}
			asked = now()
		}
		if looks > 5 {
			time.Sleep(min(time.Duration(looks)*20*time.Microsecond, 500*time.Microsecond))
		}
	}
}

// thawNow thaws and reads back, five times at most. A cgroup that is gone is a success.
func thawNow(f freezer) error {
	var last error
	for try := range thawTries {
		if try > 0 {
			time.Sleep(time.Duration(try) * 20 * time.Millisecond)
		}
		if last = f.thaw(); last == nil {
			var done bool
			if done, last = f.thawed(); done {
				return nil
			}
			if last == nil {
				last = errors.New("still frozen after the thaw")
			}
		}
		if cgroupGone(last) {
			return nil
		}
	}
	return last
}
