package agent_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// That a target has been asked for before opens it to nobody.
func TestKnownTarget(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(s *setup) {
		narrow := token(t, "narrow")
		narrow.Secrets = []string{"db/*"}
		s.agent.Tokens = append(s.agent.Tokens, narrow)
	})
	for range 2 {
		for _, test := range []struct {
			method, header string
			status         int
		}{
			{"GET", "X-Vault-Token: " + tok, 200},
			{"GET", "X-Vault-Token: narrow", 400},
			{"GET", "X-Vault-Token: another", 403},
			{"GET", "X-Other: " + tok, 403},
			{"POST", "X-Vault-Token: " + tok, 405},
		} {
			if got := r.ask(t, test.method, "/v1/a", test.header); got.Status != test.status {
				t.Errorf("%s with %s: %v", test.method, test.header, got)
			}
		}
		if got := r.ask(t, "GET", "/v1/a?versionStage=another", "X-Vault-Token: "+tok); got.Status != 400 {
			t.Errorf("with another query: %v", got)
		}
	}
	if agent.Known(r.agent) != 2 {
		t.Errorf("it knows %d targets", agent.Known(r.agent))
	}
}

// Nor does it matter what a connection was used for.
func TestKnownConnection(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	c := r.dial(t)
	for _, test := range []struct {
		host, token string
		status      int
	}{
		{r.host(), tok, 200},
		{r.host(), tok, 200},
		{r.host(), "another", 403},
		{"evil.example", tok, 403},
		{r.host(), tok, 200},
	} {
		if _, err := fmt.Fprintf(c, "GET /v1/a HTTP/1.1\r\nHost: %s\r\nX-Vault-Token: %s\r\n\r\n", test.host, test.token); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, c, "GET"); got.Status != test.status || got.last {
			t.Errorf("Host %s, token %s: %v", test.host, test.token, got)
		}
	}
}

// What is remembered is bounded, and forgotten targets work.
func TestKnownTargetsAreFew(t *testing.T) {
	t.Parallel()
	store := sourceStore(t, secretstest.NewSource(map[string]string{"a": marker}))
	made, err := agent.New(agent.Config{Store: store, Tokens: []agent.Token{token(t, tok)}})
	if err != nil {
		t.Fatal(err)
	}
	defer made.Close()
	ask := func(target string) int {
		w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		r.Host = "localhost"
		r.Header.Set("X-Vault-Token", tok)
		made.ServeHTTP(w, r)
		_, _ = io.Copy(io.Discard, w.Body)
		return w.Code
	}
	long := "/v1/a?refreshNow=" + strings.Repeat("0&refreshNow=", 50) + "0"
	if status := ask(long); status != 200 || agent.Known(made) != 0 {
		t.Errorf("a long one: %d, and it knows %d", status, agent.Known(made))
	}
	for i := range 5000 {
		target := "/v1/a?refreshNow=0" + strings.Repeat("&", i%500) + strings.Repeat("&refreshNow=0", i/500)
		if status := ask(target); status != 200 {
			t.Fatalf("%s: %d", target, status)
		}
		if n := agent.Known(made); n == 0 || n > 2048 {
			t.Fatalf("after %d it knows %d", i+1, n)
		}
	}
}
