//go:build unix

package agent

import (
	"io/fs"
	"os"
	"syscall"
)

// owned reports whether a file is the caller's or root's.
func owned(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (int(st.Uid) == os.Geteuid() || st.Uid == 0)
}
