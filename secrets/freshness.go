package secrets

import (
	"errors"
	"math"
	"math/rand/v2"
	"time"
)

const (
	// confirmAfter is how long after a refusal a held value is asked for once
	// more before it is given up.
	confirmAfter = time.Second
	// maxBackoff bounds the time between fetches that fail.
	maxBackoff = time.Minute
	// linger is how long an entry stays that is of no more use but to tell when
	// its secret was last read.
	linger = time.Minute
)

// landing is the moment at which the answers to one fetch arrive. What it draws
// is the same for all of them, so that what was fetched together falls due
// together.
type landing struct {
	Config

	now  instant
	sent instant // when the fetch began
	at   time.Time
	draw float64 // from 0 to 1
}

func (c Config) landing(sent, now instant) landing {
	return landing{Config: c, now: now, sent: sent, at: time.Now(), draw: rand.Float64()}
}

// jitter returns 80 to 100 % of d.
func (l landing) jitter(d time.Duration) time.Duration {
	if d == math.MaxInt64 {
		return d
	}
	return d - time.Duration(l.draw*float64(d)/5)
}

// succeeded returns the state that follows s after a fetch that yielded v, which
// is believed in any case if trust is set.
func (l landing) succeeded(s *state, v Value, trust bool) *state {
	if !trust && s.doubts(v, l.now) {
		return l.doubted(s, v)
	}
	// The clock is behind by up to its resolution, and the value may have
	// changed right after the fetch began.
	hard := never
	if limit := l.maxStale(); limit != math.MaxInt64 {
		hard = l.sent.after(max(limit-l.resolution(), 1))
	}
	soft := min(l.now.after(l.jitter(l.ttl())), hard)
	early := soft
	if l.ttl() != math.MaxInt64 {
		early = min(l.now.after(l.ttl()/5*4), soft)
	}
	sure := hard
	if v.get() == s.value.get() {
		sure = s.sure // it was not read: there is a limit to what is believed without
	}
	return &state{value: v, seen: s.seen.believed(v), read: l.at, fresh: soft, early: early, soft: soft, hard: hard, sure: sure}
}

// failed returns the state that follows s after a fetch that failed with err.
func (l landing) failed(s *state, err error) *state {
	if final(err) || !s.held(l.now) {
		if !final(err) && (!s.value.IsZero() || errors.Is(s.err, ErrStale)) {
			err = stale(err)
		}
		retry := l.now.after(l.jitter(l.backoff(max(s.failures-1, 0))))
		return &state{seen: s.seen, read: s.read, err: err, early: retry, retry: retry, failures: s.failures + 1}
	}
	next := *s
	next.err = err
	next.failures++
	next.retry = min(l.now.after(l.jitter(l.backoff(s.failures))), s.hard)
	next.early, next.soft, next.fresh = next.retry, next.retry, 0
	return &next
}

// expired returns the state that follows st once its value is past MaxStale.
func (st *state) expired(name string) *state {
	err := st.err
	if err == nil {
		err = &ReadError{Ref: name, Operation: "Fetch", Problem: "there has been no answer yet", kind: ErrUnavailable, err: ErrStale}
	}
	return &state{seen: st.seen, read: st.read, err: stale(since(err, st.read)), failures: st.failures}
}

// kinds are the sentinels of what a source may return.
var kinds = []error{ErrIdentity, ErrDenied, ErrNotFound, ErrDeleted, ErrDecryption, ErrConfiguration, ErrUnavailable, ErrClosed}

// kindOf returns the sentinel that err is, or nil.
func kindOf(err error) error {
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return nil
}

// stale marks a passing failure that there is no value left to bridge.
func stale(err error) error { return &staleError{err} }

type staleError struct{ err error }

func (e *staleError) Error() string {
	return e.err.Error() + "; what was read last is older than Config.MaxStale"
}

// Unwrap returns the sentinel and the failure.
func (e *staleError) Unwrap() []error { return []error{ErrStale, e.err} }

// since returns err with the time of the last success in it.
func since(err error, read time.Time) error {
	old, ok := err.(*ReadError) // only the outermost is ours to copy
	if !ok || read.IsZero() {
		return err
	}
	e := *old
	e.LastSuccess = read
	return &e
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
