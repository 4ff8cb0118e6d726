// Package sanity runs the conformance suite of the CSI project against the built driver. It is a module of its own, so that the driver does
// not depend on a test framework. Needs root.
package sanity

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"github.com/kubernetes-csi/csi-test/v5/pkg/sanity"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

func must(t *testing.T, err error, out ...byte) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
}

func shell(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	must(t, err, out...)
}

// startDriver builds the driver and runs it on a btrfs file system of its own; it returns the working directory.
func startDriver(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "csi-sanity-")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	program, disk, mount := filepath.Join(dir, "csi-driver"), filepath.Join(dir, "disk.img"), filepath.Join(dir, "disk")
	shell(t, "go", "-C", "..", "build", "-trimpath", "-tags", "notest,grpcnotrace", "-ldflags", "-s -w", "-o", program, ".")
	must(t, os.WriteFile(disk, nil, 0o600))
	must(t, os.Truncate(disk, 64<<30))
	must(t, os.Mkdir(mount, 0o700))
	shell(t, "mkfs.btrfs", "-q", disk)
	shell(t, "mount", "-o", "loop,noatime,nobarrier", disk, mount)
	t.Cleanup(func() { shell(t, "umount", mount) })
	state := filepath.Join(mount, "state")
	log, err := os.Create(filepath.Join(dir, "log"))
	must(t, err)
	driver := exec.Command(program, "--driver-name=csi.sanity.test", "--node-id=node-sanity", "--state-dir="+state, "--endpoint="+filepath.Join(dir, "csi.sock"))
	driver.Stdout, driver.Stderr = log, log
	must(t, driver.Start())
	t.Cleanup(func() {
		must(t, driver.Process.Signal(syscall.SIGTERM))
		must(t, driver.Wait())
		shell(t, program, "--cleanup", "--state-dir="+state)
		if t.Failed() {
			content, err := os.ReadFile(log.Name())
			t.Logf("log of the driver (%v):\n%s", err, content)
		}
	})
	return dir
}

// awaitDriver returns when the driver answers a probe.
func awaitDriver(t *testing.T, address string) {
	t.Helper()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	_, err = csi.NewIdentityClient(connection).Probe(ctx, &csi.ProbeRequest{}, grpc.WaitForReady(true))
	must(t, err)
	must(t, connection.Close())
}

func TestSanity(t *testing.T) {
	dir := startDriver(t)
	config := sanity.NewTestConfig()
	config.Address = "unix://" + filepath.Join(dir, "csi.sock")
	config.TargetPath = filepath.Join(dir, "target")
	config.StagingPath = filepath.Join(dir, "staging")
	config.TestVolumeSize = 64 << 20
	config.TestVolumeExpandSize = 128 << 20
	awaitDriver(t, config.Address)
	sanity.Test(t, config)
}
