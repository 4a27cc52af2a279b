package secrets

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"
)

// Static returns a [Source] of secrets that never change, by name, for tests and
// development. A name may also be asked for as an ARN with the name in it, with
// or without the six random characters, and one that is the name of a parameter
// with or without its first slash. A secret's Type is "string", or "binary" if it
// is no UTF-8, a parameter's "String". The map is copied.
//
// The Source is safe for concurrent use, and no secret in it can be printed.
func Static(secrets map[string]string) Source {
	s := make(static, len(secrets))
	for name, secret := range secrets {
		s[name] = NewValue([]byte(secret), Meta{Name: name, Version: "static", Stages: []string{current}})
	}
	return s
}

// static is a Source with its values by name.
type static map[string]Value

// Fetch implements [Source].
func (s static) Fetch(_ context.Context, refs []Ref) []Result {
	results := make([]Result, len(refs))
	for i, ref := range refs {
		results[i] = s.read(ref)
	}
	return results
}

func (s static) read(ref Ref) Result {
	for _, name := range standIns(ref) {
		if v, ok := s[name]; ok {
			return Result{Value: v.typed(ref)}
		}
	}
	return Result{Err: absent(ref, fmt.Sprintf("the static secrets, %d of them, have no such name", len(s)))}
}

// Find implements [Finder].
func (s static) Find(_ context.Context, q Query) ([]Ref, error) { return found(q, maps.Keys(s)), nil }

// Tags implements [Finder].
func (s static) Tags(ctx context.Context, ref Ref) (map[string]string, error) {
	return untagged(ctx, s, ref)
}

// standIns are the names under which a stand-in for AWS may keep what ref names;
// none if ref is to another version than the current one.
func standIns(ref Ref) []string {
	if ref.Version != "" || ref.Stage != "" && ref.Stage != current {
		return nil
	}
	names := []string{ref.Name, strings.TrimPrefix(ref.Name, "/")}
	if ref.IsARN() && ref.HasSuffix() {
		names = append(names, ref.Name[:len(ref.Name)-len("-AbCdEf")])
	}
	return names
}

// typed returns a value of a stand-in with the type that it would have in the
// service that ref is to: for a parameter, the one that reads the same with and
// without decryption.
func (v Value) typed(ref Ref) Value {
	p := *v.get()
	switch {
	case ref.Service == ParameterStore:
		p.kind, p.format = "String", "text"
	case utf8.Valid(p.data):
		p.kind = typeString
	default:
		p.kind = typeBinary
	}
	return newValue(&p)
}

// absent is the error for a secret that a stand-in does not have.
func absent(ref Ref, problem string) error {
	return &ReadError{Ref: ref.String(), Operation: "Fetch", Problem: problem, kind: ErrNotFound, err: ErrNotFound}
}
