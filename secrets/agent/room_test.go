package agent_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// piped is an agent in a synctest bubble, with connections in memory.
type piped struct {
	*agent.Agent
	dial func() net.Conn
}

// inBubble runs a test with such an agent, and sees to it that in the end nothing
// is counted any more.
func inBubble(t *testing.T, source secrets.Source, test func(*testing.T, piped)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store := sourceStore(t, source)
		made, err := agent.New(agent.Config{Store: store, Tokens: []agent.Token{token(t, tok)}})
		if err != nil {
			t.Fatal(err)
		}
		l := make(pipes)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- made.Serve(ctx, l) }()
		var open []net.Conn
		test(t, piped{made, func() net.Conn {
			ours, theirs := net.Pipe()
			l <- theirs
			open = append(open, ours)
			return ours
		}})
		for _, c := range open {
			_ = c.Close()
		}
		synctest.Wait()
		if left := agent.Taken(made); left != 0 {
			t.Errorf("of no connections %d bytes are counted", left)
		}
		cancel()
		if err := errors.Join(<-ended, made.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
}

const (
	secretHead = "GET /v1/db/main HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: " + tok + "\r\n"
	pingHead   = "GET /ping HTTP/1.1\r\nHost: localhost\r\n"
)

// large is a header that is just within what a request may have.
var large = "X-Long: " + strings.Repeat("x", 300<<10) + "\r\n"

// TestLargeRequests has many connections on which a large request does not end.
// Those that there is no room for are closed, and requests of the usual size are
// answered.
func TestLargeRequests(t *testing.T) {
	t.Parallel()
	var names strings.Builder
	for i := range 50_000 {
		names.WriteString(strconv.Itoa(i) + ":\n")
	}
	for name, sent := range map[string]string{
		"a long line":     "GET /" + large[:300<<10],
		"a long header":   pingHead + large[:300<<10],
		"many headers":    pingHead + names.String()[:300<<10],
		"the same header": pingHead + strings.Repeat("A:\n", 100<<10), // too much for all the room
		"a form":          "POST /irsa/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16384\r\n" + large[:100<<10] + "\r\n\r\ntoken=",
		"a body":          "POST /irsa/invalidate HTTP/1.1\r\nHost: localhost\r\nX-Vault-Token: tok\r\nContent-Length: 262144\r\n\r\n" + strings.Repeat(" ", 250<<10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, secretstest.NewSource(map[string]string{"db/main": marker}), func(t *testing.T, b piped) {
				const attackers = 100
				press(b, attackers, sent)
				s := b.Snapshot()
				if taken := agent.Taken(b.Agent); taken > agent.MaxRoom || s.CutShort == 0 || s.Connections+s.CutShort != attackers {
					t.Errorf("%d bytes are taken, %d connections open, %d cut short", taken, s.Connections, s.CutShort)
				}
				if got := request(t, b.dial(), secretHead+"\r\n"); got.Status != 200 || !strings.Contains(got.Body, marker) {
					t.Errorf("a client is answered %v", got)
				}
			})
		})
	}
}

// press sends the same on many connections until all is taken that ever will be.
func press(b piped, attackers int, sent string) (open []net.Conn) {
	var sending sync.WaitGroup
	for range attackers {
		c := b.dial()
		open = append(open, c)
		sending.Go(func() { _, _ = io.WriteString(c, sent) })
	}
	sending.Wait()
	synctest.Wait()
	return open
}

// TestNoRoom closes the connection of a large request that comes during such an
// attack, and answers one after it.
func TestNoRoom(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(t *testing.T, b piped) {
		var open []net.Conn
		for b.Snapshot().CutShort == 0 { // one after the other, so that all the others stay
			if len(open) == 100 {
				t.Fatalf("%d bytes are taken, and none is cut short", agent.Taken(b.Agent))
			}
			open = append(open, press(b, 1, pingHead+large)...)
		}
		if taken := agent.Taken(b.Agent); taken > agent.MaxRoom || taken < agent.MaxRoom*9/10 {
			t.Errorf("%d bytes are taken", taken)
		}
		if got := request(t, b.dial(), pingHead+large+"\r\n"); got.Status != 0 {
			t.Errorf("without room it is answered %v", got)
		}
		for _, c := range open {
			_ = c.Close()
		}
		synctest.Wait()
		if got := request(t, b.dial(), pingHead+large+"\r\n"); got.Status != 200 {
			t.Errorf("with room it is answered %v", got)
		}
	})
}

// request sends bytes on a connection in memory, as far as they are taken.
func request(t *testing.T, c net.Conn, text string) reply {
	t.Helper()
	go func() { _, _ = io.WriteString(c, text) }()
	return receive(t, c, "GET")
}

// TestLargeRequestsInTurn takes one after the other on a connection, of which each
// is given back when it is answered.
func TestLargeRequestsInTurn(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(t *testing.T, b piped) {
		c := b.dial()
		for i := range 30 {
			if got := request(t, c, pingHead+large+"\r\n"); got.Status != 200 {
				t.Fatalf("request %d: %v", i, got)
			}
			synctest.Wait()
			if taken := agent.Taken(b.Agent); taken != 0 {
				t.Errorf("after request %d, %d bytes are taken", i, taken)
			}
		}
	})
}

// TestPipelinedHead does not forget what has come together with a request that was
// answered.
func TestPipelinedHead(t *testing.T) {
	t.Parallel()
	const tiny = 1000
	next := strings.Repeat("A:\n", tiny)
	for name, more := range map[string]string{"in one": "", "and one byte": "A"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := &waiting{}
			inBubble(t, source, func(t *testing.T, b piped) {
				source.asked, source.answer = make(chan struct{}), make(chan struct{}) // of the bubble
				c := b.dial()
				go func() { _, _ = io.WriteString(c, secretHead+"\r\n"+pingHead+next) }()
				<-source.asked
				synctest.Wait()
				if more != "" { // which net/http reads meanwhile
					if _, err := io.WriteString(c, more); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Wait()
				close(source.answer)
				if got := receive(t, c, "GET"); got.Status != 200 {
					t.Error(got)
				}
				synctest.Wait()
				if taken := agent.Taken(b.Agent); taken < tiny*64 {
					t.Errorf("%d bytes are taken by %d headers", taken, tiny)
				}
			})
		})
	}
}

// TestFormOfManyFields keeps none of them, for whoever sends it need not have a
// token. (It does not run beside other tests, as AllocsPerRun demands.)
func TestFormOfManyFields(t *testing.T) {
	made, err := agent.New(agent.Config{Store: sourceStore(t, nil), Tokens: []agent.Token{token(t, tok)}})
	if err != nil {
		t.Fatal(err)
	}
	const fields = 4000
	var names strings.Builder
	for i := range fields {
		names.WriteString(strconv.FormatInt(int64(i), 36) + "&")
	}
	many := names.String()
	status := 0
	n := testing.AllocsPerRun(10, func() {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/irsa/login?"+many, strings.NewReader(many))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		made.ServeHTTP(w, r)
		status = w.Code
	})
	if n > fields/4 || status != http.StatusForbidden {
		t.Errorf("%v allocations, status %d", n, status)
	}
}

// TestNothingIsLeftOfLargeRequests keeps nothing of the size of a request once that
// is answered. (It does not run beside other tests, which take memory too.)
func TestNothingIsLeftOfLargeRequests(t *testing.T) {
	for name, c := range map[string]struct {
		request string
		last    bool
	}{
		"method": {large[8:300<<10] + " / HTTP/1.1\r\nHost: localhost\r\n\r\n", true},
		"path":   {"GET /" + large[8:300<<10] + " HTTP/1.1\r\nHost: localhost\r\n\r\n", true},
		"header": {"GET / HTTP/1.1\r\nHost: localhost\r\n" + large + "\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, nil, func(t *testing.T, b piped) {
				const conns = 100
				before := heap()
				for range conns {
					if got := request(t, b.dial(), c.request); got.Status != 403 || got.last != c.last {
						t.Fatalf("%d, the last %t", got.Status, got.last)
					}
				}
				var grown int64
				for range 10 { // what is kept by chance does not last; what a connection keeps does
					synctest.Wait()
					if grown = heap() - before; grown < conns*100<<10 {
						return
					}
				}
				t.Errorf("the heap has grown by %d bytes", grown)
			})
		})
	}
}

// heap is how much is in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what was pooled
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
