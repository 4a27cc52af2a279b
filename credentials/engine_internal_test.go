package credentials

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// scripted is a source that does what a test says, in an hour's sessions.
type scripted struct {
	mu     sync.Mutex
	calls  int
	delay  time.Duration
	result func() (*grant, error) // nil: fresh
	token  string
	ahead  atomic.Int64 // by how much the wall clock has jumped
}

func (s *scripted) fetch(ctx context.Context) (*grant, error) {
	s.mu.Lock()
	s.calls++
	n, delay, result := s.calls, s.delay, s.result
	s.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if result != nil {
		return result()
	}
	g := session(n, time.Hour)
	g.creds.Expires = g.creds.Expires.Add(time.Duration(s.ahead.Load()))
	return g, nil
}

func (s *scripted) digest() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == "" {
		return "", errors.New("no token")
	}
	return s.token, nil
}

func (s *scripted) set(result func() (*grant, error), delay time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result, s.delay = result, delay
}

func (s *scripted) rotate(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

func (s *scripted) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func session(n int, lifetime time.Duration) *grant {
	key := fmt.Sprintf("key-%d", n)
	expires := time.Now().Round(0).Add(lifetime)
	return &grant{
		creds:    aws.Credentials{AccessKeyID: key, CanExpire: lifetime != 0, Expires: expires},
		identity: Identity{AccessKeyID: key, ARN: "arn:aws:sts::111122223333:assumed-role/r/s"},
	}
}

// The two kinds of failure.
var (
	errPassing = errors.New("passing")
	errForGood = &MismatchError{Field: "it", Want: "a", Got: "b"}
)

func passing() (*grant, error)    { return nil, errPassing }
func terminally() (*grant, error) { return nil, errForGood }
func stale() (*grant, error)      { return session(99, -time.Second), nil }
func lapsing() (*grant, error) {
	g := session(99, 0)
	g.creds.CanExpire = true // ends this very instant
	return g, nil
}

// openScripted makes an engine that ends with the test.
func openScripted(t *testing.T, r Refresh) (*engine, *scripted) {
	t.Helper()
	src := &scripted{token: "token"}
	e := newEngine(Config{Refresh: r}, src)
	t.Cleanup(e.close)
	return e, src
}

// overlays reports whether B and E are running.
func (e *engine) overlays() (b, denied bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now()
	return now.Before(e.backoff), now.Before(e.denied.until)
}
