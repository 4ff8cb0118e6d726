package main

import (
	"io"
	"regexp"
	"strings"
	"sync"
)

// protocolVersion is the version of spec, commands and events, see
// docs/design/0002-holder-protocol.md.
const protocolVersion = 1

// maxMessage bounds the message of an error, in bytes before encoding.
const maxMessage = 1000

// Commands, one a line on stdin. The end of stdin means that the operator is gone.
const (
	cmdSync    = "sync"
	cmdArm     = "arm"
	cmdBeat    = "beat"
	cmdFreeze  = "freeze"
	cmdRelease = "release"
	cmdAbort   = "abort"
	cmdGate    = "gate"
)

// Events, one a line on stdout.
const (
	eventReady    = "ready"
	eventArmed    = "armed"
	eventSynced   = "synced"
	eventGated    = "gated"
	eventFrozen   = "frozen"
	eventBeat     = "beat"
	eventReleased = "released"
	eventBroken   = "broken"
	eventEnded    = "ended"
	eventError    = "error"
	eventStatus   = "status"
	eventVolume   = "volume"
	eventLooked   = "looked"
)

// Who may end a hold: the names that race for one mkdir.
const (
	whyRelease  = "release"
	whyEOF      = "eof"
	whyAbort    = "abort"
	whyTTL      = "ttl"
	whyMax      = "max"
	whyTakeover = "takeover"
	whySweep    = "sweep"
	// whyAbsent marks an id that was ended before anybody armed it.
	whyAbsent = "absent"
	// whyUnknown stands for a winner that died before it wrote its name.
	whyUnknown = "unknown"
)

// Why a hold whose release won the race is broken nevertheless.
const (
	brokenNotFrozen = "notfrozen"
	brokenRestarted = "restarted"
	brokenNotGated  = "notgated"
)

var idPattern = regexp.MustCompile(`^[a-z0-9-]{1,63}$`)

// validID tells whether an id may name a hold. The words that are verbs in first place are
// no ids, so that an argument list has one reading only.
func validID(id string) bool {
	switch id {
	case "agent", "guard", "version":
		return false
	}
	return idPattern.MatchString(id)
}

const upperHex = "0123456789ABCDEF"

// encodeValue percent-encodes everything outside [A-Za-z0-9._~:/,+-].
func encodeValue(v string) string {
	var b strings.Builder
	for i := 0; i < len(v); i++ {
		c := v[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
			strings.IndexByte("._~:/,+-", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(upperHex[c>>4])
		b.WriteByte(upperHex[c&15])
	}
	return b.String()
}

// emitter writes events of one hold. It is safe for concurrent use.
type emitter struct {
	mu  sync.Mutex
	out io.Writer
	id  string
	// lost is closed when a line could not be written: nobody listens any more.
	lost     chan struct{}
	lostOnce sync.Once
}

func newEmitter(out io.Writer, id string) *emitter {
	return &emitter{out: out, id: id, lost: make(chan struct{})}
}

// emit writes `STILL1 <id> <event> key=value…` in one write.
func (e *emitter) emit(event string, pairs ...string) {
	var b strings.Builder
	b.WriteString("STILL1 ")
	b.WriteString(e.id)
	b.WriteByte(' ')
	b.WriteString(event)
	for i := 0; i+1 < len(pairs); i += 2 {
		b.WriteByte(' ')
		b.WriteString(pairs[i])
		b.WriteByte('=')
		b.WriteString(encodeValue(pairs[i+1]))
	}
	b.WriteByte('\n')
	e.mu.Lock()
	_, err := io.WriteString(e.out, b.String())
	e.mu.Unlock()
	if err != nil {
		e.lostOnce.Do(func() { close(e.lost) })
	}
}

// fail writes an `error` event; fatal says that no other event follows from this program
// except `broken` or `ended`.
func (e *emitter) fail(err error, fatal bool) {
	f := asFault(err)
	message := f.message[:min(len(f.message), maxMessage)]
	word := "false"
	if fatal {
		word = "true"
	}
	e.emit(eventError, "code", f.code, "message", message, "fatal", word)
}
