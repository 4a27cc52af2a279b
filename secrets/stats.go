package secrets

import "github.com/irsakit/irsa/credentials"

// Stats are counters of a [Store] since it was made, and what it holds. They
// hold nothing secret and encode as JSON.
type Stats struct {
	Entries       int   // secrets and errors held now
	Pinned        int   // of these, preloaded or subscribed to
	Bytes         int64 // what they take, as for [Config.MaxBytes]
	Fetches       int64 // calls of [Source.Fetch]
	Refs          int64 // secrets asked for in them
	Changes       int64 // new versions in the place of others
	Evictions     int64 // entries dropped for the limits
	StaleReads    int64 // reads answered with a value whose refresh has failed
	ErrorsByClass ErrorCounts
	Calls         Calls // what the source has sent to AWS; zero if it does not say
	// Sessions are those of the roles that were assumed for secrets, sorted by
	// role. The session of the aws.Config itself is not among them.
	Sessions []credentials.SessionStats
}

// ErrorCounts are the secrets asked for that brought an error, by the sentinel
// that it is.
type ErrorCounts struct {
	Identity, Denied, NotFound, Deleted, Decryption, Configuration, Unavailable int64
}

// Stats returns a snapshot. It takes time in proportion to the secrets held.
func (s *Store) Stats() Stats {
	s.mu.Lock()
	stats := s.stats
	stats.Entries, stats.Bytes = len(s.entries), s.bytes
	for _, e := range s.entries {
		if e.pins > 0 {
			stats.Pinned++
		}
	}
	s.mu.Unlock()
	stats.StaleReads = s.stale.Load()
	if c, ok := s.source.(interface{ Calls() Calls }); ok {
		stats.Calls = c.Calls()
	}
	if c, ok := s.source.(interface {
		sessions() []credentials.SessionStats
	}); ok {
		stats.Sessions = c.sessions()
	}
	return stats
}

// count counts a fetch.
func (s *Store) count(results []Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Fetches++
	s.stats.Refs += int64(len(results))
	for _, r := range results {
		if n := s.stats.ErrorsByClass.of(r.Err); n != nil {
			*n++
		}
	}
}

// of returns the counter for err, nil if there is none.
func (c *ErrorCounts) of(err error) *int64 {
	if err == nil {
		return nil
	}
	return map[error]*int64{
		ErrIdentity: &c.Identity, ErrDenied: &c.Denied, ErrNotFound: &c.NotFound, ErrDeleted: &c.Deleted,
		ErrDecryption: &c.Decryption, ErrConfiguration: &c.Configuration, ErrUnavailable: &c.Unavailable,
	}[kindOf(err)]
}
