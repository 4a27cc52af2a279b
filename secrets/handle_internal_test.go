package secrets

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestHandleStaysClosed has the news of a version, which come from a goroutine of
// their own, arrive after those of the Store's end.
func TestHandleStaysClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, err := NewWithSource(t.Context(), Static(map[string]string{"s": "x"}), Config{})
		if err != nil {
			t.Fatal(err)
		}
		h, err := Open[string](t.Context(), store, "s")
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		h.notify(NewValue([]byte("late"), Meta{Version: "late"}), nil)
		if v, err := h.Load(); v != "" || !errors.Is(err, ErrClosed) {
			t.Errorf("%q, %v", v, err)
		}
		h.Close()
	})
}

// TestOpenLeavesNothing has a decoder panic, which a server may recover from.
func TestOpenLeavesNothing(t *testing.T) {
	t.Parallel()
	store, err := NewWithSource(t.Context(), Static(map[string]string{"s": "x"}), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, open := range []func(){
		func() { _, _ = OpenFunc(t.Context(), store, "s", func(Value) (int, error) { panic("decoder") }) },
		func() { _, _ = Open[panicking](t.Context(), store, "s") },
		func() {
			var settings struct {
				S panicking `secret:"s"`
			}
			_, _ = LoadAndWatch(t.Context(), store, &settings, nil)
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic is lost")
				}
			}()
			open()
		}()
		if e := store.entries["s"]; e.pins != 0 || len(e.subs) != 0 {
			t.Errorf("%d pins and %d subscribers are left", e.pins, len(e.subs))
		}
	}
}

// panicking does not decode.
type panicking struct{}

func (*panicking) UnmarshalText([]byte) error { panic("decoder") }

// TestUseHandleClosed has the handle closed by the time that its secret is
// rejected: Use must not wait for news of it.
func TestUseHandleClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, err := NewWithSource(t.Context(), Static(map[string]string{"s": "x"}), Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		h, err := Open[string](t.Context(), store, "s")
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err = Use(t.Context(), h, func(string) error {
			h.Close()
			return Rejected(errors.New("no"))
		})
		if !errors.Is(err, ErrClosed) || !errors.Is(err, ErrRejected) || time.Since(start) != 0 {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		time.Sleep(readSpacing)
	})
}

// TestOpenWhileStale opens a handle while the value held cannot be refreshed.
func TestOpenWhileStale(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fail := false
		source := SourceFunc(func(context.Context, Ref) (Value, error) {
			if fail {
				return Value{}, ErrUnavailable
			}
			return NewValue([]byte("x"), Meta{Version: "1"}), nil
		})
		store, err := NewWithSource(t.Context(), source, Config{TTL: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		if _, err := store.Get(t.Context(), "s"); err != nil {
			t.Fatal(err)
		}
		fail = true
		if _, err := store.Refresh(t.Context(), "s"); err == nil {
			t.Fatal("it was refreshed")
		}
		h, err := Open[string](t.Context(), store, "s")
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		synctest.Wait()
		if h.Value() != "x" || !errors.Is(h.Err(), ErrUnavailable) {
			t.Errorf("%q, %v", h.Value(), h.Err())
		}
	})
}
