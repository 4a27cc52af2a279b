package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// fakeSource is a Source whose answers a function gives, after a while.
type fakeSource struct {
	latency time.Duration
	answer  func(ref secrets.Ref) secrets.Result

	mu      sync.Mutex
	fetches []fetched
}

// fetched is one call of Fetch.
type fetched struct {
	at   time.Time
	refs []string
}

func (f *fakeSource) Fetch(ctx context.Context, refs []secrets.Ref) []secrets.Result {
	call := fetched{at: time.Now()}
	for _, ref := range refs {
		call.refs = append(call.refs, ref.String())
	}
	f.mu.Lock()
	f.fetches = append(f.fetches, call)
	f.mu.Unlock()
	select {
	case <-time.After(f.latency):
	case <-ctx.Done():
	}
	results := make([]secrets.Result, len(refs))
	for i, ref := range refs {
		if results[i].Err = ctx.Err(); ctx.Err() == nil {
			results[i] = f.answer(ref)
		}
	}
	return results
}

// calls returns the calls of Fetch so far.
func (f *fakeSource) calls() []fetched {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]fetched(nil), f.fetches...)
}

// refs returns how many secrets were asked for so far.
func (f *fakeSource) refs() (n int) {
	for _, call := range f.calls() {
		n += len(call.refs)
	}
	return n
}

// variable is an answer that can be changed.
type variable struct {
	mu     sync.Mutex
	result secrets.Result
	then   []secrets.Result // that follow, one for each fetch
}

func (v *variable) set(result secrets.Result, then ...secrets.Result) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.result, v.then = result, then
}

func (v *variable) answer(secrets.Ref) secrets.Result {
	v.mu.Lock()
	defer v.mu.Unlock()
	result := v.result
	if len(v.then) > 0 {
		v.result, v.then = v.then[0], v.then[1:]
	}
	return result
}

// peek returns the next answer.
func (v *variable) peek() secrets.Result {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.result
}

// good is an answer with a version whose value is the version's name. Versions
// are made in the order of their names.
func good(version string) secrets.Result {
	created := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []byte(version) {
		created = created.Add(time.Duration(c) * time.Second)
	}
	return secrets.Result{Value: secrets.NewValue([]byte(version), secrets.Meta{Name: "s", Version: version, Created: created})}
}

// errOther is an error that is none of the package's sentinels.
var errOther = errors.New("other")

// bad is an answer with an error of a kind.
func bad(kind error) secrets.Result {
	return secrets.Result{Err: fmt.Errorf("answer: %w", kind)}
}

// newFake returns a Store on a source.
func newFake(t testing.TB, source secrets.Source, opts secrets.Config) *secrets.Store {
	t.Helper()
	store, err := secrets.NewWithSource(t.Context(), source, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// read returns the value of s, or the kind of its error.
func read(t testing.TB, store *secrets.Store) (string, error) {
	t.Helper()
	v, err := store.Get(t.Context(), "s")
	if err == nil {
		return v.Reveal(), nil
	}
	return "", kind(t, err)
}

// kind returns the sentinel that an error is.
func kind(t testing.TB, err error) error {
	t.Helper()
	for _, kind := range []error{
		secrets.ErrDenied, secrets.ErrNotFound, secrets.ErrDeleted, secrets.ErrDecryption,
		secrets.ErrIdentity, secrets.ErrConfiguration, secrets.ErrUnavailable, secrets.ErrClosed,
	} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	t.Fatalf("an error of no kind: %v", err)
	return nil
}

// names returns n references that begin with prefix.
func names(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s-%03d", strings.TrimSuffix(prefix, "-"), i)
	}
	return list
}
