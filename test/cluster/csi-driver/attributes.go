package main

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxIOPS is the most that a volume can be told; more is refused as infeasible.
const maxIOPS = 100_000

// mutable holds what a volume can be told while it is in use, by a VolumeAttributesClass; fixed, beside that, what it is told once, by its StorageClass.
// All of it is noted in the records, where tests read it, and nothing of it is enforced.
var (
	mutable = map[string]func(string) error{"iops": numberTo(maxIOPS), "throughput": numberTo(1 << 40)}
	fixed   = map[string]func(string) error{"replicas": numberTo(9), "encrypted": trueOrFalse}
)

func numberTo(most int64) func(string) error {
	return func(value string) error {
		n, err := strconv.ParseInt(value, 10, 64)
		if err == nil && (n < 1 || n > most) {
			err = errors.New("must be from 1 to " + strconv.FormatInt(most, 10))
		}
		return err
	}
}

func trueOrFalse(value string) error { return oneOf(value, "true", "false") }

// checkAttributes refuses parameters that are none of those allowed, or have a wrong value.
func checkAttributes(parameters map[string]string, allowed ...map[string]func(string) error) (map[string]string, error) {
	attributes := map[string]string{}
	for key, value := range parameters {
		if strings.HasPrefix(key, "csi.storage.k8s.io/") {
			continue // for the sidecars
		}
		err := errors.New("no such parameter")
		for _, some := range allowed {
			if check, ok := some[key]; ok {
				err = check(value)
			}
		}
		if err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "parameter %s=%q: %v", key, value, err)
		}
		attributes[key] = value
	}
	return attributes, nil
}

// createAttributes are those of a new volume: of its StorageClass, and over them those of its VolumeAttributesClass.
func createAttributes(q *csi.CreateVolumeRequest) (map[string]string, error) {
	attributes, err := checkAttributes(q.Parameters, mutable, fixed)
	if err != nil {
		return nil, err
	}
	changed, err := checkAttributes(q.MutableParameters, mutable)
	maps.Copy(attributes, changed)
	return attributes, err
}

// ControllerModifyVolume notes what a volume is told, whether a pod has it or not.
func (d *driver) ControllerModifyVolume(_ context.Context, q *csi.ControllerModifyVolumeRequest) (*csi.ControllerModifyVolumeResponse, error) {
	if q.VolumeId == "" {
		return nil, status.Error(codes.InvalidArgument, "a volume id is required")
	}
	v, end, err := d.take(q.VolumeId)
	if err != nil {
		return nil, err
	}
	defer end()
	changed, err := checkAttributes(q.MutableParameters, mutable)
	if err != nil {
		return nil, err
	}
	// A new map: copies of the record share the old one.
	attributes := map[string]string{}
	maps.Copy(attributes, v.Attributes)
	maps.Copy(attributes, changed)
	return &csi.ControllerModifyVolumeResponse{}, d.update(func(r *records) { r.Volumes[v.ID].Attributes = attributes })
}
