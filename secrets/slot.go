package secrets

// maxSlots is how many ways of writing a reference are remembered for one
// secret. Others work, but are parsed each time.
const maxSlots = 64

// parse parses a reference and checks that its Region is known.
func (s *Store) parse(ref string) (Ref, error) {
	r, err := ParseRef(ref)
	if err != nil {
		return Ref{}, err
	}
	if a, ok := s.source.(interface{ region(Ref) string }); ok && a.region(r) == "" {
		return Ref{}, &RefError{
			Ref: ref, Part: "region", Position: 1,
			Problem: "is missing: a name is looked up in the Region of the aws.Config, which has none; set AWS_REGION or use the ARN",
		}
	}
	return r, nil
}

// slot returns the slot for ref and makes it, and its entry, if there is none.
func (s *Store) slot(ref string) (*slot, error) {
	if sl := s.slots.find(ref); sl != nil && !sl.entry.state.Load().gone {
		return sl, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slotLocked(ref)
}

// pin is slot for one whose entry stays until unpin.
func (s *Store) pin(ref string) (*slot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl, err := s.slotLocked(ref)
	if err != nil {
		return nil, err
	}
	sl.entry.pins++
	s.plan(sl.entry)
	return sl, nil
}

// unpin undoes pin. s.mu is held.
func (s *Store) unpin(e *entry) {
	e.pins--
	if !e.state.Load().gone {
		s.plan(e)
	}
}

// slotLocked is slot while s.mu is held.
func (s *Store) slotLocked(ref string) (*slot, error) {
	if s.closed {
		return nil, ErrClosed
	}
	if sl := s.slots.get(ref); sl != nil {
		return sl, nil
	}
	r, err := s.parse(ref)
	if err != nil {
		return nil, err
	}
	sl := &slot{ref: ref, key: r.Key}
	r.Key = ""
	sl.entry = s.entry(r, ref)
	if len(sl.entry.slots) < maxSlots {
		sl.entry.slots = append(sl.entry.slots, sl)
		s.slots.add(ref, sl)
	}
	return sl, nil
}

// entry returns the entry for a reference without key, as it was written, and
// makes it if there is none. s.mu is held.
func (s *Store) entry(r Ref, written string) *entry {
	name := r.String()
	if e := s.entries[name]; e != nil {
		return e
	}
	if name == written {
		name = written // once in memory is enough
	}
	e := &entry{ref: r, name: name}
	e.state.Store(&state{})
	e.used.Store(s.epoch.Add(1))
	s.entries[name] = e
	return e
}
