// csi-driver is the storage of the test cluster: a CSI driver for one node whose volumes behave like honest disks. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

type options struct {
	driverName, nodeID, stateDir, endpoint, registrationDir string
	cleanup                                                 bool
}

func parseOptions(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("csi-driver", flag.ContinueOnError)
	f.StringVar(&o.driverName, "driver-name", "csi.bed.stillpoint.dev", "name of the CSI driver")
	f.StringVar(&o.nodeID, "node-id", "", "name of the node")
	f.StringVar(&o.stateDir, "state-dir", "", "directory on a btrfs file system for volumes, snapshots and the record of them")
	f.StringVar(&o.endpoint, "endpoint", "", "path of the unix socket of the CSI services (unix:// may stand before it)")
	f.StringVar(&o.registrationDir, "registration-dir", "", "the kubelet's plugins_registry directory; empty: do not register")
	f.BoolVar(&o.cleanup, "cleanup", false, "unmount and detach every loop device that lies on a file below --state-dir, then exit")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.stateDir == "" || f.NArg() > 0 {
		return o, errors.New("--state-dir is required and there are no other arguments")
	}
	if !o.cleanup && (o.nodeID == "" || o.endpoint == "") {
		return o, errors.New("--node-id and --endpoint are required")
	}
	o.endpoint = strings.TrimPrefix(o.endpoint, "unix://")
	var err error
	o.stateDir, err = filepath.Abs(o.stateDir)
	return o, err
}

func run(ctx context.Context, o options) error {
	if o.cleanup {
		return cleanup(o.stateDir)
	}
	d, err := newDriver(o.driverName, o.nodeID, o.stateDir)
	if err != nil {
		return err
	}
	return serve(ctx, d, o.endpoint, o.registrationDir)
}

func main() {
	log.SetFlags(log.LstdFlags | log.Lmicroseconds)
	o, err := parseOptions(os.Args[1:])
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "csi-driver:", err)
		}
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, o); err != nil {
		log.Fatal(err)
	}
}
