package credentials

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The pauses after a failed refresh, drawn uniformly. Those of backoff hold
// while credentials are valid; those of denial when there are none. They are
// the ones on which the AWS SDKs agree (aws-sdk-java-v2#7109, botocore#3733).
const (
	minBackoff = 5 * time.Minute
	maxBackoff = 10 * time.Minute
	minDenial  = 1 * time.Second
	maxDenial  = 5 * time.Second
)

// source gets credentials from where they come.
type source interface {
	fetch(context.Context) (*grant, error)
}

// engine keeps the credentials of a source fresh.
type engine struct {
	source  source
	timeout time.Duration // of one refresh
	log     *slog.Logger

	current  atomic.Pointer[grant] // nil before the first, and once closed
	identity atomic.Pointer[Identity]

	ctx     context.Context // of every refresh; close ends it
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex // guards what follows; never held over a wait
	closed  bool
	flight  *flight   // the refresh under way
	backoff time.Time // no refresh before, while credentials are valid
	denied  denial    // what to answer instead of asking again
}

// denial is a refusal that is remembered for a moment.
type denial struct {
	err   error
	until time.Time
}

func newEngine(cfg Config, src source) *engine {
	e := &engine{source: src, timeout: cfg.refreshTimeout(), log: cfg.logger()}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	if keys, ok := src.(static); ok {
		e.publish(keys.grant)
	}
	return e
}

// retrieve is [Provider.Retrieve].
func (e *engine) retrieve(ctx context.Context) (aws.Credentials, error) {
	now := time.Now()
	if g := e.current.Load(); g.phase(now) == fresh {
		return g.creds, nil
	}
	g, f, err := e.decide(now)
	if f == nil {
		return g.credentials(), err
	}
	return e.wait(ctx, f)
}

// decide returns what to answer, or the refresh to wait for.
func (e *engine) decide(now time.Time) (*grant, *flight, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, nil, ErrClosed
	}
	g := e.current.Load()
	switch g.phase(now) {
	case fresh:
		return g, nil, nil
	case renewable:
		e.launchUnlessBackingOff(now)
		return g, nil, nil
	case ending:
		if f := e.launchUnlessBackingOff(now); f != nil {
			return nil, f, nil
		}
		return g, nil, nil
	}
	if now.Before(e.denied.until) {
		return nil, nil, e.denied.err
	}
	return nil, e.launch(), nil
}

// wait waits for a refresh. Credentials that are still valid beat its failure.
func (e *engine) wait(ctx context.Context, f *flight) (aws.Credentials, error) {
	select {
	case <-f.done:
	case <-ctx.Done():
		return aws.Credentials{}, fmt.Errorf("credentials: wait for refresh: %w", &aws.RequestCanceledError{Err: ctx.Err()})
	}
	if f.err == nil {
		return f.grant.creds, nil
	}
	if g := e.current.Load(); g.phase(time.Now()) != over {
		return g.creds, nil
	}
	return aws.Credentials{}, f.err
}

// publish makes a grant the one that callers get.
func (e *engine) publish(g *grant) {
	e.current.Store(g)
	e.identity.Store(&g.identity)
}

// flight is one refresh that any number of callers wait for. Its result is set
// before done is closed.
type flight struct {
	done  chan struct{}
	grant *grant // if err is nil
	err   error
}

// launchUnlessBackingOff returns the refresh under way, or a new one, or nil
// while one that failed a short time ago is not to be repeated. e.mu is held.
func (e *engine) launchUnlessBackingOff(now time.Time) *flight {
	if e.flight == nil && now.Before(e.backoff) {
		return nil
	}
	return e.launch()
}

// launch returns the refresh under way, or starts one. It runs on the
// engine's context: no caller's values or cancellation reach it. e.mu is
// held.
func (e *engine) launch() *flight {
	if e.flight == nil {
		f := &flight{done: make(chan struct{})}
		e.flight = f
		e.running.Go(func() { e.run(f) })
	}
	return e.flight
}

func (e *engine) run(f *flight) {
	ctx, cancel := context.WithTimeout(e.ctx, e.timeout)
	defer cancel()
	g, err := e.source.fetch(ctx)
	if pause := e.land(f, g, err); pause > 0 {
		// The log may itself be sent with these credentials: no lock is held.
		e.log.LogAttrs(e.ctx, slog.LevelWarn, "refresh of AWS credentials did not succeed, serving those in hand",
			slog.Any("error", err),
			slog.Duration("next_attempt_in", pause))
	}
}

// land ends a refresh with its result. It returns the pause before the next if
// credentials in hand are served in spite of an error.
func (e *engine) land(f *flight, g *grant, err error) (pause time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.flight = nil
	switch {
	case e.closed:
		f.err = ErrClosed
	case err != nil:
		f.err = err
		pause = e.failed(err, time.Now())
	default:
		e.backoff, e.denied = time.Time{}, denial{}
		e.publish(g)
		f.grant = g
	}
	close(f.done)
	return pause
}

// failed notes until when not to ask again. It returns the pause if there are
// valid credentials. e.mu is held.
func (e *engine) failed(err error, now time.Time) (pause time.Duration) {
	now = now.Round(0)
	if e.current.Load().phase(now) != over {
		pause = between(minBackoff, maxBackoff)
		e.backoff = now.Add(pause)
		return pause
	}
	if refused, ok := errors.AsType[*AssumeRoleError](err); ok && refused.terminal {
		e.denied = denial{err: err, until: now.Add(between(minDenial, maxDenial))}
	}
	return 0
}

// between draws a duration from low to high.
func between(low, high time.Duration) time.Duration {
	return low + rand.N(high-low)
}

// close ends a refresh that is under way and waits for it.
func (e *engine) close() {
	e.mu.Lock()
	e.closed = true
	e.current.Store(nil)
	e.mu.Unlock()
	e.cancel()
	e.running.Wait()
}
