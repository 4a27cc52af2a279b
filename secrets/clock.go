package secrets

import (
	"sync/atomic"
	"time"
)

// instant is a reading of a [clock].
type instant int64

// never is later than every reading.
const never = instant(1<<63 - 1)

// after returns the instant d after i.
func (i instant) after(d time.Duration) instant {
	if d >= time.Duration(never-i) {
		return never
	}
	return i + instant(d)
}

// clock is a coarse clock that costs its readers one atomic load. Whoever owns
// it calls advance every so often.
type clock struct {
	elapsed atomic.Int64
	last    time.Time // of the owner alone
}

// now returns the time since the clock's start, as of the last advance.
func (c *clock) now() instant { return instant(c.elapsed.Load()) }

// advance moves the clock to now. The monotonic clock stands still while a
// process or machine is suspended and the wall clock may be set back, so each
// step is the longer of the two.
func (c *clock) advance(now time.Time) {
	monotonic := now.Sub(c.last)
	wall := now.Round(0).Sub(c.last.Round(0))
	c.elapsed.Add(int64(max(monotonic, wall, 0)))
	c.last = now
}
