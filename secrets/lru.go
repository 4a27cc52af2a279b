package secrets

// footprint is about what a Store needs for a secret beside the value itself.
const footprint = 1 << 10

// weigh notes how large the value of e is. s.mu is held.
func (s *Store) weigh(e *entry) {
	size := int64(footprint)
	if v := e.state.Load().value; !v.IsZero() {
		size += int64(len(v.get().data))
	}
	s.bytes += size - e.size
	e.size = size
}

// evict drops the entries that were not read for longest, until what is left
// keeps to the limits. One that is being fetched stays, for its readers would
// have it fetched again. s.mu is held.
func (s *Store) evict() {
	for s.crowded() {
		e := s.aged.first()
		if e == nil {
			return
		}
		switch used := instant(e.used.Load()); {
		case e.flight != nil:
			s.aged.remove(e) // until it lands
		case used > e.aged.key:
			s.aged.set(e, used)
		default:
			s.remove(e)
			s.stats.Evictions++
		}
	}
}

// crowded reports whether there is more than the limits allow. s.mu is held.
func (s *Store) crowded() bool {
	return len(s.entries) > s.config.maxEntries() || s.bytes > s.config.maxBytes()
}

// remove forgets e. s.mu is held.
func (s *Store) remove(e *entry) {
	e.state.Store(removed)
	delete(s.entries, e.name)
	for _, sl := range e.slots {
		sl.taken.Store(nil)
		s.slots.remove(sl.ref)
	}
	s.bytes -= e.size
	s.ripe.remove(e)
	s.due.remove(e)
	s.aged.remove(e)
}
