package secrets_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
)

// held returns which of names are held.
func held(store *secrets.Store, names ...string) (list []string) {
	for _, name := range names {
		if status, ok := store.Status(name); ok && status.State == secrets.Fresh {
			list = append(list, name)
		}
	}
	return list
}

func TestLeastRecentlyReadIsEvicted(t *testing.T) {
	opts := secrets.Config{MaxEntries: 4, Preload: []string{"preloaded"}}
	fakes(t, opts, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		handle, err := secrets.Open[string](t.Context(), store, "open")
		if err != nil {
			t.Fatal(err)
		}
		all := []string{"preloaded", "open", "a", "b", "c", "d"}
		for _, name := range []string{"a", "b", "a", "c", "c", "d"} {
			if _, err := store.Get(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"preloaded", "open", "c", "d"}, held(store, all...)); diff != "" {
			t.Error(diff)
		}
		handle.Close()
		if _, err := store.GetAll(t.Context(), "c", "d", "e"); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"preloaded", "c", "d"}, held(store, all...)); diff != "" {
			t.Error(diff)
		}
		if stats := store.Stats(); stats.Entries != 4 || stats.Pinned != 1 || stats.Evictions != 3 {
			t.Errorf("%+v", stats)
		}
	})
}

// TestWhatIsOpenedLaterStays has a secret be read before it gets a handle.
func TestWhatIsOpenedLaterStays(t *testing.T) {
	fakes(t, secrets.Config{MaxEntries: 2}, func(t *testing.T, _ *fakeSource, _ *variable, store *secrets.Store) {
		for _, name := range []string{"a", "b", "c"} {
			if _, err := store.Get(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			if name == "a" {
				handle, err := secrets.Open[string](t.Context(), store, "a")
				if err != nil {
					t.Fatal(err)
				}
				defer handle.Close()
			}
		}
		if diff := cmp.Diff([]string{"a", "c"}, held(store, "a", "b", "c")); diff != "" {
			t.Error(diff)
		}
	})
}

// TestPreloadedSecretsRest are not fetched anew unless they are read.
func TestPreloadedSecretsRest(t *testing.T) {
	fakes(t, secrets.Config{Preload: []string{"s"}}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		time.Sleep(50 * time.Minute)
		if n := len(source.calls()); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
}

// TestHandlesAskOnceASecond at most, also if failures are not remembered.
func TestHandlesAskOnceASecond(t *testing.T) {
	opts := secrets.Config{TTL: time.Second, ErrorTTL: -1}
	fakes(t, opts, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		handle, err := secrets.Open[string](t.Context(), store, "s")
		if err != nil {
			t.Fatal(err)
		}
		defer handle.Close()
		v.set(bad(secrets.ErrNotFound))
		time.Sleep(5 * time.Second)
		before := len(source.calls())
		time.Sleep(20 * time.Second)
		if n := len(source.calls()) - before; n < 15 || n > 20 {
			t.Errorf("%d calls in twenty seconds", n)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	opts := secrets.Config{MaxBytes: 200 << 10}
	fakes(t, opts, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		source.answer = func(secrets.Ref) secrets.Result {
			return secrets.Result{Value: secrets.NewValue(make([]byte, 64<<10), secrets.Meta{Version: "1"})}
		}
		if _, err := store.GetAll(t.Context(), names("s", 30)...); err != nil {
			t.Fatal(err)
		}
		if stats := store.Stats(); stats.Entries != 3 || stats.Bytes != 3*65<<10 {
			t.Errorf("%+v", stats)
		}
	})
}

// TestLimitIsAllowed holds as much as the limit says, however often it is read.
func TestLimitIsAllowed(t *testing.T) {
	fakes(t, secrets.Config{MaxBytes: 2*1026 + 1024}, func(t *testing.T, _ *fakeSource, v *variable, store *secrets.Store) {
		for range 3 {
			for _, ref := range []string{"a", "b"} {
				if _, err := store.Refresh(t.Context(), ref); err != nil {
					t.Fatal(err)
				}
			}
		}
		v.set(bad(secrets.ErrNotFound))
		_, _ = store.Get(t.Context(), "c")
		if stats := store.Stats(); stats.Entries != 3 || stats.Bytes != 2*1026+1024 || stats.Evictions != 0 {
			t.Errorf("%+v", stats)
		}
	})
}

// TestPinnedSecretsMayExceedTheLimit are held although they are too many.
func TestPinnedSecretsMayExceedTheLimit(t *testing.T) {
	opts := secrets.Config{MaxEntries: 1, Preload: []string{"a", "b", "c"}}
	fakes(t, opts, func(t *testing.T, _ *fakeSource, _ *variable, store *secrets.Store) {
		if stats := store.Stats(); stats.Entries != 3 || stats.Pinned != 3 || stats.Evictions != 0 {
			t.Errorf("%+v", stats)
		}
	})
}

// TestReadKeepsFromEviction has the reads of fresh values count.
func TestReadKeepsFromEviction(t *testing.T) {
	fakes(t, secrets.Config{MaxEntries: 2}, func(t *testing.T, _ *fakeSource, _ *variable, store *secrets.Store) {
		for _, name := range []string{"a", "b", "a", "c"} {
			if _, err := store.Get(t.Context(), name); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"a", "c"}, held(store, "a", "b", "c")); diff != "" {
			t.Error(diff)
		}
	})
}

// TestFetchKeepsFromEviction has a slow refresh outlast the reads of others.
func TestFetchKeepsFromEviction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := newFake(t, secrets.SourceFunc(func(_ context.Context, ref secrets.Ref) (secrets.Value, error) {
			if ref.Name == "slow" {
				time.Sleep(time.Second)
			}
			return good("v1").Value, nil
		}), secrets.Config{MaxEntries: 1})
		for _, name := range []string{"slow", "", "slow", "a", "b"} {
			if name == "" {
				time.Sleep(5*time.Minute + 2*time.Second)
				continue
			}
			if _, err := store.Get(t.Context(), name); err != nil {
				t.Fatal(err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		if diff := cmp.Diff([]string{"slow"}, held(store, "slow", "a", "b")); diff != "" {
			t.Error(diff)
		}
	})
}

// TestErrorsAreBounded asks for secrets that do not exist, as one who guesses
// names does.
func TestErrorsAreBounded(t *testing.T) {
	fakes(t, secrets.Config{MaxEntries: 10}, func(t *testing.T, _ *fakeSource, v *variable, store *secrets.Store) {
		v.set(bad(secrets.ErrNotFound))
		for n := range 100 {
			_, _ = store.Get(t.Context(), fmt.Sprint("s", n))
			_, _ = store.Get(t.Context(), fmt.Sprint("s#key", n))
		}
		if n := store.Stats().Entries; n != 10 {
			t.Errorf("%d entries", n)
		}
		time.Sleep(3 * time.Minute)
		if n := store.Stats().Entries; n != 0 {
			t.Errorf("%d entries stay", n)
		}
	})
}

func TestKeysShareOneFetch(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		document := func(version, user string) secrets.Result {
			return secrets.Result{Value: secrets.NewValue([]byte(`{"user":"`+user+`","port":5432}`), secrets.Meta{Version: version})}
		}
		v.set(document("1", "a"))
		for ref, want := range map[string]string{"s#user": "a", "s#/port": "5432", "s": `{"user":"a","port":5432}`} {
			for range 2 {
				if got, err := store.Get(t.Context(), ref); err != nil || got.Reveal() != want {
					t.Errorf("%s is %q, %v", ref, got.Reveal(), err)
				}
			}
		}
		if _, err := store.Get(t.Context(), "s#nothing"); !errors.Is(err, secrets.ErrDecode) {
			t.Error(err)
		}
		if source.refs() != 1 {
			t.Errorf("asks for %d secrets", source.refs())
		}
		v.set(document("2", "b"))
		if _, err := store.Refresh(t.Context(), "s#user"); err != nil {
			t.Error(err)
		}
		if got, err := store.Get(t.Context(), "s#user"); err != nil || got.Reveal() != "b" {
			t.Errorf("then it is %q, %v", got.Reveal(), err)
		}
	})
}

func TestStats(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		_, _ = store.GetAll(t.Context(), "s", "t")
		for _, answer := range []secrets.Result{good("v2"), bad(secrets.ErrUnavailable), bad(errOther), bad(secrets.ErrDenied), bad(secrets.ErrNotFound)} {
			v.set(answer)
			_, _ = store.Refresh(t.Context(), "s")
			_, _ = read(t, store)
		}
		stats := store.Stats()
		stats.Bytes = 0
		want := secrets.Stats{
			Entries: 2, Fetches: 7, Refs: 8, Changes: 1, StaleReads: 2,
			ErrorsByClass: secrets.ErrorCounts{Denied: 2, NotFound: 1, Unavailable: 2},
		}
		if diff := cmp.Diff(want, stats); diff != "" {
			t.Error(diff)
		}
		if text, err := json.Marshal(stats); err != nil || !strings.Contains(string(text), `"StaleReads":2`) {
			t.Errorf("%s, %v", text, err)
		}
	})
}

func TestStatus(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, _ *fakeSource, v *variable, store *secrets.Store) {
		if _, ok := store.Status("s"); ok {
			t.Error("there is one before the first read")
		}
		if _, ok := store.Status(" s"); ok {
			t.Error("there is one of a malformed reference")
		}
		_, _ = read(t, store)
		now := time.Now()
		status, _ := store.Status("s#key")
		if diff := cmp.Diff(secrets.Status{Ref: "s", State: secrets.Fresh, Version: "v1", Read: now}, status); diff != "" {
			t.Error(diff)
		}
		handle, err := secrets.Open[string](t.Context(), store, "s")
		if err != nil {
			t.Fatal(err)
		}
		defer handle.Close()
		status, _ = store.Status("s")
		if next := status.Next.Sub(now); next < 4*time.Minute-time.Second || next > 5*time.Minute {
			t.Errorf("next after %v", next)
		}
		if text, err := json.Marshal(status); err != nil || !strings.Contains(string(text), `"State":"fresh"`) {
			t.Errorf("%s, %v", text, err)
		}
		if name := secrets.State(9).String(); name != "State(9)" {
			t.Error(name)
		}
	})
}

// TestPreloadNamesWhatIsMissing fails at once.
func TestPreloadNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{answer: func(ref secrets.Ref) secrets.Result {
			if ref.Name == "b" || ref.Name == "d" {
				return secrets.Result{Err: fmt.Errorf("%s: %w", ref.Name, secrets.ErrNotFound)}
			}
			return good("v1")
		}}
		for _, wait := range []bool{false, true} {
			_, err := secrets.NewWithSource(t.Context(), source, secrets.Config{Preload: []string{"a", "b", "c", "d"}, WaitForPreload: wait})
			if err == nil || !errors.Is(err, secrets.ErrNotFound) || !strings.Contains(err.Error(), "b: ") || !strings.Contains(err.Error(), "d: ") {
				t.Error(err)
			}
		}
		if calls := source.calls(); len(calls) != 2 || len(calls[0].refs) != 4 {
			t.Errorf("calls: %v", calls)
		}
		if _, err := secrets.NewWithSource(t.Context(), source, secrets.Config{Preload: []string{"a", "b*"}}); !errors.Is(err, secrets.ErrConfiguration) || len(source.calls()) != 2 {
			t.Error(err)
		}
	})
}

// TestPreloadSaysWhy has the time be over in the middle of an attempt, which knows
// nothing of what was wrong with those before.
func TestPreloadSaysWhy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first := true
		source := secrets.SourceFunc(func(ctx context.Context, _ secrets.Ref) (secrets.Value, error) {
			if first {
				first = false
				return secrets.Value{}, fmt.Errorf("throttled: %w", secrets.ErrUnavailable)
			}
			<-ctx.Done()
			return secrets.Value{}, ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err := secrets.NewWithSource(ctx, source, secrets.Config{Preload: []string{"a"}, WaitForPreload: true, Timeout: time.Minute})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, secrets.ErrUnavailable) || !strings.Contains(err.Error(), "throttled") {
			t.Error(err)
		}
	})
}

func TestPreloadWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		source := &fakeSource{answer: func(ref secrets.Ref) secrets.Result {
			if time.Since(start) < time.Minute && ref.Name != "a" {
				return secrets.Result{Err: fmt.Errorf("%s: %w", ref.Name, secrets.ErrUnavailable)}
			}
			return good("v1")
		}}
		opts := secrets.Config{Preload: []string{"a", "b", "c"}, WaitForPreload: true}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err := secrets.NewWithSource(ctx, source, opts)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, secrets.ErrUnavailable) || time.Since(start) != 30*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		for _, name := range []string{"b: ", "c: "} {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%q is not in %v", name, err)
			}
		}
		store := newFake(t, source, opts)
		if took := time.Since(start); took < time.Minute || took > 2*time.Minute || len(held(store, "a", "b", "c")) != 3 {
			t.Errorf("after %v: %v", took, held(store, "a", "b", "c"))
		}
	})
}
