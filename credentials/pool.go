package credentials

import (
	"reflect"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Pool shares sessions: Providers made with the same Pool use one session, and
// one refresh, wherever role, token, policies, duration, names, tags and
// endpoint are the same, the sessions that hops start from included. So must
// [Config].Refresh be and the HTTP client. A session logs to the Logger of the
// Provider that came first. The zero Pool is empty and ready. It is safe for
// concurrent use and must not be copied.
type Pool struct {
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
	return cfg.Pool.acquire(share{key: s.shareKey(), refresh: cfg.Refresh, client: cfg.HTTPClient}, cfg, src)
}

func (p *Pool) acquire(s share, cfg Config, src source) (*engine, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	e := p.engines[s]
	if e == nil {
		e = newEngine(cfg, src)
		e.pool, e.share = p, s
		if p.engines == nil {
			p.engines = make(map[share]*engine)
		}
		p.engines[s] = e
	}
	e.refs++
	return e, nil
}

// drop reports whether e has lost its last user.
func (p *Pool) drop(e *engine) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.refs--
	if e.refs > 0 {
		return false
	}
	delete(p.engines, e.share)
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
	p.mu.Lock()
	p.closed = true
	engines := make([]*engine, 0, len(p.engines))
	for _, e := range p.engines {
		engines = append(engines, e)
	}
	p.mu.Unlock()
	for _, e := range engines {
		e.close()
	}
	return nil
}
