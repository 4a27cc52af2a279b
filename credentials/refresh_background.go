package credentials

import (
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

const (
	// longestNap is the longest that the background timer sleeps before it
	// looks at the wall clock again, which its own does not follow while the
	// machine sleeps.
	longestNap = 5 * time.Minute
	// shortestPause is the shortest between two attempts in the background.
	shortestPause = 30 * time.Second
	// longestDenial is the longest between two attempts in the background after
	// terminal failures.
	longestDenial = time.Minute
)

// schedule is when the background refreshes next.
type schedule struct {
	due   time.Time // zero: not before a caller asks
	timer *time.Timer
	// abandoned is set when nobody can reach the engine any more. A flag, since
	// the garbage collector tells, from where timers of a synctest bubble must
	// not be touched.
	abandoned atomic.Bool
}

func (s *schedule) stop() {
	if s.timer != nil {
		s.timer.Stop()
	}
}

// plan decides, after a refresh, when the background makes the next. e.mu is
// held.
func (e *engine) plan(now time.Time) {
	if e.refresh.OnDemand {
		return
	}
	switch p := e.current.phase(now, e.refresh.MaxStale); {
	case !e.current.credentials().CanExpire:
		e.schedule.due = time.Time{}
	case e.lastErr == nil:
		e.schedule.due = e.current.advisory.Add(e.spread())
		if e.current.again { // a source with a cache: it will have others in its own time
			e.schedule.due = later(e.schedule.due, now.Add(shortestPause))
		}
	case p == phaseValid: // what was planned stands, but for a pause
		e.schedule.due = later(e.schedule.due, e.backoff, e.denied.until)
	case p == phaseNone:
		e.schedule.due = time.Time{}
	case !terminal(e.lastErr):
		e.schedule.due = e.backoff
	default:
		e.schedule.due = e.afterDenial(now)
	}
	e.nap(now)
}

// later is the latest of times.
func later(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// latest is the last moment for a refresh in the background to begin: one that
// hangs until its deadline still ends before callers have to wait for it. A
// long deadline may not take more than half of the window, though. e.mu is
// held.
func (e *engine) latest() time.Time {
	window := e.current.end.Sub(e.current.advisory)
	return e.current.mandatory.Add(-min(e.refresh.timeout(), window/2) - time.Second)
}

// spread draws where in the advisory window to refresh, so that pods which
// started together do not refresh together. e.mu is held.
func (e *engine) spread() time.Duration {
	window := e.current.end.Sub(e.current.advisory)
	width := min(window*2/3, e.latest().Sub(e.current.advisory))
	if width <= 0 {
		return 0
	}
	return rand.N(width)
}

// pause draws the backoff after a passing failure. In the background, one that
// would reach into the mandatory window is cut short, so that there is a last
// attempt before it. e.mu is held.
func (e *engine) pause(now time.Time) time.Duration {
	if e.current.useless(now) {
		return e.hastyPause()
	}
	pause := between(minBackoff, maxBackoff)
	if e.refresh.OnDemand || e.current.phase(now, e.refresh.MaxStale) != phaseAdvisory {
		return pause
	}
	if last := e.latest().Sub(now); last >= shortestPause {
		return min(pause, last)
	}
	return pause
}

// afterDenial draws when to ask again after a terminal failure while callers
// still have valid credentials: soon at first, for IAM may be behind. Later on,
// the callers ask. e.mu is held.
func (e *engine) afterDenial(now time.Time) time.Time {
	wait := min(between(minDenial, maxDenial)<<min(e.failures-1, 5), longestDenial)
	due := now.Add(max(wait, e.denied.until.Sub(now)))
	if due.After(e.latest()) {
		return time.Time{}
	}
	return due
}

// nap sets the timer to when the schedule is due, or to the next look at the
// clock. e.mu is held.
func (e *engine) nap(now time.Time) {
	s := &e.schedule
	if s.due.IsZero() {
		s.stop()
		return
	}
	longest := longestNap
	if e.token.source != nil && now.Before(e.backoff) {
		longest = tokenPoll
	}
	d := max(0, min(s.due.Sub(now), longest))
	if s.timer == nil {
		s.timer = time.AfterFunc(d, e.tick)
		return
	}
	s.timer.Reset(d)
}

// tick is the timer's.
func (e *engine) tick() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.schedule.abandoned.Load() {
		return
	}
	now := e.now()
	m := e.situation(now)
	e.catchUp(m, now)
	e.watchToken(m, now)
	if e.flight == nil {
		e.nap(now)
	}
}

// catchUp starts the refresh that is due. Besides the timer callers ask for it,
// for the timer is late in a process that was suspended. Once there is nothing
// left to serve, it is up to the callers. e.mu is held.
func (e *engine) catchUp(m situation, now time.Time) {
	switch {
	case e.schedule.due.IsZero(), now.Before(e.schedule.due):
	case m.phase == phaseNone:
		e.schedule.due = time.Time{}
	default:
		e.launch()
	}
}
