package filesink

import (
	"errors"
	"io/fs"
	"time"
)

// replaced has a generation linger that another took the place of. s.mu is held.
func (s *Sink) replaced(generation string) {
	if s.linger != nil {
		s.linger.Stop()
	}
	s.adopted, s.previous = true, ""
	if wait := s.config.linger(); generation != "" && wait > 0 {
		s.previous = generation
		s.linger = time.AfterFunc(wait, func() { s.expire(generation) })
	}
}

// expire ends the lingering of a generation.
func (s *Sink) expire(generation string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed && s.previous == generation {
		s.previous = ""
		_ = s.sweep() // the next Write tries again and tells
	}
}

// sweep removes half-made links, and all generations but the one that is seen, if
// any is, and the one that lingers: those of a process that was killed among them.
// s.mu is held.
func (s *Sink) sweep() error {
	current, err := s.target.current()
	if err != nil {
		return err
	}
	entries, err := fs.ReadDir(s.target.root.FS(), ".")
	if err != nil {
		return err
	}
	var left, stale []string // stale ones in order of age
	for _, e := range entries {
		switch name := e.Name(); {
		case name == nextName || name == linkName:
			left = append(left, name)
		case name != current && isGeneration(name):
			stale = append(stale, name)
		}
	}
	s.adopt(current, stale)
	var errs []error
	for _, name := range append(left, stale...) {
		if name != s.previous {
			errs = append(errs, s.target.root.RemoveAll(name))
		}
	}
	return errors.Join(errs...)
}

// adopt has the generation linger that a process which is no more may have
// replaced just now: the last one before current. What comes after current was
// never seen.
func (s *Sink) adopt(current string, stale []string) {
	if s.adopted {
		return
	}
	s.adopted = true
	for i := len(stale) - 1; i >= 0; i-- {
		if stale[i] < current {
			s.replaced(stale[i])
			return
		}
	}
}
