package secrets

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// RejectedError is a secret of which no version was accepted. It is
// [ErrRejected], the last error of the function that tried it, and, if that is
// why [Use] ended, the error of the context or of the read of AWSCURRENT.
type RejectedError struct {
	Ref      string
	Attempts []Attempt     // in order
	Elapsed  time.Duration // since the first rejection
	Reason   string        // why there was no further attempt, in words

	last, cause error
}

// Attempt is one version of a secret that [Use] looked at.
type Attempt struct {
	Stage   string // AWSCURRENT, AWSPENDING or AWSPREVIOUS
	Version string // empty if it could not be read
	// Err is that of the read, or of the function that tried the version; the
	// latter's words are not shown, but errors.Is and errors.As find it.
	Err error
}

// withheld is an error of the function that tried a version, without its words: a
// driver's may quote the login, password included. It holds it in a closure,
// which does not print.
type withheld struct{ cause func() error }

func withhold(err error) error { return &withheld{func() error { return err }} }

// Error names the type of the error alone.
func (w *withheld) Error() string {
	cause := w.cause()
	if marked, ok := cause.(*rejection); ok {
		cause = marked.err
	}
	return fmt.Sprintf("secrets: rejected (%T)", cause)
}

// Unwrap returns the function's error.
func (w *withheld) Unwrap() error { return w.cause() }

// Error says which versions were rejected and which could not be read. The words
// of the function that tried them are left to errors.As, see [Attempt].
func (e *RejectedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "secrets: use %q: %s", e.Ref, e.Reason)
	if e.Elapsed >= time.Millisecond {
		fmt.Fprintf(&b, " after %v", e.Elapsed.Round(time.Millisecond))
	}
	for _, a := range e.Attempts {
		fmt.Fprintf(&b, "; %s %s", a.Stage, a.outcome())
	}
	return b.String()
}

// outcome leaves out the errors of reads, which are long, but for their kind.
func (a Attempt) outcome() string {
	if a.Version != "" {
		return a.Version + " rejected"
	}
	for _, kind := range []error{ErrDenied, ErrNotFound, ErrDecryption, ErrDecode} {
		if errors.Is(a.Err, kind) {
			return "not readable (" + strings.TrimPrefix(kind.Error(), "secrets: ") + ")"
		}
	}
	return "not readable"
}

// Unwrap returns the sentinel, the last rejection and what ended the attempts.
func (e *RejectedError) Unwrap() []error {
	errs := []error{ErrRejected, e.last}
	if e.cause != nil {
		errs = append(errs, e.cause)
	}
	return errs
}
