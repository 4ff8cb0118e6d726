package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

type mount struct{ number, root, point string }

// mountTable reads /proc/self/mountinfo: device number, root inside the file system, mount point.
func mountTable() ([]mount, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	var list []mount
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) > 4 {
			list = append(list, mount{number: fields[2], root: unescape.Replace(fields[3]), point: unescape.Replace(fields[4])})
		}
	}
	return list, lines.Err()
}

// mountsOf lists the mounts of the file system on a device, and the bind mounts of the device node itself.
func mountsOf(device string) ([]mount, error) {
	table, err := mountTable()
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Stat(device, &st); err != nil {
		return nil, fmt.Errorf("stat %s: %w", device, err)
	}
	number := fmt.Sprintf("%d:%d", unix.Major(st.Rdev), unix.Minor(st.Rdev))
	var list []mount
	for _, m := range table {
		if m.number == number || m.root == "/"+filepath.Base(device) {
			list = append(list, m)
		}
	}
	return list, nil
}

// mountedAt tells whether something is mounted exactly at a path.
func mountedAt(path string) (bool, error) {
	table, err := mountTable()
	if err != nil {
		return false, err
	}
	for _, m := range table {
		if m.point == path {
			return true, nil
		}
	}
	return false, nil
}

func bind(source, target string, readOnly bool) error {
	if err := unix.Mount(source, target, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind %s to %s: %w", source, target, err)
	}
	if !readOnly {
		return nil
	}
	if err := unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		unmounted := unix.Unmount(target, 0)
		return fmt.Errorf("make %s read-only: %w (unmount: %v)", target, err, unmounted)
	}
	return nil
}
