package main

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// BenchmarkGate measures what gates add to a window, through the real program: the gate command
// to `gated`, the release command to everything open and thawed, and from the release to the
// answer that a client waits for. Run with -benchtime=30x; p50 and p99 are in microseconds.
func BenchmarkGate(b *testing.B) {
	c := newServer(b)
	state := b.TempDir()
	client, err := c.dial("127.0.0.1", echoPort)
	check(b, err)
	var gate, thaw, answer []int
	for i := range b.N {
		h := startHold(b, state, fmt.Sprint("bench-", i), c.gatedSpec(longTTL, longMax))
		h.expect(eventReady)
		h.send(cmdArm)
		h.expect(eventArmed)
		_, err := client.Write([]byte("x"))
		check(b, err)
		h.send(cmdGate)
		gate = append(gate, number(b, h.expect(eventGated).values["gateMicros"]))
		h.settle(2 * echoDelay)
		began := time.Now()
		h.send(cmdRelease)
		thaw = append(thaw, number(b, h.expect(eventReleased, "unbroken", "true").values["thawMicros"]))
		check(b, answered(client, 10*time.Second))
		answer = append(answer, int(time.Since(began).Microseconds()))
		check(b, h.cmd.Wait())
	}
	for name, values := range map[string][]int{"gate": gate, "thaw": thaw, "answer": answer} {
		slices.Sort(values)
		b.ReportMetric(float64(values[len(values)/2]), name+"-p50-µs")
		b.ReportMetric(float64(values[(len(values)*99)/100]), name+"-p99-µs")
	}
}
