package secrets

import (
	"sync/atomic"
	"time"
)

// entry is what a Store knows of one secret.
type entry struct {
	ref   Ref    // without key
	name  string // ref's canonical form
	state atomic.Pointer[state]
	used  atomic.Uint64 // the Store's epoch when it was last read

	// All else is under Store.mu.
	flight *flight // nil: none under way
	slots  []*slot // all that lead here
	pins   int     // subscribers, and one for a preloaded secret: it stays
	subs   []*subscriber
	size   int64 // of the value held
	usage  readers
	forced time.Time // when Refresh or Invalidate last caused a fetch
	trust  bool      // Invalidate was called since the latest fetch left
	ripe   place     // in Store.ripe, by state.early
	due    place     // in Store.due, by when the timer has something to do
	aged   place     // in Store.aged, by used when last looked at
}

// readers tells whether an entry is in use: if it was read after the epoch since,
// that of the latest fetch. During an outage it is that of the one a TTL or more
// before, for those follow each other too closely to tell.
type readers struct {
	since, latest uint64
	at            instant // of latest
}

// state is what a read finds. It is replaced, never changed.
type state struct {
	value Value     // zero: none
	read  time.Time // when value, or the one before, was read
	fresh instant   // until then, reads need look no further
	early instant   // from then on, a fetch may go along with others
	soft  instant   // from then on, a read starts a fetch; at most hard
	hard  instant   // from then on, value is not returned
	sure  instant   // from then on, a fetch must read the value itself

	err      error   // of the latest fetch
	retry    instant // until then, err is returned rather than a fetch started
	failures int     // in a row

	seen seen // also of values that are no longer held
	gone bool // the entry has been removed: look for another
}

// removed is the state of an entry that is no longer the Store's.
var removed = &state{gone: true}

// held reports whether there is a value that may be returned.
func (st *state) held(now instant) bool { return now < st.hard && !st.value.IsZero() }

// slot is where a reference, as it was written, leads: to an entry, and perhaps
// to a part of its value.
type slot struct {
	entry *entry
	ref   string // as given
	key   string // Ref.Key
	taken atomic.Pointer[portion]
}

// portion is what a key takes from one state's value.
type portion struct {
	from  *state
	value Value
	err   error
}

// of returns the slot's share of a state's value.
func (sl *slot) of(st *state) (Value, error) {
	if sl.key == "" {
		return st.value, nil
	}
	return sl.take(st)
}

// take is of for a part, which is taken out once.
func (sl *slot) take(st *state) (Value, error) {
	p := sl.taken.Load()
	if p == nil || p.from != st {
		p = &portion{from: st}
		p.value, p.err = selectKey(sl.ref, st.value, sl.key)
		sl.taken.Store(p)
	}
	return p.value, p.err
}

// touch notes that the entry is in use. It writes only the first time in an
// epoch, so that readers on many cores do not take the line from one another.
func (e *entry) touch(epoch uint64) {
	if e.used.Load() != epoch {
		e.used.Store(epoch)
	}
}
