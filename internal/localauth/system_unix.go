//go:build unix

package localauth

import (
	"io/fs"
	"os"
	"syscall"
)

// What opening a file must not do where it has become a link or a pipe since it
// was looked at.
const (
	noFollow = syscall.O_NOFOLLOW
	noWait   = syscall.O_NONBLOCK
)

// owned reports whether a file is this process's user's or root's.
func owned(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (st.Uid == 0 || int(st.Uid) == os.Geteuid())
}
