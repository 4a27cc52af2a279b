//go:build unix

package agent_test

import (
	"io"
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
			if hops := hopsOf(t, served); hops != 1 {
				t.Errorf("%d hops", hops)
			}
		})
	}
}

// hopsOf is how many routers the packets of a connection pass, and one.
func hopsOf(t *testing.T, c net.Conn) (hops int) {
	t.Helper()
	level, option := syscall.IPPROTO_IP, syscall.IP_TTL
	if local, ok := c.LocalAddr().(*net.TCPAddr); ok && local.IP.To4() == nil {
		level, option = syscall.IPPROTO_IPV6, syscall.IPV6_UNICAST_HOPS
	}
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { hops, failed = syscall.GetsockoptInt(int(fd), level, option) }); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	return hops
}

// seenListener shows the connections that it accepts.
type seenListener struct {
	net.Listener
	seen chan net.Conn
}

func (l seenListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.seen <- c
	}
	return c, err
}

// TestServedConnectionsStayHere is the same through Serve.
func TestServedConnectionsStayHere(t *testing.T) {
	t.Parallel()
	seen := make(chan net.Conn, 2)
	r := newRig(t, func(s *setup) {
		s.listen = func(t *testing.T) net.Listener { return seenListener{loopback(t), seen} }
	})
	c := r.dial(t)
	if _, err := io.WriteString(c, "GET /ping HTTP/1.1\r\nHost: "+r.host()+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, c, "GET"); got.Status != 200 {
		t.Fatalf("%v", got)
	}
	if hops := hopsOf(t, <-seen); hops != 1 { // it is kept open
		t.Errorf("%d hops", hops)
	}
}
