package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
)

// listeners are where requests come in.
type listeners struct {
	main   net.Listener
	socket net.Listener // nil: none
	health net.Listener // nil: none
}

// listen binds all addresses. The main one is on loopback alone, as the contract
// has it.
func (s settings) listen(ctx context.Context) (l listeners, err error) {
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	var lc net.ListenConfig
	if l.main, err = lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", s.port)); err != nil {
		return l, fmt.Errorf("%w; choose another port by http_port", err)
	}
	if s.own.socket != "" {
		if l.socket, err = listenUnix(ctx, s.own.socket); err != nil {
			return l, fmt.Errorf("irsa.socket: %w", err)
		}
	}
	if addr := s.healthAddress(); addr != "" {
		if l.health, err = lc.Listen(ctx, "tcp", addr); err != nil {
			return l, fmt.Errorf("health listener: %w; choose another by irsa.health_listen, or \"off\"", err)
		}
	}
	return l, nil
}

// listenUnix binds a socket that the group may connect to. One that an agent has
// left behind, which was killed, is taken away.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSocket {
		var d net.Dialer
		if c, err := d.DialContext(ctx, "unix", path); err == nil {
			return nil, errors.Join(fmt.Errorf("somebody listens on %s", path), c.Close())
		}
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o660); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// serving returns those that the Agent serves.
func (l listeners) serving() []net.Listener {
	if l.socket == nil {
		return []net.Listener{l.main}
	}
	return []net.Listener{l.main, l.socket}
}

// close closes what is open; closing again does no harm.
func (l listeners) close() {
	for _, one := range []net.Listener{l.main, l.socket, l.health} {
		if one != nil {
			_ = one.Close()
		}
	}
}
