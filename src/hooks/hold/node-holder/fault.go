package main

import (
	"errors"
	"fmt"
)

// Codes of the `error` event. They are part of the protocol.
const (
	codeBadSpec          = "BadSpec"
	codeUnsupported      = "Unsupported"
	codeNotArmed         = "NotArmed"
	codeAlreadyArmed     = "AlreadyArmed"
	codeAlreadyFrozen    = "AlreadyFrozen"
	codeTargetBusy       = "TargetBusy"
	codeTargetNotFound   = "TargetNotFound"
	codeNotAContainer    = "NotAContainer"
	codeOwnPod           = "OwnPod"
	codeVolumeNotFound   = "VolumeNotFound"
	codeFreezerMissing   = "FreezerNotFound"
	codeFreezeFailed     = "FreezeFailed"
	codeFreezeTimeout    = "FreezeTimeout"
	codeSyncFailed       = "SyncFailed"
	codeThawFailed       = "ThawFailed"
	codeHostNetwork      = "HostNetwork"
	codeGateFailed       = "GateFailed"
	codeNotGated         = "NotGated"
	codeKubeletNotSeen   = "KubeletNotSeen"
	codeGuardNotIsolated = "GuardNotIsolated"
	codeGuardFailed      = "GuardFailed"
	codeStateFailed      = "StateFailed"
	codeInternal         = "Internal"
)

// fault is an error with a code of the protocol.
type fault struct {
	code    string
	message string
}

func (f *fault) Error() string { return f.code + ": " + f.message }

func faultf(code, format string, args ...any) *fault {
	return &fault{code: code, message: fmt.Sprintf(format, args...)}
}

// asFault gives any error a code; one that has none is Internal.
func asFault(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	return &fault{code: codeInternal, message: err.Error()}
}
