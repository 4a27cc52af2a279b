//go:build unix

package agent

import (
	"net"
	"syscall"
)

// stayHere has the packets of a TCP connection end at the first router. On a
// platform without it nothing is lost: who listens on loopback is not routed to.
func stayHere(c net.Conn) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	level, option := syscall.IPPROTO_IP, syscall.IP_TTL
	if local, ok := tcp.LocalAddr().(*net.TCPAddr); ok && local.IP.To4() == nil {
		level, option = syscall.IPPROTO_IPV6, syscall.IPV6_UNICAST_HOPS
	}
	_ = raw.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), level, option, 1) })
}
