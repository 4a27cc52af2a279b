package secrets

import (
	"context"
	"time"
)

// refreshEvery is the shortest time between two fetches of one secret that
// Refresh or Invalidate cause.
const refreshEvery = time.Second

// Outcome says what [Store.Refresh] brought.
type Outcome struct {
	// Changed: another version is held than when Refresh was called.
	Changed bool
	// Old and New are the versions held when Refresh was called and when it
	// returned. Each is empty if there was none.
	Old, New string
}

// Refresh reads a secret now, however fresh the value is that is held, and
// returns what that brought. It waits for a fetch that began after it was
// called, which all callers at that time share; there is at most one a second,
// for each secret. An error that is remembered does not keep it from asking.
//
// The error is that of [Store.Get]. If the fetch failed for a passing reason,
// the value that is held stays, and the error says so. An answer that is older
// than what is held is such a failure, see [Store.Invalidate].
func (s *Store) Refresh(ctx context.Context, ref string) (Outcome, error) {
	called := time.Now()
	var o Outcome
	for first := true; ; first = false {
		sl, err := s.slot(ref)
		if err != nil {
			return o, err
		}
		if first {
			o.Old = sl.entry.state.Load().value.Version()
			o.New = o.Old
		}
		f, wait, err := s.demanded(sl.entry, called)
		switch {
		case err != nil:
			return o, err
		case f == nil:
			pause(ctx, wait)
		default:
			select {
			case <-f.done:
			case <-ctx.Done():
			}
		}
		switch {
		case ctx.Err() != nil:
			return o, left(ref, ctx.Err())
		case f != nil && !f.sent.Before(called):
			o.New = f.after.value.Version()
			o.Changed = o.New != o.Old
			return o, f.err
		}
	}
}

// demanded returns a flight to wait for, which serves a caller since called only
// if it was not sent before; or, if none may be started yet, how long to wait.
func (s *Store) demanded(e *entry, called time.Time) (*flight, time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch since := time.Since(e.forced); {
	case s.closed:
		return nil, 0, ErrClosed
	case e.state.Load().gone:
		return nil, 0, nil
	case e.flight != nil:
		if e.flight.sent.IsZero() {
			e.flight.whole = true
		}
		return e.flight, 0, nil
	case since < refreshEvery:
		return nil, refreshEvery - since, nil
	}
	e.forced = time.Now()
	return s.launch(e, false), 0, nil
}

// Invalidate says that what is held of a secret is out of date, as an event of
// rotation does. Its value is fetched anew at once, or a second after the last
// time that was asked for; reads get the one that is held until then. An error
// that is remembered is forgotten. The answer is believed even if its version is
// older than what is held, which is otherwise taken for a lag for a minute; that
// of a replica is not.
//
// ref is a reference as given to Get, or the complete ARN of a secret that is
// held under whatever reference. Invalidate makes no call if there is none, and
// does not wait.
func (s *Store) Invalidate(ref string) {
	name := ref
	if r, err := ParseRef(ref); err == nil {
		r.Key = ""
		name = r.String()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if e.name == name || e.state.Load().value.ARN() == ref {
			s.expire(e)
		}
	}
}

// expire has e fetched anew. s.mu is held.
func (s *Store) expire(e *entry) {
	e.trust = true
	now := s.clock.now()
	next := *e.state.Load()
	next.fresh, next.retry = 0, 0
	next.early, next.soft = min(next.early, now), min(next.soft, now)
	e.state.Store(&next)
	s.plan(e)
	if e.flight == nil && time.Since(e.forced) >= refreshEvery {
		e.forced = time.Now()
		s.launch(e, true)
	}
}

// candidate reads one stage of a secret, for a retry during rotation. What it
// brings enters no cache. The error is that of ctx, wrapped, if it has ended.
func (s *Store) candidate(ctx context.Context, ref Ref, stage string) (Value, error) {
	bounded, cancel := context.WithTimeout(ctx, s.config.timeout())
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	key := ref.Key
	ref.Stage, ref.Version, ref.Key = stage, "", ""
	r := s.ask(bounded, []want{{ref: ref}})[0]
	switch {
	case r.Err != nil && ctx.Err() != nil:
		return Value{}, left(ref.String(), ctx.Err())
	case r.Err != nil:
		return Value{}, r.Err
	case key != "":
		return selectKey(ref.String(), r.Value, key)
	}
	return r.Value, nil
}
