package agent_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// logged is an agent in a bubble whose log is read.
type logged struct {
	*agent.Agent
	t   *testing.T
	log bytes.Buffer
}

func inLoggedBubble(t *testing.T, source secrets.Source, test func(*logged)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &logged{t: t}
		store := sourceStore(t, source)
		noTime := func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
		made, err := agent.New(agent.Config{
			Store: store, Tokens: []agent.Token{token(t, tok)},
			Logger: slog.New(slog.NewTextHandler(&l.log, &slog.HandlerOptions{ReplaceAttr: noTime})),
		})
		if err != nil {
			t.Fatal(err)
		}
		l.Agent = made
		test(l)
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
}

// ask has the agent answer a request n times.
func (l *logged) ask(n int, token, path string) {
	l.t.Helper()
	for range n {
		r := httptest.NewRequestWithContext(l.t.Context(), http.MethodGet, "http://localhost"+path, nil)
		r.Header.Set("X-Vault-Token", token)
		l.ServeHTTP(httptest.NewRecorder(), r)
	}
}

// take returns the lines logged since the last time.
func (l *logged) take() []string {
	defer l.log.Reset()
	return strings.Split(strings.TrimSuffix(l.log.String(), "\n"), "\n")
}

// times is a line so many times.
func times(n int, line string) string { return strings.Repeat(line+"\n", n) }

func (l *logged) wants(when, want string) {
	l.t.Helper()
	if diff := cmp.Diff(strings.Split(strings.TrimSuffix(want, "\n"), "\n"), l.take()); diff != "" {
		l.t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

// TestRefusalsAreLoggedWithinLimits logs some of each kind, and then how many were
// left out. All are counted.
func TestRefusalsAreLoggedWithinLimits(t *testing.T) {
	t.Parallel()
	inLoggedBubble(t, nil, func(l *logged) {
		const (
			noToken = `level=WARN msg="agent: request refused" route=secret reason="it has no valid token"`
			noPath  = `level=WARN msg="agent: request refused" route=none reason="it has no valid token"`
			left    = `level=WARN msg="agent: lines left out" of="secret: it has no valid token" count=%d since=%s` + "\n"
		)
		secret, began := "/secretsmanager/get?secretId=a", time.Now()
		l.ask(1000, "no", secret)
		l.wants("at first", times(3, noToken))
		l.ask(1, "no", "/nowhere")
		l.wants("another kind", times(1, noPath))
		time.Sleep(time.Minute - time.Nanosecond)
		l.ask(1, "no", secret)
		l.wants("within the minute", "")
		time.Sleep(time.Nanosecond)
		l.ask(1, "no", "/nowhere")
		l.wants("after a minute", fmt.Sprintf(left, 998, began.Format("2006-01-02T15:04:05.000Z07:00"))+times(1, noPath))
		l.ask(5, "no", secret)
		l.wants("in the next minute", times(3, noToken))
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		l.wants("at the end", fmt.Sprintf(left, 2, began.Add(time.Minute).Format("2006-01-02T15:04:05.000Z07:00")))
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		l.wants("at another end", "")
		counted := int64(0)
		for _, r := range l.Snapshot().Requests {
			counted += r.Count
		}
		if counted != 1008 {
			t.Errorf("%d requests are counted", counted)
		}
	})
}

// TestFailuresAreToldApart logs the first line about each secret and each kind of
// failure, however many there are of another.
func TestFailuresAreToldApart(t *testing.T) {
	t.Parallel()
	source := secretstest.NewSource(nil)
	inLoggedBubble(t, source, func(l *logged) {
		refs := func() (all []string) {
			for _, line := range l.take() {
				_, rest, _ := strings.Cut(line, " ref=")
				ref, _, _ := strings.Cut(rest, " ")
				all = append(all, ref)
			}
			return all
		}
		l.ask(100, tok, "/v1/a")
		l.ask(1, tok, "/v1/b")
		source.Fail("a", secrets.ErrDenied)
		time.Sleep(30 * time.Second) // the failure is remembered
		l.ask(100, tok, "/v1/a")
		if diff := cmp.Diff([]string{"a", "a", "a", "b", "a", "a", "a"}, refs()); diff != "" {
			t.Error(diff)
		}
		time.Sleep(time.Minute)
		for i := range 1000 {
			l.ask(10, tok, fmt.Sprintf("/v1/%03d", i))
		}
		seen := map[string]int{}
		for _, ref := range refs() {
			seen[ref]++
		}
		if n := len(seen); n < 200 || n > 205 || seen["000"] != 3 || seen["199"] != 3 {
			t.Errorf("of %d secrets, %v", n, seen)
		}
		time.Sleep(time.Minute)
		l.ask(1, tok, "/v1/a")
		if got := strings.Join(l.take(), "\n"); !strings.Contains(got, `of="all others" count=7997`) || !strings.Contains(got, `of="199: not found" count=7`) {
			t.Error(got)
		}
	})
}

// TestErrorsOfHTTPAreLoggedWithinLimits takes those for alike that differ in whom
// they are about.
func TestErrorsOfHTTPAreLoggedWithinLimits(t *testing.T) {
	t.Parallel()
	inLoggedBubble(t, nil, func(l *logged) {
		log := l.Server().ErrorLog
		for i := range 100 {
			log.Printf("http: panic serving 127.0.0.1:%d: x\nstack", i)
		}
		log.Print("http: Accept error: no room; retrying in 5ms")
		log.Print("word")
		l.wants("all", `level=WARN msg="http: panic serving 127.0.0.1:0: x\nstack"
level=WARN msg="http: panic serving 127.0.0.1:1: x\nstack"
level=WARN msg="http: panic serving 127.0.0.1:2: x\nstack"
level=WARN msg="http: Accept error: no room; retrying in 5ms"
level=WARN msg=word
`)
	})
}
