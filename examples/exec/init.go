package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// ours is the id of the program, for which os/exec waits.
var ours atomic.Int64

// bury waits, until ctx ends, for orphans: process 1 of a container becomes the
// parent of all whose own has ended, and they stay in the table of processes
// until it asks how they ended. It does nothing for any other process.
func bury(ctx context.Context) {
	if os.Getpid() != 1 {
		return
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	defer signal.Stop(ended)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ended:
			buryOnce()
		}
	}
}

// buryOnce waits for all children that have ended, but for the program.
func buryOnce() {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return
	}
	starting.Lock()
	defer starting.Unlock()
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || int64(pid) == ours.Load() {
			continue
		}
		if f := stat(e.Name()); len(f) > 1 && f[0] == "Z" && f[1] == strconv.Itoa(os.Getpid()) {
			_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		}
	}
}

// inForeground reports whether this process is in the foreground of a terminal.
// Where there is no /proc it says no.
func inForeground() bool {
	f := stat("self")
	return len(f) > 5 && f[2] == f[5] // pgrp, tpgid
}

// stat returns what /proc says about a process, from its state on
// (proc_pid_stat(5)).
func stat(pid string) []string {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return nil
	}
	// The name before it, in parentheses, may have any characters.
	return strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
}
