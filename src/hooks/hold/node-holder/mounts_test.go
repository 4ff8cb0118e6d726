package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// testKubelet is a directory as a kubelet keeps it, with the mount by which the agent knows it.
type testKubelet struct {
	t    *testing.T
	root string
}

func newKubelet(t *testing.T) *testKubelet {
	k := &testKubelet{t: t, root: t.TempDir()}
	k.mount("tmpfs", "pods/agent/volumes/kubernetes.io~empty-dir/"+sightVolume)
	return k
}

func (k *testKubelet) path(where string) string { return filepath.Join(k.root, where) }

// mount mounts a file system in memory, or binds a path, until the test ends.
func (k *testKubelet) mount(source, where string) {
	k.t.Helper()
	point := k.path(where)
	kind, flags := "tmpfs", uintptr(0)
	if source != "tmpfs" {
		kind, flags = "", unix.MS_BIND
		check(k.t, os.MkdirAll(filepath.Dir(point), 0o755))
		check(k.t, os.WriteFile(point, nil, 0o600))
	} else {
		check(k.t, os.MkdirAll(point, 0o755))
	}
	check(k.t, unix.Mount(source, point, kind, flags, ""))
	k.t.Cleanup(func() { _ = unix.Unmount(point, unix.MNT_DETACH) })
}

func (k *testKubelet) unmount(where string) {
	k.t.Helper()
	check(k.t, unix.Unmount(k.path(where), 0))
}

func (k *testKubelet) file(where string) {
	k.t.Helper()
	check(k.t, os.MkdirAll(filepath.Dir(k.path(where)), 0o755))
	check(k.t, os.WriteFile(k.path(where), []byte("{}"), 0o600))
}

// testVolume has names that no other volume of this machine has.
func testVolume() wantedVolume {
	id := randomHex(8)
	return wantedVolume{Ref: "uid-" + id, Name: "pvc-" + id, Driver: "csi.example.com", Handle: "handle/" + id}
}

// mountsOf runs `mounts` and gives its events.
func mountsOf(t *testing.T, volumes ...wantedVolume) []event {
	t.Helper()
	line, err := json.Marshal(mountsSpec{Version: protocolVersion, Volumes: volumes})
	check(t, err)
	return mountsFor(t, string(line))
}

func mountsFor(t *testing.T, input string) []event {
	t.Helper()
	cmd := exec.Command(program, "look-1", "mounts")
	cmd.Stdin = strings.NewReader(input + "\n")
	out, _ := cmd.Output()
	h := &session{t: t, id: "look-1", events: make(chan event, 100)}
	h.read(bytes.NewReader(out))
	var events []event
	for e := range h.events {
		events = append(events, e)
	}
	return events
}

// expectState checks the answer for one volume.
func expectState(t *testing.T, v wantedVolume, state, at, device string) {
	t.Helper()
	events := mountsOf(t, v)
	if len(events) != 2 || events[1].name != eventLooked || events[1].values["volumes"] != "1" {
		t.Fatalf("got %v, wanted one volume and looked", events)
	}
	got := events[0].values
	if got["ref"] != v.Ref || got["state"] != state || got["at"] != at || device != "" && got["device"] != device {
		t.Fatalf("got %v, wanted %s at %q device %q", events[0], state, at, device)
	}
}

func TestVolumeOfAPodFromItsMountToItsLastRecord(t *testing.T) {
	k, v := newKubelet(t), testVolume()
	expectState(t, v, stateFree, "", "")
	directory := "pods/p1/volumes/kubernetes.io~csi/" + v.Name
	k.mount("tmpfs", directory+"/mount")
	expectState(t, v, stateMounted, k.path(directory+"/mount"), "tmpfs")
	k.unmount(directory + "/mount")
	// The kubelet removes it when the call of the driver has returned.
	expectState(t, v, stateKept, k.path(directory), "")
	check(t, os.RemoveAll(k.path(directory)))
	expectState(t, v, stateFree, "", "")
}

func TestVolumeThatIsStagedForTheNode(t *testing.T) {
	k, v := newKubelet(t), testVolume()
	staged := "plugins/kubernetes.io/csi/" + v.Driver + "/" + v.digest()
	// An empty directory stays behind where a driver stages nothing.
	check(t, os.MkdirAll(k.path(staged+"/globalmount"), 0o755))
	expectState(t, v, stateFree, "", "")
	k.file(staged + "/vol_data.json")
	expectState(t, v, stateKept, k.path(staged+"/vol_data.json"), "")
	k.mount("tmpfs", staged+"/globalmount")
	expectState(t, v, stateMounted, k.path(staged+"/globalmount"), "tmpfs")
}

func TestBlockVolumeIsReportedWithItsDevice(t *testing.T) {
	k, v := newKubelet(t), testVolume()
	published := "plugins/kubernetes.io/csi/volumeDevices/publish/" + v.Name + "/p1"
	k.mount("/dev/zero", published)
	expectState(t, v, stateMounted, k.path(published), "/dev/zero")
	k.unmount(published)
	k.file("plugins/kubernetes.io/csi/volumeDevices/" + v.Name + "/data/vol_data.json")
	expectState(t, v, stateKept, k.path("plugins/kubernetes.io/csi/volumeDevices/"+v.Name+"/data/vol_data.json"), "")
}

func TestMountThatOnlyAnotherNamespaceStillHas(t *testing.T) {
	k, v := newKubelet(t), testVolume()
	point := "pods/p1/volumes/kubernetes.io~csi/" + v.Name + "/mount"
	k.mount("tmpfs", point)
	clone := exec.Command("unshare", "--mount", "--propagation", "private", "cat")
	stdin, err := clone.StdinPipe()
	check(t, err)
	check(t, clone.Start())
	apart := func() bool {
		ours, _ := os.Readlink("/proc/self/ns/mnt")
		theirs, _ := os.Readlink("/proc/" + itoa(clone.Process.Pid) + "/ns/mnt")
		comm, _ := os.ReadFile("/proc/" + itoa(clone.Process.Pid) + "/comm")
		return theirs != "" && theirs != ours && string(comm) == "cat\n"
	}
	if !eventually(5*time.Second, apart) {
		t.Fatal("no second mount namespace")
	}
	k.unmount(point)
	expectState(t, v, stateMounted, k.path(point), "tmpfs")
	check(t, stdin.Close())
	check(t, clone.Wait())
	expectState(t, v, stateKept, k.path(filepath.Dir(point)), "")
	check(t, os.RemoveAll(k.path("pods/p1")))
	expectState(t, v, stateFree, "", "")
}

func TestViewsDifferByNamespaceAndByRoot(t *testing.T) {
	root := t.TempDir()
	content, err := os.ReadFile(program)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(root, "holder"), content, 0o755))
	view := func(how *syscall.SysProcAttr, name string) string {
		t.Helper()
		cmd := exec.Command(name, "look-2", "mounts")
		cmd.SysProcAttr = how
		stdin, err := cmd.StdinPipe()
		check(t, err)
		check(t, cmd.Start())
		t.Cleanup(func() {
			stdin.Close()
			_ = cmd.Wait() // without a spec it fails
		})
		seen, err := viewOf(cmd.Process.Pid)
		check(t, err)
		return seen
	}
	own, err := viewOf(os.Getpid())
	check(t, err)
	if plain := view(nil, program); plain != own {
		t.Errorf("a child sees %s, its parent %s", plain, own)
	}
	if inRoot := view(&syscall.SysProcAttr{Chroot: root}, "/holder"); inRoot == own {
		t.Errorf("whoever has another root sees %s as well", own)
	}
	if apart := view(&syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}, program); apart == own {
		t.Errorf("whoever is in another namespace sees %s as well", own)
	}
}

func TestOthersOfThatNameAreNotTaken(t *testing.T) {
	k, v := newKubelet(t), testVolume()
	k.mount("tmpfs", "pods/p1/volumes/kubernetes.io~csi/"+v.Name+"-other/mount")
	k.mount("tmpfs", "elsewhere/"+v.Name+"/mount")
	k.mount("tmpfs", "pods/p1/volumes/kubernetes.io~empty-dir/"+v.Name)
	expectState(t, v, stateFree, "", "")
}

func TestEveryVolumeIsAnsweredInOrder(t *testing.T) {
	k, one, two := newKubelet(t), testVolume(), testVolume()
	k.mount("tmpfs", "pods/p1/volume-subpaths/"+two.Name+"/c/0")
	events := mountsOf(t, one, two)
	if len(events) != 3 || events[0].values["state"] != stateFree || events[1].values["state"] != stateMounted || events[2].values["volumes"] != "2" {
		t.Fatalf("got %v", events)
	}
}

func TestWhatCannotBeAskedForIsAnError(t *testing.T) {
	newKubelet(t)
	volume := func(change func(v *wantedVolume)) string {
		v := testVolume()
		change(&v)
		line, err := json.Marshal(mountsSpec{Version: protocolVersion, Volumes: []wantedVolume{v}})
		check(t, err)
		return string(line)
	}
	for name, input := range map[string]string{
		"nothing":                 "",
		"no volumes":              `{"version":1,"volumes":[]}`,
		"another version":         `{"version":2,"volumes":[]}`,
		"an unknown field":        `{"version":1,"volumes":[],"more":1}`,
		"a name that climbs":      volume(func(v *wantedVolume) { v.Name = "../pods" }),
		"a driver that is a path": volume(func(v *wantedVolume) { v.Driver = "a/b" }),
		"no handle":               volume(func(v *wantedVolume) { v.Handle = "" }),
	} {
		events := mountsFor(t, input)
		if len(events) != 1 || events[0].name != eventError || events[0].values["code"] != codeBadSpec {
			t.Errorf("%s: got %v, wanted BadSpec", name, events)
		}
	}
}

func TestWhoDoesNotSeeTheKubeletKnowsNothing(t *testing.T) {
	for name, entries := range map[string][]mountEntry{
		"no mount of ours":   {{pid: os.Getpid(), point: "/var/lib/kubelet/pods/p/volumes/kubernetes.io~csi/pvc-1/mount"}},
		"nobody leads there": {{pid: os.Getpid(), point: "/no/such/kubelet/pods/p/volumes/kubernetes.io~empty-dir/" + sightVolume}},
	} {
		if _, err := openKubelets(entries); asFault(err).code != codeKubeletNotSeen {
			t.Errorf("%s: got %v, wanted KubeletNotSeen", name, err)
		}
	}
}
