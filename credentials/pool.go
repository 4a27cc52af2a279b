package credentials

import (
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Pool shares sessions: Providers made with the same Pool use one session, and
// one refresh, wherever role, token, policies, duration, names, tags and
// endpoint are the same, the sessions that hops start from included. So must
// [Config].Refresh be and the HTTP client. A session logs to the Logger of the
// Provider that came first. The zero Pool is empty and ready. It is safe for
// concurrent use and must not be copied.
type Pool struct {
	// Behind a pointer, since fmt looks into a struct that holds a *Pool, and
	// takes no lock.
	sessions atomic.Pointer[sessions]
}

// sessions are those of a Pool.
type sessions struct {
	mu      sync.Mutex
	closed  bool
	engines map[share]*engine
}

// share is what engines must have in common to be one.
type share struct {
	key     string
	refresh Refresh
	client  aws.HTTPClient
}

// shareable is a source whose sessions may be shared: two with equal keys would
// give the same. A key holds all that goes into the session, no secret among
// it; a source that has none belongs to its Provider alone.
type shareable interface{ shareKey() string }

// openEngine returns an engine for src: one that the Pool has already, or a new
// one. Release it after use.
func openEngine(cfg Config, src source) (*engine, error) {
	s, ok := src.(shareable)
	client := reflect.ValueOf(cfg.HTTPClient)
	if cfg.Pool == nil || !ok || client.IsValid() && !client.Comparable() {
		return newEngine(cfg, src), nil
	}
	return cfg.Pool.open().acquire(share{key: s.shareKey(), refresh: cfg.Refresh, client: cfg.HTTPClient}, cfg, src)
}

// open returns the sessions, which the zero Pool has none of.
func (p *Pool) open() *sessions {
	if p.sessions.Load() == nil {
		p.sessions.CompareAndSwap(nil, &sessions{engines: make(map[share]*engine)})
	}
	return p.sessions.Load()
}

func (s *sessions) acquire(key share, cfg Config, src source) (*engine, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	e := s.engines[key]
	if e == nil {
		e = newEngine(cfg, src)
		e.pool, e.share = s, key
		s.engines[key] = e
	}
	e.refs++
	return e, nil
}

// drop reports whether e has lost its last user.
func (s *sessions) drop(e *engine) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.refs--
	if e.refs > 0 {
		return false
	}
	delete(s.engines, e.share)
	return true
}

// release gives back what openEngine returned.
func (e *engine) release() {
	if e.pool == nil || e.pool.drop(e) {
		e.close()
	}
}

// abandon releases an engine whose user the garbage collector has found to be
// gone. A refresh that is under way ends by itself.
func (e *engine) abandon() {
	if e.pool == nil || e.pool.drop(e) {
		e.schedule.abandoned.Store(true)
	}
}

// Close closes all sessions: refreshes that are under way end, and Providers
// of this Pool answer [ErrClosed] from then on, as [New] and [LoadConfig] do
// for this Pool. Without it each session ends with the last Provider that uses
// it. The error is always nil.
func (p *Pool) Close() error {
	s := p.open()
	s.mu.Lock()
	s.closed = true
	engines := slices.Collect(maps.Values(s.engines))
	s.mu.Unlock()
	for _, e := range engines {
		e.close()
	}
	return nil
}

// Format implements fmt.Formatter. Every verb prints the type alone.
func (p *Pool) Format(s fmt.State, _ rune) {
	io.WriteString(s, "credentials.Pool")
}
