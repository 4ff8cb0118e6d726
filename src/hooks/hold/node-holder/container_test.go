package main

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// writerEnv makes this test binary a container's main process: it has a root and a mount
// name space of its own, and writes and syncs a counter all the time.
const (
	writerEnv = "STILLPOINT_TEST_WRITER_ROOT"
	imageEnv  = "STILLPOINT_TEST_WRITER_IMAGE"
	// volumeInside is the mount point; /var/run/data leads to it by an absolute link.
	volumeInside = "/run/data"
	// fileInside and pipeInside are mounts of single files of the volume, as a subPath makes them.
	fileInside = "/single"
	pipeInside = "/pipe"
)

func runWriter(root string) {
	must := func(err error) {
		if err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
	}
	must(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	where := filepath.Join(root, volumeInside)
	must(os.MkdirAll(where, 0o755))
	must(os.MkdirAll(filepath.Join(root, "var"), 0o755))
	must(os.MkdirAll(filepath.Join(root, "plain"), 0o755))
	if err := os.Symlink("/run", filepath.Join(root, "var/run")); err != nil && !os.IsExist(err) {
		must(err)
	}
	if image := os.Getenv(imageEnv); image != "" {
		must(exec.Command("mount", "-o", "loop", image, where).Run())
	} else {
		must(unix.Mount("tmpfs", where, "tmpfs", 0, "size=16m"))
	}
	must(os.WriteFile(filepath.Join(where, "single"), nil, 0o600))
	must(unix.Mkfifo(filepath.Join(where, "pipe"), 0o600))
	for _, single := range []string{fileInside, pipeInside} {
		must(os.WriteFile(filepath.Join(root, single), nil, 0o600))
		must(unix.Mount(filepath.Join(where, single), filepath.Join(root, single), "", unix.MS_BIND, ""))
	}
	must(unix.Chroot(root))
	must(os.Chdir("/"))
	file, err := os.Create(volumeInside + "/log")
	must(err)
	if os.Getenv(echoEnv) != "" {
		must(serveEcho())
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return
	}
	for n := 0; ; n++ {
		_, err := file.WriteAt([]byte(strconv.Itoa(n)), 0)
		must(err)
		must(file.Sync())
		time.Sleep(200 * time.Microsecond)
	}
}

// testContainer is a cgroup as the kubelet makes it, in the v1 freezer and in the v2
// hierarchy, with a real process that writes.
type testContainer struct {
	t      testing.TB
	podUID string
	id     string
	dirs   []string
	root   string
	image  string
	main   *exec.Cmd
	// sandbox is the process that keeps the pod's network namespace; nil: that of the node.
	sandbox *exec.Cmd
}

func randomHex(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw)
	return hex.EncodeToString(raw)
}

// newContainer makes cgroups below `parent` (such as "kubepods") and starts the writer.
func newContainer(t testing.TB, parent, image string) *testContainer {
	t.Helper()
	c := newPod(t, parent, image)
	c.main = c.start()
	return c
}

// newPod makes the cgroups of a pod with one container.
func newPod(t testing.TB, parent, image string) *testContainer {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("these tests need root and writable cgroups")
	}
	uid := randomHex(16)
	uid = strings.Join([]string{uid[:8], uid[8:12], uid[12:16], uid[16:20], uid[20:]}, "-")
	c := &testContainer{t: t, podUID: uid, id: randomHex(32), image: image, root: t.TempDir()}
	mounted, err := mountedHierarchies()
	check(t, err)
	top := fmt.Sprintf("stillpoint-test-%d-%s", os.Getpid(), c.id[:8])
	for _, h := range mounted {
		if h.has("freezer") || h.v2 {
			dir := filepath.Join(h.mount, top, parent, "pod"+c.podUID, c.id)
			check(t, os.MkdirAll(dir, 0o755))
			c.dirs = append(c.dirs, dir)
			t.Cleanup(func() { removeCgroups(t, filepath.Join(h.mount, top)) })
		}
	}
	return c
}

// start starts a writer, in the container's cgroups before it writes.
func (c *testContainer) start() *exec.Cmd {
	c.t.Helper()
	self, err := os.Executable()
	check(c.t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), writerEnv+"="+c.root, imageEnv+"="+c.image)
	if c.sandbox != nil {
		cmd = exec.Command("nsenter", "--net=/proc/"+strconv.Itoa(c.sandbox.Process.Pid)+"/ns/net", self)
		cmd.Env = append(os.Environ(), writerEnv+"="+c.root, imageEnv+"="+c.image, echoEnv+"=yes")
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	stdin, err := cmd.StdinPipe()
	check(c.t, err)
	stdout, err := cmd.StdoutPipe()
	check(c.t, err)
	check(c.t, cmd.Start())
	c.t.Cleanup(func() { c.stop(cmd) })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || line != "ready\n" {
		c.t.Fatalf("writer: %q %v", line, err)
	}
	c.join(cmd.Process.Pid)
	_, err = fmt.Fprintln(stdin)
	check(c.t, err)
	return cmd
}

// join moves a process into the container.
func (c *testContainer) join(pid int) {
	c.t.Helper()
	for _, dir := range c.dirs {
		check(c.t, os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0))
	}
}

func (c *testContainer) stop(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	c.thaw()
	_ = cmd.Wait()
}

// thaw is what somebody else might do to a frozen container.
func (c *testContainer) thaw() {
	for _, dir := range c.dirs {
		_ = os.WriteFile(filepath.Join(dir, "freezer.state"), []byte("THAWED"), 0)
		_ = os.WriteFile(filepath.Join(dir, "cgroup.freeze"), []byte("0"), 0)
	}
}

// refreeze freezes behind the holder's back, in the hierarchy of a kind.
func (c *testContainer) refreeze(kind string) {
	for _, dir := range c.dirs {
		if f, err := openFreezer(kind, dir); err == nil {
			if f.request() == nil {
				eventually(time.Second, func() bool { ok, _ := f.frozen(); return ok })
			}
			_ = f.close()
		}
	}
}

// counter is what the writer has written; it moves on while the writer runs.
func (c *testContainer) counter() string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/root%s/log", c.main.Process.Pid, volumeInside))
	check(c.t, err)
	return string(text)
}

// still tells whether the writer writes nothing for a while.
func (c *testContainer) still() bool {
	before := c.counter()
	return !eventually(60*time.Millisecond, func() bool { return c.counter() != before })
}

// runs tells whether the writer writes again within a time.
func (c *testContainer) runs(limit time.Duration) bool {
	before := c.counter()
	return eventually(limit, func() bool { return c.counter() != before })
}

func (c *testContainer) spec(kind string, ttl, max time.Duration) *spec {
	return &spec{
		Version: 1, TTLMillis: ttl.Milliseconds(), MaxMillis: max.Milliseconds(), Freezer: kind,
		Targets: []targetSpec{{Ref: "ns/pod/db", PodUID: c.podUID, ContainerID: c.id, Freeze: true}},
		Volumes: []volumeSpec{{Ref: "pvc-1", PodUID: c.podUID, ContainerID: c.id, MountPath: volumeInside}},
	}
}

func removeCgroups(t testing.TB, top string) {
	var dirs []string
	_ = filepath.WalkDir(top, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	for i := len(dirs) - 1; i >= 0; i-- {
		if !eventually(time.Second, func() bool { return os.Remove(dirs[i]) == nil }) {
			t.Errorf("cgroup %s is left", dirs[i])
		}
	}
}

// bothFreezers runs a test on each freezer that this machine has.
func bothFreezers(t *testing.T, do func(t *testing.T, kind string)) {
	mounted, err := mountedHierarchies()
	check(t, err)
	for _, kind := range []string{freezerV1, freezerV2} {
		t.Run(kind, func(t *testing.T) {
			if _, _, err := chooseFreezer(kind, mounted); err != nil {
				t.Skipf("this machine has no %s freezer", kind)
			}
			do(t, kind)
		})
	}
}
