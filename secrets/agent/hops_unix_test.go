//go:build unix

package agent_test

import (
	"net"
	"syscall"
	"testing"

	"github.com/irsakit/irsa/secrets/agent"
)

// TestStayHere looks at the option that the system has set.
func TestStayHere(t *testing.T) {
	t.Parallel()
	for network, address := range map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen(network, address)
			if err != nil {
				t.Skip(err) // there may be no IPv6
			}
			defer l.Close()
			client, err := net.Dial(network, l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			served, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer served.Close()
			agent.StayHere(served)
			raw, err := served.(*net.TCPConn).SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			level, option := syscall.IPPROTO_IP, syscall.IP_TTL
			if network == "tcp6" {
				level, option = syscall.IPPROTO_IPV6, syscall.IPV6_UNICAST_HOPS
			}
			var hops int
			var failed error
			if err := raw.Control(func(fd uintptr) { hops, failed = syscall.GetsockoptInt(int(fd), level, option) }); err != nil || failed != nil {
				t.Fatal(err, failed)
			}
			if hops != 1 {
				t.Errorf("%d hops", hops)
			}
		})
	}
}
