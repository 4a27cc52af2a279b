package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// maxHead is how large a request's line and headers may be.
	maxHead = 321 << 10
	// slop is what net/http adds to that.
	slop = 4 << 10
	// maxRefusals is how many connections beyond the limit are answered at the
	// same time; what comes on top of that is closed.
	maxRefusals = 64
	// refusalTime bounds such an answer.
	refusalTime = time.Second
)

// Serve answers the connections of l, of TCP or a unix socket, until ctx ends.
// Then it accepts no more, ends watches, and waits up to Config.DrainTimeout for
// requests under way; it has closed l when it returns. It may be called for
// several listeners, which share Config.MaxConns.
//
// It speaks HTTP/1 only. Packets on TCP have a time to live of 1, so that no
// router passes them on.
//
// The error is nil if ctx has ended and all requests were answered; a
// [*ConfigError] if l is nil.
func (a *Agent) Serve(ctx context.Context, l net.Listener) error {
	if l == nil {
		return &ConfigError{"the listener", "is nil"}
	}
	draining, drain := context.WithCancel(context.WithoutCancel(ctx))
	defer drain()
	srv := a.server()
	srv.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connKey{}, c)
	}
	acceptLittle(l)
	served := make(chan error, 1)
	go func() {
		served <- srv.Serve(&listener{Listener: l, agent: a, draining: draining.Done(), refusals: make(chan struct{}, maxRefusals)})
	}()
	select {
	case err := <-served:
		return errors.Join(fmt.Errorf("agent: serve: %w", err), srv.Close())
	case <-ctx.Done():
	}
	a.draining.Store(true)
	drain()
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.config.drainTimeout())
	defer cancel()
	err := srv.Shutdown(bounded)
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.Join(fmt.Errorf("agent: requests were under way after %v", a.config.drainTimeout()), srv.Close())
	}
	<-served
	return err
}

// server returns a server with the contract's limits.
func (a *Agent) server() *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Server{
		Handler:                      a,
		Protocols:                    &protocols,
		DisableGeneralOptionsHandler: true, // "OPTIONS *" is a request like any other
		ReadHeaderTimeout:            a.config.headerTimeout(),
		ReadTimeout:                  a.config.headerTimeout(), // not of the answer: net/http lifts it
		IdleTimeout:                  -1,                       // nor is there one for answers: before either, the connection is cut
		MaxHeaderBytes:               maxHead - slop,
		ConnState:                    settle,
		ErrorLog:                     log.New(httpErrors{&a.log}, "", 0),
	}
}

// listener accepts the connections that may be served.
type listener struct {
	net.Listener
	agent    *Agent
	draining <-chan struct{}
	refusals chan struct{}
	refusing sync.WaitGroup
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if served := l.agent.accept(c, l.draining); served != nil {
			stayHere(c)
			keepLittle(c)
			return served, nil
		}
		l.turnAway(c)
	}
}

// Close closes the listener and waits for answers that take a second at most.
func (l *listener) Close() error {
	err := l.Listener.Close()
	l.refusing.Wait()
	return err
}

// turnAway says 429 on a connection for which there is not even a buffer. As long
// as that happens on enough others it says nothing.
func (l *listener) turnAway(c net.Conn) {
	l.agent.turnedAway.Add(1)
	select {
	case l.refusals <- struct{}{}:
		l.refusing.Go(func() {
			defer func() { <-l.refusals }()
			sayTooMany(c)
		})
	default:
		_ = c.Close()
	}
}

// sayTooMany answers whatever comes on a connection, and reads it first: closed
// with data unread, a connection of TCP is reset, and the answer lost.
func sayTooMany(c net.Conn) {
	defer c.Close()
	if c.SetDeadline(time.Now().Add(refusalTime)) != nil {
		return
	}
	head := make([]byte, 2048)
	if _, err := c.Read(head); err != nil {
		return
	}
	_, err := fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		tooMany.status, http.StatusText(tooMany.status), time.Now().UTC().Format(http.TimeFormat), len(tooMany.body), tooMany.body)
	if half, ok := c.(interface{ CloseWrite() error }); ok && err == nil && half.CloseWrite() == nil {
		_, _ = io.CopyBuffer(io.Discard, onlyReader{c}, head)
	}
}

// onlyReader hides what would have io.CopyBuffer do without the buffer.
type onlyReader struct{ io.Reader }
