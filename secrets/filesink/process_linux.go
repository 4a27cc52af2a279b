package filesink

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// processes returns the ids of the processes by a name whose parents have
// another one. This process is never among them.
func processes(name string) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	named := map[int]bool{}
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil && pid != os.Getpid() && isProcess(pid, name) {
			named[pid] = true
		}
	}
	var first []int
	for pid := range named {
		if !named[parent(pid)] {
			first = append(first, pid)
		}
	}
	return first, nil
}

// isProcess reports whether a process has a name, as its program is called or as
// it calls itself, of which the kernel keeps 15 bytes (proc_pid_comm(5)). The
// /proc/PID/exe of another user's process cannot be read.
func isProcess(pid int, name string) bool {
	if line, err := os.ReadFile(procFile(pid, "cmdline")); err == nil {
		program, _, _ := bytes.Cut(line, []byte{0})
		if filepath.Base(string(program)) == name {
			return true
		}
	}
	comm, err := os.ReadFile(procFile(pid, "comm"))
	return err == nil && strings.TrimSuffix(string(comm), "\n") == name
}

// parent returns the id of a process's parent, or zero.
func parent(pid int) int {
	stat, err := os.ReadFile(procFile(pid, "stat"))
	if err != nil {
		return 0
	}
	// The name before it, in parentheses, may have any characters.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	id, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return id
}

func procFile(pid int, name string) string { return fmt.Sprintf("/proc/%d/%s", pid, name) }
