package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/irsakit/irsa/secrets/secretstest"
)

// crowd is how many connections are opened, and maxGrown by how many MiB the
// agent may grow with them; the race detector takes most of it.
const crowd, maxGrown = 10_000, 256

// skipUnlessMany skips a test where a process cannot have so many connections.
func skipUnlessMany(t *testing.T, connections uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < connections+1000 {
		t.Skipf("%d open files are allowed, too few for %d connections (%v)", limit.Cur, connections, err)
	}
}

// TestCrowd opens far more connections than an agent serves by default and holds
// them. Probes are answered all the while, the agent takes up no more than it
// takes for those that it serves, and when they are gone, it answers as before.
func TestCrowd(t *testing.T) {
	skipUnlessMany(t, crowd)
	h := startHolding(t)
	before := h.memory(t)["VmRSS"]
	open := gather(t, strings.Replace(strings.TrimPrefix(h.root, "http://"), "localhost", "127.0.0.1", 1))
	defer func() {
		for _, c := range open {
			_ = c.Close()
		}
	}()
	if status, _ := ask(t, h.health+"/livez", ""); status != http.StatusOK {
		t.Errorf("the probe is answered %d meanwhile", status)
	}
	_, text := ask(t, h.health+"/metrics", "")
	figure := func(name string) float64 {
		found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(text)
		if found == nil {
			t.Fatalf("there is no %s among the metrics", name)
		}
		n, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	served, turned, goroutines := figure("irsa_agent_connections"), figure("irsa_agent_connections_turned_away_total"), figure("go_goroutines")
	if len(open) != crowd || served > 802 || turned < crowd/2 || goroutines > 2000 {
		t.Errorf("of %d connections %v are served and %v turned away, with %v goroutines", len(open), served, turned, goroutines)
	}
	during := h.memory(t)["VmRSS"]
	for _, c := range open {
		_ = c.Close()
	}
	for tries := 1; ; tries++ { // until the agent has heard that they are closed
		status, _, err := fetch(h.root+"/secretsmanager/get?secretId="+secretstest.StoryAppSecretName, h.token)
		if err == nil && status == http.StatusOK {
			break
		}
		if tries == 10_000 {
			t.Fatalf("an honest client is then answered %d, %v", status, err)
		}
	}
	after := h.memory(t)
	t.Logf("%v served, %v turned away, %v goroutines; resident before %d KiB, with them %d, after %d, at most %d",
		served, turned, goroutines, before, during, after["VmRSS"], after["VmHWM"])
	if grown := (after["VmHWM"] - before) >> 10; grown > maxGrown {
		t.Errorf("the agent has grown by %d MiB", grown)
	}
}

// gather opens the connections and says nothing on them.
func gather(t *testing.T, addr string) (open []net.Conn) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range crowd / 20 {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				open = append(open, c)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return open
}

var memoryLine = regexp.MustCompile(`(?m)^(Vm\w+):\s+(\d+) kB$`)

// memory is what the kernel says of a child's, in KiB.
func (p *child) memory(t testing.TB) map[string]int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.ID()))
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]int)
	for _, m := range memoryLine.FindAllStringSubmatch(string(text), -1) {
		if all[m[1]], err = strconv.Atoi(m[2]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
