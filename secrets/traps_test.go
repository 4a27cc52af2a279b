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

// The tests in this file and in trapsaws_test.go are for defects that other
// caches of secrets, or clients of AWS's services, have shipped. All of them, and
// the tests that would fail on each:
//
//	 1 the stage is ignored                  TestTrap01…, TestVersionsAndStages
//	 2 a refusal is asked for on every read  TestTrap02…
//	 3 a revoked secret is served for ever   TestTrap03…, TestRefusalEndsTheValue
//	 4 Refresh sleeps, past its context      TestTrap04…
//	 5 Refresh races                         TestTrap05…, with the race detector
//	 6 eviction under a reader panics        TestTrap06…
//	 7 a caller's context error is kept      TestTrap07…
//	 8 a lock is held during a call          TestTrap08…
//	 9 the value of the start is frozen      TestTrap09…, TestHandleFollows
//	10 no coalescing, an entry for each way  TestTrap10…, TestSameSecretOnce,
//	   of writing, values confused,          TestColdReadersShareOneCall
//	   throttling permanent
//	11 a refusal fails over, a session for   TestFailover, TestColdStart,
//	   each read, endpoints are ignored,     TestTrap11…, TestParameterAnswers
//	   an answer of nobody's is dereferenced
//	12 a batch's errors are dropped, errors  TestBatchItems, TestErrors,
//	   are text, deletion is not told,       TestBodiesAreNotLogged
//	   answers are logged
//	13 a waiter that leaves harms others     TestTrap13…
//	14 version and decryption are no part    TestTrap01And14…, TestErrors
//	   of the key, errors are text
//	15 one retry, which cannot be cancelled  TestUse, TestUseCandidatesDenied,
//	                                         sqlsecret's TestRefused
//	16 members are taken for strings         TestTrap16…, TestOpenTypes
//
// Of the services themselves:
//
//	a partial ARN finds the secret, unless   TestColdStart, TestNotFoundAdvice,
//	its name ends like a complete one        TestBatchNames
//	the stage must be sent                   TestStageIsSent, TestBatchItems
//	a batch's answers are told by ARN, name  TestBatchAnswers, TestBatchNames
//	or the beginning of the ARN
//	a page may be empty and not the last     TestBatchAnswers
//	InvalidParameters come with success      TestParameterAnswers
//	two selectors of one name                TestParameters
//	WithDecryption must be sent              TestColdStart
//	KeyId must be sent                       TestDecryptNamesTheKey
//	what each error means                    TestClassification…
//	AWSPENDING comes before its value, or    TestTrap01And14…, TestUse,
//	stays with AWSCURRENT; AWSPREVIOUS may   secretstest's TestRotationSteps
//	work or not; AWSCURRENT may not          TestUseDuringRotation

// 500 reads that were denied made 500 calls, for a backoff computed in
// milliseconds was applied in nanoseconds.
func TestTrap02DeniedReadsMakeFewCalls(t *testing.T) {
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
func TestTrap03RevokedAccessEndsTheValue(t *testing.T) {
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
func TestTrap04RefreshObeysItsContext(t *testing.T) {
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
func TestTrap05RefreshDoesNotRace(t *testing.T) {
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
func TestTrap06EvictionDoesNotTakeAValueFromItsReader(t *testing.T) {
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
func TestTrap07ContextErrorsAreNotRemembered(t *testing.T) {
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
func TestTrap08NoLockIsHeldDuringACall(t *testing.T) {
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

// Readers who came while a call was under way made calls of their own.
func TestTrap10ReadersJoinTheCallUnderWay(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		source.latency = time.Second
		var wg sync.WaitGroup
		for n := range 50 {
			wg.Go(func() {
				time.Sleep(time.Duration(n) * 18 * time.Millisecond)
				if value, err := read(t, store); value != "v1" || err != nil {
					t.Errorf("reader %d: %q, %v", n, value, err)
				}
			})
		}
		wg.Wait()
		if calls := len(source.calls()); calls != 1 {
			t.Errorf("%d calls", calls)
		}
	})
}

// A waiter that was cancelled closed the channel that all shared, on which the
// owner panicked; and errors were kept for the whole TTL.
func TestTrap13CancelledWaiterHarmsNobody(t *testing.T) {
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
