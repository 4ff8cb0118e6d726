package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// sightVolume is a volume in memory of the agent's own pod. The kubelet mounts it like any
// other: an agent that does not see that mount does not see what the kubelet mounts.
const sightVolume = "stillpoint-sight"

// kubelet is the directory of a kubelet, through a process that sees it.
type kubelet struct {
	root string
	dir  *os.Root
	pods []string
}

// kubeletRoot tells the directory of a kubelet from the place where it has mounted the
// agent's volume: `<root>/pods/<uid>/volumes/kubernetes.io~empty-dir/<volume>`.
func kubeletRoot(point string) (string, bool) {
	pod, ok := strings.CutSuffix(point, "/volumes/kubernetes.io~empty-dir/"+sightVolume)
	pods := path.Dir(pod)
	return path.Dir(pods), ok && path.Base(pods) == "pods"
}

// openKubelets opens the directory of every kubelet whose mounts are seen. None is an error,
// and so is one that nobody leads to.
func openKubelets(entries []mountEntry) ([]*kubelet, error) {
	var opened []*kubelet
	missing := map[string]error{}
	for _, e := range entries {
		root, ok := kubeletRoot(e.point)
		if !ok {
			continue
		}
		k, err := openKubelet(e.pid, root)
		if err != nil {
			missing[root] = err
			continue
		}
		opened = append(opened, k)
	}
	for _, k := range opened {
		delete(missing, k.root)
	}
	var failures error
	for root, err := range missing {
		failures = errors.Join(failures, fmt.Errorf("%s: %w", root, err))
	}
	if failures != nil {
		closeKubelets(opened)
		return nil, faultf(codeKubeletNotSeen, "%v", failures)
	}
	if len(opened) == 0 {
		return nil, faultf(codeKubeletNotSeen, "no process of this node has the volume %s of the agent mounted", sightVolume)
	}
	return opened, nil
}

func openKubelet(pid int, root string) (*kubelet, error) {
	fd, err := openInRoot(pid, root, unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	dir, err := os.OpenRoot(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(dir.FS(), "pods")
	if err != nil {
		dir.Close()
		return nil, err
	}
	k := &kubelet{root: root, dir: dir}
	for _, entry := range entries {
		k.pods = append(k.pods, entry.Name())
	}
	return k, nil
}

func closeKubelets(all []*kubelet) {
	for _, k := range all {
		_ = k.dir.Close() // was only read
	}
}

// keeps finds what the kubelet still has of a volume, "" when it has nothing. It writes such
// a record before it has the volume mounted, and removes it when the call that unmounted the
// volume has returned: what was written is then on the device (kubernetes, pkg/volume/csi).
func (k *kubelet) keeps(v *wantedVolume) (string, error) {
	const csi = "plugins/kubernetes.io/csi"
	places := []string{
		path.Join(csi, v.Driver, v.digest(), "vol_data.json"),
		path.Join(csi, "pv", v.Name, "vol_data.json"),
		path.Join(csi, "volumeDevices", v.Name, "data/vol_data.json"),
	}
	for _, pod := range k.pods {
		places = append(places, path.Join("pods", pod, "volumes", podVolumes, v.Name), path.Join("pods", pod, "volumeDevices", podVolumes, v.Name))
	}
	for _, place := range places {
		switch _, err := k.dir.Lstat(place); {
		case err == nil:
			return path.Join(k.root, place), nil
		case !errors.Is(err, fs.ErrNotExist):
			return "", err
		}
	}
	return "", nil
}
