package secrets

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// wait returns the result of the flight for a slot, unless ctx ends first.
func (f *flight) wait(ctx context.Context, sl *slot) (Value, error) {
	select {
	case <-f.done:
	case <-ctx.Done():
		return Value{}, left(sl.ref, ctx.Err())
	}
	if f.err != nil {
		return Value{}, f.err
	}
	return sl.of(f.after)
}

// left says that a reader did not wait for a secret.
func left(ref string, err error) error {
	return fmt.Errorf("secrets: wait for %q: %w", ref, err)
}

// fly makes flights together. What would end the life of a value that is held
// is asked for a second time.
func (s *Store) fly(flights []*flight) {
	sent := s.clock.now()
	results := s.fetch(flights)
	var doubted []*flight
	var sure []Result
	rest := flights[:0:0]
	for i, f := range flights {
		if err := results[i].Err; err != nil && final(err) && f.before.held(s.clock.now()) {
			doubted = append(doubted, f)
			continue
		}
		rest, sure = append(rest, f), append(sure, results[i])
	}
	s.land(rest, sure, sent)
	if len(doubted) > 0 {
		pause(s.ctx, s.config.landing(0, 0).jitter(confirmAfter))
		sent = s.clock.now()
		s.land(doubted, s.fetch(doubted), sent)
	}
}

// fetch asks the source.
func (s *Store) fetch(flights []*flight) []Result {
	ctx, cancel := context.WithTimeout(s.ctx, s.config.timeout())
	defer cancel()
	refs := make([]Ref, len(flights))
	for i, f := range flights {
		refs[i] = f.entry.ref
	}
	results := s.ask(ctx, refs)
	for i, f := range flights {
		if r := &results[i]; r.Err != nil {
			r.Err = since(r.Err, f.before.read)
		}
	}
	return results
}

// ask is the one place from which the source is asked. Every result has a value
// or an error that is one of the sentinels.
func (s *Store) ask(ctx context.Context, refs []Ref) []Result {
	if s.ctx.Err() != nil {
		return failures(refs, ErrClosed)
	}
	results := s.source.Fetch(ctx, refs)
	if s.ctx.Err() != nil {
		results = failures(refs, ErrClosed)
	} else if len(results) != len(refs) {
		results = failures(refs, fmt.Errorf("secrets: the source gave %d results for %d secrets", len(results), len(refs)))
	}
	for i := range results {
		results[i] = sound(refs[i], results[i])
	}
	s.count(results)
	return results
}

// failures gives all refs one error.
func failures(refs []Ref, err error) []Result {
	results := make([]Result, len(refs))
	for i := range results {
		results[i].Err = err
	}
	return results
}

// errEmpty is the failure of a source that gave neither value nor error.
var errEmpty = errors.New("secrets: the source gave neither value nor error")

// sound returns r with an error that says what kind it is.
func sound(ref Ref, r Result) Result {
	switch {
	case r.Err == nil && r.Value.IsZero():
		r.Err = errEmpty
	case r.Err == nil:
		return r
	}
	r.Value = Value{}
	if kindOf(r.Err) == nil {
		r.Err = &ReadError{
			Ref: ref.String(), Region: ref.Region, Operation: "Fetch", kind: ErrUnavailable, err: r.Err,
			Problem: "the source cannot answer at the moment",
		}
	}
	return r
}

// land ends flights with their results.
func (s *Store) land(flights []*flight, results []Result, sent instant) {
	if len(flights) == 0 {
		return
	}
	s.settle(flights, results, sent)
	for _, f := range flights {
		close(f.done)
		s.report(f)
	}
}

func (s *Store) settle(flights []*flight, results []Result, sent instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.config.landing(sent, s.clock.now())
	for i, f := range flights {
		r, e := results[i], f.entry
		before := e.state.Load()
		if f.after = before; s.closed {
			f.err = ErrClosed
			continue
		}
		if f.err = r.Err; r.Err != nil {
			f.after = l.failed(before, r.Err)
		} else {
			f.after = l.succeeded(before, r.Value, e.trust)
			f.err = f.after.err
		}
		e.flight = nil
		s.replace(e, f.after)
	}
	s.epoch.Add(1)
	s.evict()
}

// replace gives e another state, and all that follows from it. s.mu is held.
func (s *Store) replace(e *entry, after *state) {
	before := e.state.Load()
	switch now, epoch := s.clock.now(), s.epoch.Load(); {
	case after.err == nil:
		e.trust = false
		e.usage = readers{epoch, epoch, now}
	case now >= e.usage.at.after(s.config.ttl()):
		e.usage = readers{e.usage.latest, epoch, now}
	}
	if after.err == nil {
		if !before.value.IsZero() && before.value.Version() != after.value.Version() {
			s.stats.Changes++
		}
	}
	e.state.Store(after)
	s.weigh(e)
	s.plan(e)
	if after.err != nil || before.err != nil || before.value.Version() != after.value.Version() {
		for _, sub := range e.subs {
			sub.tell(after)
		}
	}
}

// report logs a failure that readers do not see yet, or did not cause.
func (s *Store) report(f *flight) {
	name, after := f.entry.name, f.after
	switch {
	case f.err == nil || f.before.value.IsZero() || errors.Is(f.err, ErrClosed):
	case after.value.IsZero():
		s.config.logger().Error("secret given up", "ref", name, "error", f.err)
	default:
		s.config.logger().Warn("secret not refreshed", "ref", name, "age", time.Since(after.read), "error", f.err)
	}
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
