package main

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"
)

// BenchmarkHold measures windows through the real program: freeze command to `frozen`, and
// release command to `released`, over containers with a writer that syncs all the time on an
// ext4 of its own. Run with -benchtime=50x; p50 and p99 are in microseconds.
func BenchmarkHold(b *testing.B) {
	for _, kind := range []string{freezerV1, freezerV2} {
		for _, members := range []int{1, 4, 16} {
			b.Run(fmt.Sprint(kind, "/", members), func(b *testing.B) { benchmarkHold(b, kind, members) })
		}
	}
}

func benchmarkHold(b *testing.B, kind string, members int) {
	s := &spec{}
	for range members {
		one := newContainer(b, "kubepods", ext4Image(b)).spec(kind, longTTL, longMax)
		one.Targets, one.Volumes = append(s.Targets, one.Targets...), append(s.Volumes, one.Volumes...)
		s = one
	}
	state := b.TempDir()
	var freeze, sync, frozen, release []int
	for i := range b.N {
		h := startHold(b, state, fmt.Sprint("bench-", i), s)
		h.expect(eventReady)
		h.send(cmdSync)
		h.expect(eventSynced)
		h.send(cmdArm)
		h.expect(eventArmed)
		began := time.Now()
		h.send(cmdFreeze)
		e := h.expect(eventFrozen)
		frozen = append(frozen, int(time.Since(began).Microseconds()))
		freeze = append(freeze, number(b, e.values["freezeMicros"]))
		sync = append(sync, number(b, e.values["syncMicros"]))
		began = time.Now()
		h.send(cmdRelease)
		h.expect(eventReleased, "unbroken", "true")
		release = append(release, int(time.Since(began).Microseconds()))
		check(b, h.cmd.Wait())
	}
	for name, values := range map[string][]int{"freeze": freeze, "sync": sync, "frozen": frozen, "release": release} {
		slices.Sort(values)
		b.ReportMetric(float64(values[len(values)/2]), name+"-p50-µs")
		b.ReportMetric(float64(values[(len(values)*99)/100]), name+"-p99-µs")
	}
}

func number(t testing.TB, text string) int {
	value, err := strconv.Atoi(text)
	check(t, err)
	return value
}
