package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestListen(t *testing.T) {
	t.Parallel()
	socket := filepath.Join(t.TempDir(), "agent.sock")
	s := settings{own: ownSettings{socket: socket}}
	l, err := s.listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	if len(l.serving()) != 2 || l.health == nil {
		t.Errorf("listeners %+v", l)
	}
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("socket %v, %v", info, err)
	}

	// Nobody's place is taken.
	if _, err := s.listen(t.Context()); err == nil {
		t.Error("a socket that is in use was taken")
	}
	port := l.main.Addr().(*net.TCPAddr).Port
	if _, err := (settings{port: port}).listen(t.Context()); err == nil || !strings.Contains(err.Error(), "http_port") {
		t.Errorf("a port that is in use: %v", err)
	}
	if _, err := (settings{own: ownSettings{health: l.health.Addr().String()}}).listen(t.Context()); err == nil {
		t.Error("the health port that is in use was taken")
	}

	// What a killed agent has left is.
	l.socket.(*net.UnixListener).SetUnlinkOnClose(false)
	syscall.ForkLock.RLock() // a child of another test has the socket too, until it executes its program
	l.close()
	syscall.ForkLock.RUnlock()
	again, err := s.listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	again.close()
	if _, err := (settings{own: ownSettings{socket: filepath.Join(socket, "no", "such")}}).listen(t.Context()); err == nil {
		t.Error("a socket was made nowhere")
	}
}
