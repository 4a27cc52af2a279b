package credentials

import (
	"math"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// mandatoryWindow is how long before expiry callers wait for a refresh.
const mandatoryWindow = time.Minute

// advisoryWindow is how long before expiry refreshing begins: as configured,
// else by the lifetime that the credentials had at receipt. A window that
// covers the whole of it would make every call refresh (aws-sdk-net#4316).
func advisoryWindow(configured, lifetime time.Duration) time.Duration {
	window := configured
	switch {
	case window > 0:
	case lifetime <= 20*time.Minute:
		window = 5 * time.Minute
	case lifetime < 90*time.Minute:
		window = 15 * time.Minute
	default:
		window = time.Hour
	}
	if window >= lifetime {
		window = lifetime / 2
	}
	return window
}

// term is a grant with its schedule. It does not change: a rejected one is
// replaced by its copy.
type term struct {
	*grant
	lifetime  time.Duration // at receipt
	advisory  time.Time     // refreshing begins
	mandatory time.Time     // waiting begins
	end       time.Time     // by this machine's clock
	rejected  bool          // by a service: for scheduling, it has expired
	again     bool          // the source gave what it had given before
}

// newTerm schedules a grant. All its times are without monotonic reading, so
// that the wall clock counts, also after the machine slept.
func newTerm(g *grant, configured time.Duration, now time.Time) *term {
	t := &term{grant: g}
	if g.creds.CanExpire {
		t.end = g.creds.Expires.Round(0).Add(-g.skew)
		t.lifetime = t.end.Sub(now)
		window := advisoryWindow(configured, t.lifetime)
		t.advisory = t.end.Add(-window)
		t.mandatory = t.end.Add(-min(window, mandatoryWindow))
	}
	return t
}

// credentials are those of t; none if t is nil.
func (t *term) credentials() aws.Credentials {
	if t == nil {
		return aws.Credentials{}
	}
	return t.creds
}

// expired reports whether t is past its true expiry.
func (t *term) expired(now time.Time) bool {
	return t != nil && t.creds.CanExpire && !now.Before(t.end)
}

// left is the true lifetime that t still has; forever is long.
func (t *term) left(now time.Time) time.Duration {
	switch {
	case t.rejected:
		return 0
	case !t.creds.CanExpire:
		return math.MaxInt64
	}
	return max(0, t.end.Sub(now))
}

// phase is a stage in the life of credentials.
type phase uint8

const (
	phaseNone      phase = iota // N: there are none, or none fit to be served
	phaseValid                  // V: before the advisory window
	phaseAdvisory               // A
	phaseMandatory              // M
	phaseExpired                // X: expired, or rejected by a service
)

// phase returns where now falls. Those that have been expired for longer than
// maxStale, see [Refresh.MaxStale], are as good as none.
func (t *term) phase(now time.Time, maxStale time.Duration) phase {
	switch {
	case t == nil, maxStale != 0 && t.expired(now) && now.Sub(t.end) >= maxStale:
		return phaseNone
	case t.rejected:
		return phaseExpired
	case !t.creds.CanExpire, now.Before(t.advisory):
		return phaseValid
	case now.Before(t.mandatory):
		return phaseAdvisory
	case now.Before(t.end):
		return phaseMandatory
	}
	return phaseExpired
}
