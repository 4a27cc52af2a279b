package secrets_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
)

func TestRefresh(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		for i, step := range []struct {
			answer secrets.Result
			want   secrets.Outcome
			err    error
			calls  int
			value  string
		}{
			{good("v1"), secrets.Outcome{Changed: true, New: "v1"}, nil, 1, "v1"},
			{good("v1"), secrets.Outcome{Old: "v1", New: "v1"}, nil, 2, "v1"},
			{good("v2"), secrets.Outcome{Changed: true, Old: "v1", New: "v2"}, nil, 3, "v2"},
			{bad(secrets.ErrUnavailable), secrets.Outcome{Old: "v2", New: "v2"}, secrets.ErrUnavailable, 4, "v2"},
			{bad(secrets.ErrDenied), secrets.Outcome{Changed: true, Old: "v2"}, secrets.ErrDenied, 6, ""},
			{good("v3"), secrets.Outcome{Changed: true, New: "v3"}, nil, 7, "v3"},
		} {
			time.Sleep(2 * time.Second)
			v.set(step.answer)
			got, err := store.Refresh(t.Context(), "s")
			if got != step.want || !errors.Is(err, step.err) || len(source.calls()) != step.calls {
				t.Errorf("step %d: %+v, %v, %d calls", i, got, err, len(source.calls()))
			}
			if value, _ := read(t, store); value != step.value {
				t.Errorf("step %d: then reads %q", i, value)
			}
		}
		if _, err := store.Refresh(t.Context(), ""); !errors.Is(err, secrets.ErrConfiguration) {
			t.Error(err)
		}
	})
}

func TestRefreshIsSharedAndLimited(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		var wg sync.WaitGroup
		start := time.Now()
		for range 100 {
			wg.Go(func() {
				for range 10 {
					if _, err := store.Refresh(t.Context(), "s"); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if calls := len(source.calls()); calls != 10 || time.Since(start).Round(time.Second) != 9*time.Second {
			t.Errorf("%d calls in %v", calls, time.Since(start))
		}
	})
}

// TestRefreshIsNotServedByAnOlderFetch has one that began before the refresh.
func TestRefreshIsNotServedByAnOlderFetch(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = read(t, store) })
		time.Sleep(20 * time.Millisecond)
		out, err := store.Refresh(t.Context(), "s")
		if err != nil || len(source.calls()) != 2 {
			t.Errorf("%+v, %v after %d calls", out, err, len(source.calls()))
		}
		wg.Wait()
	})
}

func TestInvalidate(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		store.Invalidate("s")
		time.Sleep(time.Second)
		if len(source.calls()) != 0 {
			t.Error("what is not held is fetched")
		}
		_, _ = read(t, store)
		v.set(good("v2"))
		for range 100 {
			store.Invalidate("s#key")
		}
		if value, err := read(t, store); value != "v1" || err != nil {
			t.Errorf("reads %q, %v", value, err)
		}
		time.Sleep(500 * time.Millisecond)
		if value, err := read(t, store); value != "v2" || err != nil || len(source.calls()) != 2 {
			t.Errorf("reads %q, %v after %d calls", value, err, len(source.calls()))
		}
		v.set(bad(secrets.ErrDenied))
		time.Sleep(time.Second)
		_, _ = store.Refresh(t.Context(), "s")
		v.set(good("v3"))
		time.Sleep(time.Second)
		store.Invalidate("s")
		if value, err := read(t, store); value != "v3" || err != nil {
			t.Errorf("after a refusal reads %q, %v", value, err)
		}
	})
}

// TestInvalidateByARN has an event name the secret by the ARN that the answer
// had.
func TestInvalidateByARN(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		v.set(secrets.Result{Value: secrets.NewValue([]byte("x"), secrets.Meta{ARN: secretARN, Version: "v1"})})
		_, _ = read(t, store)
		store.Invalidate(secretARN)
		time.Sleep(time.Second)
		if len(source.calls()) != 2 {
			t.Errorf("%d calls", len(source.calls()))
		}
	})
}

// TestOlderVersionIsRefused has a lagging replica answer, and an operator who
// moves the label back.
func TestOlderVersionIsRefused(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		v.set(good("v2"))
		_, _ = read(t, store)
		v.set(good("v1"))
		time.Sleep(2 * time.Second)
		out, err := store.Refresh(t.Context(), "s")
		if diff := cmp.Diff(secrets.Outcome{Old: "v2", New: "v2"}, out); diff != "" || !errors.Is(err, secrets.ErrUnavailable) {
			t.Error(err, diff)
		}
		if status, _ := store.Status("s"); status.State != secrets.Stale || status.Version != "v2" {
			t.Errorf("%+v", status)
		}
		time.Sleep(convergence / 2)
		if value, _ := read(t, store); value != "v2" {
			t.Errorf("after %v reads %q", convergence/2, value)
		}
		time.Sleep(convergence)
		_, _ = read(t, store)
		time.Sleep(time.Second)
		if value, _ := read(t, store); value != "v1" {
			t.Errorf("an older version that stays is never taken: reads %q", value)
		}
	})
}

const convergence = time.Minute

func TestInvalidateTakesAnOlderVersion(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, _ *fakeSource, v *variable, store *secrets.Store) {
		v.set(good("v2"))
		_, _ = read(t, store)
		v.set(good("v1"))
		store.Invalidate("s")
		time.Sleep(time.Second)
		if value, _ := read(t, store); value != "v1" {
			t.Errorf("reads %q", value)
		}
	})
}

func TestRefreshAfterClose(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, _ *fakeSource, _ *variable, store *secrets.Store) {
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := store.Refresh(t.Context(), "s")
			checkKind(t, err, secrets.ErrClosed)
		})
		time.Sleep(20 * time.Millisecond)
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		_, err := store.Refresh(context.Background(), "s")
		checkKind(t, err, secrets.ErrClosed)
		_, err = store.GetAll(t.Context(), "s")
		checkKind(t, err, secrets.ErrClosed)
		store.Invalidate("s")
		if _, ok := store.Status("s"); ok {
			t.Error("a closed store has a status")
		}
	})
}

// TestRefreshLeft has a caller leave before the answer: it is told what is held.
func TestRefreshLeft(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, _ *fakeSource, v *variable, store *secrets.Store) {
		_, _ = read(t, store)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		got, err := store.Refresh(ctx, "s")
		if diff := cmp.Diff(secrets.Outcome{Old: "v1", New: "v1"}, got); diff != "" || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err, diff)
		}
	})
}
