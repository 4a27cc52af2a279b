package secrets

import (
	"errors"
	"fmt"
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
	// convergence is for how long an answer older than the value held is taken
	// for that of a replica which lags behind. Secrets Manager says only that it
	// is eventually consistent. What lasts longer is meant: somebody has moved
	// AWSCURRENT back.
	convergence = time.Minute
)

// older is an answer that was refused for being older than the value held.
type older struct {
	version string
	since   instant
}

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

// succeeded returns the state that follows s after a fetch that yielded v.
func (l landing) succeeded(s *state, v Value, trust bool) *state {
	if !trust && l.regressed(s, v) {
		return l.refused(s, v)
	}
	// The clock is behind by up to its resolution, and the value may have
	// changed right after the fetch began.
	hard := l.sent.after(max(l.maxStale()-l.resolution(), 1))
	soft := min(l.now.after(l.jitter(l.ttl())), hard)
	early := soft
	if l.ttl() != math.MaxInt64 {
		early = min(l.now.after(l.ttl()/5*4), soft)
	}
	return &state{value: v, read: l.at, fresh: soft, early: early, soft: soft, hard: hard}
}

// regressed reports whether v is of an earlier version than the value in s, and
// not known to be meant.
func (l landing) regressed(s *state, v Value) bool {
	held := s.value
	switch {
	case !s.held(l.now), v.Version() == held.Version(), !v.Created().Before(held.Created()), v.Created().IsZero():
		return false
	default:
		return s.older.version != v.Version() || l.now < s.older.since.after(convergence)
	}
}

// refused is failed for an answer that is older than the value in s.
func (l landing) refused(s *state, v Value) *state {
	next := l.failed(s, &ReadError{
		Ref: v.Name(), Operation: "Fetch", kind: ErrUnavailable, err: errOlder, LastSuccess: s.read,
		Problem: fmt.Sprintf("the answer has version %s, which is older than version %s that was read before", v.Version(), s.value.Version()),
	})
	next.older = older{v.Version(), l.now}
	if s.older.version == v.Version() {
		next.older = s.older
	}
	return next
}

// errOlder is the cause of a regression.
var errOlder = errors.New("secrets: older version")

// failed returns the state that follows s after a fetch that failed with err.
func (l landing) failed(s *state, err error) *state {
	if final(err) || !s.held(l.now) {
		retry := l.now.after(l.jitter(l.backoff(max(s.failures-1, 0))))
		return &state{read: s.read, err: err, early: retry, retry: retry, failures: s.failures + 1}
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
		err = &ReadError{Ref: name, Operation: "Fetch", Problem: "there has been no answer yet since the value became too old", kind: ErrUnavailable, err: errStale}
	}
	return &state{read: st.read, err: since(err, st.read), failures: st.failures}
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

// errStale is the cause when a value grows too old while it is being read.
var errStale = errors.New("secrets: value too old")

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
