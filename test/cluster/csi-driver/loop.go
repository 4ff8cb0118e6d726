package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

type loopDevice struct{ device, file string }

// loopDevices lists the attached loop devices of the machine with their files, as the kernel names them; the mark of deleted files is cut off.
func loopDevices() ([]loopDevice, error) {
	entries, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		return nil, err
	}
	var list []loopDevice
	for _, e := range entries {
		b, err := os.ReadFile(e)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENODEV) {
			continue // detached while we looked
		}
		if err != nil {
			return nil, err
		}
		file := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), " (deleted)")
		list = append(list, loopDevice{device: "/dev/" + strings.Split(e, "/")[3], file: file})
	}
	return list, nil
}

// loopDevicesBelow lists those whose files are, or were, below a directory.
func loopDevicesBelow(dir string) ([]loopDevice, error) {
	devices, err := loopDevices()
	var below []loopDevice
	for _, l := range devices {
		if strings.HasPrefix(l.file, strings.TrimSuffix(dir, "/")+"/") {
			below = append(below, l)
		}
	}
	return below, err
}

// attachedDevice says which loop device carries the image; "" when none does.
func attachedDevice(image string) (string, error) {
	devices, err := loopDevices()
	if err != nil {
		return "", err
	}
	for _, l := range devices {
		if l.file == image {
			return l.device, nil
		}
	}
	return "", nil
}

// attach puts the image on a free loop device, or says on which it is.
func attach(image string) (string, error) {
	if device, err := attachedDevice(image); err != nil || device != "" {
		return device, err
	}
	file, err := os.OpenFile(image, os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer file.Close()
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer control.Close()
	for {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return "", fmt.Errorf("no free loop device: %w", err)
		}
		device := fmt.Sprintf("/dev/loop%d", n)
		err = configure(device, file)
		if err == nil {
			return device, nil
		}
		if !errors.Is(err, unix.EBUSY) { // EBUSY: somebody else took it in between
			return "", fmt.Errorf("attach %s to %s: %w", image, device, err)
		}
	}
}

// configure asks for direct I/O: the device keeps no dirty pages of its own, so a cut has nothing to flush first and its one instant holds for
// every write that the device has answered.
func configure(device string, file *os.File) error {
	dev, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer dev.Close()
	return unix.IoctlLoopConfigure(int(dev.Fd()), &unix.LoopConfig{Fd: uint32(file.Fd()), Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_DIRECT_IO}})
}

// detach frees the device; one that is free already is no error.
func detach(device string) error {
	return onDevice(device, func(fd int) error {
		err := unix.IoctlSetInt(fd, unix.LOOP_CLR_FD, 0)
		if errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENODEV) {
			return nil
		}
		return err
	})
}

// refreshCapacity tells the device that its image has grown.
func refreshCapacity(device string) error {
	return onDevice(device, func(fd int) error { return unix.IoctlSetInt(fd, unix.LOOP_SET_CAPACITY, 0) })
}

func onDevice(device string, do func(fd int) error) error {
	dev, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer dev.Close()
	if err := do(int(dev.Fd())); err != nil {
		return fmt.Errorf("%s: %w", device, err)
	}
	return nil
}
