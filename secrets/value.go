package secrets

import (
	"bytes"
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
// Value is immutable but for [Value.Destroy], safe for concurrent use, and small
// enough to pass by value; its copies share the bytes. Two Values compare with
// [Value.Equal].
//
// As a field of a struct that [Open] or encoding/json decodes a secret into, a
// Value takes a member of any type; see [Value.UnmarshalJSON].
type Value struct {
	// A closure, since fmt prints fields that are not exported by reflection,
	// past all methods, and follows pointers under verbs that do not fit.
	// Dumpers that use package unsafe stop at it too.
	payload func() *payload
}

// payload is what a Value holds. It never changes, except that Destroy wipes
// data that is its own.
type payload struct {
	data    []byte
	own     bool // data is the holder's own copy, and no Store's
	arn     string
	name    string
	version string
	stages  []string
	created time.Time
	kind    string
	format  string
}

func newValue(p *payload) Value { return Value{payload: func() *payload { return p }} }

// Meta is what a [Value] tells of itself beside its bytes. Nothing of it is
// secret.
type Meta struct {
	ARN     string    // complete; empty outside of AWS
	Name    string    // of the secret
	Version string    // differs between any two versions of the secret
	Stages  []string  // such as AWSCURRENT
	Created time.Time // of the version
	Type    string    // see [Value.Type]
	// DataType is that of a parameter; see [Value.DataType].
	DataType string
}

// NewValue returns a Value with a copy of data, for implementations of [Source]
// and for tests. It is a secret even if data is empty.
func NewValue(data []byte, meta Meta) Value {
	return newValue(&payload{
		data: bytes.Clone(data), arn: meta.ARN, name: meta.Name, version: meta.Version,
		stages: slices.Clone(meta.Stages), created: meta.Created, kind: meta.Type, format: meta.DataType,
	})
}

// with returns a Value of v's secret and version that holds data.
func (v Value) with(data []byte) Value {
	p := *v.get()
	p.data, p.own = data, false
	return newValue(&p)
}

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

// Clone returns a copy of v with bytes of its own, for [Value.Destroy].
func (v Value) Clone() Value {
	if v.IsZero() {
		return v
	}
	p := *v.get()
	p.data, p.own = bytes.Clone(p.data), true
	return newValue(&p)
}

// Destroy makes v the zero Value. If v came from [Value.Clone] it also
// overwrites the bytes with zeros, for all copies of v; they must not be in use
// meanwhile. The bytes of any other Value stay, since a Store and its readers
// share them.
//
// Nothing can be done about other copies: those that Reveal, RevealBytes and
// decoding made, and those in the buffers of TLS, HTTP and JSON that the secret
// came through. To hold as little as possible, read with RevealBytes and clear
// the result.
func (v *Value) Destroy() {
	if p := v.get(); p.own {
		clear(p.data)
	}
	*v = Value{}
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

// The types of a secret of Secrets Manager: which of SecretString and
// SecretBinary it has.
const (
	typeString = "string"
	typeBinary = "binary"
)

// Type is "string" or "binary" for a secret of Secrets Manager, as it was stored
// in SecretString or SecretBinary, "String", "StringList" or "SecureString" for a
// parameter, and empty if the source does not say.
func (v Value) Type() string { return v.get().kind }

// DataType is what Parameter Store checks a parameter's value to be, such as
// "text" or "aws:ec2:image"; empty for a secret, and if the source does not say.
func (v Value) DataType() string { return v.get().format }

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
