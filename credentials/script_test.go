package credentials_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// sent is a request as STS sees it.
type sent struct {
	at   time.Time
	host string
	form url.Values
}

// script is an HTTP client that plays STS from a script. Each request takes the
// next answer; the last one stays.
type script struct {
	mu      sync.Mutex
	answers []func(*http.Request) (*http.Response, error)
	sent    []sent
}

func newScript(answers ...func(*http.Request) (*http.Response, error)) *script {
	return &script{answers: answers}
}

func (s *script) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	r.Form, r.Body = form, io.NopCloser(bytes.NewReader(body)) // for those who answer
	return s.next(sent{at: time.Now(), host: r.URL.Host, form: form})(r)
}

func (s *script) next(request sent) func(*http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, request)
	return s.answers[min(len(s.sent), len(s.answers))-1]
}

// requests are those that came so far.
func (s *script) requests() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.sent)
}

// hosts are those that were asked, in order.
func (s *script) hosts() []string {
	var hosts []string
	for _, r := range s.requests() {
		hosts = append(hosts, r.host)
	}
	return hosts
}

// logged keeps what a logger was told.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// want checks how often a text was logged.
func (l *logged) want(t *testing.T, text string, times int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if got := strings.Count(l.text.String(), text); got != times {
		t.Errorf("logged %q %d times, want %d:\n%s", text, got, times, l.text.String())
	}
	if strings.Contains(l.text.String(), marker) {
		t.Errorf("the log has the marker:\n%s", l.text.String())
	}
}
