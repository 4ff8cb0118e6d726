package main

import (
	"context"
	"errors"
	"log"
	"net"
	"os"
	"path/filepath"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc"
	registration "k8s.io/kubelet/pkg/apis/pluginregistration/v1"
)

// serve answers CSI calls at the endpoint, and the kubelet's question for plugins in registrationDir, until ctx ends.
func serve(ctx context.Context, d *driver, endpoint, registrationDir string) error {
	storage := grpc.NewServer(grpc.UnaryInterceptor(d.intercept))
	csi.RegisterIdentityServer(storage, d)
	csi.RegisterControllerServer(storage, d)
	csi.RegisterGroupControllerServer(storage, d)
	csi.RegisterNodeServer(storage, d)
	servers := map[string]*grpc.Server{endpoint: storage}
	if registrationDir != "" {
		plugin := grpc.NewServer()
		registration.RegisterRegistrationServer(plugin, &registrar{driver: d.name, endpoint: endpoint})
		servers[filepath.Join(registrationDir, d.name+"-reg.sock")] = plugin
	}
	failed := make(chan error, len(servers))
	for path, server := range servers {
		listener, err := listen(path)
		if err != nil {
			return err
		}
		go func() { failed <- server.Serve(listener) }()
	}
	log.Printf("%s serves at %s", d.name, endpoint)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	for _, server := range servers {
		server.Stop()
	}
	return err
}

func listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, err
	}
	// A socket that a killed driver left behind would refuse the bind.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return net.Listen("unix", path)
}

// registrar answers the kubelet's plugin watcher, which is the work of node-driver-registrar elsewhere.
type registrar struct {
	registration.UnimplementedRegistrationServer
	driver, endpoint string
}

func (r *registrar) GetInfo(context.Context, *registration.InfoRequest) (*registration.PluginInfo, error) {
	return &registration.PluginInfo{Type: registration.CSIPlugin, Name: r.driver, Endpoint: r.endpoint, SupportedVersions: []string{"1.0.0"}}, nil
}

func (r *registrar) NotifyRegistrationStatus(_ context.Context, s *registration.RegistrationStatus) (*registration.RegistrationStatusResponse, error) {
	log.Printf("kubelet: registered=%v %s", s.PluginRegistered, s.Error)
	return &registration.RegistrationStatusResponse{}, nil
}
