package secrets_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// fakes runs f in a bubble, with a source that takes 50 ms.
func fakes(t *testing.T, opts secrets.Config, f func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &variable{result: good("v1")}
		source := &fakeSource{latency: 50 * time.Millisecond, answer: v.answer}
		f(t, source, v, newFake(t, source, opts))
	})
}

func TestConcurrentReadsAreOneFetch(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		var wg sync.WaitGroup
		for n := range 500 {
			wg.Go(func() {
				if _, err := store.Get(t.Context(), fmt.Sprint("s", n%50)); err != nil {
					t.Error(err)
				}
			})
		}
		start := time.Now()
		wg.Wait()
		if took := time.Since(start); took > 53*time.Millisecond {
			t.Errorf("the reads took %v", took)
		}
		if calls := source.calls(); len(calls) != 1 || len(calls[0].refs) != 50 {
			t.Errorf("%d calls for %d secrets", len(calls), source.refs())
		}
	})
}

func TestGetAll(t *testing.T) {
	fakes(t, secrets.Config{MaxEntries: 10}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		refs := names("s", 100)
		start := time.Now()
		values, err := store.GetAll(t.Context(), append(refs, refs...)...)
		if err != nil || len(values) != 100 || values["s-042"].Reveal() != "v1" {
			t.Errorf("%d values, %v", len(values), err)
		}
		if took := time.Since(start); took != 50*time.Millisecond {
			t.Errorf("took %v", took)
		}
		if calls := source.calls(); len(calls) != 1 || len(calls[0].refs) != 100 {
			t.Errorf("%d calls for %d secrets", len(calls), source.refs())
		}
		if n := store.Stats().Entries; n != 10 {
			t.Errorf("%d entries are kept", n)
		}
	})
}

func TestGetAllGivesWhatItCan(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		source.answer = func(ref secrets.Ref) secrets.Result {
			if strings.HasPrefix(ref.Name, "no") {
				return bad(secrets.ErrNotFound)
			}
			return good("v1")
		}
		values, err := store.GetAll(t.Context(), "a", "no1", "b", "no2")
		if len(values) != 2 || !errors.Is(err, secrets.ErrNotFound) || strings.Count(err.Error(), "answer:") != 2 {
			t.Errorf("%v, %v", values, err)
		}
		_, err = store.GetAll(t.Context(), "c", " d", "e*")
		if _, ok := errors.AsType[*secrets.RefError](err); !ok || source.refs() != 4 {
			t.Errorf("%d secrets asked for, %v", source.refs(), err)
		}
		if values, err := store.GetAll(t.Context()); err != nil || len(values) != 0 {
			t.Error(values, err)
		}
	})
}

// TestRefreshesGoTogether reads secrets one after the other, minutes apart, and
// then all the time: before long, most are refreshed together.
func TestRefreshesGoTogether(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		refs := names("s", 20)
		for n := range refs {
			for range 12 {
				for _, ref := range refs[:n+1] {
					if _, err := store.Get(t.Context(), ref); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(time.Second)
			}
		}
		for range 3600 * 4 {
			for _, ref := range refs {
				if _, err := store.Get(t.Context(), ref); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(time.Second)
		}
		var last int
		for _, call := range source.calls() {
			if time.Since(call.at) < time.Hour {
				last++
			}
		}
		// An hour has thirteen rounds. Two or three groups may be left that are
		// too far apart to meet; alone, the secrets would make 260 calls.
		if last > 45 {
			t.Errorf("%d calls for 20 secrets in the last hour", last)
		}
	})
}

// TestUnreadSecretsAreNotRefreshed has one secret that is read all the time and
// one that is not: the first does not draw the other along.
func TestUnreadSecretsAreNotRefreshed(t *testing.T) {
	fakes(t, secrets.Config{MaxStale: -1}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		if _, err := store.GetAll(t.Context(), "s", "idle"); err != nil {
			t.Fatal(err)
		}
		for range 3600 {
			_, _ = read(t, store)
			time.Sleep(time.Second)
		}
		for i, call := range source.calls() {
			if i > 0 && slices.Contains(call.refs, "idle") {
				t.Errorf("call %d is for %v", i, call.refs)
			}
		}
		if _, err := store.Get(t.Context(), "idle"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if calls := source.calls(); !slices.Contains(calls[len(calls)-1].refs, "idle") {
			t.Error("a read does not refresh it")
		}
	})
}
