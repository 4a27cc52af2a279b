package agent_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// bubble runs a test with an agent that declares two secrets, on a bubble's clock.
func bubble(t *testing.T, source *secretstest.Source, test func(*testing.T, *agent.Agent, *secrets.Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		store, err := secrets.NewWithSource(t.Context(), source, secrets.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		made, err := agent.New(agent.Config{Store: store, Tokens: []agent.Token{token(t, tok)}, Declared: []string{"a", "b"}})
		if err != nil {
			t.Fatal(err)
		}
		defer made.Close()
		test(t, made, store)
	})
}

// probed is what the kubelet hears.
func probed(t *testing.T, a *agent.Agent, method, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	a.Health().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	if h := w.Header(); h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("headers: %v", h)
	}
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestLoad(t *testing.T) {
	t.Parallel()
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		source := secretstest.NewSource(map[string]string{"a": marker, "b": marker})
		bubble(t, source, func(t *testing.T, a *agent.Agent, _ *secrets.Store) {
			if a.Ready() {
				t.Error("ready before anything was loaded")
			}
			if err := a.Load(t.Context()); err != nil || !a.Ready() || source.Fetches() != 1 {
				t.Errorf("%v, ready %t, %d fetches", err, a.Ready(), source.Fetches())
			}
			source.Put("a", "new")
			time.Sleep(10 * time.Minute)
			if source.Fetches() < 2 {
				t.Error("what is declared is not kept fresh")
			}
		})
	})
	t.Run("later", func(t *testing.T) {
		t.Parallel()
		source := secretstest.NewSource(map[string]string{"a": marker})
		source.Fail("b", secrets.ErrDenied)
		bubble(t, source, func(t *testing.T, a *agent.Agent, _ *secrets.Store) {
			began := time.Now()
			time.AfterFunc(10*time.Minute, func() { source.Put("b", marker) })
			time.AfterFunc(5*time.Minute, func() {
				if status, text := probed(t, a, "GET", "/readyz"); status != 503 || text != "1 of 2 secrets are missing" {
					t.Errorf("probe: %d %s", status, text)
				}
			})
			if err := a.Load(t.Context()); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took < 10*time.Minute || took > 12*time.Minute || source.Fetches() > 40 {
				t.Errorf("loaded after %v and %d fetches", took, source.Fetches())
			}
			if status, text := probed(t, a, "GET", "/readyz"); status != 200 || text != "ok" {
				t.Errorf("probe: %d %s", status, text)
			}
			// What is refused later makes it unready again.
			source.Fail("b", secrets.ErrNotFound)
			time.Sleep(10 * time.Minute)
			if a.Ready() {
				t.Error("ready without b")
			}
			source.Put("b", marker)
			time.Sleep(10 * time.Minute)
			if !a.Ready() {
				t.Error("not ready with b again")
			}
		})
	})
	t.Run("never", func(t *testing.T) {
		t.Parallel()
		bubble(t, secretstest.NewSource(map[string]string{"a": marker}), func(t *testing.T, a *agent.Agent, _ *secrets.Store) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			err := a.Load(ctx)
			if err == nil || !strings.Contains(err.Error(), "1 of 2 declared secrets are missing") || strings.Contains(err.Error(), marker) {
				t.Error(err)
			}
		})
	})
	t.Run("until Close", func(t *testing.T) {
		t.Parallel()
		source := secretstest.NewSource(map[string]string{"a": marker})
		source.Fail("b", secrets.ErrDenied)
		bubble(t, source, func(t *testing.T, a *agent.Agent, _ *secrets.Store) {
			const after = time.Minute + time.Second/2 // while it waits, which it does by whole seconds
			time.AfterFunc(after, func() { _ = a.Close() })
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			err := a.Load(ctx)
			if took := time.Since(began); took != after || !errors.Is(err, secrets.ErrClosed) || !errors.Is(err, secrets.ErrDenied) {
				t.Errorf("after %v: %v", took, err)
			}
			source.Put("a", "new")
			before := source.Fetches()
			if time.Sleep(time.Hour); source.Fetches() != before {
				t.Error("secrets are kept fresh after Close")
			}
			if err := a.Load(t.Context()); !errors.Is(err, secrets.ErrClosed) {
				t.Errorf("after Close: %v", err)
			}
		})
	})
	t.Run("too old", func(t *testing.T) {
		t.Parallel()
		source := secretstest.NewSource(map[string]string{"a": marker, "b": marker})
		bubble(t, source, func(t *testing.T, a *agent.Agent, _ *secrets.Store) {
			if err := a.Load(t.Context()); err != nil {
				t.Fatal(err)
			}
			source.Fail("b", secrets.ErrUnavailable)
			if time.Sleep(59 * time.Minute); !a.Ready() {
				t.Error("not ready with what is not older than MaxStale")
			}
			if time.Sleep(2 * time.Minute); a.Ready() {
				t.Error("ready with what is older than MaxStale")
			}
			if status, _ := probed(t, a, "GET", "/livez"); status != 200 {
				t.Error("it is alive without AWS")
			}
			source.Put("b", marker)
			if time.Sleep(2 * time.Minute); !a.Ready() {
				t.Error("not ready after the outage")
			}
		})
	})
	t.Run("not after Close", func(t *testing.T) {
		t.Parallel()
		bubble(t, secretstest.NewSource(map[string]string{"a": marker, "b": marker}), func(t *testing.T, a *agent.Agent, _ *secrets.Store) {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
			if err := a.Load(t.Context()); err == nil {
				t.Error("no error")
			}
		})
	})
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		made, err := agent.New(agent.Config{Store: sourceStore(t, nil), Tokens: []agent.Token{token(t, tok)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := made.Load(t.Context()); err != nil || !made.Ready() {
			t.Error(err)
		}
	})
}

func TestHealth(t *testing.T) {
	t.Parallel()
	r := sourceRig(t, nil, func(c *agent.Config) { c.Declared = []string{"a"} })
	for _, test := range []struct {
		method, path string
		status       int
		text         string
	}{
		{http.MethodGet, "/livez", 200, "ok"},
		{http.MethodHead, "/livez", 200, "ok"},
		{http.MethodPost, "/livez", 405, "not allowed"},
		{http.MethodGet, "/readyz", 503, "1 of 1 secrets are missing"},
		{http.MethodGet, "/metrics", 404, "not found"},
		{http.MethodGet, "/v1/a", 404, "not found"},
	} {
		if status, text := probed(t, r.agent, test.method, test.path); status != test.status || text != test.text {
			t.Errorf("%s %s: %d %s", test.method, test.path, status, text)
		}
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if status, text := probed(t, r.agent, "GET", "/readyz"); status != 503 || text != "draining" {
		t.Errorf("at the end: %d %s", status, text)
	}
	if status, _ := probed(t, r.agent, "GET", "/livez"); status != 200 {
		t.Error("it is alive until it has ended")
	}
}

// hanging is a source that does not answer.
type hanging struct{}

// Fetch implements secrets.Source.
func (hanging) Fetch(ctx context.Context, refs []secrets.Ref) []secrets.Result {
	<-ctx.Done()
	return make([]secrets.Result, len(refs))
}

// TestCloseDoesNotWait ends Load while it waits for an answer.
func TestCloseDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, err := secrets.NewWithSource(t.Context(), hanging{}, secrets.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		made, err := agent.New(agent.Config{Store: store, Tokens: []agent.Token{token(t, tok)}, Declared: []string{"a"}})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(1500*time.Millisecond, func() { _ = made.Close() })
		began := time.Now()
		err = made.Load(t.Context())
		if took := time.Since(began); took != 1500*time.Millisecond || !errors.Is(err, secrets.ErrClosed) {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// TestMissingIsLogged has one secret refused, then out of reach, then there.
func TestMissingIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := secretstest.NewSource(map[string]string{"a": marker})
		source.Fail("b", secrets.ErrDenied)
		store, err := secrets.NewWithSource(t.Context(), source, secrets.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		var log bytes.Buffer
		made, err := agent.New(agent.Config{
			Store: store, Tokens: []agent.Token{token(t, tok)}, Declared: []string{"a", "b"},
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer made.Close()
		time.AfterFunc(10*time.Minute, func() { source.Fail("b", secrets.ErrUnavailable) })
		time.AfterFunc(20*time.Minute, func() { source.Put("b", marker) })
		if err := made.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		text := log.String()
		for _, want := range []string{"secret=b class=denied", "secret=b class=unavailable"} {
			if strings.Count(text, want) != 1 {
				t.Errorf("%q is not logged once:\n%s", want, text)
			}
		}
		if strings.Contains(text, "secret=a") || strings.Contains(text, marker) {
			t.Errorf("the log has too much:\n%s", text)
		}
	})
}
