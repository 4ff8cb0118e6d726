package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestRefusedTargets(t *testing.T) {
	outside := newContainer(t, "system.slice", "")
	inside := newContainer(t, "kubepods", "")
	wrongPod := inside.spec("", longTTL, longMax)
	wrongPod.Targets[0].PodUID = outside.podUID
	unknown := inside.spec("", longTTL, longMax)
	unknown.Targets[0].ContainerID = randomHex(32)
	cases := []struct {
		name string
		spec *spec
		code string
	}{
		{"outside kubepods", outside.spec("", longTTL, longMax), codeNotAContainer},
		{"another pod", wrongPod, codeNotAContainer},
		{"no such container", unknown, codeTargetNotFound},
		{"no limits", &spec{Version: 1, Targets: inside.spec("", 0, 0).Targets}, codeBadSpec},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			h := startHold(t, t.TempDir(), "ref-1", test.spec)
			h.expect(eventError, "code", test.code, "fatal", "true")
		})
	}
}

func TestRefusesItsOwnPod(t *testing.T) {
	c := newContainer(t, "kubepods", "")
	cmd := exec.Command("sh", "-c", `read line; exec "$0" --state-dir "$1" ref-2 hold`, program, t.TempDir())
	stdin, err := cmd.StdinPipe()
	check(t, err)
	var out strings.Builder
	cmd.Stdout = &out
	check(t, cmd.Start())
	// A second container of the same pod.
	for _, dir := range c.dirs {
		own := filepath.Join(filepath.Dir(dir), randomHex(32))
		check(t, os.Mkdir(own, 0o755))
		check(t, os.WriteFile(filepath.Join(own, "cgroup.procs"), []byte(itoa(cmd.Process.Pid)), 0))
	}
	check(t, writeSpec(stdin, c.spec("", longTTL, longMax)))
	_ = stdin.Close()
	_ = cmd.Wait()
	if !strings.Contains(out.String(), "code=OwnPod") {
		t.Errorf("printed %q", out.String())
	}
}

func TestRefusesWhatOthersFroze(t *testing.T) {
	bothFreezers(t, func(t *testing.T, kind string) {
		c := newContainer(t, "kubepods", "")
		c.refreeze(kind)
		h := startHold(t, t.TempDir(), "ref-3", c.spec(kind, longTTL, longMax))
		h.expect(eventError, "code", codeAlreadyFrozen)
	})
}

// TestSubgroup freezes the whole container also when its oldest process sits in a group of
// its own below the container's.
func TestSubgroup(t *testing.T) {
	bothFreezers(t, func(t *testing.T, kind string) {
		c := newContainer(t, "kubepods", "")
		for _, dir := range c.dirs {
			sub := filepath.Join(dir, "server")
			check(t, os.Mkdir(sub, 0o755))
			check(t, os.WriteFile(filepath.Join(sub, "cgroup.procs"), []byte(itoa(c.main.Process.Pid)), 0))
		}
		h := startHold(t, t.TempDir(), "ref-4", c.spec(kind, longTTL, longMax))
		h.freeze()
		if !c.still() {
			t.Error("not frozen")
		}
		h.send(cmdRelease)
		h.expect(eventReleased, "unbroken", "true")
	})
}

func TestContainerDirectory(t *testing.T) {
	const uid = "0d4cb0bb-2c4c-4d08-9a79-6d2d8c6a3f11"
	id := strings.Repeat("ab", 32)
	systemd := "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod" +
		strings.ReplaceAll(uid, "-", "_") + ".slice/cri-containerd-" + id + ".scope"
	cases := []struct{ path, want string }{
		{"/kubepods/burstable/pod" + uid + "/" + id, "/kubepods/burstable/pod" + uid + "/" + id},
		{"/bed/kubepods/pod" + uid + "/" + id + "/app/sub", "/bed/kubepods/pod" + uid + "/" + id},
		{systemd + "/init.scope", systemd},
		{"/kubepods/pod" + uid + "x/" + id, ""},
		{"/docker/" + id, ""},
		{"/" + id + "/kubepods/pod" + uid, ""},
	}
	for _, test := range cases {
		m := member{paths: map[string]string{"": test.path}}
		if got, _ := m.directory("", uid, id); got != test.want {
			t.Errorf("%s gave %q", test.path, got)
		}
	}
}

func TestVolumes(t *testing.T) {
	image := ext4Image(t)
	c := newContainer(t, "kubepods", image)
	pid := c.main.Process.Pid
	for _, where := range []string{volumeInside, volumeInside + "/", "/var/run/data", fileInside} {
		v, err := openMount(&volumeSpec{Ref: "pvc", MountPath: where}, pid)
		if err != nil {
			t.Errorf("%s: %v", where, err)
			continue
		}
		var here, there unix.Stat_t
		check(t, unix.Fstat(v.fd, &here))
		check(t, unix.Stat("/proc/"+itoa(pid)+"/root"+volumeInside, &there))
		if here.Dev != there.Dev || (where != fileInside && here.Ino != there.Ino) {
			t.Errorf("%s leads to another file system than %s", where, volumeInside)
		}
		check(t, v.sync())
		check(t, unix.Close(v.fd))
	}
	// Of these /run is on the node, too, and would be what a plain path leads to.
	for _, where := range []string{"/plain", "/run", "/var/run", "/none", "/run/data/log", "/run/data/single", pipeInside} {
		if v, err := openMount(&volumeSpec{Ref: "pvc", MountPath: where}, pid); err == nil {
			t.Errorf("%s was taken for a volume (descriptor %d)", where, v.fd)
		}
	}
	s := c.spec("", longTTL, longMax)
	s.Volumes[0].MountPath = "/plain"
	h := startHold(t, t.TempDir(), "vol-1", s)
	h.expect(eventError, "code", codeVolumeNotFound, "fatal", "true")
}

// TestSyncReachesTheDevice freezes and looks at the image: what the writer wrote before the
// freeze must be on the "disk", not in the page cache of the mounted file system.
func TestSyncReachesTheDevice(t *testing.T) {
	image := ext4Image(t)
	c := newContainer(t, "kubepods", image)
	name := "/proc/" + itoa(c.main.Process.Pid) + "/root" + volumeInside + "/unsynced"
	var marker string
	h := startHold(t, t.TempDir(), "vol-2", c.spec("", longTTL, longMax))
	h.expect(eventReady)
	h.send(cmdArm)
	h.expect(eventArmed)
	// Somebody else's sync of the whole machine may come between; it does not come every time.
	if !eventually(3*time.Second, func() bool {
		marker = randomHex(512)
		check(t, os.WriteFile(name, []byte(marker), 0o600))
		return !onDisk(t, image, marker)
	}) {
		t.Fatal("the marker is on the disk before any sync: this test would prove nothing")
	}
	h.send(cmdFreeze)
	h.expect(eventFrozen)
	if !onDisk(t, image, marker) {
		t.Error("frozen was reported before the data reached the disk")
	}
	h.send(cmdRelease)
	h.expect(eventReleased, "unbroken", "true")
}

func TestBlockVolume(t *testing.T) {
	out, err := exec.Command("losetup", "--find", "--show", ext4Image(t)).Output()
	check(t, err)
	device := strings.TrimSpace(string(out))
	t.Cleanup(func() { check(t, exec.Command("losetup", "-d", device).Run()) })
	c := newContainer(t, "kubepods", "")
	inside := "/proc/" + itoa(c.main.Process.Pid) + "/root/disk"
	var stat unix.Stat_t
	check(t, unix.Stat(device, &stat))
	check(t, unix.Mknod(inside, unix.S_IFBLK|0o600, int(stat.Rdev)))
	s := c.spec("", longTTL, longMax)
	s.Volumes = []volumeSpec{{Ref: "raw", PodUID: c.podUID, ContainerID: c.id, DevicePath: "/disk", Block: true}}
	h := startHold(t, t.TempDir(), "vol-3", s)
	h.freeze()
	h.send(cmdRelease)
	h.expect(eventReleased, "unbroken", "true")
}
