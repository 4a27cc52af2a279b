package filesink

import (
	"os"
	"syscall"
)

// The numbers of file systems that are in memory (statfs(2)). tmpfs can be
// swapped out, which Kubernetes leaves to the nodes.
const (
	tmpfsMagic = 0x01021994
	ramfsMagic = 0x858458f6
)

// inMemory reports whether a directory is in memory.
func inMemory(f *os.File) (memory, known bool) {
	conn, err := f.SyscallConn()
	if err != nil {
		return false, false
	}
	var st syscall.Statfs_t
	var failed error
	if err := conn.Control(func(fd uintptr) { failed = syscall.Fstatfs(int(fd), &st) }); err != nil || failed != nil {
		return false, false
	}
	magic := uint32(st.Type) // of several types, by architecture
	return magic == tmpfsMagic || magic == ramfsMagic, true
}
