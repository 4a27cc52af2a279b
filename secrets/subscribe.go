package secrets

import (
	"context"
	"slices"
	"sync"
)

// subscriber hears of what becomes of a secret.
type subscriber struct {
	slot   *slot
	notify func(Value, error)

	mu      sync.Mutex
	next    *state // to be told; nil: nothing
	telling bool
	stopped bool
}

// subscribe returns the current value of a secret, for which it waits, and from
// then on has notify called after each fetch that brought another version, an
// error, or the end of one. notify gets what a read gets at that time, and the
// error of the latest fetch: both, if a value is served although it could not be
// refreshed. It is called with no lock held and never twice at the same time; of
// several changes during a call it hears only the last. It may be called before
// the caller has seen subscribe return, and once more after stop.
//
// The secret is fetched anew when it is due, whether it is read or not, and is
// not evicted, until stop.
func (s *Store) subscribe(ctx context.Context, ref string, notify func(Value, error)) (first Value, stop func(), err error) {
	sl, err := s.pin(ref)
	if err != nil {
		return Value{}, nil, err
	}
	sub := &subscriber{slot: sl, notify: notify}
	for {
		if _, err = s.Get(ctx, ref); err != nil {
			break
		}
		first, done := s.enrol(sub)
		if done {
			v, err := sl.of(first)
			return v, func() { s.leave(sub) }, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unpin(sl.entry)
	return Value{}, nil, err
}

// enrol adds a subscriber, if there is a value, and returns the state it starts
// from.
func (s *Store) enrol(sub *subscriber) (*state, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := sub.slot.entry
	st := e.state.Load()
	if st.value.IsZero() {
		return nil, false // it has been given up meanwhile
	}
	e.subs = append(e.subs, sub)
	if st.err != nil {
		sub.tell(st) // the value could not be refreshed
	}
	s.plan(e)
	return st, true
}

// leave removes a subscriber.
func (s *Store) leave(sub *subscriber) {
	sub.mu.Lock()
	stopped := sub.stopped
	sub.stopped = true
	sub.mu.Unlock()
	if stopped {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := sub.slot.entry
	e.subs = slices.DeleteFunc(e.subs, func(other *subscriber) bool { return other == sub })
	s.unpin(e)
}

// tell has the subscriber hear of a state, from a goroutine of its own.
func (sub *subscriber) tell(st *state) {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	sub.next = st
	if !sub.telling {
		sub.telling = true
		go sub.run()
	}
}

// run tells until there is nothing to tell.
func (sub *subscriber) run() {
	for st := sub.take(); st != nil; st = sub.take() {
		if st.value.IsZero() {
			sub.notify(Value{}, st.err)
			continue
		}
		v, err := sub.slot.of(st)
		if err == nil {
			err = st.err
		}
		sub.notify(v, err)
	}
}

func (sub *subscriber) take() *state {
	sub.mu.Lock()
	defer sub.mu.Unlock()
	st := sub.next
	sub.next = nil
	if sub.stopped {
		st = nil
	}
	sub.telling = st != nil
	return st
}
