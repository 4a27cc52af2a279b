//go:build linux || darwin

package terminal

import (
	"os"
	"syscall"
	"unsafe"
)

// fileWidth asks the terminal (ioctl_tty(2), TIOCGWINSZ).
func fileWidth(f *os.File) (columns int, ok bool) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, false
	}
	var size struct{ rows, columns, width, height uint16 }
	err = conn.Control(func(fd uintptr) {
		_, _, code := syscall.Syscall(syscall.SYS_IOCTL, fd, syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
		ok = code == 0
	})
	return int(size.columns), ok && err == nil
}
