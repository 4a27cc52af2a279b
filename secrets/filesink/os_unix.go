//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package filesink

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

const supported = true

// lock locks the directory for as long as f is open. The lock is the open file's
// (flock(2)): it ends with the process, however that ends.
func lock(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var locked error
	err = conn.Control(func(fd uintptr) { locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) })
	if errors.Is(locked, syscall.EWOULDBLOCK) {
		return ErrLocked
	}
	return errors.Join(err, os.NewSyscallError("flock", locked))
}

// unlock ends the lock for good. To close f is not enough: a child that another
// goroutine is just starting has f open too until it executes its program.
func unlock(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var unlocked error
	err = conn.Control(func(fd uintptr) { unlocked = syscall.Flock(int(fd), syscall.LOCK_UN) })
	return errors.Join(err, os.NewSyscallError("flock", unlocked))
}

// owned reports whether a file has the owner and group; -1 is any.
func owned(info fs.FileInfo, uid, gid int) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && (uid < 0 || int64(st.Uid) == int64(uid)) && (gid < 0 || int64(st.Gid) == int64(gid))
}
