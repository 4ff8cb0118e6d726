package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

func (d *driver) prepareDirectories() error {
	for _, dir := range []string{d.dir, d.instantsDir(), d.mountDir("")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if _, err := os.Stat(d.liveDir()); errors.Is(err, os.ErrNotExist) {
		return createSubvolume(d.dir, filepath.Base(d.liveDir()))
	}
	return nil
}

// sweep removes what a killed driver left half made: data that the records do not know.
func (d *driver) sweep() error {
	known := map[string]bool{}
	for _, s := range d.records.Snapshots {
		known[s.Instant] = true
	}
	err := eachUnknown(d.instantsDir(), "", known, func(name string) error { return destroySubvolume(d.instantsDir(), name) })
	if err != nil {
		return err
	}
	known = map[string]bool{}
	for id := range d.records.Volumes {
		known[id] = true
	}
	return eachUnknown(d.liveDir(), imageSuffix, known, func(name string) error {
		if err := releaseImage(filepath.Join(d.liveDir(), name)); err != nil {
			return err
		}
		return os.Remove(filepath.Join(d.liveDir(), name))
	})
}

func eachUnknown(dir, suffix string, known map[string]bool, remove func(name string) error) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if known[strings.TrimSuffix(e.Name(), suffix)] {
			continue
		}
		log.Printf("sweep: %s is in no record", filepath.Join(dir, e.Name()))
		if err := remove(e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// cleanup gives back every loop device on a file below dir, deleted files too. It needs no records and no running driver.
func cleanup(dir string) error {
	devices, err := loopDevicesBelow(dir)
	if err != nil {
		return err
	}
	var failures []error
	for _, l := range devices {
		log.Printf("cleanup: %s on %s", l.device, l.file)
		failures = append(failures, releaseDevice(l.device))
	}
	return errors.Join(append(failures, waitDetached(dir))...)
}

// waitDetached waits for devices that the kernel frees only when their last user has gone.
func waitDetached(dir string) error {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		devices, err := loopDevicesBelow(dir)
		if err != nil || len(devices) == 0 {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s on %s is still in use by a process", devices[0].device, devices[0].file)
		}
	}
}

// releaseImage unmounts and detaches whatever is attached to an image.
func releaseImage(image string) error {
	device, err := attachedDevice(image)
	if err != nil || device == "" {
		return err
	}
	return releaseDevice(device)
}

func releaseDevice(device string) error {
	mounts, err := mountsOf(device)
	if err != nil {
		return err
	}
	for _, m := range mounts {
		if err := unix.Unmount(m.point, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("unmount %s: %w", m.point, err)
		}
	}
	return detach(device)
}
