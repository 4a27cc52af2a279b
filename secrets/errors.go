package secrets

import (
	"errors"
	"fmt"
	"time"

	"github.com/irsakit/irsa/credentials"
)

// What a caller may ask of an error with errors.Is. Every error of this package
// other than a caller's own context error is one of them.
var (
	// ErrConfiguration: a setting or a reference cannot be used, or AWS refuses
	// the request for its form. It is the same value as
	// credentials.ErrConfiguration.
	ErrConfiguration = credentials.ErrConfiguration
	// ErrIdentity: no credentials could be had to ask with. The errors of
	// package credentials stay reachable.
	ErrIdentity = errors.New("secrets: no identity")
	// ErrDenied: AWS knows who asks and refuses. The error is an
	// [*AccessError].
	ErrDenied = errors.New("secrets: access denied")
	// ErrNotFound: there is no such secret, parameter or key in its account and
	// Region, or not in the version that is asked for.
	ErrNotFound = errors.New("secrets: not found")
	// ErrDeleted: the secret is scheduled for deletion and can be restored.
	ErrDeleted = errors.New("secrets: scheduled for deletion")
	// ErrDecryption: the secret's KMS key cannot be used, whoever asks: it is
	// disabled or about to be deleted, or does not fit the ciphertext.
	ErrDecryption = errors.New("secrets: key unusable")
	// ErrUnavailable: AWS did not answer, or not in a usable way, or asked to
	// come back later.
	ErrUnavailable = errors.New("secrets: service unavailable")
	// ErrStale: a value is held no longer, since it became older than
	// [Config.MaxStale] and has not been read anew. The error is also what the
	// latest fetch failed with, ErrUnavailable as a rule, or ErrIdentity.
	ErrStale = errors.New("secrets: too old")
	// ErrDecode: the secret was read but cannot be used as asked: it lacks the
	// JSON key, or does not fit the type. The error is a [*DecodeError].
	ErrDecode = errors.New("secrets: not decodable")
	// ErrRejected: the secret was read, but whoever it is meant for does not
	// accept it. The error is a [*RejectedError]; see [Use].
	ErrRejected = errors.New("secrets: rejected")
	// ErrClosed: the Store or the [Handle] has been closed.
	ErrClosed = errors.New("secrets: closed")
)

// ConfigError is a setting that cannot be used. It is [ErrConfiguration].
type ConfigError struct {
	Field   string // "Config.TTL", "aws.Config.Credentials"
	Problem string // in words
}

// Error names the setting and the problem.
func (e *ConfigError) Error() string { return "secrets: " + e.Field + " " + e.Problem }

// Unwrap returns [ErrConfiguration].
func (e *ConfigError) Unwrap() error { return ErrConfiguration }

func noCredentialsConfig() error {
	return &ConfigError{"aws.Config.Credentials", "is nil; make the aws.Config with credentials.LoadConfig"}
}

// ReadError is a secret that could not be read for a reason other than a
// refusal, which is an [*AccessError]. It is one of [ErrIdentity],
// [ErrNotFound], [ErrDeleted], [ErrDecryption], [ErrConfiguration] and
// [ErrUnavailable], and the SDK's error behind it.
type ReadError struct {
	Ref       string // as asked for
	Region    string // where it was asked for; empty outside of AWS
	Operation string // of Secrets Manager, Parameter Store or KMS
	// Code and RequestID are AWS's; both are empty if it did not answer.
	Code      string
	RequestID string
	// Problem says in words what is wrong and what to do.
	Problem string
	// LastSuccess is when the secret was last read; zero if it never was, or if
	// that is forgotten.
	LastSuccess time.Time

	kind error
	// err is not exported so that no encoder walks into it: the SDK's error for
	// an answer that it cannot parse holds the start of the answer.
	err error
}

// Error says what could not be read where, why, and what to do. It has AWS's
// code and request id but not its message, which the SDK's error has.
func (e *ReadError) Error() string {
	text := fmt.Sprintf("secrets: %s %q", verb(e.Operation), e.Ref)
	if e.Region != "" {
		text += " in " + e.Region
	}
	text += ": " + e.Problem
	if !e.LastSuccess.IsZero() {
		text += fmt.Sprintf(" (last read at %s)", e.LastSuccess.UTC().Format(time.RFC3339))
	}
	return text + origin(e.Code, e.RequestID)
}

// Unwrap returns the sentinel and the SDK's error.
func (e *ReadError) Unwrap() []error { return []error{e.kind, e.err} }

// origin is AWS's code and request id, as far as they are known.
func origin(code, requestID string) string {
	switch {
	case code == "":
		return ""
	case requestID == "":
		return " (" + code + ")"
	default:
		return " (" + code + ", request " + requestID + ")"
	}
}

// identityError marks a failure to get credentials, so that it can be told from
// a refusal of the call that they were for. It has no words of its own.
type identityError struct{ err error }

func (e *identityError) Error() string { return e.err.Error() }

// Unwrap returns the sentinel and the provider's error.
func (e *identityError) Unwrap() []error { return []error{ErrIdentity, e.err} }
