package secrets_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/irsakit/irsa/secrets"
)

// fetchedLog is what OnFetch was told.
type fetchedLog struct {
	mu   sync.Mutex
	list []secrets.Fetched
}

func (l *fetchedLog) add(f secrets.Fetched) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, f)
}

// take returns what was told since it was last called, by reference.
func (l *fetchedLog) take() []secrets.Fetched {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := l.list
	l.list = nil
	slices.SortFunc(list, func(a, b secrets.Fetched) int { return strings.Compare(a.Ref, b.Ref) })
	return list
}

// TestOnFetch tells of each secret once a fetch, and only of fetches.
func TestOnFetch(t *testing.T) {
	var heard fetchedLog
	opts := secrets.Config{OnFetch: heard.add}
	fakes(t, opts, func(t *testing.T, _ *fakeSource, v *variable, store *secrets.Store) {
		const took = 50 * time.Millisecond
		read := func() { _, _ = store.GetAll(t.Context(), "s", "r", "s#key") }
		refresh := func() { _, _ = store.Refresh(t.Context(), "s") }
		for i, step := range []struct {
			answer secrets.Result
			do     func()
			want   []secrets.Fetched
		}{
			{good("v1"), read, []secrets.Fetched{
				{Ref: "r", Version: "v1", Changed: true, Took: took}, {Ref: "s", Version: "v1", Changed: true, Took: took},
			}},
			{good("v2"), read, nil},
			{good("v1"), refresh, []secrets.Fetched{{Ref: "s", Version: "v1", Took: took}}},
			{good("v2"), refresh, []secrets.Fetched{{Ref: "s", Version: "v2", Changed: true, Took: took}}},
			{good("v1"), refresh, []secrets.Fetched{{Ref: "s", Version: "v2", Err: secrets.ErrUnavailable, Took: took}}},
			{bad(secrets.ErrUnavailable), refresh, []secrets.Fetched{{Ref: "s", Version: "v2", Err: secrets.ErrUnavailable, Took: took}}},
			{bad(secrets.ErrDenied), refresh, []secrets.Fetched{{Ref: "s", Changed: true, Err: secrets.ErrDenied, Took: time.Second}}},
			{bad(secrets.ErrDenied), refresh, []secrets.Fetched{{Ref: "s", Err: secrets.ErrDenied, Took: took}}},
		} {
			v.set(step.answer)
			time.Sleep(2 * time.Second)
			step.do()
			synctest.Wait()
			// What is gathered waits for up to 2 ms, a confirmation for 0.8 to 1 s.
			near := cmpopts.EquateApprox(0.15, float64(3*time.Millisecond))
			asFloat := cmp.Transformer("seconds", func(d time.Duration) float64 { return float64(d) })
			if diff := cmp.Diff(step.want, heard.take(), cmpopts.EquateErrors(), asFloat, near); diff != "" {
				t.Errorf("step %d: %s", i, diff)
			}
		}
		time.Sleep(2 * time.Second)
		go refresh()
		time.Sleep(20 * time.Millisecond)
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		if got := heard.take(); len(got) != 0 {
			t.Errorf("after Close: %+v", got)
		}
	})
}

// TestOnFetchMayAskTheStore is called with no lock held, when the value is there.
func TestOnFetchMayAskTheStore(t *testing.T) {
	var store *secrets.Store
	var seen []string
	opts := secrets.Config{OnFetch: func(f secrets.Fetched) {
		status, _ := store.Status(f.Ref)
		value, err := store.Get(t.Context(), f.Ref)
		seen = append(seen, status.Version, value.Reveal())
		if err != nil || store.Stats().Entries != 1 || len(store.Statuses()) != 1 {
			t.Error(err, store.Stats())
		}
	}}
	fakes(t, opts, func(t *testing.T, _ *fakeSource, _ *variable, made *secrets.Store) {
		store = made
		if _, err := read(t, store); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if diff := cmp.Diff([]string{"v1", "v1"}, seen); diff != "" {
			t.Error(diff)
		}
	})
}

// TestErrStale tells a value that has become too old from one that was refused,
// and from one that never was there.
func TestErrStale(t *testing.T) {
	for name, test := range map[string]struct {
		answers []secrets.Result // the later ones for half an hour each
		read    bool             // whenever there is one
		want    error
		stale   bool
	}{
		"never there":           {answers: []secrets.Result{bad(secrets.ErrUnavailable)}, want: secrets.ErrUnavailable},
		"outage":                {answers: []secrets.Result{good("v1"), bad(secrets.ErrUnavailable), bad(secrets.ErrUnavailable), bad(secrets.ErrUnavailable)}, want: secrets.ErrUnavailable, read: true, stale: true},
		"outage, nobody reads":  {answers: []secrets.Result{good("v1"), bad(secrets.ErrUnavailable), bad(secrets.ErrUnavailable)}, want: secrets.ErrUnavailable, stale: true},
		"no credentials":        {answers: []secrets.Result{good("v1"), bad(secrets.ErrIdentity), bad(secrets.ErrIdentity)}, want: secrets.ErrIdentity, read: true, stale: true},
		"refused":               {answers: []secrets.Result{good("v1"), bad(secrets.ErrDenied), bad(secrets.ErrDenied)}, want: secrets.ErrDenied, read: true},
		"refused, then outage":  {answers: []secrets.Result{good("v1"), bad(secrets.ErrDenied), bad(secrets.ErrUnavailable), bad(secrets.ErrUnavailable)}, want: secrets.ErrUnavailable, read: true},
		"too old, then refused": {answers: []secrets.Result{good("v1"), bad(secrets.ErrUnavailable), bad(secrets.ErrUnavailable), bad(secrets.ErrDenied)}, want: secrets.ErrDenied, read: true},
	} {
		t.Run(name, func(t *testing.T) {
			fakes(t, secrets.Config{}, func(t *testing.T, _ *fakeSource, v *variable, store *secrets.Store) {
				v.set(test.answers[0])
				_, _ = read(t, store)
				for _, answer := range test.answers[1:] {
					v.set(answer)
					for range 30 {
						time.Sleep(time.Minute)
						if test.read {
							_, _ = read(t, store)
						}
					}
				}
				_, err := store.Get(t.Context(), "s")
				checkKind(t, err, test.want)
				if errors.Is(err, secrets.ErrStale) != test.stale {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// TestErrStaleOfHandle has a handle hear that its value has become too old while
// the source hangs.
func TestErrStaleOfHandle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		store := newFake(t, secrets.SourceFunc(func(ctx context.Context, _ secrets.Ref) (secrets.Value, error) {
			if calls.Add(1) > 1 {
				<-ctx.Done()
				return secrets.Value{}, ctx.Err()
			}
			return good("v1").Value, nil
		}), secrets.Config{Timeout: 3 * time.Hour})
		handle, err := secrets.Open[string](t.Context(), store, "s")
		if err != nil {
			t.Fatal(err)
		}
		defer handle.Close()
		time.Sleep(time.Hour + time.Minute)
		if err := handle.Err(); !errors.Is(err, secrets.ErrStale) || !errors.Is(err, secrets.ErrUnavailable) || handle.Value() != "" {
			t.Errorf("%q, %v", handle.Value(), err)
		}
		if n := calls.Load(); n != 2 {
			t.Errorf("%d calls", n)
		}
		if status := store.Statuses()[0]; status.State != secrets.Absent || !errors.Is(status.Err, secrets.ErrStale) {
			t.Errorf("%+v", status)
		}
	})
}

// TestStatusWithoutATTL has no next fetch to tell of.
func TestStatusWithoutATTL(t *testing.T) {
	fakes(t, secrets.Config{TTL: -1}, func(t *testing.T, _ *fakeSource, _ *variable, store *secrets.Store) {
		handle, err := secrets.Open[string](t.Context(), store, "s")
		if err != nil {
			t.Fatal(err)
		}
		defer handle.Close()
		if status, _ := store.Status("s"); !status.Next.IsZero() {
			t.Errorf("next at %v", status.Next)
		}
	})
}

func TestStatuses(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, _ *fakeSource, v *variable, store *secrets.Store) {
		if got := store.Statuses(); len(got) != 0 {
			t.Errorf("before the first read: %+v", got)
		}
		now := time.Now().Add(50 * time.Millisecond)
		_, _ = store.GetAll(t.Context(), "s", "b#key", "a", "b")
		v.set(bad(secrets.ErrDenied))
		_, _ = store.Get(t.Context(), "d")
		want := []secrets.Status{
			{Ref: "a", State: secrets.Fresh, Version: "v1", Read: now},
			{Ref: "b", State: secrets.Fresh, Version: "v1", Read: now},
			{Ref: "d", State: secrets.Refused, Err: secrets.ErrDenied, Failures: 1},
			{Ref: "s", State: secrets.Fresh, Version: "v1", Read: now},
		}
		if diff := cmp.Diff(want, store.Statuses(), cmpopts.EquateErrors()); diff != "" {
			t.Error(diff)
		}
		_ = store.Close()
		if got := store.Statuses(); len(got) != 0 {
			t.Errorf("of a closed Store: %+v", got)
		}
	})
}
