//go:build unix

package agent_test

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/irsakit/irsa/secrets/agent"
)

// accepting is a listener that tells what it has accepted.
type accepting struct {
	net.Listener
	accepted chan net.Conn
}

// Accept implements net.Listener.
func (a accepting) Accept() (net.Conn, error) {
	c, err := a.Listener.Accept()
	if err == nil {
		a.accepted <- c
	}
	return c, err
}

// SyscallConn implements syscall.Conn.
func (a accepting) SyscallConn() (syscall.RawConn, error) {
	return a.Listener.(syscall.Conn).SyscallConn()
}

// TestKernelBuffers looks at the options that the system has set.
func TestKernelBuffers(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "") // shorter than TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(dir, "agent.sock")} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			plain, err := net.Listen(network, address)
			if err != nil {
				t.Fatal(err)
			}
			l := accepting{plain, make(chan net.Conn, 2)}
			sourceRigOn(t, nil, l, nil)
			for range 2 { // the first may come before Serve
				client, err := net.Dial(network, l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer client.Close()
				if got := request(t, client, pingHead+"\r\n"); got.Status != 200 {
					t.Fatal(got)
				}
			}
			<-l.accepted
			served := <-l.accepted
			if n := sizeOf(t, served, syscall.SO_SNDBUF); n > 2*agent.KernelBuffer {
				t.Errorf("%d bytes of answers are kept", n)
			}
			// What comes over a unix socket is kept, and counted, where it was sent.
			if n := sizeOf(t, served, syscall.SO_RCVBUF); network == "tcp" && n > 2*agent.KernelBuffer {
				t.Errorf("%d bytes of requests are kept", n)
			}
		})
	}
}

// sizeOf is an option of a socket.
func sizeOf(t *testing.T, c net.Conn, option int) (size int) {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { size, failed = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, option) }); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	return size
}
