package endpoint_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials/endpoint"
)

// memory is a listener without a network, for bubbles.
type memory struct {
	conns  chan net.Conn
	closed context.Context
	close  context.CancelFunc
}

func newMemory(t *testing.T) *memory {
	m := &memory{conns: make(chan net.Conn)}
	m.closed, m.close = context.WithCancel(t.Context())
	return m
}

func (m *memory) Addr() net.Addr { return at("127.0.0.1") }
func (m *memory) Close() error   { m.close(); return nil }

func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.conns:
		return conn, nil
	case <-m.closed.Done():
		return nil, net.ErrClosed
	}
}

func (m *memory) dial() net.Conn {
	client, server := net.Pipe()
	m.conns <- loopbackConn{server}
	return client
}

type loopbackConn struct{ net.Conn }

func (loopbackConn) LocalAddr() net.Addr { return at("127.0.0.1") }

const request = "GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:9911\r\nAuthorization: " + password + "\r\n\r\n"

// A client that dawdles is cut off, also one that sends a byte now and then.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text  string
		pause time.Duration // after each byte
		took  time.Duration // until it is cut
	}{
		"silence": {"", 0, 2 * time.Second},
		"half":    {"GET /credentials HTTP/1.1\r\nHost", 0, 2 * time.Second},
		"drip":    {request, 100 * time.Millisecond, 2 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newMemory(t)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				s := newServer(t, endpoint.Config{Provider: stub{creds: lasting(time.Hour)}})
				go func() { done <- s.Serve(ctx, l) }()
				conn, start := l.dial(), time.Now()
				var writing sync.WaitGroup
				writing.Go(func() {
					for _, b := range []byte(test.text) {
						if _, err := conn.Write([]byte{b}); err != nil {
							return
						}
						time.Sleep(test.pause)
					}
				})
				got, err := io.ReadAll(conn)
				if took := time.Since(start); took < test.took || took > test.took+time.Second || err != nil || len(got) > 200 {
					t.Errorf("%d bytes after %v: %v", len(got), took, err)
				}
				conn.Close()
				writing.Wait()
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A client that does not read its answer is cut off too.
func TestDeafClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemory(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		s := newServer(t, endpoint.Config{Provider: stub{creds: lasting(time.Hour)}})
		go func() { done <- s.Serve(ctx, l) }()
		conn := l.dial()
		defer conn.Close()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if n, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("%d bytes are still to be had", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// slowToLeave is a provider that takes a second to notice that nobody waits.
type slowToLeave struct{ left chan struct{} }

func (p slowToLeave) Retrieve(ctx context.Context) (aws.Credentials, error) {
	<-ctx.Done()
	time.Sleep(time.Second)
	close(p.left)
	return aws.Credentials{}, ctx.Err()
}

// Serve returns when all that it has begun has ended.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := slowToLeave{make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := newServer(t, endpoint.Config{Provider: p}).Serve(ctx, newMemory(t)); err != nil {
			t.Error(err)
		}
		select {
		case <-p.left:
		default:
			t.Error("the provider is still being asked")
		}
	})
}

// An answer comes after the whole of Config.Wait if need be.
func TestLongWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemory(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		s := newServer(t, endpoint.Config{Provider: patient{}, Wait: 20 * time.Second})
		go func() { done <- s.Serve(ctx, l) }()
		conn, start := l.dial(), time.Now()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || response.StatusCode != http.StatusServiceUnavailable || time.Since(start) != 20*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		conn.Close()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// failing is a listener that fails when it is told to.
type failing struct {
	*memory
	err chan error
}

func (f failing) Accept() (net.Conn, error) {
	select {
	case conn := <-f.conns:
		return conn, nil
	case err := <-f.err:
		return nil, err
	}
}

// When its listener fails a server ends as it does when it is told to, and
// leaves no connection behind.
func TestListenerFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := failing{newMemory(t), make(chan error)}
		done := make(chan error, 1)
		s := newServer(t, endpoint.Config{Provider: patient{}, Wait: time.Hour})
		go func() { done <- s.Serve(t.Context(), l) }()
		conn := l.dial()
		defer conn.Close()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		start, broken := time.Now(), errors.New("broken")
		l.err <- broken
		if err := <-done; !errors.Is(err, broken) || time.Since(start) != 3*time.Second {
			t.Errorf("it ended after %v: %v", time.Since(start), err)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil || time.Since(start) != 3*time.Second {
			t.Errorf("the connection ended after %v: %v", time.Since(start), err)
		}
	})
}

// A client that does not read its answer, or a provider that never gives one,
// does not keep the server from ending.
func TestEndIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemory(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		s := newServer(t, endpoint.Config{Provider: patient{}, Wait: time.Hour})
		go func() { done <- s.Serve(ctx, l) }()
		conn := l.dial()
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		start := time.Now()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("it ended after %v", took)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil || time.Since(start) != 3*time.Second {
			t.Errorf("the connection ended after %v: %v", time.Since(start), err)
		}
	})
}

// A client that leaves is no trouble of the server's: SDKs that have lost patience
// do, and come again. One that waits in vain is.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		path     string
		provider aws.CredentialsProvider
		leaves   bool
		logged   string // the level
	}{
		"before its answer":         {endpoint.PathCredentials, patient{}, true, "DEBUG"},
		"after it":                  {endpoint.PathCredentials, patient{}, false, "WARN"},
		"the provider has ended":    {endpoint.PathCredentials, stub{err: context.Canceled}, false, "WARN"},
		"a probe before its answer": {endpoint.PathReady, patient{}, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newMemory(t)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				var log bytes.Buffer
				s := newServer(t, endpoint.Config{Provider: test.provider, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
				go func() { done <- s.Serve(ctx, l) }()
				conn := l.dial()
				if _, err := io.WriteString(conn, strings.Replace(request, endpoint.PathCredentials, test.path, 1)); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if !test.leaves {
					if _, err := io.ReadAll(conn); err != nil {
						t.Error(err)
					}
				}
				conn.Close()
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
				text := log.String()
				if test.logged == "" && text != "" || test.logged != "" && (strings.Count(text, "level=") != 1 || !strings.Contains(text, "level="+test.logged)) {
					t.Errorf("logged %q, want one record of level %q", text, test.logged)
				}
			})
		})
	}
}

// patient answers when it may wait no longer.
type patient struct{}

func (patient) Retrieve(ctx context.Context) (aws.Credentials, error) {
	<-ctx.Done()
	return aws.Credentials{}, ctx.Err()
}

// Each connection serves one request: there is nothing to smuggle a second one
// behind.
func TestOneRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemory(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		s := newServer(t, endpoint.Config{Provider: stub{creds: lasting(time.Hour)}})
		go func() { done <- s.Serve(ctx, l) }()
		conn := l.dial()
		var writing sync.WaitGroup
		writing.Go(func() { _, _ = io.WriteString(conn, request+request) })
		reader := bufio.NewReader(conn)
		response, err := http.ReadResponse(reader, nil)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%v", err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			t.Error(err)
		}
		if _, err := http.ReadResponse(reader, nil); !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			t.Errorf("a second answer: %v", err)
		}
		conn.Close()
		writing.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// With one connection too many the oldest is cut at once, before its time. Those
// that have come and gone do not count.
func TestOldestIsCut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newMemory(t)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		s := newServer(t, endpoint.Config{Provider: stub{creds: lasting(time.Hour)}})
		go func() { done <- s.Serve(ctx, l) }()
		start := time.Now()
		conns := make([]net.Conn, 130)
		for i := range conns {
			conns[i] = l.dial()
			defer conns[i].Close()
			if i < 100 { // there is room
				l.dial().Close()
				synctest.Wait()
			}
		}
		for i, conn := range conns[:3] {
			_, err := conn.Read(make([]byte, 1))
			if at, want := time.Since(start), 2*time.Second; err == nil || (at == 0) != (i < 2) || at > want {
				t.Errorf("connection %d was cut after %v: %v", i, at, err)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
