package main

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// volume is an opened volume of the hold. It stays open for the whole hold: what is synced
// after the freeze is what was found before it, whatever happens to the path.
type volume struct {
	ref   string
	fd    int
	block bool
	// device is the file system's device number: volumes on one file system share a sync.
	device uint64
}

// resolveVolumes opens the volumes of a spec through a process of their container.
func resolveVolumes(s *spec, containers map[string]*container) ([]*volume, error) {
	mounted, err := mountedHierarchies()
	if err != nil {
		return nil, err
	}
	_, h, err := chooseFreezer(s.Freezer, mounted)
	if err != nil {
		return nil, err
	}
	var volumes []*volume
	for _, wanted := range s.Volumes {
		c := containers[wanted.ContainerID]
		if c == nil {
			return nil, faultf(codeVolumeNotFound, "%s: no process of container %s", wanted.Ref, wanted.ContainerID)
		}
		if _, err := c.members[0].directory(h.key, wanted.PodUID, wanted.ContainerID); err != nil {
			return nil, err
		}
		v, err := openVolume(&wanted, c)
		if err != nil {
			return nil, faultf(codeVolumeNotFound, "%s: %v", wanted.Ref, err)
		}
		volumes = append(volumes, v)
	}
	return volumes, nil
}

// openVolume tries the processes of the container in turn, since one may end meanwhile.
func openVolume(wanted *volumeSpec, c *container) (v *volume, err error) {
	for _, m := range c.members {
		if wanted.Block {
			v, err = openBlock(wanted, m.process.PID)
		} else {
			v, err = openMount(wanted, m.process.PID)
		}
		if err == nil && m.process.alive() {
			return v, nil
		}
		if err == nil {
			unix.Close(v.fd)
			err = fmt.Errorf("process %d ended", m.process.PID)
		}
	}
	return nil, err
}

// openInRoot opens a path as the container sees it. Symbolic links, absolute ones too,
// resolve inside the container's root; by a plain /proc/PID/root/path an absolute link such
// as /var/run would lead to the node's own files.
func openInRoot(pid int, where string, flags uint64) (int, error) {
	root, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(root)
	return unix.Openat2(root, where, &unix.OpenHow{
		Flags:   flags | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
}

func openMount(wanted *volumeSpec, pid int) (*volume, error) {
	fd, err := openPlain(pid, wanted.MountPath)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", wanted.MountPath, err)
	}
	v := &volume{ref: wanted.Ref, fd: fd}
	if err := v.checkMount(pid, path.Clean(wanted.MountPath)); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return v, nil
}

// openPlain opens a directory, or the file that a subPath names. It looks before it opens:
// opening a pipe would wait, and opening a device may do anything.
func openPlain(pid int, where string) (int, error) {
	found, err := openInRoot(pid, where, unix.O_PATH)
	if err != nil {
		return -1, err
	}
	defer unix.Close(found)
	var stat unix.Stat_t
	if err := unix.Fstat(found, &stat); err != nil {
		return -1, err
	}
	if kind := stat.Mode & unix.S_IFMT; kind != unix.S_IFDIR && kind != unix.S_IFREG {
		return -1, fmt.Errorf("neither a directory nor a file (mode %#o)", stat.Mode)
	}
	return unix.Open("/proc/self/fd/"+strconv.Itoa(found), unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

// checkMount proves that the descriptor is the mount asked for and not a directory that
// happens to have the path: it is the root of a mount, and its mnt_id is in the container's
// mountinfo, under this very path if any mount has it.
func (v *volume) checkMount(pid int, mountPath string) error {
	var stat unix.Statx_t
	if err := unix.Statx(v.fd, "", unix.AT_EMPTY_PATH, unix.STATX_BASIC_STATS, &stat); err != nil {
		return err
	}
	v.device = unix.Mkdev(stat.Dev_major, stat.Dev_minor)
	if stat.Attributes_mask&unix.STATX_ATTR_MOUNT_ROOT != 0 && stat.Attributes&unix.STATX_ATTR_MOUNT_ROOT == 0 {
		return fmt.Errorf("%s is not a mount point", mountPath)
	}
	id, err := mountID(v.fd)
	if err != nil {
		return err
	}
	points, err := mountPoints(pid)
	if err != nil {
		return err
	}
	point, known := points[id]
	if !known || point == "/" {
		return fmt.Errorf("%s is not a mount of process %d", mountPath, pid)
	}
	for _, other := range points {
		if other == mountPath && point != mountPath {
			return fmt.Errorf("%s leads to the mount at %s", mountPath, point)
		}
	}
	return nil
}

// mountID reads the mnt_id of a descriptor of ours.
func mountID(fd int) (string, error) {
	text, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		return "", err
	}
	for _, line := range strings.Split(string(text), "\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && key == "mnt_id" {
			return strings.TrimSpace(value), nil
		}
	}
	return "", fmt.Errorf("descriptor %d has no mnt_id", fd)
}

// mountPoints reads a process's mountinfo: mount id to mount point.
func mountPoints(pid int) (map[string]string, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/mountinfo")
	if err != nil {
		return nil, err
	}
	points := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if fields := strings.Fields(line); len(fields) > 4 {
			points[fields[0]] = unescapeMount.Replace(fields[4])
		}
	}
	return points, nil
}

func openBlock(wanted *volumeSpec, pid int) (*volume, error) {
	fd, err := openInRoot(pid, wanted.DevicePath, unix.O_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", wanted.DevicePath, err)
	}
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFBLK {
		unix.Close(fd)
		return nil, fmt.Errorf("%s is not a block device (%v)", wanted.DevicePath, err)
	}
	return &volume{ref: wanted.Ref, fd: fd, block: true, device: stat.Rdev}, nil
}

// syncAll writes back every volume, each file system and device once, in parallel.
func syncAll(volumes []*volume) error {
	type disk struct {
		device uint64
		block  bool
	}
	seen := map[disk]bool{}
	var distinct []*volume
	for _, v := range volumes {
		if d := (disk{v.device, v.block}); !seen[d] {
			seen[d] = true
			distinct = append(distinct, v)
		}
	}
	return inParallel(len(distinct), func(i int) error { return distinct[i].sync() })
}

// sync returns when everything written before is on the device: syncfs(2) for a file system,
// which also reports write-back errors since the open; fsync(2) for a device.
func (v *volume) sync() error {
	var err error
	if v.block {
		err = unix.Fsync(v.fd)
	} else {
		err = unix.Syncfs(v.fd)
	}
	if err != nil {
		return faultf(codeSyncFailed, "%s: %v", v.ref, err)
	}
	return nil
}
