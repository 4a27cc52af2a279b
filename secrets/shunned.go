package secrets

import (
	"sync"
	"time"
)

// maxShunned bounds what is remembered.
const maxShunned = 10_000

// shunned are secrets that something was refused for and is not tried again for
// a while. The zero shunned is empty. It is safe for concurrent use.
type shunned struct {
	mu    sync.Mutex
	until map[Ref]time.Time
}

func (s *shunned) has(ref Ref, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.until[ref])
}

func (s *shunned) add(ref Ref, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.until == nil || len(s.until) >= maxShunned {
		s.until = map[Ref]time.Time{}
	}
	s.until[ref] = now.Add(lonely)
}
