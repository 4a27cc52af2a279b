package secrets

import (
	"errors"
	"fmt"
	"time"
)

// A Store goes forward. An answer with a version that is older than the one it
// has, by the date at which AWS made it, mostly comes from a place that has yet
// to hear of the newer one. There are two such places:
//
//   - A replica follows its secret with a delay that nothing bounds. It is
//     believed if it gives the version that was believed last or one that is
//     newer than all before, and else never, however often it says the same.
//   - The secret's own Region is eventually consistent, which takes it seconds.
//     What it goes on to answer for longer than convergence is meant: somebody
//     has moved AWSCURRENT back. Invalidate says so beforehand.

// convergence is for how long an older version that the secret's own Region
// answers is taken for a lag.
const convergence = time.Minute

// seen is what a Store remembers of the versions of one secret, also while it
// holds no value. The zero seen is of a secret that was never read.
type seen struct {
	version string    // that was believed last
	newest  time.Time // when the newest one of those believed was made
	doubted string    // an older version that is being answered
	since   instant   // when it was first
}

// behind reports whether a replica that gives v may lag behind what was seen.
func (s seen) behind(v Value) bool {
	return s.version != "" && v.Version() != s.version && !v.Created().After(s.newest)
}

// believed is what has been seen once v is believed.
func (s seen) believed(v Value) seen {
	if v.Created().After(s.newest) {
		s.newest = v.Created()
	}
	return seen{version: v.Version(), newest: s.newest}
}

// doubts reports whether v, an answer of the secret's own Region, is older than
// the value held, and not yet known to be meant. If nothing is held there is
// nothing to lose.
func (st *state) doubts(v Value, now instant) bool {
	switch {
	case !st.held(now), v.Version() == st.value.Version(), v.Created().IsZero(), !v.Created().Before(st.value.Created()):
		return false
	default:
		return st.seen.doubted != v.Version() || now < st.seen.since.after(convergence)
	}
}

// doubted returns the state that follows st after an answer that it doubts: that
// after a failure which may pass.
func (l landing) doubted(st *state, v Value) *state {
	next := l.failed(st, &ReadError{
		Ref: v.Name(), Operation: "Fetch", kind: ErrUnavailable, err: errOlder, LastSuccess: st.read,
		Problem: fmt.Sprintf("the answer has version %s, which is older than version %s that was read before", v.Version(), st.value.Version()),
	})
	if st.seen.doubted != v.Version() {
		next.seen.doubted, next.seen.since = v.Version(), l.now
	}
	return next
}

// errOlder is the cause when an answer is doubted.
var errOlder = errors.New("secrets: older version")
