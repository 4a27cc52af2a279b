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

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// loadSecrets is how many secrets the agent holds. loadConns clients ask for one
// of them, each loadEach times in a turn.
const loadSecrets, loadConns, loadEach = 1000, 32, 250

// BenchmarkLoad has many clients read a cached secret, by name and by ARN, from
// the agent as it is released and from a program of net/http alone that writes the
// same bytes, each in a process of its own, by turns. For the figures, on a
// machine that does nothing else:
//
//	go test -run '^$' -bench Load -benchtime 50x ./examples/agent
//
// %bare is the throughput of the agent in percent of that of the bare program: the
// median over the turns. Of both it tells how many requests a second are answered,
// what the processor did for each, and what one request in two and one in a
// hundred take at least; and how much memory the agent has resident at the end, and
// had at most, after reads of all its secrets.
func BenchmarkLoad(b *testing.B) {
	b.Setenv("PATH", release(b)+string(os.PathListSeparator)+os.Getenv("PATH"))
	w, names, arns := manySecrets()
	b.Run("name", func(b *testing.B) { compare(b, w, names) })
	b.Run("arn", func(b *testing.B) { compare(b, w, arns) })
}

// release builds the agent and the bare program as they are released and returns
// where they are.
func release(t testing.TB) (dir string) {
	t.Helper()
	dir = t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-o", dir, ".", "./testdata/bare")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// manySecrets returns the story with more secrets in it, and references to these.
func manySecrets() (w secretstest.World, names, arns []string) {
	w = secretstest.Story()
	own := w.Account(secretstest.StoryClusterAccount)
	pod := own.Role("pod-role")
	pod.Policies = append(pod.Policies, credentialstest.Policy{Name: "read-all", Document: policy.MustParse(`{
		"Version": "2012-10-17",
		"Statement": [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]
	}`)})
	for i := range loadSecrets {
		s := secretstest.Secret{
			Name: fmt.Sprintf("shop/service-%03d/db", i), Region: secretstest.StoryRegion, Suffix: "AbCdEf",
			Versions: []secretstest.Version{{String: new(secretstest.StorySecretString)}},
		}
		own.Secrets = append(own.Secrets, s)
		names = append(names, s.Name)
		arns = append(arns, "arn:aws:secretsmanager:"+s.Region+":"+own.ID+":secret:"+s.Name+"-"+s.Suffix)
	}
	return w, names, arns
}

// served is a program under load.
type served struct {
	pid     int
	addr    string
	request []byte
	rates   []float64       // requests a second, of each turn
	took    []time.Duration // each request
	worked  time.Duration   // the processor for the program, before the turns
}

func compare(b *testing.B, w secretstest.World, refs []string) {
	h := startWith(b, w, refs...)
	var body string
	for _, ref := range refs {
		_, body = ask(b, h.root+"/secretsmanager/get?secretId="+ref, h.token)
	}
	if !strings.HasPrefix(body, `{"ARN":`) {
		b.Fatal(body)
	}
	agent := &served{pid: h.ID(), addr: strings.Replace(h.root, "http://localhost", "127.0.0.1", 1)}
	bare := startBare(b, body)
	order := []*served{agent, bare}
	for _, s := range order {
		s.request = fmt.Appendf(nil, "GET /secretsmanager/get?secretId=%s HTTP/1.1\r\nHost: %s\r\nX-Aws-Parameters-Secrets-Token: %s\r\n\r\n",
			refs[len(refs)-1], s.addr, h.token)
		s.turn(b) // to warm up
		s.rates, s.took, s.worked = nil, nil, processor(b, s.pid)
	}
	var shares []float64
	for b.Loop() {
		slices.Reverse(order) // neither is always the first
		for _, s := range order {
			s.turn(b)
		}
		last := len(shares)
		shares = append(shares, 100*agent.rates[last]/bare.rates[last])
	}
	b.ReportMetric(0, "ns/op") // means nothing here
	b.ReportMetric(percentile(shares, 50), "%bare")
	agent.report(b, "")
	bare.report(b, "bare-")
	memory := h.memory(b)
	b.ReportMetric(float64(memory["VmRSS"])/1024, "MiB")
	b.ReportMetric(float64(memory["VmHWM"])/1024, "peak-MiB")
}

// report tells the figures of all turns.
func (s *served) report(b *testing.B, prefix string) {
	b.Helper()
	worked := processor(b, s.pid) - s.worked
	b.ReportMetric(float64(worked.Microseconds())/float64(len(s.took)), prefix+"cpu-µs")
	b.ReportMetric(percentile(s.rates, 50), prefix+"req/s")
	b.ReportMetric(float64(percentile(s.took, 50).Microseconds()), prefix+"p50-µs")
	b.ReportMetric(float64(percentile(s.took, 99).Microseconds()), prefix+"p99-µs")
}

// percentile sorts all.
func percentile[T float64 | time.Duration](all []T, p int) T {
	slices.Sort(all)
	return all[len(all)*p/100]
}

// processor returns for how long the processor has worked for a program, the
// kernel's part included (proc_pid_stat(5): utime and stime, in hundredths of a
// second).
func processor(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err := errors.Join(err1, err2); err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

func startBare(b *testing.B, body string) *served {
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
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return &served{pid: cmd.Process.Pid, addr: strings.TrimSpace(addr)}
}

// turn has all clients ask at once.
func (s *served) turn(b *testing.B) {
	b.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	began := time.Now()
	for range loadConns {
		wg.Go(func() {
			took, err := client(s.addr, s.request)
			if err != nil {
				b.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			s.took = append(s.took, took...)
		})
	}
	wg.Wait()
	s.rates = append(s.rates, loadConns*loadEach/time.Since(began).Seconds())
}

// client asks again and again on a connection, and does as little as it can
// beside.
func client(addr string, request []byte) (took []time.Duration, err error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
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
