package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// The tests in this file are for defects that other caches of secrets have
// shipped.

// 500 reads that were denied made 500 calls, for a backoff computed in
// milliseconds was applied in nanoseconds.
func TestTrapDeniedReadsMakeFewCalls(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		v.set(bad(secrets.ErrDenied))
		for range 500 {
			if _, err := read(t, store); err == nil {
				t.Fatal("no error")
			}
		}
		if calls := len(source.calls()); calls != 1 {
			t.Errorf("%d calls for 500 reads", calls)
		}
		start := time.Now()
		for time.Since(start) < time.Hour {
			_, _ = read(t, store)
			time.Sleep(time.Second)
		}
		if calls := len(source.calls()); calls > 85 {
			t.Errorf("%d calls in an hour", calls)
		}
	})
}

// Revoked access served the old value for ever, with no error.
func TestTrapRevokedAccessEndsTheValue(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, _ *fakeSource, v *variable, store *secrets.Store) {
		_, _ = read(t, store)
		v.set(bad(secrets.ErrDenied))
		time.Sleep(5*time.Minute + time.Second)
		_, _ = read(t, store)
		time.Sleep(1200 * time.Millisecond)
		if value, err := read(t, store); err != secrets.ErrDenied {
			t.Errorf("reads %q, %v", value, err)
		}
	})
}

// A forced refresh slept for 2.5 to 7.5 s, past the deadline of its context, and
// returned nothing.
func TestTrapRefreshObeysItsContext(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		source.latency = 3 * time.Second
		for name, wait := range map[string]time.Duration{"called": 0, "joined": 0, "limited": 4 * time.Second} {
			time.Sleep(wait)
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			start := time.Now()
			_, err := store.Refresh(ctx, "s")
			if took := time.Since(start); took != 50*time.Millisecond || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: after %v: %v", name, took, err)
			}
			cancel()
		}
	})
}

// A forced refresh wrote a flag outside of its lock. This test is for the race
// detector.
func TestTrapRefreshDoesNotRace(t *testing.T) {
	t.Parallel()
	v := &variable{result: good("v1")}
	store := newFake(t, &fakeSource{answer: v.answer}, secrets.Config{TTL: time.Millisecond, MaxStale: time.Second})
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for range 200 {
				switch n % 4 {
				case 0:
					ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
					_, _ = store.Refresh(ctx, "s")
					cancel()
				case 1:
					store.Invalidate("s")
				case 2:
					_ = store.Stats()
					_, _ = store.Status("s")
				}
				if _, err := store.Get(t.Context(), "s"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// A value evicted between put and get was dereferenced: 367 panics with a cache
// of one entry and 200 goroutines.
func TestTrapEvictionDoesNotTakeAValueFromItsReader(t *testing.T) {
	t.Parallel()
	echo := &fakeSource{answer: func(ref secrets.Ref) secrets.Result {
		return secrets.Result{Value: secrets.NewValue([]byte(ref.Name), secrets.Meta{Version: "1"})}
	}}
	store := newFake(t, echo, secrets.Config{MaxEntries: 1})
	var wg sync.WaitGroup
	for n := range 200 {
		wg.Go(func() {
			for i := range 20 {
				name := fmt.Sprintf("s-%d", (n+i)%10)
				if v, err := store.Get(t.Context(), name); err != nil || v.Reveal() != name {
					t.Errorf("%s reads %q, %v", name, v.Reveal(), err)
				}
			}
		})
	}
	wg.Wait()
	if stats := store.Stats(); stats.Entries != 1 || stats.Evictions == 0 {
		t.Errorf("%+v", stats)
	}
}

// The first caller's context error was cached and returned to others.
func TestTrapContextErrorsAreNotRemembered(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := store.Get(ctx, "s"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if value, err := read(t, store); value != "v1" || err != nil || len(source.calls()) != 1 {
			t.Errorf("reads %q, %v after %d calls", value, err, len(source.calls()))
		}
	})
}

// A lock held over the network blocked readers of other and of held secrets.
func TestTrapNoLockIsHeldDuringACall(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		_, _ = read(t, store)
		source.latency = 10 * time.Second
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = store.Get(t.Context(), "slow") })
		time.Sleep(time.Second)
		start := time.Now()
		_, _ = read(t, store)
		_ = store.Stats()
		_, _ = store.Status("slow")
		store.Invalidate("other")
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if _, err := store.Get(ctx, "cold"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if took := time.Since(start); took != 20*time.Millisecond {
			t.Errorf("all that took %v", took)
		}
		wg.Wait()
	})
}

// A waiter that was cancelled closed the channel that all shared, on which the
// owner panicked; and errors were kept for the whole TTL.
func TestTrapCancelledWaiterHarmsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &variable{result: bad(secrets.ErrUnavailable)}
		v.then = []secrets.Result{good("v1")}
		store := newFake(t, &fakeSource{latency: time.Second, answer: v.answer}, secrets.Config{TTL: time.Hour})
		var wg sync.WaitGroup
		for n := range 100 {
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n)*20*time.Millisecond)
				defer cancel()
				_, err := store.Get(ctx, "s")
				if n < 50 && !errors.Is(err, context.DeadlineExceeded) || n > 50 && !errors.Is(err, secrets.ErrUnavailable) {
					t.Errorf("waiter %d: %v", n, err)
				}
			})
		}
		wg.Wait()
		time.Sleep(4 * time.Second)
		if value, err := read(t, store); value != "v1" || err != nil {
			t.Errorf("reads %q, %v", value, err)
		}
	})
}
