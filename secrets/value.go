package secrets

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"
)

// redacted is what every printing path shows.
const redacted = "[redacted]"

// Value is the value of a secret at one version. Printing it under any verb of
// package fmt, logging it through slog, and encoding it as JSON, text or gob
// show "[redacted]" instead, also when it is nested in other types. Only
// [Value.Reveal] and [Value.RevealBytes] give it out.
//
// That guards against accidents. It does not hide the value from code that sets
// out to find it in memory, nor does anything guard the string that Reveal
// returned.
//
// The zero Value is no secret: IsZero reports true and all else is empty. A
// Value is immutable, safe for concurrent use, and small enough to pass by
// value. Two Values compare with [Value.Equal].
type Value struct {
	// A closure, since fmt prints fields that are not exported by reflection,
	// past all methods, and follows pointers under verbs that do not fit.
	// Dumpers that use package unsafe stop at it too.
	payload func() *payload
}

// payload is what a Value holds; it never changes.
type payload struct {
	data    []byte
	arn     string
	name    string
	version string
	stages  []string
	created time.Time
}

func newValue(p *payload) Value { return Value{payload: func() *payload { return p }} }

// get returns the payload, an empty one for the zero Value.
func (v Value) get() *payload {
	if v.payload == nil {
		return new(payload)
	}
	return v.payload()
}

// Reveal returns the secret as a string; a binary secret gives its bytes.
func (v Value) Reveal() string { return string(v.get().data) }

// RevealBytes returns a copy of the secret's bytes.
func (v Value) RevealBytes() []byte { return slices.Clone(v.get().data) }

// Equal reports whether v and w hold the same bytes, of whatever secret or
// version, in time that does not depend on where they differ.
func (v Value) Equal(w Value) bool {
	return subtle.ConstantTimeCompare(v.get().data, w.get().data) == 1
}

// IsZero reports whether v is the zero Value, as opposed to a secret.
func (v Value) IsZero() bool { return v.payload == nil }

// ARN is the complete ARN of the secret.
func (v Value) ARN() string { return v.get().arn }

// Name is the name of the secret.
func (v Value) Name() string { return v.get().name }

// Version is the id of the version. Two values of one secret with the same
// Version are the same.
func (v Value) Version() string { return v.get().version }

// Stages returns the staging labels that the version had when it was read, such
// as AWSCURRENT.
func (v Value) Stages() []string { return slices.Clone(v.get().stages) }

// Created is when the version was made.
func (v Value) Created() time.Time { return v.get().created }

// String returns "[redacted]".
func (v Value) String() string { return redacted }

// Format prints "[redacted]" under every verb.
func (v Value) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

// LogValue shows "[redacted]" to slog.
func (v Value) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]"; encoding/json and others use it.
func (v Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// GobEncode returns "[redacted]".
func (v Value) GobEncode() ([]byte, error) { return []byte(redacted), nil }
