package secrets_test

import (
	"errors"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// What is kept is fetched though nobody reads it, a change and the end of a refusal
// included, until it is no longer kept.
func TestKeep(t *testing.T) {
	following(t, map[string]string{"db": `{"user": "first"}`}, func(f followed) {
		stop, err := f.store.Keep(f.Context(), "db#user")
		if err != nil {
			f.Fatal(err)
		}
		if n := f.store.Stats(); n.Fetches != 1 || n.Pinned != 1 {
			f.Errorf("%d fetches, %d pinned", n.Fetches, n.Pinned)
		}
		f.source.Put("db", `{"user": "second"}`)
		f.refresh()
		before := f.store.Stats().Fetches
		if v, err := f.store.Get(f.Context(), "db#user"); err != nil || v.Reveal() != "second" {
			f.Errorf("not the second: %v", err)
		}
		if after := f.store.Stats().Fetches; before < 2 || after != before {
			f.Errorf("%d fetches, and %d after a read", before, after)
		}

		f.source.Fail("db", secrets.ErrDenied)
		f.refresh()
		f.source.Fail("db", nil)
		f.refresh()
		if st, ok := f.store.Status("db"); !ok || st.State != secrets.Fresh {
			f.Errorf("after a refusal: %v", st.State)
		}

		stop()
		stop()
		time.Sleep(time.Minute) // what was under way has ended
		before = f.store.Stats().Fetches
		time.Sleep(time.Hour)
		if n := f.store.Stats(); n.Fetches != before || n.Pinned != 0 {
			f.Errorf("after its end: %d fetches, %d pinned", n.Fetches-before, n.Pinned)
		}
	})
}

func TestKeepErrors(t *testing.T) {
	following(t, nil, func(f followed) {
		if _, err := f.store.Keep(f.Context(), "db"); !errors.Is(err, secrets.ErrNotFound) {
			f.Errorf("absent: %v", err)
		}
		if _, err := f.store.Keep(f.Context(), "db?nonsense=1"); !errors.Is(err, secrets.ErrConfiguration) {
			f.Errorf("malformed: %v", err)
		}
		if n := f.store.Stats().Pinned; n != 0 {
			f.Errorf("%d pinned", n)
		}
		if err := f.store.Close(); err != nil {
			f.Error(err)
		}
		if _, err := f.store.Keep(f.Context(), "db"); !errors.Is(err, secrets.ErrClosed) {
			f.Errorf("closed: %v", err)
		}
	})
}
