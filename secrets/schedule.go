package secrets

import "time"

// tick advances the clock and does what falls due, until Close.
func (s *Store) tick() {
	t := time.NewTicker(s.config.resolution())
	defer t.Stop()
	swept := s.clock.now()
	for {
		select {
		case now := <-t.C:
			s.clock.advance(now)
			s.turn()
			if now := s.clock.now(); now >= swept.after(linger) {
				s.sweep(now)
				swept = now
			}
		case <-s.ctx.Done():
			return
		}
	}
}

// plan puts e where its state belongs in the queues. s.mu is held.
func (s *Store) plan(e *entry) {
	st, now := e.state.Load(), s.clock.now()
	if st.early == never || st.value.IsZero() && st.err == nil {
		s.ripe.remove(e)
	} else {
		s.ripe.set(e, st.early)
	}
	if e.pins == 0 {
		s.due.remove(e)
		if e.aged.index == 0 {
			s.aged.set(e, instant(e.used.Load()))
		}
		return
	}
	s.aged.remove(e)
	switch {
	case e.flight != nil && !st.value.IsZero():
		s.due.set(e, st.hard)
	case e.flight != nil, len(e.subs) == 0:
		s.due.remove(e)
	case st.err != nil:
		s.due.set(e, max(st.retry, now.after(time.Second)))
	default:
		s.due.set(e, st.soft)
	}
}

// turn refreshes what subscribers have and ends what is too old.
func (s *Store) turn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	for now := s.clock.now(); ; {
		e := s.due.pop(now)
		if e == nil {
			return
		}
		if e.flight == nil {
			s.launch(e, true)
		}
		if st := e.state.Load(); !st.value.IsZero() && now >= st.hard {
			s.replace(e, st.expired(e.name))
			continue
		}
		s.plan(e)
	}
}

// sweep drops the entries that a read has had to fetch anyway for a while, so
// that neither values nor errors stay that nobody asks for.
func (s *Store) sweep(now instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		st := e.state.Load()
		if e.pins == 0 && e.flight == nil && now >= max(st.hard, st.retry).after(linger) {
			s.remove(e)
		}
	}
	s.slots.renew()
}
