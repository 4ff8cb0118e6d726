package main

import (
	"context"
	"reflect"
	"testing"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
)

func (b bench) attributes(volume string) map[string]string {
	b.Helper()
	// Read anew, as a test of the cluster reads it.
	r, err := loadRecords(b.recordsFile())
	must(b.T, err)
	return r.Volumes[volume].Attributes
}

func (b bench) modify(volume string, parameters map[string]string) error {
	_, err := b.ControllerModifyVolume(context.Background(), &csi.ControllerModifyVolumeRequest{VolumeId: volume, MutableParameters: parameters})
	return err
}

func TestAttributesOfANewVolume(t *testing.T) {
	b := newBench(t)
	create := func(name string, class, attributes map[string]string) (string, error) {
		r, err := b.CreateVolume(context.Background(), &csi.CreateVolumeRequest{Name: name, CapacityRange: &csi.CapacityRange{RequiredBytes: 64 << 20},
			VolumeCapabilities: []*csi.VolumeCapability{mountCapability()}, Parameters: class, MutableParameters: attributes})
		return r.GetVolume().GetVolumeId(), err
	}
	v, err := create("v", map[string]string{"replicas": "3", "encrypted": "true", "iops": "500", "csi.storage.k8s.io/pvc/name": "data"}, map[string]string{"iops": "900"})
	must(t, err)
	if got, want := b.attributes(v), map[string]string{"replicas": "3", "encrypted": "true", "iops": "900"}; !reflect.DeepEqual(got, want) {
		t.Errorf("noted %v, want %v", got, want)
	}
	for _, wrong := range []map[string]string{{"copies": "3"}, {"replicas": "0"}, {"encrypted": "yes"}} {
		_, err := create("wrong", wrong, nil)
		wantCode(t, err, codes.InvalidArgument)
	}
	_, err = create("wrong", nil, map[string]string{"replicas": "3"})
	wantCode(t, err, codes.InvalidArgument)
}

func TestModifyAVolumeInUse(t *testing.T) {
	b := newBench(t)
	v := b.create("v", 64<<20, nil)
	b.publish(v, "pod")
	must(t, b.modify(v, map[string]string{"iops": "500", "throughput": "1048576"}))
	must(t, b.modify(v, map[string]string{"iops": "700"}))
	must(t, b.modify(v, map[string]string{"iops": "700"}))
	if got, want := b.attributes(v), map[string]string{"iops": "700", "throughput": "1048576"}; !reflect.DeepEqual(got, want) {
		t.Errorf("noted %v, want %v", got, want)
	}
	wantCode(t, b.modify(v, map[string]string{"iops": "100001"}), codes.InvalidArgument)
	wantCode(t, b.modify(v, map[string]string{"replicas": "3"}), codes.InvalidArgument)
	wantCode(t, b.modify("none", map[string]string{"iops": "500"}), codes.NotFound)
	wantCode(t, b.modify("", nil), codes.InvalidArgument)
	if got := b.attributes(v)["iops"]; got != "700" {
		t.Errorf("a refused change left iops=%s", got)
	}
}
