package credentials

import (
	"errors"
	"time"

	"github.com/irsakit/irsa/policy"
)

// Stats is a snapshot of a Provider's sessions. It holds no secret, and
// marshals to JSON, durations as nanoseconds.
type Stats struct {
	// Sessions are those of the chain, the base first; the last is the one that
	// callers get. One shared through a [Pool] counts for all who share it.
	Sessions []SessionStats `json:"sessions"`
}

// SessionStats is a snapshot of one session. Its counts begin when the session
// is made.
type SessionStats struct {
	// RoleARN is the role that the session is asked for; empty for credentials
	// that are not asked of STS.
	RoleARN string `json:"roleArn,omitempty"`
	// Source, ARN and AccessKeyID are of the credentials in hand; empty before
	// the first.
	Source      Source `json:"source,omitempty"`
	ARN         string `json:"arn,omitempty"`
	AccessKeyID string `json:"accessKeyId,omitempty"`
	// Expires is when the credentials in hand end. Zero: never, or there are
	// none.
	Expires time.Time `json:"expires,omitzero"`
	// NextRefresh is when the background asks next. Zero: not before a caller
	// does.
	NextRefresh time.Time `json:"nextRefresh,omitzero"`

	// Refreshes are those that brought credentials, Failures those that did
	// not.
	Refreshes int      `json:"refreshes"`
	Failures  Failures `json:"failures"`
	// AudienceMismatches are the failures for which the token's audience is to
	// blame. They are among Failures.Identity.
	AudienceMismatches int `json:"audienceMismatches"`
	// Invalidations are the keys in hand that a service has rejected.
	Invalidations int `json:"invalidations"`
	// RateLimited are the answers with credentials in hand that were due to be
	// refreshed, but a refresh had failed a short time before.
	RateLimited int `json:"rateLimited"`
	// ServedExpired are the answers with credentials past their expiry.
	ServedExpired int `json:"servedExpired"`
	// Latency is of refreshes, with all their attempts.
	Latency Latency `json:"latency"`

	LastSuccess time.Time `json:"lastSuccess,omitzero"`
	LastFailure time.Time `json:"lastFailure,omitzero"`
	// LastError is the text of the latest failure. It stays after a success.
	LastError string `json:"lastError,omitempty"`
}

// Failures counts failed refreshes by the sentinel that their errors are:
// [ErrConfiguration], [ErrIdentity], [ErrDenied] or [ErrUnavailable].
type Failures struct {
	Configuration int `json:"configuration"`
	Identity      int `json:"identity"`
	Denied        int `json:"denied"`
	Unavailable   int `json:"unavailable"`
}

// Latency sums up durations. Total by Count is the mean.
type Latency struct {
	Count int           `json:"count"`
	Total time.Duration `json:"totalNanoseconds"`
	Last  time.Duration `json:"lastNanoseconds"`
	Max   time.Duration `json:"maxNanoseconds"`
}

// snapshot returns the engine's stats.
func (e *engine) snapshot() SessionStats {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.stats
	if t := e.current; t != nil {
		s.Source, s.ARN, s.AccessKeyID, s.Expires = t.identity.Source, t.identity.ARN, t.creds.AccessKeyID, t.creds.Expires
	}
	if !e.closed {
		s.NextRefresh = e.schedule.due.Round(0)
	}
	return s
}

// roleOf returns the role that a source asks for; empty if it asks for none.
func roleOf(src source) string {
	switch s := src.(type) {
	case keyed:
		return roleOf(s.source)
	case *pinned:
		return roleOf(s.source)
	case *webIdentity:
		return s.roleARN.value
	case *hopSource:
		return s.link.RoleARN
	}
	return ""
}

func (s *SessionStats) measure(took time.Duration) {
	l := &s.Latency
	l.Count++
	l.Total += took
	l.Last = took
	l.Max = max(l.Max, took)
}

func (s *SessionStats) fail(err error, now time.Time) {
	s.LastFailure = now.Round(0)
	s.LastError = err.Error()
	if wrongAudience(err) {
		s.AudienceMismatches++
	}
	switch class(err) {
	case ErrConfiguration:
		s.Failures.Configuration++
	case ErrIdentity:
		s.Failures.Identity++
	case ErrDenied:
		s.Failures.Denied++
	default:
		s.Failures.Unavailable++
	}
}

func wrongAudience(err error) bool {
	if e, ok := errors.AsType[*TokenError](err); ok {
		return e.Problem == TokenWrongAudience
	}
	e, ok := errors.AsType[*AssumeRoleError](err)
	return ok && e.Stage == policy.AudienceStage
}

// class is the sentinel of an error; one that has none, such as the end of a
// deadline, is passing.
func class(err error) error {
	for _, sentinel := range []error{ErrConfiguration, ErrIdentity, ErrDenied, ErrClosed} {
		if errors.Is(err, sentinel) {
			return sentinel
		}
	}
	return ErrUnavailable
}
