// Command holder keeps containers of one node still for the length of a snapshot: it
// freezes them, syncs their volumes, proves that nothing moved, and lets go. Its guard lets
// go when nobody else does. See docs/design/0002-holder-protocol.md.
package main

import (
	"fmt"
	"os"
)

// stateDirEnv names the state directory for programs that this one starts, and for tests.
const stateDirEnv = "STILLPOINT_STATE_DIR"

const usage = `usage: holder [--state-dir DIR] <id> hold
       holder [--state-dir DIR] <id> end takeover|sweep|abort
       holder [--state-dir DIR] <id> status
       holder [--state-dir DIR] <id> mounts
       holder <id> usage
       holder [--state-dir DIR] agent
       holder version`

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	stateDir := os.Getenv(stateDirEnv)
	if stateDir == "" {
		stateDir = defaultStateDir
	}
	if len(args) >= 2 && args[0] == "--state-dir" {
		stateDir, args = args[1], args[2:]
	}
	switch {
	case len(args) == 1 && args[0] == "version":
		fmt.Printf("stillpoint-holder protocol=%d\n", protocolVersion)
		return exitOK
	case len(args) == 1 && args[0] == "agent":
		return runAgent(stateDir, os.Stdout)
	case len(args) == 2 && args[0] == "guard":
		return runGuard(stateDir, args[1])
	case len(args) >= 2 && validID(args[0]):
		return runVerb(stateDir, args[0], args[1:])
	}
	fmt.Fprintln(os.Stderr, usage)
	return exitUsage
}

// runVerb runs what is done to one hold.
func runVerb(stateDir, id string, args []string) int {
	switch {
	case len(args) == 1 && args[0] == "hold":
		return runHold(stateDir, id, os.Stdin, os.Stdout)
	case len(args) == 1 && args[0] == "status":
		return runStatus(stateDir, id, os.Stdout)
	case len(args) == 1 && args[0] == "mounts":
		return runMounts(id, os.Stdin, os.Stdout)
	case len(args) == 1 && args[0] == "usage":
		return runUsage(id, os.Stdin, os.Stdout)
	case len(args) == 2 && args[0] == "end":
		switch args[1] {
		case whyTakeover, whySweep, whyAbort:
			return runEnd(stateDir, id, args[1], os.Stdout)
		}
	}
	fmt.Fprintln(os.Stderr, usage)
	return exitUsage
}
