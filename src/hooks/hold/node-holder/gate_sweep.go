package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// sweepGates looks once, when the agent starts, for gates of holds that are over: in every
// network namespace that has a process of a pod. None should be there; one is where a hold was
// settled by an agent that knew no gates yet. What names a hold that is not in this store is
// left alone: it may be another's, of a node that is a pod of this one.
func (a *agent) sweepGates() {
	store, err := openStore(a.stateDir)
	if err != nil {
		return // said by every sweep
	}
	defer store.Close()
	seen := map[uint64]bool{}
	err = eachProcess(func(p process, _ []string, ofPod bool) {
		inode, err := inodeOf(p)
		if !ofPod || err != nil || seen[inode] {
			return
		}
		seen[inode] = true
		if err := a.openLeftovers(store, p); err != nil {
			fmt.Fprintf(a.log, "stillpoint agent: gates beside process %d: %v\n", p.PID, err)
		}
	})
	if err != nil {
		fmt.Fprintf(a.log, "stillpoint agent: gates: %v\n", err)
	}
}

func (a *agent) openLeftovers(store *os.Root, p process) error {
	ns, _, err := namespaceOf(p)
	if err != nil {
		return nil // ended meanwhile
	}
	defer ns.Close()
	tables, err := gateTables(ns)
	for _, table := range tables {
		id := strings.TrimPrefix(table, gatePrefix)
		if !validID(id) || !isSettled(store, id) {
			continue
		}
		err = errors.Join(err, openPorts(ns, table))
		fmt.Fprintf(a.log, "stillpoint agent: opened a gate of hold %s, which was over\n", id)
	}
	return err
}

func isSettled(store *os.Root, id string) bool {
	h, err := openHold(store, id)
	if err != nil {
		return false
	}
	defer h.dir.Close()
	return h.settled()
}
