package secrets

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// State says how good the value of a secret is that a [Store] holds.
type State uint8

// The states of a secret.
const (
	Absent  State = iota // nothing is held
	Fresh                // the latest fetch succeeded
	Stale                // it did not, for a passing reason; the value is served until MaxStale
	Refused              // AWS refuses it, or it is gone: nothing is served
)

var stateNames = [...]string{"absent", "fresh", "stale", "refused"}

// String returns the state in lower case.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", s)
}

// MarshalText returns what String does.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Status is a snapshot of what a [Store] knows of one secret. It holds nothing
// secret.
type Status struct {
	Ref     string // canonical
	State   State
	Version string    // of the value held
	Read    time.Time // when the value held, or the last one, was read; zero if none was
	Next    time.Time // when it is fetched next; zero if only when it is read
	Err     error     // of the latest fetch; nil if it succeeded
	// Failures is how many fetches in a row have failed.
	Failures int
}

// Status returns what the Store knows of a secret, and false if that is nothing:
// it has not been asked for, or has been forgotten. It makes no call and does
// not count as a read.
func (s *Store) Status(ref string) (Status, bool) {
	name := ""
	if sl := s.slots.find(ref); sl != nil { // no need to parse it again
		name = sl.entry.name
	} else if r, err := ParseRef(ref); err == nil {
		r.Key = ""
		name = r.String()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[name]
	if e == nil {
		return Status{}, false
	}
	return s.status(e), true
}

// Statuses returns the Status of every secret that the Store knows of, sorted by
// Ref. It takes time in proportion to their number.
func (s *Store) Statuses() []Status {
	s.mu.Lock()
	all := make([]Status, 0, len(s.entries))
	for _, e := range s.entries {
		all = append(all, s.status(e))
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b Status) int { return strings.Compare(a.Ref, b.Ref) })
	return all
}

// status returns the Status of e. s.mu is held.
func (s *Store) status(e *entry) Status {
	now := s.clock.now()
	st := e.state.Load()
	status := Status{Ref: e.name, State: st.state(now), Read: st.read, Err: st.err, Failures: st.failures}
	if st.held(now) {
		status.Version = st.value.Version()
	}
	if e.due.index != 0 && e.due.key != never {
		status.Next = time.Now().Add(time.Duration(e.due.key - now))
	}
	return status
}

// state is what Status says of st.
func (st *state) state(now instant) State {
	switch {
	case st.held(now) && st.err == nil:
		return Fresh
	case st.held(now):
		return Stale
	case st.err != nil && final(st.err):
		return Refused
	default:
		return Absent
	}
}
