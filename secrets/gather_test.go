package secrets_test

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

// TestGathering has two secrets fall due, one of which nobody has read since it
// was fetched: a read of it shortly after that of the other goes along.
func TestGathering(t *testing.T) {
	for name, test := range map[string]struct {
		gap   time.Duration
		calls int // after the first
	}{
		"within the window": {15 * time.Millisecond, 1},
		"past the window":   {25 * time.Millisecond, 2},
	} {
		t.Run(name, func(t *testing.T) {
			fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
				if _, err := store.GetAll(t.Context(), "s", "other"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(5*time.Minute + 2*time.Second)
				_, _ = read(t, store)
				time.Sleep(test.gap)
				if _, err := store.Get(t.Context(), "other"); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Second)
				if calls := len(source.calls()) - 1; calls != test.calls {
					t.Errorf("%d calls", calls)
				}
			})
		})
	}
}

// TestOutageOfSecretsInUse lasts an hour, with one secret read all the time: one
// that is read now and then shares its calls, and one that is read no more is
// left out before long.
func TestOutageOfSecretsInUse(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		if _, err := store.GetAll(t.Context(), "s", "rare", "idle"); err != nil {
			t.Fatal(err)
		}
		for _, ref := range []string{"rare", "idle"} {
			_, _ = store.Get(t.Context(), ref)
		}
		v.set(bad(secrets.ErrUnavailable))
		half := time.Now().Add(30 * time.Minute)
		for i := range 3000 {
			_, _ = read(t, store)
			if i%200 == 100 {
				_, _ = store.Get(t.Context(), "rare")
			}
			time.Sleep(time.Second)
		}
		late := 0
		for _, call := range source.calls() {
			if !call.at.After(half) {
				continue
			}
			late++
			slices.Sort(call.refs)
			if !slices.Equal(call.refs, []string{"rare", "s"}) {
				t.Errorf("after %v asks for %q", call.at.Sub(half), call.refs)
			}
		}
		if late < 15 || late > 30 {
			t.Errorf("%d calls in twenty minutes", late)
		}
	})
}

// TestTimeoutOfASource bounds one that does not answer.
func TestTimeoutOfASource(t *testing.T) {
	for name, test := range map[string]struct{ timeout, want time.Duration }{"default": {0, 30 * time.Second}, "set": {time.Second, time.Second}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := newFake(t, &fakeSource{latency: time.Hour}, secrets.Config{Timeout: test.timeout})
				start := time.Now()
				_, err := store.Get(t.Context(), "s")
				checkKind(t, err, secrets.ErrUnavailable)
				if took := time.Since(start).Truncate(10 * time.Millisecond); took != test.want {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// TestDemandTakesNobodyAlong has readers wait for what they ask for, and not for
// what would be due before long.
func TestDemandTakesNobodyAlong(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		for range 2 {
			_, _ = read(t, store)
		}
		time.Sleep(4*time.Minute + 2*time.Second)
		if _, err := store.Get(t.Context(), "new"); err != nil {
			t.Error(err)
		}
		if calls := source.calls(); !slices.Equal(calls[len(calls)-1].refs, []string{"new"}) {
			t.Errorf("asks for %q", calls[len(calls)-1].refs)
		}
	})
}

// TestSubscribedSecretsGoAlong has a secret with a handle, which nobody reads,
// share the call of another once 80 % of its TTL are over.
func TestSubscribedSecretsGoAlong(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		_, _ = read(t, store)
		handle, err := secrets.Open[string](t.Context(), store, "handle")
		if err != nil {
			t.Fatal(err)
		}
		defer handle.Close()
		for {
			before, _ := store.Status("handle")
			time.Sleep(time.Until(before.Read.Add(4*time.Minute + 2*time.Second)))
			if now, _ := store.Status("handle"); now.Read == before.Read {
				break
			}
			// It happened to fall due right at 80 %.
		}
		store.Invalidate("s")
		time.Sleep(100 * time.Millisecond)
		calls := source.calls()
		last := calls[len(calls)-1].refs
		if slices.Sort(last); !slices.Equal(last, []string{"handle", "s"}) {
			t.Errorf("asks for %q", last)
		}
	})
}

// TestGetAllRemembersErrors makes no call for what has just failed.
func TestGetAllRemembersErrors(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		v.set(bad(secrets.ErrNotFound))
		for range 2 {
			_, err := store.GetAll(t.Context(), "s")
			checkKind(t, err, secrets.ErrNotFound)
		}
		if n := len(source.calls()); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
}

// TestCallerThatHasLeft starts nothing.
func TestCallerThatHasLeft(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, _ *variable, store *secrets.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := store.Get(ctx, "s"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		time.Sleep(time.Second)
		if n := len(source.calls()); n != 0 {
			t.Errorf("%d calls", n)
		}
	})
}

// TestSourceThatMiscounts gives fewer results than it was asked for.
func TestSourceThatMiscounts(t *testing.T) {
	t.Parallel()
	store := newFake(t, miscounting{}, secrets.Config{})
	_, err := store.Get(t.Context(), "s")
	checkKind(t, err, secrets.ErrUnavailable)
}

type miscounting struct{}

func (miscounting) Fetch(context.Context, []secrets.Ref) []secrets.Result { return nil }

// TestOutageEndsForAll has the read of one secret that could not be had try the
// others in use too.
func TestOutageEndsForAll(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		v.set(bad(secrets.ErrUnavailable))
		_, _ = store.GetAll(t.Context(), "s", "other")
		v.set(good("v1"))
		time.Sleep(4 * time.Second)
		if _, err := read(t, store); err != nil {
			t.Error(err)
		}
		time.Sleep(200 * time.Millisecond)
		if status, _ := store.Status("other"); status.State != secrets.Fresh {
			t.Errorf("the other is %v", status.State)
		}
	})
}
