package credentials

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// lease is how long callers are answered without a look at the clock. The
// timer that ends it stands still while the machine sleeps or the process is
// frozen, so this is also for how long expired credentials may be served
// unnoticed after it wakes.
const lease = 5 * time.Second

// engine keeps the credentials of a source fresh. Readers find them in ready;
// when that is empty, they ask for the move to make under the lock.
type engine struct {
	source  source
	refresh Refresh
	log     *slog.Logger
	now     func() time.Time // time.Now, but for tests of a clock that jumps

	ready    atomic.Pointer[grant] // to be served without asking; nil: ask
	identity atomic.Pointer[Identity]

	ctx     context.Context // of every refresh; close ends it
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu       sync.Mutex // guards what follows; never held over a wait
	closed   bool
	current  *term     // nil before the first
	previous string    // access key id of the one before
	flight   *flight   // the refresh under way
	backoff  time.Time // B ends
	denied   denial    // E
	haste    haste
	failures int   // in a row
	lastErr  error // of the latest refresh
	leased   *time.Timer
	schedule schedule
	token    tokenWatch
	stats    SessionStats
	told     *term // whose service past expiry has been logged
	watchers map[chan struct{}]struct{}

	share share // if pooled; guarded by the Pool's lock, as are
	pool  *sessions
	refs  int
}

// newEngine makes an engine that is shared with nobody.
func newEngine(cfg Config, src source) *engine {
	e := &engine{
		source:   src,
		refresh:  cfg.Refresh,
		log:      cfg.logger(),
		now:      time.Now,
		watchers: make(map[chan struct{}]struct{}),
	}
	e.token.source, _ = src.(digester)
	e.stats.RoleARN = roleOf(src)
	e.ctx, e.cancel = context.WithCancel(context.Background())
	if keys, ok := src.(static); ok {
		e.adopt(keys.grant, e.now())
	}
	return e
}

// retrieve is [Provider.Retrieve].
func (e *engine) retrieve(ctx context.Context) (aws.Credentials, error) {
	if g := e.ready.Load(); g != nil {
		return g.creds, nil
	}
	return e.negotiate(ctx)
}

// negotiate answers a caller for whom nothing is ready.
func (e *engine) negotiate(ctx context.Context) (aws.Credentials, error) {
	for {
		a := e.ask()
		if a.stale {
			e.logStale(a.creds)
		}
		if a.flight == nil {
			return a.creds, a.err
		}
		select {
		case <-a.flight.done:
		case <-ctx.Done():
			return e.leave(ctx)
		}
		if a.move == lead {
			return a.flight.creds, a.flight.err
		}
	}
}

// ruling is a move with what it needs.
type ruling struct {
	move   move
	creds  aws.Credentials
	err    error
	flight *flight // to wait for
	stale  bool    // the first time that these are served past expiry
}

// ask decides what to do for a caller.
func (e *engine) ask() ruling {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return ruling{err: ErrClosed}
	}
	now := e.now()
	m := e.situation(now)
	a := ruling{move: m.move()}
	switch a.move {
	case serve:
		a.creds = e.current.creds
		e.lend(m.phase, now)
	case limit:
		a.creds = e.current.creds
		a.stale = e.countStale(now)
		e.stats.RateLimited++
	case refuse:
		a.err = e.denied.err
	case lead:
		a.flight = e.launch()
		a.flight.led = true
	case wait:
		a.flight = e.launch()
	}
	e.catchUp(m, now)
	e.watchToken(m, now)
	return a
}

// situation is what the next move depends on. e.mu is held.
func (e *engine) situation(now time.Time) situation {
	return situation{
		phase:      e.current.phase(now, e.refresh.MaxStale),
		backoff:    now.Before(e.backoff),
		denied:     now.Before(e.denied.until),
		flying:     e.flight != nil,
		background: !e.refresh.OnDemand,
	}
}

// lend lets callers have the credentials in hand without asking, as long as
// the answer would be the same, but not for longer than a lease. e.mu is held.
func (e *engine) lend(p phase, now time.Time) {
	end := e.current.mandatory
	if e.refresh.OnDemand {
		end = e.current.advisory
	}
	switch {
	case !e.current.creds.CanExpire:
		e.ready.Store(e.current.grant)
		return
	case p == phaseAdvisory && e.refresh.OnDemand:
		return
	}
	e.ready.Store(e.current.grant)
	d := min(lease, end.Sub(now))
	if e.leased == nil {
		// A late call of the function does no harm: the next caller asks.
		e.leased = time.AfterFunc(d, func() { e.ready.Store(nil) })
		return
	}
	e.leased.Reset(d)
}

// leave answers a caller whose context has ended. One who led in the advisory
// window gets what is in hand; the refresh goes on for the others.
func (e *engine) leave(ctx context.Context) (aws.Credentials, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed && e.current.phase(e.now(), e.refresh.MaxStale) == phaseAdvisory {
		return e.current.creds, nil
	}
	return aws.Credentials{}, departed(ctx)
}

// departed is the error of a caller whose context ended before the answer.
func departed(ctx context.Context) error {
	return fmt.Errorf("credentials: wait for refresh: %w", &aws.RequestCanceledError{Err: ctx.Err()})
}

// countStale counts an answer with credentials past their expiry, and reports
// whether it is the first with these. e.mu is held.
func (e *engine) countStale(now time.Time) (first bool) {
	if !e.current.expired(now) {
		return false
	}
	e.stats.ServedExpired++
	first = e.told != e.current
	e.told = e.current
	return first
}

// adopt makes a grant the one that callers get. e.mu is held.
func (e *engine) adopt(g *grant, now time.Time) {
	if e.current != nil && e.current.creds.AccessKeyID != g.creds.AccessKeyID {
		e.previous = e.current.creds.AccessKeyID
	}
	e.ready.Store(nil)
	e.haste = haste{}
	again := e.current != nil && e.current.creds.AccessKeyID == g.creds.AccessKeyID && e.current.creds.Expires.Equal(g.creds.Expires)
	e.current = newTerm(g, e.refresh.Window, now)
	e.current.again = again
	e.identity.Store(&g.identity)
}

// watch has ch hear of every refresh that brought news, as often as it is read.
func (e *engine) watch(ch chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.watchers[ch] = struct{}{}
}

// unwatch undoes watch.
func (e *engine) unwatch(ch chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.watchers, ch)
}

// notify tells the watchers. e.mu is held.
func (e *engine) notify() {
	for ch := range e.watchers {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// close ends a refresh that is under way and waits for it.
func (e *engine) close() {
	e.mu.Lock()
	e.closed = true
	e.ready.Store(nil)
	if e.leased != nil {
		e.leased.Stop()
	}
	e.schedule.stop()
	e.mu.Unlock()
	e.cancel()
	e.running.Wait()
}
