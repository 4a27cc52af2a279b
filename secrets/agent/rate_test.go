package agent_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// direct is an agent in a bubble, asked without a network.
type direct struct {
	t      *testing.T
	agent  *agent.Agent
	source *secretstest.Source
}

// directly calls test with an agent that holds db/main.
func directly(t *testing.T, change func(*agent.Config), test func(direct)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		source := secretstest.NewSource(map[string]string{"db/main": marker})
		store, err := secrets.NewWithSource(t.Context(), source, secrets.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		c := agent.Config{Store: store, Tokens: []agent.Token{token(t, tok)}}
		if change != nil {
			change(&c)
		}
		made, err := agent.New(c)
		if err != nil {
			t.Fatal(err)
		}
		d := direct{t, made, source}
		d.read("", 1)
		test(d)
	})
}

// read reads db/main, after which it was fetched so many times.
func (d direct) read(query string, fetches int) {
	d.t.Helper()
	w, request := httptest.NewRecorder(), httptest.NewRequestWithContext(d.t.Context(), http.MethodGet, "/v1/db/main"+query, nil)
	request.Host = "localhost"
	request.Header.Set("X-Vault-Token", tok)
	d.agent.ServeHTTP(w, request)
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), marker) {
		d.t.Errorf("%d %s", w.Code, w.Body)
	}
	if n := d.source.Fetches(); fetches > 0 && n != fetches {
		d.t.Errorf("%d fetches, not %d", n, fetches)
	}
}

// TestRefreshNowIsBounded has many clients ask AWS no more than once a second.
func TestRefreshNowIsBounded(t *testing.T) {
	t.Parallel()
	directly(t, nil, func(d direct) {
		began := time.Now()
		for range 10 {
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() { d.read("?refreshNow=1", 0) })
			}
			wg.Wait()
		}
		if n, took := d.source.Fetches(), time.Since(began); n > 12 || took > 11*time.Second {
			d.t.Errorf("%d fetches in %v", n, took)
		}
	})
}

// TestPollEndsInTime answers a poll before its connection is cut.
func TestPollEndsInTime(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lifetime time.Duration
		wait     string
		took     time.Duration
	}{
		{0, "", 30 * time.Second},
		{0, "&wait=10s", 10 * time.Second},
		{0, "&wait=1h", 61 * time.Second * 9 / 10},
		{10 * time.Second, "", 9 * time.Second},
	} {
		directly(t, func(c *agent.Config) { c.ConnLifetime = test.lifetime }, func(d direct) {
			began := time.Now()
			w, request := httptest.NewRecorder(), httptest.NewRequestWithContext(d.t.Context(), http.MethodGet, "/irsa/watch?ref=db/main&version=version-1"+test.wait, nil)
			request.Host = "localhost"
			request.Header.Set("X-Vault-Token", tok)
			d.agent.ServeHTTP(w, request)
			if took := time.Since(began); w.Code != http.StatusNoContent || took != test.took {
				d.t.Errorf("%v, %q: %d after %v", test.lifetime, test.wait, w.Code, took)
			}
		})
	}
}

// TestNoTTL keeps values for a second even so.
func TestNoTTL(t *testing.T) {
	t.Parallel()
	directly(t, func(c *agent.Config) { c.TTL = -1 }, func(d direct) {
		d.read("", 1)
		time.Sleep(time.Second)
		d.read("", 1)
		time.Sleep(time.Millisecond)
		d.read("", 2)
		d.read("", 2)
	})
}
