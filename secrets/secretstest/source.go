package secretstest

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/irsakit/irsa/secrets"
)

// Source is a [secrets.Source] in memory whose secrets a test changes as it
// likes, for code that uses a [secrets.Store] or a [secrets.Handle] and does not
// care for AWS. Make it with [NewSource]. It is safe for concurrent use, and no
// secret in it can be printed.
type Source struct {
	mu      sync.Mutex
	values  map[string]secrets.Value
	errs    map[string]error
	puts    map[string]int
	tags    map[string]map[string]string
	fetches int
}

// NewSource returns a Source with the given secrets, by name. The map is copied.
func NewSource(held map[string]string) *Source {
	s := &Source{values: map[string]secrets.Value{}, errs: map[string]error{}, puts: map[string]int{}, tags: map[string]map[string]string{}}
	for name, value := range held {
		s.Put(name, value)
	}
	return s
}

// Put gives the secret a new version, and mends what Fail has done. A Store sees
// it when it fetches the next time: when its TTL has passed, or at Refresh.
func (s *Source) Put(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.puts[name]++
	s.values[name] = secrets.NewValue([]byte(value), secrets.Meta{
		Name: name, Version: "version-" + strconv.Itoa(s.puts[name]), Stages: []string{"AWSCURRENT"},
	})
	delete(s.errs, name)
}

// Fail lets reads of the secret fail with err from now on: one of the errors
// ErrX of package secrets or an error that wraps one. Nil mends it. The reads
// fail with a text that has the name and err's.
func (s *Source) Fail(name string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.errs[name] = err; err == nil {
		delete(s.errs, name)
	}
}

// SetTags gives the secret its tags, in the place of those that it had. The map is
// copied.
func (s *Source) SetTags(name string, tags map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tags[name] = maps.Clone(tags)
}

// Fetches returns how often Fetch was called, each time for any number of
// secrets.
func (s *Source) Fetches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetches
}

// Fetch implements [secrets.Source]. A reference's version, stage and Region are
// not looked at; an ARN finds the secret with the name that is in it. A secret's
// Type is "string", or "binary" if it is no UTF-8, a parameter's "String".
func (s *Source) Fetch(_ context.Context, refs []secrets.Ref) []secrets.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetches++
	results := make([]secrets.Result, len(refs))
	for i, ref := range refs {
		results[i] = s.read(ref)
	}
	return results
}

func (s *Source) read(ref secrets.Ref) secrets.Result {
	name := ref.Name
	if err := s.errs[name]; err != nil {
		return secrets.Result{Err: fmt.Errorf("secretstest: secret %q: %w", name, err)}
	}
	if v, ok := s.values[name]; ok {
		return secrets.Result{Value: typed(v, ref)}
	}
	return secrets.Result{Err: fmt.Errorf("secretstest: secret %q: %w", name, secrets.ErrNotFound)}
}

// Find implements [secrets.Finder]. Every secret is found in both services, as far
// as these take its name, whatever Fail has done.
func (s *Source) Find(_ context.Context, q secrets.Query) ([]secrets.Ref, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var refs []secrets.Ref
	for name := range s.values {
		ref := q.Ref(name)
		if _, err := secrets.ParseRef(ref.String()); err == nil && q.Selects(name, s.tags[name]) {
			refs = append(refs, ref)
		}
	}
	return refs, nil
}

// Tags implements [secrets.Finder]. It fails as Fetch does.
func (s *Source) Tags(_ context.Context, ref secrets.Ref) (map[string]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.read(ref); r.Err != nil {
		return nil, r.Err
	}
	tags := map[string]string{}
	maps.Copy(tags, s.tags[ref.Name])
	return tags, nil
}

// typed returns v with the type that it has in the service that ref is to.
func typed(v secrets.Value, ref secrets.Ref) secrets.Value {
	meta := secrets.Meta{Name: v.Name(), Version: v.Version(), Stages: v.Stages(), Type: "string"}
	switch {
	case ref.Service == secrets.ParameterStore:
		meta.Type, meta.DataType = "String", "text"
	case !utf8.ValidString(v.Reveal()):
		meta.Type = "binary"
	}
	return secrets.NewValue(v.RevealBytes(), meta)
}
