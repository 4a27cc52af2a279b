package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// followed is a Store in a bubble over a source that a test changes.
type followed struct {
	*testing.T
	source *secretstest.Source
	store  *secrets.Store
}

// following runs f in a bubble. A secret is fetched anew within a minute, and
// given up after ten without.
func following(t *testing.T, held map[string]string, f func(f followed)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := secretstest.NewSource(held)
		f(followed{t, source, sourceStore(t, source, secrets.Config{TTL: time.Minute, MaxStale: 10 * time.Minute})})
	})
}

// refresh waits until all secrets have been fetched anew, with the confirmation
// that a refusal takes.
func (f followed) refresh() {
	time.Sleep(90 * time.Second)
	synctest.Wait()
}

// must opens a secret as a string.
func (f followed) open(ref string) *secrets.Handle[string] {
	f.Helper()
	h, err := secrets.Open[string](f.Context(), f.store, ref)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { h.Close() })
	return h
}

// updated reports whether h's channel has something, and takes it.
func updated[T any](h *secrets.Handle[T]) bool {
	select {
	case <-h.Updated():
		return true
	default:
		return false
	}
}

// wantHeld checks all that a handle tells.
func wantHeld(t *testing.T, h *secrets.Handle[string], value, version string, kind error) {
	t.Helper()
	loaded, err := h.Load()
	if h.Value() != value || loaded != value || h.Version() != version {
		t.Errorf("%q, %q of version %q, want %q of version %q", h.Value(), loaded, h.Version(), value, version)
	}
	if (version == "") != (err != nil) {
		t.Errorf("Load of version %q: %v", h.Version(), err)
	}
	if kind == nil && h.Err() != nil || !errors.Is(h.Err(), kind) {
		t.Errorf("Err is %v, want %v", h.Err(), kind)
	}
}

func TestHandleFollows(t *testing.T) {
	following(t, map[string]string{"s": `{"a":"first"}`}, func(f followed) {
		h := f.open("s#a")
		wantHeld(f.T, h, "first", "version-1", nil)
		f.refresh()
		if updated(h) {
			f.Error("an update without a change")
		}
		f.source.Put("s", `{"a":"second"}`)
		f.refresh()
		wantHeld(f.T, h, "second", "version-2", nil)
		if !updated(h) || updated(h) {
			f.Error("not one update for one change")
		}
		if age := h.Age(); age <= 0 || age > time.Minute {
			f.Errorf("age is %v", age)
		}
		for range 3 {
			f.source.Put("s", `{"a":"third"}`)
			f.refresh()
		}
		if !updated(h) || updated(h) {
			f.Error("updates do not coalesce")
		}
	})
}

func TestHandleWhileUnavailable(t *testing.T) {
	following(t, map[string]string{"s": "first"}, func(f followed) {
		h := f.open("s")
		f.source.Fail("s", secrets.ErrUnavailable)
		f.refresh()
		wantHeld(f.T, h, "first", "version-1", secrets.ErrUnavailable)
		if !updated(h) {
			f.Error("no update for the error")
		}
		f.source.Put("s", "second")
		f.refresh()
		wantHeld(f.T, h, "second", "version-2", nil)
	})
}

// TestHandleTooOld checks that a secret is withdrawn at MaxStale, not when the
// next failure comes.
func TestHandleTooOld(t *testing.T) {
	following(t, map[string]string{"s": "first"}, func(f followed) {
		h := f.open("s")
		f.source.Fail("s", secrets.ErrUnavailable)
		for h.Value() != "" {
			if age := h.Age(); age > 10*time.Minute {
				f.Fatalf("served at the age of %v", age)
			}
			time.Sleep(time.Second)
		}
		wantHeld(f.T, h, "", "", secrets.ErrUnavailable)
		if h.Age() != 0 {
			f.Errorf("age of nothing is %v", h.Age())
		}
		f.source.Put("s", "second")
		f.refresh()
		wantHeld(f.T, h, "second", "version-2", nil)
	})
}

func TestHandleRefused(t *testing.T) {
	for _, kind := range []error{secrets.ErrDenied, secrets.ErrNotFound, secrets.ErrDeleted, secrets.ErrDecryption} {
		t.Run(kind.Error(), func(t *testing.T) {
			following(t, map[string]string{"s": "first"}, func(f followed) {
				h := f.open("s")
				f.source.Fail("s", kind)
				f.refresh()
				wantHeld(f.T, h, "", "", kind)
				f.source.Fail("s", nil)
				f.refresh()
				wantHeld(f.T, h, "first", "version-1", nil)
			})
		})
	}
}

func TestHandleKeepsWhatDecodes(t *testing.T) {
	following(t, map[string]string{"s": "1"}, func(f followed) {
		decoded := 0
		h, err := secrets.OpenFunc(f.Context(), f.store, "s", func(v secrets.Value) (string, error) {
			decoded++
			if v.Reveal() == "bad" {
				return "half done", errors.New("bad")
			}
			return strings.Repeat(v.Reveal(), 2), nil
		})
		if err != nil {
			f.Fatal(err)
		}
		defer h.Close()
		f.refresh()
		f.refresh()
		if decoded != 1 {
			f.Errorf("one version decoded %d times", decoded)
		}
		f.source.Put("s", "bad")
		f.refresh()
		wantHeld(f.T, h, "11", "version-1", secrets.ErrDecode)
		time.Sleep(time.Hour)
		wantHeld(f.T, h, "11", "version-1", secrets.ErrDecode)
		f.source.Fail("s", secrets.ErrUnavailable)
		f.refresh()
		if h.Value() != "11" {
			f.Errorf("%q", h.Value())
		}
		f.source.Fail("s", secrets.ErrDenied)
		f.refresh()
		wantHeld(f.T, h, "", "", secrets.ErrDenied)
		f.source.Fail("s", nil)
		f.refresh()
		wantHeld(f.T, h, "", "", secrets.ErrDecode)
		f.source.Put("s", "2")
		f.refresh()
		wantHeld(f.T, h, "22", "version-3", nil)
	})
}

func TestOpenErrors(t *testing.T) {
	following(t, map[string]string{"s": "first"}, func(f followed) {
		ended, cancel := context.WithCancel(f.Context())
		cancel()
		for name, test := range map[string]struct {
			ctx  context.Context
			ref  string
			kind error
		}{
			"reference": {f.Context(), "not a reference", secrets.ErrConfiguration},
			"absent":    {f.Context(), "other", secrets.ErrNotFound},
			"key":       {f.Context(), "s#key", secrets.ErrDecode},
			"context":   {ended, "third", context.Canceled},
		} {
			if h, err := secrets.Open[string](test.ctx, f.store, test.ref); h != nil || !errors.Is(err, test.kind) {
				f.Errorf("%s: %v", name, err)
			}
		}
		if err := f.store.Close(); err != nil {
			f.Error(err)
		}
		if _, err := secrets.Open[string](f.Context(), f.store, "s"); !errors.Is(err, secrets.ErrClosed) {
			f.Errorf("of a closed Store: %v", err)
		}
	})
}

func TestHandleClose(t *testing.T) {
	following(t, map[string]string{"s": "first"}, func(f followed) {
		h, other := f.open("s"), f.open("s")
		for range 2 {
			if err := h.Close(); err != nil {
				f.Error(err)
			}
		}
		wantHeld(f.T, h, "", "", secrets.ErrClosed)
		n := 0
		for range h.Updated() {
			n++
		}
		if n != 1 {
			f.Errorf("%d updates at the end", n)
		}
		f.source.Put("s", "second")
		f.refresh()
		wantHeld(f.T, h, "", "", secrets.ErrClosed)
		wantHeld(f.T, other, "second", "version-2", nil)
		if err := f.store.Close(); err != nil {
			f.Error(err)
		}
		synctest.Wait()
		wantHeld(f.T, other, "", "", secrets.ErrClosed)
	})
}

// TestHandleRace reads, refreshes and closes at the same time.
func TestHandleRace(t *testing.T) {
	t.Parallel()
	source := secretstest.NewSource(map[string]string{"s": "x0"})
	store := sourceStore(t, source, secrets.Config{})
	h, err := secrets.Open[string](t.Context(), store, "s")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	var done atomic.Bool
	for range 4 {
		work.Go(func() {
			for !done.Load() {
				if v := h.Value(); v != "" && v[0] != 'x' {
					t.Errorf("torn: %q", v)
				}
				_, _, _ = h.Version(), h.Age(), h.String()
				_, _ = h.Load()
			}
		})
	}
	for i := range 50 {
		source.Put("s", fmt.Sprint("x", i))
		store.Invalidate("s")
		if _, err := store.Get(t.Context(), "s"); err != nil {
			t.Error(err)
		}
	}
	work.Go(func() { h.Close() })
	h.Close()
	done.Store(true)
	work.Wait()
}
