package endpoint

import (
	"fmt"

	"github.com/irsakit/irsa/credentials"
)

// TokenFileError is a token file that cannot be used, or not be made. It is
// [credentials.ErrConfiguration], and what the operating system says of it. It
// never contains the token.
type TokenFileError struct {
	Path string
	// Problem and Remedy are in words; Remedy may be empty.
	Problem string
	Remedy  string

	err error
}

// Error names the file, the problem and the remedy.
func (e *TokenFileError) Error() string {
	text := fmt.Sprintf("endpoint: token file %q: %s", e.Path, e.Problem)
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// Unwrap returns [credentials.ErrConfiguration] and the operating system's
// error, if there is one.
func (e *TokenFileError) Unwrap() []error { return causes(credentials.ErrConfiguration, e.err) }

// UnusableError reports credentials that a provider gave and that are not
// handed on: they are incomplete, have no expiry, have expired or soon will. It
// is [credentials.ErrUnavailable] where later ones may be better, else
// [credentials.ErrConfiguration]. It contains no credentials.
type UnusableError struct {
	// Problem is in words.
	Problem string

	kind error
	err  error
}

// Error says what is wrong with them, and why there are no better ones if that
// is known.
func (e *UnusableError) Error() string {
	text := "endpoint: credentials not handed out: " + e.Problem
	if e.err != nil {
		text += ": " + e.err.Error()
	}
	return text
}

// Unwrap returns the sentinel and what kept better ones away, if that is known.
func (e *UnusableError) Unwrap() []error { return causes(e.kind, e.err) }

// causes lists a sentinel and what else is known.
func causes(sentinel, err error) []error {
	if err == nil {
		return []error{sentinel}
	}
	return []error{sentinel, err}
}
