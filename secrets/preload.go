package secrets

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// GetAll is [Store.Get] for any number of secrets, which are read with as few
// calls as there can be. The map has each value that could be had under its
// reference as given, also if there is an error, which joins those of all
// others. If a reference is malformed, nothing is read.
func (s *Store) GetAll(ctx context.Context, refs ...string) (map[string]Value, error) {
	slots, err := s.all(refs)
	if err != nil {
		return nil, err
	}
	flights, err := s.joinAll(slots)
	if err != nil {
		return nil, err
	}
	values := make(map[string]Value, len(slots))
	var errs []error
	for i, sl := range slots {
		var v Value
		if f := flights[i]; f != nil {
			v, err = f.wait(ctx, sl)
		} else {
			v, err = s.Get(ctx, sl.ref)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		values[sl.ref] = v
	}
	return values, errors.Join(errs...)
}

// all returns the slots for refs, each once, in order.
func (s *Store) all(refs []string) ([]*slot, error) {
	slots := make([]*slot, 0, len(refs))
	seen := make(map[string]bool, len(refs))
	var errs []error
	for _, ref := range refs {
		if seen[ref] {
			continue
		}
		seen[ref] = true
		sl, err := s.slot(ref)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		slots = append(slots, sl)
	}
	return slots, errors.Join(errs...)
}

// joinAll starts a flight for each secret that must be waited for, all in one
// batch that leaves at once. It returns nil for the others.
func (s *Store) joinAll(slots []*slot) ([]*flight, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	flights := make([]*flight, len(slots))
	launched := false
	for i, sl := range slots {
		e := sl.entry
		switch st, now := e.state.Load(), s.clock.now(); {
		case st.gone, st.held(now), st.err != nil && now < st.retry:
		case e.flight != nil:
			flights[i] = e.flight
		default:
			flights[i], launched = s.launch(e, false), true
		}
	}
	if launched {
		s.flush()
	}
	return flights, nil
}

// preload reads secrets, which then stay.
func (s *Store) preload(ctx context.Context, refs []string) error {
	if len(refs) == 0 {
		return nil
	}
	var errs []error
	for _, ref := range refs {
		_, err := s.pin(ref)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var why error
	for {
		_, err := s.GetAll(ctx, refs...)
		if err == nil || !s.config.WaitForPreload || anyFinal(err) {
			return err
		}
		if why == nil || ctx.Err() == nil { // an attempt that was cut short knows no reason
			why = err
		}
		pause(ctx, max(s.config.errorTTL(), s.config.resolution()))
		if ctx.Err() != nil {
			return errors.Join(fmt.Errorf("secrets: preload: %w", ctx.Err()), why)
		}
	}
}

// anyFinal reports whether one of the errors that GetAll joined is final.
func anyFinal(err error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return true
	}
	return slices.ContainsFunc(joined.Unwrap(), func(err error) bool {
		return errors.Is(err, ErrDecode) || kindOf(err) != nil && final(err)
	})
}
