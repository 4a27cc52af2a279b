package secrets

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// queued is where an entry stands; zero: nowhere.
type queued struct{ ripe, due, aged instant }

func (e *entry) queued() queued {
	at := func(p place) instant {
		if p.index == 0 {
			return 0
		}
		return max(p.key, 1)
	}
	return queued{at(e.ripe), at(e.due), at(e.aged)}
}

// TestPlan puts an entry that was read in epoch 7 into the queues at second 100,
// by all that an entry may be. It comes from all three queues, as another entry
// would that has changed.
func TestPlan(t *testing.T) {
	t.Parallel()
	const s = instant(time.Second)
	value := versionAt("v1", 1)
	fresh := state{value: value, early: 140 * s, soft: 150 * s, hard: 200 * s}
	failing := state{value: value, err: ErrUnavailable, early: 105 * s, soft: 105 * s, retry: 105 * s, hard: 200 * s}
	refused := state{err: ErrDenied, early: 105 * s, retry: 105 * s}
	unlimited := state{value: value, early: never, soft: never, hard: never}
	overdue := refused
	overdue.retry = 100 * s
	for name, test := range map[string]struct {
		state  state
		flight bool
		pins   int
		subs   int
		want   queued
	}{
		"never read":                 {state{}, false, 0, 0, queued{0, 0, 9}},
		"fresh":                      {fresh, false, 0, 0, queued{140 * s, 0, 9}},
		"refused":                    {refused, false, 0, 0, queued{105 * s, 0, 9}},
		"unlimited":                  {unlimited, false, 0, 0, queued{0, 0, 9}},
		"preloaded":                  {fresh, false, 1, 0, queued{140 * s, 0, 0}},
		"subscribed":                 {fresh, false, 1, 1, queued{140 * s, 150 * s, 0}},
		"subscribed, failing":        {failing, false, 1, 1, queued{105 * s, 105 * s, 0}},
		"subscribed, refused":        {refused, false, 1, 1, queued{105 * s, 105 * s, 0}},
		"subscribed, overdue":        {overdue, false, 1, 1, queued{105 * s, 101 * s, 0}},
		"subscribed, being fetched":  {fresh, true, 1, 1, queued{140 * s, 200 * s, 0}},
		"preloaded, being fetched":   {fresh, true, 1, 0, queued{140 * s, 200 * s, 0}},
		"subscribed, none, fetching": {state{}, true, 1, 1, queued{0, 0, 0}},
		"subscribed, unlimited":      {unlimited, false, 1, 1, queued{0, never, 0}},
	} {
		store := newStore(nil, Config{})
		store.clock.elapsed.Store(int64(100 * s))
		e := &entry{pins: test.pins, subs: make([]*subscriber, test.subs)}
		e.state.Store(&test.state)
		e.used.Store(7)
		if test.flight {
			e.flight = &flight{}
		}
		store.ripe.set(e, 9)
		store.due.set(e, 9)
		store.aged.set(e, 9)
		store.plan(e)
		if diff := cmp.Diff(test.want, e.queued(), cmp.AllowUnexported(queued{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		store.cancel()
	}
}

// TestExpire makes an entry due at once, and has it fetched unless that was asked
// for a moment ago.
func TestExpire(t *testing.T) {
	t.Parallel()
	const s = instant(time.Second)
	for name, test := range map[string]struct {
		forced time.Duration // ago
		flight bool
		launch bool
	}{
		"at once":       {time.Hour, false, true},
		"a second ago":  {refreshEvery, false, true},
		"just now":      {refreshEvery - 1, false, false},
		"being fetched": {time.Hour, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store := newStore(Static(nil), Config{})
				defer func() {
					store.cancel()
					store.work.Wait()
				}()
				store.mu.Lock()
				defer store.mu.Unlock()
				store.clock.elapsed.Store(int64(100 * s))
				forced := time.Now().Add(-test.forced)
				e := &entry{forced: forced, pins: 1, subs: []*subscriber{{stopped: true}}}
				if test.flight {
					e.flight = &flight{}
				}
				e.state.Store(&state{
					value: versionAt("v1", 1), seen: seen{version: "v1"}, read: forced, failures: 3,
					fresh: 150 * s, early: 140 * s, soft: 150 * s, hard: 200 * s, sure: 200 * s, retry: 110 * s,
				})
				store.expire(e)
				st := e.state.Load()
				want := state{seen: seen{version: "v1"}, read: forced, failures: 3, early: 100 * s, soft: 100 * s, hard: 200 * s, sure: 200 * s}
				got := *st
				got.value = Value{}
				if diff := cmp.Diff(want, got, cmp.AllowUnexported(state{}, seen{}, Value{})); diff != "" || st.value.Version() != "v1" || !e.trust {
					t.Error(diff)
				}
				due := queued{100 * s, 100 * s, 0}
				if test.flight {
					due.due = 200 * s
				}
				if diff := cmp.Diff(due, e.queued(), cmp.AllowUnexported(queued{})); diff != "" {
					t.Error(diff)
				}
				if launched := e.flight != nil && !test.flight; launched != test.launch || (store.behind != nil) != test.launch || store.demand != nil {
					t.Errorf("launched %v", launched)
				}
				if again := time.Now(); test.launch && e.forced != again || !test.launch && e.forced != forced {
					t.Errorf("forced %v", e.forced)
				}
			})
		})
	}
}

// TestExpireKeepsWhatIsDue leaves an entry as due as it was.
func TestExpireKeepsWhatIsDue(t *testing.T) {
	t.Parallel()
	store := newStore(Static(nil), Config{})
	defer store.cancel()
	store.clock.elapsed.Store(100)
	e := &entry{forced: time.Now()}
	e.state.Store(&state{value: versionAt("v1", 1), early: 50, soft: 60, hard: 200})
	store.expire(e)
	if st := e.state.Load(); st.early != 50 || st.soft != 60 {
		t.Errorf("early %d, soft %d", st.early, st.soft)
	}
}

// TestDemandedOfARemovedEntry has a caller look the reference up anew.
func TestDemandedOfARemovedEntry(t *testing.T) {
	t.Parallel()
	store := newStore(nil, Config{})
	defer store.cancel()
	sl, err := store.slot("s")
	if err != nil {
		t.Fatal(err)
	}
	sl.taken.Store(new(portion))
	store.due.set(sl.entry, 1)
	store.ripe.set(sl.entry, 1)
	store.remove(sl.entry)
	if sl.taken.Load() != nil || sl.entry.queued() != (queued{}) {
		t.Errorf("it is left %+v", sl.entry.queued())
	}
	if f, wait, err := store.demanded(sl.entry, time.Now()); f != nil || wait != 0 || err != nil {
		t.Errorf("%v, %v, %v", f, wait, err)
	}
}

// TestPinTakesOutOfEviction does so at once.
func TestPinTakesOutOfEviction(t *testing.T) {
	t.Parallel()
	store := newStore(nil, Config{})
	defer store.cancel()
	sl, err := store.slot("s")
	if err != nil {
		t.Fatal(err)
	}
	if store.plan(sl.entry); sl.entry.aged.index == 0 {
		t.Error("it may not be evicted")
	}
	if _, err := store.pin("s"); err != nil || sl.entry.aged.index != 0 {
		t.Error("it may still be evicted", err)
	}
}

// TestJoinOfAStateThatMoved has the reader look again.
func TestJoinOfAStateThatMoved(t *testing.T) {
	t.Parallel()
	store := newStore(nil, Config{})
	defer store.cancel()
	sl, err := store.slot("s")
	if err != nil {
		t.Fatal(err)
	}
	if f, err := store.join(sl.entry, view{st: new(state)}); f != nil || err != nil {
		t.Errorf("%v, %v", f, err)
	}
}
