package secretstest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// fetchFunc is a source that is a function.
type fetchFunc func(context.Context, []secrets.Ref) []secrets.Result

func (f fetchFunc) Fetch(ctx context.Context, refs []secrets.Ref) []secrets.Result {
	return f(ctx, refs)
}

// each is a breach that changes one result.
func each(change func(secrets.Ref, secrets.Result) secrets.Result) func(*secretstest.Source) secrets.Source {
	return func(s *secretstest.Source) secrets.Source {
		return fetchFunc(func(ctx context.Context, refs []secrets.Ref) []secrets.Result {
			results := s.Fetch(ctx, refs)
			for i := range results {
				results[i] = change(refs[i], results[i])
			}
			return results
		})
	}
}

// values is a breach that changes one value.
func values(change func(secrets.Ref, secrets.Value) secrets.Value) func(*secretstest.Source) secrets.Source {
	return each(func(ref secrets.Ref, r secrets.Result) secrets.Result {
		if r.Err == nil {
			r.Value = change(ref, r.Value)
		}
		return r
	})
}

// remade is v with other bytes.
func remade(v secrets.Value, text, version string) secrets.Value {
	return secrets.NewValue([]byte(text), secrets.Meta{Name: v.Name(), Version: version})
}

// TestSourceSuiteFindsBreaches has a source for every check that fails it.
func TestSourceSuiteFindsBreaches(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*secretstest.Source) secrets.Source{
		"results": func(s *secretstest.Source) secrets.Source {
			return fetchFunc(func(ctx context.Context, refs []secrets.Ref) []secrets.Result {
				results := s.Fetch(ctx, refs)
				slices.Reverse(results)
				return results
			})
		},
		"bytes": values(func(_ secrets.Ref, v secrets.Value) secrets.Value {
			return remade(v, strings.ToValidUTF8(v.Reveal(), "?"), v.Version())
		}),
		"version": values(func(_ secrets.Ref, v secrets.Value) secrets.Value { return remade(v, v.Reveal(), "1") }),
		"keys": values(func(ref secrets.Ref, v secrets.Value) secrets.Value {
			if ref.Key != "" {
				return remade(v, ref.Key, v.Version())
			}
			return v
		}),
		"copies": func(*secretstest.Source) secrets.Source { return new(worn) },
		"absent": each(func(ref secrets.Ref, r secrets.Result) secrets.Result {
			if r.Err != nil {
				r.Err = errors.New("no")
			}
			return r
		}),
		"failures": each(func(ref secrets.Ref, r secrets.Result) secrets.Result {
			if r.Err != nil && !errors.Is(r.Err, secrets.ErrNotFound) {
				r.Err = secrets.ErrUnavailable
			}
			return r
		}),
		"context": func(s *secretstest.Source) secrets.Source {
			return fetchFunc(func(ctx context.Context, refs []secrets.Ref) []secrets.Result {
				results := s.Fetch(ctx, refs)
				for i := range results {
					if ctx.Err() != nil {
						results[i] = secrets.Result{Err: secrets.ErrNotFound}
					}
				}
				return results
			})
		},
		"concurrency": func(s *secretstest.Source) secrets.Source {
			var mu sync.Mutex
			busy := 0
			return fetchFunc(func(ctx context.Context, refs []secrets.Ref) []secrets.Result {
				mu.Lock()
				busy++
				shared := busy > 1
				mu.Unlock()
				time.Sleep(time.Second)
				mu.Lock()
				busy--
				mu.Unlock()
				results := s.Fetch(ctx, refs)
				if shared {
					results[0] = secrets.Result{Value: secrets.NewValue([]byte("another's"), secrets.Meta{})}
				}
				return results
			})
		},
		"memory": func(s *secretstest.Source) secrets.Source {
			var mu sync.Mutex
			kept := map[secrets.Ref]secrets.Result{}
			return fetchFunc(func(ctx context.Context, refs []secrets.Ref) []secrets.Result {
				mu.Lock()
				defer mu.Unlock()
				results := s.Fetch(ctx, refs)
				for i, ref := range refs {
					if r, ok := kept[ref]; ok {
						results[i] = r
					}
					kept[ref] = results[i]
				}
				return results
			})
		},
		"redaction": func(s *secretstest.Source) secrets.Source { return &chatty{Source: s} },
		"find":      func(s *secretstest.Source) secrets.Source { return lister{s} },
	}
	for _, check := range secretstest.CheckNames() {
		t.Run(check, func(t *testing.T) {
			t.Parallel()
			wrap := tests[check]
			if wrap == nil {
				t.Fatal("no breach for this check")
			}
			synctest.Test(t, func(t *testing.T) {
				r := &recorder{T: t}
				r.run(func() { secretstest.RunCheck(r, memory(wrap), check) })
				if r.said == nil {
					t.Error("the breach is not found")
				}
				t.Log(strings.Join(r.said, "\n"))
			})
		})
	}
}

// worn gives each value once.
type worn struct{ fetches int }

func (w *worn) Fetch(_ context.Context, refs []secrets.Ref) []secrets.Result {
	w.fetches++
	results := make([]secrets.Result, len(refs))
	for i := range refs {
		results[i].Value = secrets.NewValue(fmt.Append(nil, w.fetches), secrets.Meta{})
	}
	return results
}

// chatty keeps what it read where fmt finds it.
type chatty struct {
	*secretstest.Source
	Last []string
}

func (c *chatty) Fetch(ctx context.Context, refs []secrets.Ref) []secrets.Result {
	results := c.Source.Fetch(ctx, refs)
	for _, r := range results {
		c.Last = append(c.Last, r.Value.Reveal())
	}
	return results
}

// lister finds all that it has, whatever it is asked for.
type lister struct{ *secretstest.Source }

func (l lister) Find(ctx context.Context, q secrets.Query) ([]secrets.Ref, error) {
	q.Path, q.Name, q.Tags = "", nil, nil
	return l.Source.Find(ctx, q)
}

// recorder is a T that fails nothing.
type recorder struct {
	credentialstest.T
	mu   sync.Mutex
	said []string
}

var errFatal = errors.New("fatal")

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(errFatal)
}

// run runs a check until it ends or is fatal.
func (r *recorder) run(check func()) {
	defer func() {
		if v := recover(); v != nil && v != error(errFatal) {
			panic(v)
		}
	}()
	check()
}
