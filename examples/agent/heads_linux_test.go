package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets/secretstest"
)

// heads is how many connections somebody without a token has, nearly all that are
// served, and maxHeads how many MiB the agent may have resident at most with them.
const heads, maxHeads = 790, 80

// TestHeads has somebody without a token send on each connection what takes as
// much memory as it can, and not end. Clients are answered meanwhile, and the agent
// stays small. It is the agent as it is released, for the race detector takes
// several times the memory.
func TestHeads(t *testing.T) {
	skipUnlessMany(t, heads)
	t.Setenv("PATH", release(t)+string(os.PathListSeparator)+os.Getenv("PATH"))
	for name, head := range map[string]string{
		"a long line":         "GET /" + strings.Repeat("x", 300<<10),
		"long headers":        "GET / HTTP/1.1\r\n" + strings.Repeat("X-Long: "+strings.Repeat("x", 1000)+"\r\n", 300),
		"many headers":        "GET / HTTP/1.1\r\n" + nameHeaders(10_000),
		"no more than a read": "GET / HTTP/1.1\r\n" + strings.Repeat("A:\n", 1300),
	} {
		t.Run(name, func(t *testing.T) {
			h := startHolding(t)
			before := h.memory(t)["VmRSS"]
			open := harass(t, strings.Replace(strings.TrimPrefix(h.root, "http://"), "localhost", "127.0.0.1", 1), head)
			status, body := ask(t, h.root+"/secretsmanager/get?secretId="+secretstest.StoryAppSecretName, h.token)
			if status != http.StatusOK {
				t.Errorf("an honest client is answered %d %s", status, body)
			}
			for _, c := range open { // by then all was read that ever is
				_ = c.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, c)
			}
			most := h.memory(t)["VmHWM"]
			t.Logf("resident before %d KiB, at most %d", before, most)
			if most>>10 > maxHeads {
				t.Errorf("the agent has taken %d MiB", most>>10)
			}
		})
	}
}

// nameHeaders is headers that have nothing but names, all different.
func nameHeaders(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strconv.FormatInt(int64(i), 36) + ":\n")
	}
	return b.String()
}

// harass opens the connections and sends a text on each, as far as that is taken.
func harass(t *testing.T, addr, text string) []net.Conn {
	t.Helper()
	open := make([]net.Conn, heads)
	for i := range open {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		open[i] = c
	}
	var wg sync.WaitGroup
	for _, c := range open {
		wg.Go(func() { _, _ = io.WriteString(c, text) })
	}
	wg.Wait()
	return open
}
