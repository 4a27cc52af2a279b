package agent_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// waiting is a source whose answer waits.
type waiting struct{ asked, answer chan struct{} }

// Fetch implements secrets.Source.
func (w *waiting) Fetch(ctx context.Context, refs []secrets.Ref) []secrets.Result {
	w.asked <- struct{}{}
	select {
	case <-w.answer:
		return secretstest.NewSource(map[string]string{"db/main": marker}).Fetch(ctx, refs)
	case <-ctx.Done():
		return []secrets.Result{{Err: ctx.Err()}}
	}
}

// TestDrain answers what is under way when it ends, and takes nothing new.
func TestDrain(t *testing.T) {
	t.Parallel()
	source := &waiting{make(chan struct{}), make(chan struct{})}
	r := sourceRig(t, source, nil)
	answered := make(chan reply, 1)
	go func() { answered <- r.good(t) }()
	<-source.asked
	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	for r.agent.Ready() { // until it has begun to end
		runtime.Gosched()
	}
	close(source.answer)
	if got := <-answered; got.Status != http.StatusOK || !strings.Contains(got.Body, marker) {
		t.Errorf("the request under way: %v", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", r.addr); err == nil {
		_ = c.Close()
		t.Error("it still listens")
	}
}

// TestDrainIsBounded gives up on a request that does not end.
func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	source := &waiting{make(chan struct{}), make(chan struct{})}
	made, err := agent.New(agent.Config{
		Store: sourceStore(t, source), Tokens: []agent.Token{token(t, tok)}, DrainTimeout: 10 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	l := loopback(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- made.Serve(ctx, l) }()
	r := &rig{addr: l.Addr().String()}
	answered := make(chan reply, 1)
	go func() { answered <- r.good(t) }()
	<-source.asked
	cancel()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "under way") {
		t.Errorf("Serve: %v", err)
	}
	if got := <-answered; got.Status != 0 {
		t.Errorf("got %v", got)
	}
}

// TestServeFails returns when the listener does.
func TestServeFails(t *testing.T) {
	t.Parallel()
	made, err := agent.New(agent.Config{Store: sourceStore(t, nil), Tokens: []agent.Token{token(t, tok)}})
	if err != nil {
		t.Fatal(err)
	}
	l := loopback(t)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := made.Serve(t.Context(), l); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// TestPipelining answers requests that were sent together in their order.
func TestPipelining(t *testing.T) {
	t.Parallel()
	r := sourceRig(t, secretstest.NewSource(map[string]string{"db/main": marker}), nil)
	c := r.dial(t)
	head := " HTTP/1.1\r\nHost: " + r.host() + "\r\nX-Vault-Token: " + tok + "\r\n"
	if _, err := fmt.Fprintf(c, "GET /v1/db/main%s\r\nGET /v1%s\r\nGET /ping%sConnection: close\r\n\r\n", head, head, head); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	for _, want := range []string{marker, "Not found", "healthy"} {
		response, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil || !strings.Contains(string(body), want) {
			t.Errorf("got %s, want %s: %v", body, want, err)
		}
	}
	if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
		t.Errorf("%q is left, %v", rest, err)
	}
}

// TestServeNothing says so.
func TestServeNothing(t *testing.T) {
	t.Parallel()
	made, err := agent.New(agent.Config{Store: sourceStore(t, nil), Tokens: []agent.Token{token(t, tok)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Serve(t.Context(), nil); !errors.Is(err, secrets.ErrConfiguration) {
		t.Error(err)
	}
}

// TestShortLives cuts connections while they are accepted.
func TestShortLives(t *testing.T) {
	t.Parallel()
	r := sourceRig(t, nil, func(c *agent.Config) { c.ConnLifetime = 1 })
	for range 500 {
		if c, err := net.Dial("tcp", r.addr); err == nil {
			_ = c.Close()
		}
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if s := r.agent.Snapshot(); s.Connections != 0 {
		t.Errorf("%d connections are left", s.Connections)
	}
}

// pipes is a listener of connections in memory.
type pipes chan net.Conn

// Accept implements net.Listener.
func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

// Close implements net.Listener.
func (p pipes) Close() error { close(p); return nil }

// Addr implements net.Listener.
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

// TestLastTenth ends a connection with the response there, and cuts one on which
// nothing is asked.
func TestLastTenth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := sourceStore(t, nil)
		made, err := agent.New(agent.Config{Store: store, Tokens: []agent.Token{token(t, tok)}, ConnLifetime: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		l := make(pipes)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- made.Serve(ctx, l) }()
		asked, theirs := net.Pipe()
		l <- theirs
		idle, theirs := net.Pipe()
		l <- theirs
		for i, last := range []bool{false, false, true} {
			if _, err := io.WriteString(asked, "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if got := receive(t, asked, "GET"); got.Status != 200 || got.last != last {
				t.Errorf("response %d: %v", i, got)
			}
			time.Sleep(54*time.Second/2 + time.Second/4)
		}
		if s := made.Snapshot(); s.Connections != 0 {
			t.Errorf("%d connections after a minute", s.Connections)
		}
		if _, err := idle.Read(make([]byte, 1)); err == nil {
			t.Error("the idle connection is open")
		}
		cancel()
		if err := errors.Join(<-ended, asked.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
}

// TestUnixSocket serves without a look at the Host header.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "") // shorter than TempDir: a socket's name has a hundred bytes or so
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "agent.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	r := sourceRigOn(t, secretstest.NewSource(map[string]string{"db/main": marker}), l, nil)
	c := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", r.addr)
		},
	}}
	for value, want := range map[string]int{tok: 200, "no": 403} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://any.example/v1/db/main", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Vault-Token", value)
		response, err := c.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != want || strings.Contains(string(body), marker) != (want == 200) {
			t.Errorf("with %q: %s %s", value, response.Status, body)
		}
	}
}

// TestHosts covers the names under which the agent may be addressed.
func TestHosts(t *testing.T) {
	t.Parallel()
	r := sourceRig(t, secretstest.NewSource(map[string]string{"db/main": marker}), func(c *agent.Config) { c.Hosts = []string{"agent.internal"} })
	_, port, _ := net.SplitHostPort(r.addr)
	for _, bad := range []string{"", "agent.internal:2773", "[::1]", "http://agent.internal", "a b"} {
		_, err := agent.New(agent.Config{Store: r.store, Tokens: []agent.Token{token(t, tok)}, Hosts: []string{bad}})
		if e, ok := errors.AsType[*agent.ConfigError](err); !ok || e.Field != "Config.Hosts" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for host, want := range map[string]int{
		"localhost:": 200, "LocalHost:": 200, "127.0.0.1:": 200, "[::1]:": 200, "127.9.9.9:": 200, "agent.internal:": 200, "Agent.Internal:": 200,
		"[::ffff:127.0.0.1]:": 200, "agent.internal.evil.example:": 403, "[::2]:": 403, "192.0.2.1:": 403,
	} {
		got := r.raw(t, "GET", fmt.Sprintf("GET /v1/db/main HTTP/1.1\r\nHost: %s%s\r\nConnection: close\r\nX-Vault-Token: %s\r\n\r\n", host, port, tok))
		if got.Status != want {
			t.Errorf("%s%s: %v", host, port, got)
		}
	}
}

// TestHandlerAlone serves without Serve: through another server, which knows the
// port, or none, which does not.
func TestHandlerAlone(t *testing.T) {
	t.Parallel()
	source := secretstest.NewSource(map[string]string{"db/main": marker})
	made, err := agent.New(agent.Config{Store: sourceStore(t, source), Tokens: []agent.Token{token(t, tok)}})
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]int{
		"http://localhost:2773/v1/db/main": 200, "http://localhost/v1/db/main": 200, "http://evil.example/v1/db/main": 403,
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		r.Header.Set("X-Vault-Token", tok)
		made.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d %s", url, w.Code, w.Body)
		}
	}
	w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/irsa/watch?ref=db/main&version=version-1&wait=1ms", nil)
	r.Host = "localhost"
	r.Header.Set("X-Vault-Token", tok)
	if made.ServeHTTP(w, r); w.Code != http.StatusNoContent {
		t.Errorf("a watch: %d %s", w.Code, w.Body)
	}
}

// TestLimits are those of the contract.
func TestLimits(t *testing.T) {
	t.Parallel()
	made, err := agent.New(agent.Config{Store: sourceStore(t, nil), Tokens: []agent.Token{token(t, tok)}})
	if err != nil {
		t.Fatal(err)
	}
	srv := made.Server()
	if srv.MaxHeaderBytes+4096 != 321<<10 || made.ConnLifetime() != 61*time.Second || srv.ReadHeaderTimeout != 10*time.Second || srv.ReadTimeout != 10*time.Second {
		t.Errorf("%+v", srv)
	}
	// A head that is just within them is read.
	r := newRig(t, nil)
	if got := r.ask(t, "GET", "/v1/a", "X-Vault-Token: "+tok, "X-Long: "+strings.Repeat("x", 300<<10)); got.Status != 200 {
		t.Error(got.Status)
	}
}

// TestSlowAnswer is one that takes longer than a client may take to ask.
func TestSlowAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &waiting{make(chan struct{}), make(chan struct{})}
		r := sourceRigOn(t, source, inMemory(t), func(c *agent.Config) { c.HeaderTimeout = 50 * time.Millisecond })
		answered := make(chan reply, 1)
		go func() { answered <- r.good(t) }()
		<-source.asked
		for range 2 { // the time that others had has run out
			if _, err := io.ReadAll(r.dial(t)); err != nil {
				t.Error(err)
			}
		}
		close(source.answer)
		if got := <-answered; got.Status != 200 || !strings.Contains(got.Body, marker) {
			t.Error(got)
		}
	})
}

// TestConnectionEnds closes a connection with the response in its last tenth.
func TestConnectionEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(s *setup) { s.agent.ConnLifetime = 300 * time.Millisecond })
	c := r.dial(t)
	for {
		if _, err := fmt.Fprintf(c, "GET /ping HTTP/1.1\r\nHost: %s\r\n\r\n", r.host()); err != nil {
			return // cut: the machine was busy in the last tenth
		}
		got := receive(t, c, "GET")
		if got.Status == 0 || got.last {
			return
		}
	}
}
