package secrets

import (
	"errors"
	"time"
)

// Fetched is what became of a secret that a [Store] has fetched, for
// [Config.OnFetch]. It holds nothing secret.
type Fetched struct {
	Ref     string // canonical
	Version string // of the value held now; empty if none is
	// Changed: another version is held than before.
	Changed bool
	// Err is why the fetch brought nothing. With a Version beside it, the value
	// that was held before still is.
	Err error
	// Took is the time from the beginning of the fetch until its outcome was
	// held, with retries, and with the second fetch that confirms a refusal.
	Took time.Duration
}

// announce calls Config.OnFetch. A fetch that Close has ended is none.
func (s *Store) announce(f *flight) {
	if s.config.OnFetch == nil || errors.Is(f.err, ErrClosed) {
		return
	}
	before, after := f.before.value.Version(), f.after.value.Version()
	s.config.OnFetch(Fetched{
		Ref: f.entry.name, Version: after, Changed: before != after, Err: f.err, Took: time.Since(f.sent),
	})
}
