package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets/secretstest"
)

// bare is a program of net/http alone that answers every request with the bytes
// of a file.
func bare() {
	body, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(l.Addr())
	panic(http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})))
}

// loadConns is how many clients there are, and loadEach what each asks at a
// time.
const loadConns, loadEach = 32, 500

// BenchmarkLoad has many clients read a cached secret, from the agent and from a
// bare program that writes the same bytes by turns, each in a process of its own.
// It tells the throughput of the one in percent of the other's, and what one
// request in two and one in a hundred take at least.
func BenchmarkLoad(b *testing.B) {
	h := startHolding(b)
	_, body := ask(b, h.root+"/secretsmanager/get?secretId="+secretstest.StoryAppSecretName, h.token)
	addrs := []string{strings.TrimPrefix(h.root, "http://"), startBare(b, body)}
	var took [2]time.Duration
	var each [2][]time.Duration
	for b.Loop() {
		for i, addr := range addrs {
			began := time.Now()
			each[i] = append(each[i], burst(b, addr, h.token)...)
			took[i] += time.Since(began)
		}
	}
	b.ReportMetric(100*took[1].Seconds()/took[0].Seconds(), "%bare")
	b.ReportMetric(float64(len(each[0]))/took[0].Seconds(), "req/s")
	for i, name := range []string{"", "bare-"} {
		slices.Sort(each[i])
		for _, p := range []int{50, 99} {
			b.ReportMetric(float64(each[i][len(each[i])*p/100].Microseconds()), fmt.Sprintf("%sp%d-µs", name, p))
		}
	}
}

func startBare(b *testing.B, body string) (addr string) {
	b.Helper()
	file := filepath.Join(b.TempDir(), "body")
	path, err := exec.LookPath("bare")
	if err := errors.Join(err, os.WriteFile(file, []byte(body), 0o600)); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command(path, file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	addr, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(addr)
}

// burst has all clients ask at once, and returns what each request took.
func burst(b *testing.B, addr, token string) []time.Duration {
	b.Helper()
	var mu sync.Mutex
	var all []time.Duration
	var wg sync.WaitGroup
	for range loadConns {
		wg.Go(func() {
			took, err := client(addr, token)
			if err != nil {
				b.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
		})
	}
	wg.Wait()
	return all
}

// client asks again and again on a connection, and does as little as it can
// beside.
func client(addr, token string) (took []time.Duration, err error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	_, port, _ := net.SplitHostPort(addr)
	request := fmt.Appendf(nil, "GET /secretsmanager/get?secretId=%s HTTP/1.1\r\nHost: localhost:%s\r\nX-Aws-Parameters-Secrets-Token: %s\r\n\r\n",
		secretstest.StoryAppSecretName, port, token)
	in := bufio.NewReader(c)
	size := 0 // of a response, which is the same each time
	for range loadEach {
		began := time.Now()
		if _, err := c.Write(request); err != nil {
			return nil, err
		}
		if size == 0 {
			count := &counting{Reader: in}
			if size, err = measure(count); err != nil {
				return nil, err
			}
		} else if _, err := in.Discard(size); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// measure reads a response and returns its size.
func measure(in *counting) (int, error) {
	response, err := http.ReadResponse(bufio.NewReaderSize(in, 16), nil)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return 0, errors.New(response.Status)
	}
	_, err = io.Copy(io.Discard, response.Body)
	return in.n, err
}

// counting counts the bytes read through it.
type counting struct {
	io.Reader
	n int
}

// Read implements io.Reader.
func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}
