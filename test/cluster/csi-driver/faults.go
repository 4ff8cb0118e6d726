package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"path"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// fault is what shall go wrong with a CSI method. The file maps names of methods to faults; a change of it starts the counts anew.
type fault struct {
	Before, After pause      // wait before or after the work
	Code          codes.Code // fail with this code
	Message       string
	Hang          bool // give no answer until the caller gives up
	Crash         bool // exit with 3 in place of an answer
	Late          bool // Code, Hang and Crash come after the work: the caller does not learn that it was done
	Times         int  // the first so many calls only; 0: all
}

// pause is a time.Duration written as "1.5s".
type pause time.Duration

// UnmarshalText reads the notation of time.ParseDuration.
func (p *pause) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*p = pause(v)
	return err
}

type faultFile struct {
	path string

	mu      sync.Mutex
	version time.Time // of the file that calls belongs to
	calls   map[string]int
}

// next returns the fault for this call of the method, or nil.
func (f *faultFile) next(method string) (*fault, error) {
	info, err := os.Stat(f.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(f.path)
	if err != nil {
		return nil, err
	}
	var all map[string]fault
	if err := json.Unmarshal(b, &all); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	one, ok := all[method]
	if !ok {
		return nil, nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.version.Equal(info.ModTime()) {
		f.version, f.calls = info.ModTime(), map[string]int{}
	}
	f.calls[method]++
	if one.Times > 0 && f.calls[method] > one.Times {
		return nil, nil
	}
	return &one, nil
}

// strike fails, hangs or crashes as told; nil means that the call goes on.
func (f *fault) strike(ctx context.Context, method string) error {
	if f.Crash {
		log.Printf("%s: crash as told", method)
		os.Exit(3)
	}
	if f.Hang {
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	}
	if f.Code != codes.OK {
		return status.Errorf(f.Code, "told to fail: %s", f.Message)
	}
	return nil
}

func (f *fault) around(ctx context.Context, method string, work func() (any, error)) (any, error) {
	if f == nil {
		return work()
	}
	time.Sleep(time.Duration(f.Before))
	if !f.Late {
		if err := f.strike(ctx, method); err != nil {
			return nil, err
		}
	}
	answer, err := work()
	time.Sleep(time.Duration(f.After))
	if err == nil && f.Late {
		err = f.strike(ctx, method)
	}
	return answer, err
}

// intercept stands between gRPC and every CSI method: faults, the log, and a status for plain errors.
func (d *driver) intercept(ctx context.Context, request any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	method, start := path.Base(info.FullMethod), time.Now()
	f, err := d.faults.next(method)
	var answer any
	if err == nil {
		answer, err = f.around(ctx, method, func() (any, error) { return next(ctx, request) })
	}
	took := time.Since(start).Round(time.Microsecond)
	if err != nil {
		err = withStatus(err)
		log.Printf("%s %s %v: %v", method, subject(request), took, err)
		return nil, err
	}
	if !quiet[method] {
		log.Printf("%s %s %v", method, subject(request), took)
	}
	return answer, nil
}

// withStatus keeps the code of the first status inside err; anything else is INTERNAL.
func withStatus(err error) error {
	if _, plain := status.FromError(err); plain {
		return err
	}
	return status.Error(codes.Internal, err.Error())
}

// quiet holds what is asked too often to be logged.
var quiet = map[string]bool{"Probe": true, "GetPluginInfo": true, "GetPluginCapabilities": true, "ControllerGetCapabilities": true,
	"GroupControllerGetCapabilities": true, "NodeGetCapabilities": true, "NodeGetInfo": true, "NodeGetVolumeStats": true, "ListSnapshots": true}

// subject names what a request is about; the whole request is never logged, because it may carry secrets.
func subject(request any) string {
	var s string
	if r, ok := request.(interface{ GetName() string }); ok {
		s += r.GetName()
	}
	if r, ok := request.(interface{ GetVolumeId() string }); ok {
		s += " " + r.GetVolumeId()
	}
	if r, ok := request.(interface{ GetSourceVolumeIds() []string }); ok {
		s += fmt.Sprintf(" %v", r.GetSourceVolumeIds())
	}
	if r, ok := request.(interface{ GetSnapshotId() string }); ok {
		s += " " + r.GetSnapshotId()
	}
	if r, ok := request.(interface{ GetGroupSnapshotId() string }); ok {
		s += " " + r.GetGroupSnapshotId()
	}
	return s
}
