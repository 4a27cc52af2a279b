package secrets

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// heard is what a subscriber heard: versions, and errors after a colon.
type heard struct {
	mu   sync.Mutex
	list []string
}

func (h *heard) notify(v Value, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := v.Version()
	if err != nil {
		text += ":" + kindOf(err).Error()
	}
	h.list = append(h.list, text)
}

// take returns what was heard since it was last called.
func (h *heard) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := h.list
	h.list = nil
	return list
}

// changing is a source whose answer changes.
type changing struct {
	mu      sync.Mutex
	version string
	err     error
	calls   int
}

func (c *changing) set(version string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.version, c.err = version, err
}

func (c *changing) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

func (c *changing) read(context.Context, Ref) (Value, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if c.err != nil {
		return Value{}, c.err
	}
	return NewValue([]byte(c.version), Meta{Version: c.version}), nil
}

func subscribed(t *testing.T, c Config, f func(t *testing.T, source *changing, store *Store, h *heard, stop func())) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &changing{version: "1"}
		store, err := NewWithSource(t.Context(), SourceFunc(source.read), c)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		h := new(heard)
		first, stop, err := store.subscribe(t.Context(), "s", h.notify)
		if err != nil || first.Version() != "1" {
			t.Fatalf("%q, %v", first.Version(), err)
		}
		f(t, source, store, h, stop)
	})
}

// TestSubscriberHears steps through what a subscriber hears without any read.
func TestSubscriberHears(t *testing.T) {
	subscribed(t, Config{}, func(t *testing.T, source *changing, _ *Store, h *heard, stop func()) {
		defer stop()
		for i, step := range []struct {
			version string
			err     error
			wait    time.Duration
			want    []string
		}{
			{"1", nil, 11 * time.Minute, nil},
			{"2", nil, 6 * time.Minute, []string{"2"}},
			{"2", ErrUnavailable, 5*time.Minute + 2*time.Second, []string{"2:" + ErrUnavailable.Error()}},
			{"2", nil, 90 * time.Second, []string{"2"}},
			{"3", nil, 6 * time.Minute, []string{"3"}},
			{"3", ErrDenied, 4*time.Minute + 50*time.Second, nil},
		} {
			source.set(step.version, step.err)
			time.Sleep(step.wait)
			got := h.take()
			if step.want == nil && step.err != nil {
				continue
			}
			if diff := cmp.Diff(step.want, got[:min(len(got), max(1, len(step.want)))]); diff != "" {
				t.Errorf("step %d: %s", i, diff)
			}
		}
		time.Sleep(time.Minute)
		if got := h.take(); len(got) == 0 || got[len(got)-1] != ":"+ErrDenied.Error() {
			t.Errorf("after a denial: %q", got)
		}
		source.set("3", nil)
		time.Sleep(2 * time.Minute)
		if got := h.take(); len(got) == 0 || got[len(got)-1] != "3" {
			t.Errorf("after it: %q", got)
		}
	})
}

// TestSubscriberHearsTheEndOfAValue has an outage pass MaxStale, while the fetch
// that would end it hangs.
func TestSubscriberHearsTheEndOfAValue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var hang atomic.Bool
		source := SourceFunc(func(ctx context.Context, _ Ref) (Value, error) {
			if hang.Load() {
				<-ctx.Done()
				return Value{}, ctx.Err()
			}
			return NewValue([]byte("x"), Meta{Version: "1"}), nil
		})
		store, err := NewWithSource(t.Context(), source, Config{TTL: 10 * time.Minute, MaxStale: 10*time.Minute + 5*time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		h := new(heard)
		_, stop, err := store.subscribe(t.Context(), "s", h.notify)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		start := time.Now()
		hang.Store(true)
		for len(h.take()) == 0 {
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(start); took > 10*time.Minute+5*time.Second {
			t.Errorf("hears it after %v", took)
		}
		time.Sleep(10 * time.Minute)
		if _, err := store.Get(t.Context(), "s"); !errors.Is(err, ErrUnavailable) {
			t.Error(err)
		}
	})
}

// TestStoppedSubscriberHearsNothing stops one of two, twice.
func TestStoppedSubscriberHearsNothing(t *testing.T) {
	subscribed(t, Config{}, func(t *testing.T, source *changing, store *Store, h *heard, stop func()) {
		stop()
		stop()
		if pins := store.Stats().Pinned; pins != 0 {
			t.Errorf("%d pinned", pins)
		}
		source.set("2", nil)
		time.Sleep(time.Hour)
		if got := h.take(); got != nil || source.count() != 1 {
			t.Errorf("hears %q, after %d calls", got, source.count())
		}
	})
}

// TestSubscribeFails leaves nothing behind.
func TestSubscribeFails(t *testing.T) {
	subscribed(t, Config{}, func(t *testing.T, source *changing, store *Store, h *heard, stop func()) {
		defer stop()
		source.set("", ErrDenied)
		if _, _, err := store.subscribe(t.Context(), "t", h.notify); !errors.Is(err, ErrDenied) {
			t.Error(err)
		}
		if _, _, err := store.subscribe(t.Context(), "", h.notify); !errors.Is(err, ErrConfiguration) {
			t.Error(err)
		}
		if pins := store.Stats().Pinned; pins != 1 {
			t.Errorf("%d pinned", pins)
		}
	})
}

// TestSlowSubscriber holds nobody up, and hears the last of what it missed.
func TestSlowSubscriber(t *testing.T) {
	subscribed(t, Config{}, func(t *testing.T, source *changing, store *Store, h *heard, stop func()) {
		defer stop()
		var calls atomic.Int64
		_, stop, err := store.subscribe(t.Context(), "s", func(v Value, err error) {
			calls.Add(1)
			time.Sleep(10 * time.Second)
			h.notify(v, err)
		})
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		for _, version := range []string{"2", "3", "4"} {
			source.set(version, nil)
			if out, err := store.Refresh(t.Context(), "s"); err != nil || out.New != version {
				t.Errorf("%+v, %v", out, err)
			}
		}
		time.Sleep(time.Minute)
		if diff := cmp.Diff([]string{"2", "3", "4", "2", "4"}, h.take()); diff != "" || calls.Load() != 2 {
			t.Error(calls.Load(), diff)
		}
	})
}

func TestCandidate(t *testing.T) {
	t.Parallel()
	source := SourceFunc(func(ctx context.Context, r Ref) (Value, error) {
		switch {
		case ctx.Err() != nil:
			return Value{}, ctx.Err()
		case r.Key != "" || r.Version != "":
			return Value{}, ErrConfiguration
		case r.Stage == "AWSPENDING":
			return Value{}, ErrNotFound
		}
		return NewValue([]byte(`{"stage":"`+r.Stage+`"}`), Meta{Version: r.Stage}), nil
	})
	store, err := NewWithSource(t.Context(), source, Config{})
	if err != nil {
		t.Fatal(err)
	}
	ref := Ref{Name: "s", Version: "1", Key: "stage"}
	v, err := store.candidate(t.Context(), ref, "AWSPREVIOUS")
	if err != nil || v.Reveal() != "AWSPREVIOUS" {
		t.Errorf("%q, %v", v.Reveal(), err)
	}
	if _, err := store.candidate(t.Context(), ref, "AWSPENDING"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if n := store.Stats().Entries; n != 0 {
		t.Errorf("%d entries", n)
	}
	defer store.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.candidate(ctx, ref, "AWSPREVIOUS"); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}

// TestCandidateEndsWithTheStore does not wait for the source, nor call it again.
func TestCandidateEndsWithTheStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		store, err := NewWithSource(t.Context(), SourceFunc(func(ctx context.Context, _ Ref) (Value, error) {
			calls.Add(1)
			<-ctx.Done()
			return Value{}, ctx.Err()
		}), Config{})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second, func() { _ = store.Close() })
		start := time.Now()
		for range 2 {
			if _, err := store.candidate(t.Context(), Ref{Name: "s"}, "AWSPENDING"); !errors.Is(err, ErrClosed) {
				t.Error(err)
			}
		}
		if calls.Load() != 1 || time.Since(start) != time.Second {
			t.Errorf("%d calls in %v", calls.Load(), time.Since(start))
		}
	})
}

// TestEnrolWithoutAValue has one be given up between a read and the subscription.
func TestEnrolWithoutAValue(t *testing.T) {
	t.Parallel()
	store := newStore(Static(nil), Config{})
	defer store.cancel()
	sl, err := store.pin("s")
	if err != nil {
		t.Fatal(err)
	}
	if _, done := store.enrol(&subscriber{slot: sl}); done || len(sl.entry.subs) != 0 {
		t.Error("it is enrolled")
	}
}

// TestStoppedSubscriberForgets has one be stopped that was about to be told.
func TestStoppedSubscriberForgets(t *testing.T) {
	t.Parallel()
	sub := &subscriber{next: new(state), telling: true, stopped: true}
	if sub.take() != nil || sub.telling {
		t.Error("it is told")
	}
}
