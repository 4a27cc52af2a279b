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
	var refused []*flight
	var others []Result
	rest := flights[:0:0]
	for i, f := range flights {
		if err := results[i].Err; err != nil && final(err) && f.before.held(s.clock.now()) {
			refused = append(refused, f)
			continue
		}
		rest, others = append(rest, f), append(others, results[i])
	}
	s.land(rest, others, sent)
	if len(refused) > 0 {
		pause(s.ctx, s.config.landing(0, 0).jitter(confirmAfter))
		sent = s.clock.now()
		s.land(refused, s.fetch(refused), sent)
	}
}

// fetch asks the source.
func (s *Store) fetch(flights []*flight) []Result {
	ctx, cancel := context.WithTimeout(s.ctx, s.config.timeout())
	defer cancel()
	wants := make([]want, len(flights))
	for i, f := range flights {
		wants[i] = want{ref: f.entry.ref, seen: f.before.seen, held: s.bequest(f)}
	}
	results := s.ask(ctx, wants)
	for i, f := range flights {
		if r := &results[i]; r.Err != nil {
			r.Err = since(r.Err, f.before.read)
		}
	}
	return results
}

// bequest returns the value that the source may give once more, see
// Config.DescribeFirst; the zero Value if it must read.
func (s *Store) bequest(f *flight) Value {
	if !s.config.DescribeFirst || f.whole || s.clock.now() >= f.before.sure {
		return Value{}
	}
	return f.before.value
}

// ask is the one place from which the source is asked. Every result has a value
// or an error that is one of the sentinels.
func (s *Store) ask(ctx context.Context, wants []want) []Result {
	if s.ctx.Err() != nil {
		return failures(len(wants), ErrClosed)
	}
	results := s.consult(ctx, wants)
	if s.ctx.Err() != nil {
		results = failures(len(wants), ErrClosed)
	} else if len(results) != len(wants) {
		results = failures(len(wants), fmt.Errorf("secrets: the source gave %d results for %d secrets", len(results), len(wants)))
	}
	for i := range results {
		results[i] = sound(wants[i].ref, results[i])
	}
	s.count(results)
	return results
}

// failures gives n secrets one error.
func failures(n int, err error) []Result {
	results := make([]Result, n)
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
		s.announce(f)
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
		if r.Err != nil {
			f.after = l.failed(before, r.Err)
		} else {
			f.after = l.succeeded(before, r.Value, f.trust)
		}
		f.err = f.after.err
		e.flight = nil
		s.replace(e, f.after)
		s.heed(f)
	}
	s.epoch.Add(1)
	s.evict()
}

// heed does what Invalidate was called for while f was under way, or has yet to
// bring about. s.mu is held.
func (s *Store) heed(f *flight) {
	switch e := f.entry; {
	case e.trust:
		s.expire(e)
	case f.err != nil:
		e.trust = f.trust
	}
}

// replace gives e another state, and all that follows from it. s.mu is held.
func (s *Store) replace(e *entry, after *state) {
	before := e.state.Load()
	switch now, epoch := s.clock.now(), s.epoch.Load(); {
	case after.err == nil:
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
