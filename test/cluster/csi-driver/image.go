package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// createImage makes a sparse image; with an ext4 file system inside unless it is for raw block use.
func createImage(path string, bytes int64, block bool) error {
	err := truncated(path, bytes)
	if err == nil && !block {
		err = format(path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

func truncated(path string, bytes int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(bytes), f.Close())
}

// format relies on the image being empty: nothing has to be zeroed, now or later by the kernel. The root directory is open to every user,
// because pods of the tests run as many.
func format(path string) error {
	if err := command("mkfs.ext4", "-q", "-F", "-m", "0", "-E", "nodiscard,assume_storage_prezeroed=1", path); err != nil {
		return err
	}
	return command("debugfs", "-w", "-R", "set_inode_field / mode 040777", path)
}

// copyImage makes destination share the blocks of source, grown to bytes. One file is copied at one instant, also while it is written to.
func copyImage(source, destination string, bytes int64) error {
	src, err := os.Open(source)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.OpenFile(destination, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	err = unix.IoctlFileClone(int(dst.Fd()), int(src.Fd()))
	if err == nil {
		err = dst.Truncate(bytes)
	}
	err = errors.Join(err, dst.Close())
	if err != nil {
		return errors.Join(fmt.Errorf("copy %s to %s: %w", source, destination, err), os.Remove(destination))
	}
	return nil
}

// mountImage mounts the image's file system; the journal is replayed here when the image comes from a cut.
func mountImage(image, dir string) (string, error) {
	device, err := attach(image)
	if err != nil {
		return "", err
	}
	if mounted, err := mountedAt(dir); err != nil || mounted {
		return device, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", errors.Join(err, detach(device))
	}
	if err := unix.Mount(device, dir, "ext4", 0, ""); err != nil {
		return "", errors.Join(fmt.Errorf("mount %s: %w", device, err), detach(device))
	}
	return device, nil
}

// growOffline makes the file system of an unmounted image as large as the image. A mount replays the journal first; a check with repair would
// hide what a cut has broken.
func growOffline(image, dir string) error {
	if _, err := mountImage(image, dir); err != nil {
		return err
	}
	if err := releaseImage(image); err != nil {
		return err
	}
	return command("resize2fs", "-f", image)
}

// growOnline does the same under a mounted file system, for which the kernel wants CAP_SYS_RESOURCE.
func growOnline(device string) error {
	if err := refreshCapacity(device); err != nil {
		return err
	}
	return command("resize2fs", device)
}
