package secrets

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// entry is what a Store knows of one secret.
type entry struct {
	ref    Ref
	state  atomic.Pointer[state] // never nil
	flight *flight               // under Store.mu; nil: none under way
}

// state is what a read finds. It is replaced, never changed; only the flight
// under way replaces it.
type state struct {
	value Value     // zero: none
	read  time.Time // when value, or the one before, was read
	soft  instant   // from then on, a read starts a fetch; at most hard
	hard  instant   // from then on, value is not returned

	err      error   // of the latest fetch
	retry    instant // until then, err is returned rather than a fetch started
	failures int     // in a row
}

// flight is one fetch, for all who wait for it. Its result is set before done
// is closed.
type flight struct {
	done  chan struct{}
	value Value
	err   error
}

// wait returns the result of the flight, unless ctx ends first.
func (f *flight) wait(ctx context.Context) (Value, error) {
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		return Value{}, ctx.Err()
	}
}

const (
	// confirmAfter is how long after a refusal a held value is asked for once
	// more before it is given up.
	confirmAfter = time.Second
	// maxBackoff bounds the time between fetches while a value is held.
	maxBackoff = time.Minute
	// linger is how long an entry stays that is of no more use but to tell when
	// its secret was last read.
	linger = time.Minute
)

// succeeded returns the state after a fetch that yielded v.
func (c Config) succeeded(now instant, v Value) *state {
	hard := now.after(c.maxStale())
	return &state{value: v, read: time.Now(), soft: min(now.after(jitter(c.ttl())), hard), hard: hard}
}

// failed returns the state that follows s after a fetch that failed with err.
func (c Config) failed(now instant, s *state, err error) *state {
	if final(err) || s.value.IsZero() || now >= s.hard {
		return &state{read: s.read, err: err, retry: now.after(jitter(c.errorTTL()))}
	}
	next := *s
	next.err = err
	next.failures++
	next.retry = min(now.after(jitter(c.backoff(s.failures))), s.hard)
	next.soft = next.retry
	return &next
}

// backoff returns the time to the next fetch after a number of failures before
// the latest.
func (c Config) backoff(failures int) time.Duration {
	first := c.errorTTL()
	if first >= maxBackoff {
		return first
	}
	return min(first<<min(failures, 10), maxBackoff)
}

// fetch reads e's secret, and a second time if a refusal would otherwise end the
// life of a value that is held.
func (s *Store) fetch(e *entry) (Value, error) {
	last := e.state.Load()
	v, err := s.manager.read(s.ctx, e.ref)
	if err != nil && s.clock.now() < last.hard && final(err) && pause(s.ctx, jitter(confirmAfter)) {
		v, err = s.manager.read(s.ctx, e.ref)
	}
	switch {
	case err == nil:
		return v, nil
	case s.ctx.Err() != nil:
		return Value{}, ErrClosed
	case errors.Is(err.kind, ErrDenied):
		return Value{}, s.manager.explain(s.ctx, e.ref, err)
	default:
		err.LastSuccess = last.read
		return Value{}, err
	}
}

// pause waits for d and reports whether ctx lasted that long.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
