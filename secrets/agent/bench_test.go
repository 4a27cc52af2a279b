package agent_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// BenchmarkServe compares the read of a secret that is held with a bare handler
// that writes the same bytes, over loopback, each connection used again and again
// by a client that does next to nothing. "share" asks both by turns, so that what
// else the machine does meets both alike, on one connection each: it tells the
// rate of round trips in percent of that of the bare handler, and nothing of load,
// which BenchmarkLoad of examples/agent is about.
func BenchmarkServe(b *testing.B) {
	ours, head := benchAgent(b)
	request := requestTo(ours, head)
	body, size := probe(b, ours, request)
	bare := benchBare(b, body)
	b.Run("agent", func(b *testing.B) { drive(b, ours, request, size) })
	b.Run("bare", func(b *testing.B) { drive(b, bare, requestTo(bare, head), size) })
	b.Run("share", func(b *testing.B) {
		first, second := newClient(b, ours, request, size), newClient(b, bare, requestTo(bare, head), size)
		var took [2]time.Duration
		for b.Loop() {
			for i, c := range []*client{first, second} {
				began := time.Now()
				for range 20 {
					c.ask(b)
				}
				took[i] += time.Since(began)
			}
		}
		b.ReportMetric(100*float64(took[1])/float64(took[0]), "%bare")
	})
}

// newBenchAgent makes an agent with one secret and returns a request for it.
func newBenchAgent(b *testing.B) (made *agent.Agent, head string) {
	b.Helper()
	source := secretstest.NewSource(map[string]string{"db/main": `{"username":"app","password":"correct-horse-battery-staple"}`})
	store, err := secrets.NewWithSource(b.Context(), source, secrets.Config{})
	if err != nil {
		b.Fatal(err)
	}
	const value = "c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00"
	key, err := agent.NewToken(value)
	if err != nil {
		b.Fatal(err)
	}
	made, err = agent.New(agent.Config{Store: store, Tokens: []agent.Token{key}, ConnLifetime: time.Hour})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := errors.Join(made.Close(), store.Close()); err != nil {
			b.Error(err)
		}
	})
	return made, "GET /secretsmanager/get?secretId=db/main HTTP/1.1\r\nHost: localhost:%s\r\nUser-Agent: bench\r\n" +
		"X-Aws-Parameters-Secrets-Token: " + value + "\r\n\r\n"
}

// benchAgent serves an agent.
func benchAgent(b *testing.B) (addr, head string) {
	b.Helper()
	made, head := newBenchAgent(b)
	l := listenBench(b)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- made.Serve(ctx, l) }()
	b.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	return l.Addr().String(), head
}

// benchBare serves a body by net/http alone.
func benchBare(b *testing.B, body []byte) (addr string) {
	b.Helper()
	l := listenBench(b)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})}
	go func() { _ = srv.Serve(l) }()
	b.Cleanup(func() {
		if err := srv.Close(); err != nil {
			b.Error(err)
		}
	})
	return l.Addr().String()
}

func requestTo(addr, head string) []byte {
	_, port, _ := net.SplitHostPort(addr)
	return fmt.Appendf(nil, head, port)
}

func listenBench(b *testing.B) net.Listener {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return l
}

// client sends one request again and again on one connection.
type client struct {
	conn              net.Conn
	request, response []byte
}

func newClient(b *testing.B, addr string, request []byte, size int) *client {
	b.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() }) // nothing is under way
	return &client{c, request, make([]byte, size)}
}

func (c *client) ask(b *testing.B) {
	if _, err := c.conn.Write(c.request); err != nil {
		b.Error(err)
	}
	if _, err := io.ReadFull(c.conn, c.response); err != nil {
		b.Error(err)
	}
}

func drive(b *testing.B, addr string, request []byte, size int) {
	b.Helper()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for c := newClient(b, addr, request, size); pb.Next(); {
			c.ask(b)
		}
	})
}

// counting counts the bytes read through it.
type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// probe sends one request and returns the body and the size of the whole
// response, which is the same each time.
func probe(b *testing.B, addr string, request []byte) (body []byte, size int) {
	b.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(request); err != nil {
		b.Fatal(err)
	}
	count := &counting{Reader: c}
	response, err := http.ReadResponse(bufio.NewReader(count), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
		b.Fatal(response.Status, err)
	}
	return body, count.n
}

// BenchmarkToken looks for tokens that are right, wrong from the first character
// and wrong in the last. All take the same time.
func BenchmarkToken(b *testing.B) {
	value := strings.Repeat("c0ffee00", 8)
	key, err := agent.NewToken(value)
	if err != nil {
		b.Fatal(err)
	}
	for name, sent := range map[string]string{"right": value, "wrong first": "x" + value[1:], "wrong last": value[:len(value)-1] + "x"} {
		find := agent.Finder(agent.Config{Tokens: []agent.Token{key}}, sent)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if find() != (name == "right") {
					b.Fatal(name)
				}
			}
		})
	}
}

// nowhere is an http.ResponseWriter for the cost of a handler alone.
type nowhere struct{ h http.Header }

func (n nowhere) Header() http.Header         { return n.h }
func (n nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (n nowhere) WriteHeader(int)             {}

// BenchmarkHandler is a read of a secret that is held, without a connection.
func BenchmarkHandler(b *testing.B) {
	made, head := newBenchAgent(b)
	for name, id := range map[string]string{"name": "db/main", "arn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/main"} {
		b.Run(name, func(b *testing.B) {
			request := strings.Replace(fmt.Sprintf(head, "2773"), "db/main", id, 1)
			r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
			if err != nil {
				b.Fatal(err)
			}
			w := nowhere{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				made.ServeHTTP(w, r)
			}
		})
	}
}
