package credentials

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The pauses after a refresh that failed, drawn uniformly: B after a passing
// failure, E after a terminal one. They are those on which the AWS SDKs agree
// (aws-sdk-java-v2#7109, botocore#3733).
const (
	minBackoff = 5 * time.Minute
	maxBackoff = 10 * time.Minute
	minDenial  = 1 * time.Second
	maxDenial  = 5 * time.Second
)

// denial is an error that is repeated for a moment instead of asking again.
type denial struct {
	err   error
	until time.Time
}

// errStale is the failure of a source that gave what had already expired.
var errStale = errors.New("credentials: the source gave credentials that have expired already; compare this machine's clock")

// errNothing is the failure of a source that did not answer at all.
var errNothing = errors.New("credentials: the source gave neither credentials nor an error")

// flight is one refresh that any number of callers wait for. Its results are
// set before done is closed.
type flight struct {
	led   bool // by a caller, not in the background
	done  chan struct{}
	creds aws.Credentials // for the caller who led, if err is nil
	err   error
	cause error // why there are no new credentials; nil if there are
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
	ctx, cancel := context.WithTimeout(e.ctx, e.refresh.timeout())
	defer cancel()
	digest := e.digest()
	start := time.Now()
	var g *grant
	var err error
	// Deferred for those who wait, should the source end its goroutine, as a
	// test's HTTP client does with t.Fatal.
	defer func() {
		n := e.land(f, g, err, digest, time.Since(start))
		// The log may itself be sent with these credentials: no lock is held.
		n.log(e.ctx, e.log)
	}()
	g, err = e.source.fetch(ctx)
}

// land ends a refresh with its result.
func (e *engine) land(f *flight, g *grant, err error, digest string, took time.Duration) notice {
	e.mu.Lock()
	defer e.mu.Unlock()
	defer close(f.done)
	e.flight = nil
	if e.closed {
		f.err, f.cause = ErrClosed, ErrClosed
		return notice{}
	}
	now := e.now()
	switch {
	case err != nil:
	case g == nil:
		err = errNothing
	case g.creds.CanExpire && !g.creds.Expires.Add(-g.skew).After(now):
		err = errStale
	}
	e.token.digest = digest
	e.lastErr = err
	e.stats.measure(took)
	before := e.identity.Load()
	n := notice{before: before, phase: e.current.phase(now, e.refresh.MaxStale), background: !e.refresh.OnDemand}
	e.settle(f, g, err, now)
	e.plan(now)
	e.notify()
	n.err, n.term, n.next, n.refused = f.cause, e.current, e.schedule.due, f.err != nil
	return n
}

// settle is the other half of the table: what a refresh that has ended leaves
// behind, and how the caller who led it is answered. e.mu is held.
func (e *engine) settle(f *flight, g *grant, err error, now time.Time) {
	if err == nil {
		e.adopt(g, now)
		e.backoff, e.denied, e.failures = time.Time{}, denial{}, 0
		e.stats.Refreshes++
		e.stats.LastSuccess = now.Round(0)
		f.creds = g.creds
		return
	}
	f.cause = err
	e.failures++
	e.stats.fail(err, now)
	switch {
	case terminal(err):
		f.err = err
		e.deny(err, now)
	case e.current.phase(now, e.refresh.MaxStale) == phaseNone:
		f.err = &NoCredentialsError{Expired: e.current.credentials().Expires, err: err}
		if e.failures > 1 { // the first is repeated at once
			e.deny(f.err, now)
		}
	default:
		f.creds = e.current.creds
		if f.led {
			e.countStale(now)
		}
		e.backoff = now.Add(e.pause(now))
	}
}

// deny has err repeated for a moment, for a little longer when it keeps coming:
// IAM takes some seconds to make a new role known. e.mu is held.
func (e *engine) deny(err error, now time.Time) {
	growth := min(max(1, e.failures-2), 3)
	e.denied = denial{err: err, until: now.Add(between(minDenial, maxDenial) * time.Duration(growth))}
}

// between draws a duration from low to high.
func between(low, high time.Duration) time.Duration {
	return low + rand.N(high-low)
}
