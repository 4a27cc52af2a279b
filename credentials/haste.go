package credentials

import "time"

// The pauses after failed refreshes while the key in hand is useless are drawn
// from the upper half of these, which double each time. B keeps a fleet from
// STS as long as what is in hand is worth something; once it is not, long
// pauses would only prolong an outage that is over.
const (
	firstHaste   = time.Second
	longestHaste = 30 * time.Second
)

// haste is what follows from a useless key.
type haste struct {
	term     *term // in hand when its pause was ended; nil: none was
	failures int   // of refreshes since then
}

// useless reports whether nobody accepts t any more: it has expired, and a
// service has rejected it. Either alone may be a mistake, of this machine's
// clock or of a service that rejects all keys of a kind.
func (t *term) useless(now time.Time) bool { return t != nil && t.rejected && t.expired(now) }

// hasten ends the pause that a useless key was served in, once for each key.
// e.mu is held.
func (e *engine) hasten(now time.Time) {
	if !e.current.useless(now) || e.haste.term == e.current {
		return
	}
	e.haste = haste{term: e.current}
	e.backoff = time.Time{}
}

// hastyPause draws the backoff after a passing failure with a useless key in
// hand. e.mu is held.
func (e *engine) hastyPause() time.Duration {
	whole := min(firstHaste<<min(e.haste.failures, 5), longestHaste)
	e.haste = haste{term: e.current, failures: e.haste.failures + 1}
	return between(whole/2, whole)
}
