package secrets

import "fmt"

// DecodeError is a secret that was read but cannot be used as asked. It is
// [ErrDecode]. Neither its text nor its fields hold anything of the secret.
type DecodeError struct {
	Ref     string // as asked for
	Version string // of the secret
	// Field is the field of the struct given to [Store.Load], such as
	// "Database.Password"; the error that wraps this one names it.
	Field string
	// Problem says in words what is wrong.
	Problem string

	// cause returns the error of a decoder that is not ours. It may quote the
	// secret, and fmt, which goes through fields under verbs that do not fit, does
	// not go through a function.
	cause func() error
}

// Error says which version of which secret cannot be used, and why.
func (e *DecodeError) Error() string {
	text := "secrets: decode"
	if e.Ref != "" {
		text += fmt.Sprintf(" %q", e.Ref)
	}
	if e.Version != "" {
		text += " version " + e.Version
	}
	return text + ": it " + e.Problem
}

// Unwrap returns [ErrDecode] and the error, if any, of a TextUnmarshaler or of
// the function given to [OpenFunc], whose text may quote the secret.
func (e *DecodeError) Unwrap() []error {
	if e.cause == nil {
		return []error{ErrDecode}
	}
	return []error{ErrDecode, e.cause()}
}
