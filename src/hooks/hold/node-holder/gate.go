package main

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// maxPorts bounds the ports of one gate.
const maxPorts = 16

// gate is a pod whose client ports are closed while its server runs on and makes what it has
// acknowledged recoverable. Its JSON form is part of the record: what guard, agent and `end`
// act on. A pod has one network namespace and so one gate.
type gate struct {
	Ref         string   `json:"ref"`
	PodUID      string   `json:"podUid"`
	ContainerID string   `json:"containerId"`
	Ports       []uint16 `json:"ports"`
	// Namespace is the inode of the pod's network namespace, Main the process that led to it.
	// A container that is restarted keeps the namespace and with it the gate.
	Namespace uint64  `json:"namespace"`
	Main      process `json:"main"`

	// table is named after the hold, so that none can take another's gate for its own.
	table string
	// ns keeps the namespace within reach when every process in it is gone.
	ns *os.File
}

// resolveGates finds the network namespaces of a spec's gates and sees that rules can be read
// there. Nothing is changed on the node.
func resolveGates(id string, s *spec, containers map[string]*container) ([]*gate, error) {
	gates := make([]*gate, len(s.Gates))
	for i, wanted := range s.Gates {
		c := containers[wanted.ContainerID] // a target, so it was found
		gates[i] = &gate{Ref: wanted.Ref, PodUID: wanted.PodUID, ContainerID: wanted.ContainerID, Ports: wanted.Ports, Main: c.members[0].process, table: gateTable(id)}
		if err := gates[i].resolve(); err != nil {
			return nil, err
		}
	}
	return gates, refuseShared(gates)
}

func (g *gate) resolve() (err error) {
	if g.ns, g.Namespace, err = namespaceOf(g.Main); err != nil {
		return faultf(codeTargetNotFound, "%s: network namespace: %v", g.Ref, err)
	}
	if _, err := gateTables(g.ns); err != nil {
		return faultf(codeGateFailed, "%s: nftables of the pod's network namespace: %v", g.Ref, err)
	}
	return nil
}

// refuseShared refuses gates in a network that is not the pod's alone.
func refuseShared(gates []*gate) error {
	inodes := map[uint64]bool{}
	for _, g := range gates {
		inodes[g.Namespace] = true
	}
	strangers, err := strangersIn(inodes)
	if err != nil {
		return faultf(codeGateFailed, "%v", err)
	}
	for _, g := range gates {
		if pid := strangers[g.Namespace]; pid != 0 {
			return faultf(codeHostNetwork, "%s: process %d, which is in no pod, shares the network of this one, as with hostNetwork: its ports cannot be closed for it alone", g.Ref, pid)
		}
	}
	return nil
}

// closeAll puts all gates on in parallel and reads them back. Where one fails the others go
// on; the caller opens all.
func closeAll(gates []*gate) error {
	return inParallel(len(gates), func(i int) error {
		g := gates[i]
		if err := closePorts(g.ns, g.table, g.Ports); err != nil {
			return faultf(codeGateFailed, "%s: %v", g.Ref, err)
		}
		if err := portsClosed(g.ns, g.table, g.Ports); err != nil {
			return faultf(codeGateFailed, "%s: read back: %v", g.Ref, err)
		}
		return nil
	})
}

// openAll takes all gates off in parallel and returns the first failure. It may be repeated.
func openAll(gates []*gate) error {
	return inParallel(len(gates), func(i int) error {
		if err := gates[i].openNow(); err != nil {
			return faultf(codeThawFailed, "%s: gate: %v", gates[i].Ref, err)
		}
		return nil
	})
}

// openNow takes one gate off, five times at most.
func (g *gate) openNow() error {
	var last error
	for try := range thawTries {
		if try > 0 {
			time.Sleep(time.Duration(try) * 20 * time.Millisecond)
		}
		if last = openPorts(g.ns, g.table); last == nil {
			return nil
		}
	}
	return last
}

// allOpen tells whether no gate of ours is on any more; a doubt is a no.
func allOpen(gates []*gate) bool {
	for _, g := range gates {
		if on, err := g.on(); err != nil || on {
			return false
		}
	}
	return true
}

// on tells whether anything of the gate is there.
func (g *gate) on() (bool, error) {
	tables, err := gateTables(g.ns)
	for _, table := range tables {
		if table == g.table {
			return true, err
		}
	}
	return false, err
}

// unbroken reads again, before it is taken off, what was read when the gate was put on. It
// returns "" or brokenNotGated.
func (g *gate) unbroken() string {
	if portsClosed(g.ns, g.table, g.Ports) != nil {
		return brokenNotGated
	}
	return ""
}

// openRecorded finds the network namespaces of a record again. One that is gone took its gate
// with it.
func openRecorded(id string, gates []*gate) ([]*gate, error) {
	var found []*gate
	var errs error
	for _, g := range gates {
		ns, err := findNamespace(g)
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("%s: %w", g.Ref, err))
			continue
		}
		if ns != nil {
			g.ns, g.table = ns, gateTable(id)
			found = append(found, g)
		}
	}
	return found, errs
}

func closeGates(gates []*gate) {
	for _, g := range gates {
		_ = g.ns.Close() // nothing was written
	}
}
