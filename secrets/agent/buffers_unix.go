//go:build unix

package agent

import (
	"net"
	"syscall"
)

// acceptLittle bounds what the kernel keeps of requests on connections that are
// accepted from now on. Of one that is, its peer knows already how much it may
// send.
func acceptLittle(l net.Listener) {
	socket, ok := l.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, kernelBuffer)
	})
}
