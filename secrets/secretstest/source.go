package secretstest

import (
	"context"
	"fmt"
	"strconv"
	"sync"

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
	fetches int
}

// NewSource returns a Source with the given secrets, by name. The map is copied.
func NewSource(held map[string]string) *Source {
	s := &Source{values: map[string]secrets.Value{}, errs: map[string]error{}, puts: map[string]int{}}
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

// Fetches returns how often Fetch was called, each time for any number of
// secrets.
func (s *Source) Fetches() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetches
}

// Fetch implements [secrets.Source]. A reference's version, stage and Region are
// not looked at; an ARN finds the secret with the name that is in it.
func (s *Source) Fetch(_ context.Context, refs []secrets.Ref) []secrets.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetches++
	results := make([]secrets.Result, len(refs))
	for i, ref := range refs {
		results[i] = s.read(ref.Name)
	}
	return results
}

func (s *Source) read(name string) secrets.Result {
	if err := s.errs[name]; err != nil {
		return secrets.Result{Err: fmt.Errorf("secretstest: secret %q: %w", name, err)}
	}
	if v, ok := s.values[name]; ok {
		return secrets.Result{Value: v}
	}
	return secrets.Result{Err: fmt.Errorf("secretstest: secret %q: %w", name, secrets.ErrNotFound)}
}
