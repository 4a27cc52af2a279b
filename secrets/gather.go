package secrets

import (
	"slices"
	"time"
)

const (
	// demandWindow is how long a read that readers wait for waits for others to
	// go with it; it is a small part of what a call takes.
	demandWindow = 2 * time.Millisecond
	// behindWindow is the same for a fetch that nobody waits for.
	behindWindow = 20 * time.Millisecond
	// maxGather is how many secrets go out in one Fetch.
	maxGather = 1000
)

// flight is one fetch of one secret, for all who wait for it. Its results are
// set before done is closed.
type flight struct {
	entry *entry
	done  chan struct{}
	// sent, under Store.mu, is when the fetch began; zero: it is being gathered.
	sent time.Time
	// trust has an answer believed that is older than what is held.
	trust bool
	// whole has the value itself read: somebody has asked for that.
	whole bool

	before, after *state
	err           error
}

// batch is the flights that leave together.
type batch struct {
	flights []*flight
	behind  bool          // nobody waits for it
	now     chan struct{} // closed to end the wait for more
}

// launch starts a flight for e, which has none. s.mu is held.
func (s *Store) launch(e *entry, behind bool) *flight {
	f := &flight{entry: e, done: make(chan struct{}), whole: !behind}
	e.flight = f
	b := s.open(behind)
	b.flights = append(b.flights, f)
	return f
}

// open returns the batch that is being gathered. s.mu is held.
func (s *Store) open(behind bool) *batch {
	b, window := &s.demand, s.demandWindow
	if behind {
		b, window = &s.behind, s.behindWindow
	}
	if *b == nil {
		opened := &batch{behind: behind, now: make(chan struct{})}
		*b = opened
		s.work.Go(func() { s.dispatch(opened, window) })
	}
	return *b
}

// flush sends what is gathered for readers who wait. s.mu is held.
func (s *Store) flush() {
	if s.demand != nil {
		close(s.demand.now)
		s.demand = nil
	}
}

// dispatch sends a batch when it has been open for long enough.
func (s *Store) dispatch(b *batch, window time.Duration) {
	t := time.NewTimer(window)
	defer t.Stop()
	select {
	case <-t.C:
	case <-b.now:
	case <-s.ctx.Done():
	}
	for _, group := range s.depart(b) {
		s.work.Go(func() { s.fly(group) })
	}
}

// depart closes a batch and returns its flights in groups, one for each Fetch.
func (s *Store) depart(b *batch) [][]*flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch b {
	case s.demand:
		s.demand = nil
	case s.behind:
		s.behind = nil
	}
	if b.behind {
		b.flights = append(b.flights, s.companions()...)
	}
	now := time.Now()
	for _, f := range b.flights {
		f.sent = now
		f.before = f.entry.state.Load()
		f.trust, f.entry.trust = f.entry.trust, false
		f.whole = f.whole || f.trust
	}
	return s.grouped(b.flights)
}

// companions starts flights for the entries that are about to fall due and are
// in use, so that they share calls with those that are. s.mu is held.
func (s *Store) companions() []*flight {
	var more []*flight
	for now := s.clock.now(); ; {
		e := s.ripe.pop(now)
		if e == nil {
			return more
		}
		if inUse := len(e.subs) > 0 || e.used.Load() > e.usage.since; inUse && e.flight == nil {
			e.flight = &flight{entry: e, done: make(chan struct{})}
			more = append(more, e.flight)
		}
	}
}

// grouped divides flights into those that make a Fetch of their own: a source
// that has several places to ask may have one wait for the others no longer than
// it must.
func (s *Store) grouped(flights []*flight) [][]*flight {
	g, ok := s.source.(interface{ group(Ref) string })
	if !ok {
		return slices.Collect(slices.Chunk(flights, maxGather))
	}
	groups := make(map[string][]*flight)
	for _, f := range flights {
		key := g.group(f.entry.ref)
		groups[key] = append(groups[key], f)
	}
	var all [][]*flight
	for _, flights := range groups {
		all = slices.AppendSeq(all, slices.Chunk(flights, maxGather))
	}
	return all
}
