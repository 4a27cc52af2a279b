package secrets

import (
	"errors"
	"time"
)

// UseConfig tunes [UseWith]; the zero UseConfig is good.
type UseConfig struct {
	// Rejected reports whether an error of fn, other than nil, is an
	// authentication failure. Those that are wrapped with [Rejected] are in any
	// case. It may be called concurrently. Nil: no others.
	Rejected func(error) bool
	// Budget bounds the time that is spent after the first authentication
	// failure, other than in fn. Zero: ninety seconds. Negative: UseWith does
	// not wait for AWSCURRENT to move.
	Budget time.Duration
	// Attempts bounds how often fn runs, since databases lock out users after a
	// number of failures. Zero: five. Negative: no limit.
	Attempts int
	// CurrentOnly leaves AWSPENDING and AWSPREVIOUS alone, for policies that do
	// not allow to read them.
	CurrentOnly bool
}

func (c UseConfig) budget() time.Duration {
	if c.Budget == 0 {
		return 90 * time.Second
	}
	return c.Budget
}

func (c UseConfig) attempts() int {
	if c.Attempts == 0 {
		return 5
	}
	return c.Attempts
}

func (c UseConfig) rejects(err error) bool {
	return errors.Is(err, ErrRejected) || err != nil && c.Rejected != nil && c.Rejected(err)
}

// Rejected marks err as an authentication failure, for [Use]. The result is
// [ErrRejected] and err, and has err's text. It is nil if err is.
func Rejected(err error) error {
	if err == nil {
		return nil
	}
	return &rejection{err}
}

type rejection struct{ err error }

func (r *rejection) Error() string { return r.err.Error() }

// Unwrap returns the sentinel and the error that was marked.
func (r *rejection) Unwrap() []error { return []error{ErrRejected, r.err} }
