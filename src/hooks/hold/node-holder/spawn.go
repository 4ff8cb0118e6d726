package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// guardReadyTimeout bounds how long `arm` waits for the guard's word.
	guardReadyTimeout = 3 * time.Second
	guardReadyWord    = "ready"
	// guardReadyFD is the pipe on which the guard says that it lives, or why not.
	guardReadyFD = 3
)

// spawnGuard starts the guard of a hold and returns when it has left the container and
// watches. The guard is a session of its own without terminal or standard streams.
func spawnGuard(stateDir, id string) (int, error) {
	program, err := programInMemory()
	if err != nil {
		return 0, faultf(codeGuardFailed, "%v", err)
	}
	defer program.Close()
	ours, theirs, err := os.Pipe()
	if err != nil {
		return 0, faultf(codeGuardFailed, "%v", err)
	}
	defer ours.Close()
	guard := &exec.Cmd{
		Path:        fmt.Sprintf("/proc/self/fd/%d", program.Fd()),
		Args:        []string{"stillpoint-guard", "guard", id},
		Env:         []string{stateDirEnv + "=" + stateDir},
		Dir:         "/",
		ExtraFiles:  []*os.File{theirs},
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	err = guard.Start()
	theirs.Close()
	if err != nil {
		return 0, faultf(codeGuardFailed, "%v", err)
	}
	// Reaps the guard where it ends before us; else whoever adopts it does.
	go func() { _ = guard.Wait() }()
	_ = ours.SetReadDeadline(time.Now().Add(guardReadyTimeout))
	line, err := bufio.NewReader(ours).ReadString('\n')
	switch line = strings.TrimSpace(line); {
	case line == guardReadyWord:
		return guard.Process.Pid, nil
	case line != "":
		code, message, _ := strings.Cut(line, " ")
		return 0, &fault{code: code, message: message}
	default:
		return 0, faultf(codeGuardFailed, "no word from the guard: %v", err)
	}
}

// programInMemory copies this program into anonymous memory. The guard runs from there: the
// file system of the agent's container may be taken away under it, and pages of a program
// file are read when they are needed, not when it starts. A kernel that forbids programs in
// memory (vm.memfd_noexec=2) gets the file itself.
func programInMemory() (*os.File, error) {
	program, err := os.Open("/proc/self/exe")
	if err != nil {
		return nil, err
	}
	defer program.Close()
	fd, err := unix.MemfdCreate("stillpoint-guard", unix.MFD_CLOEXEC|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3 every memfd may be executed
		fd, err = unix.MemfdCreate("stillpoint-guard", unix.MFD_CLOEXEC)
	}
	if errors.Is(err, unix.EACCES) {
		return outOfTheWay(program)
	}
	if err != nil {
		return nil, err
	}
	memory := os.NewFile(uintptr(fd), "stillpoint-guard")
	defer memory.Close()
	if _, err := io.Copy(memory, program); err != nil {
		return nil, err
	}
	// What is open for writing cannot be executed.
	readOnly, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return nil, err
	}
	defer readOnly.Close()
	return outOfTheWay(readOnly)
}

// outOfTheWay duplicates a descriptor to a high number, so that the child's own descriptors
// do not take its place before exec.
func outOfTheWay(file *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 64)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), file.Name()), nil
}
