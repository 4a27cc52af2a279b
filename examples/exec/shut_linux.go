package main

import "syscall"

// shut keeps other processes of the same user, the program above all, from
// reading the memory of this one and, in /proc, its environment (prctl(2)). The
// program is open to them as ever: to execute it opens it again.
func shut() {
	_, _, _ = syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0)
}
