package secrets_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// pool is built from a secret.
type pool struct {
	password string
	closed   atomic.Bool
	err      error // of Close
}

func (p *pool) Close() error {
	p.closed.Store(true)
	return p.err
}

// quiet has a Close without an error.
type quiet struct{ *pool }

func (q quiet) Close() { q.pool.closed.Store(true) }

func newPool(_ context.Context, password string) (*pool, error) {
	return &pool{password: password}, nil
}

func TestUpdater(t *testing.T) {
	following(t, map[string]string{"s": "first"}, func(f followed) {
		u, err := secrets.NewUpdater(f.Context(), f.open("s"), newPool, nil)
		if err != nil {
			f.Fatal(err)
		}
		first := u.Value()
		f.source.Put("s", "second")
		for u.Value() == first {
			time.Sleep(time.Second)
		}
		synctest.Wait()
		second := u.Value()
		if first.password != "first" || second.password != "second" || u.Err() != nil {
			f.Errorf("%q, then %q: %v", first.password, second.password, u.Err())
		}
		time.Sleep(28 * time.Second)
		if first.closed.Load() {
			f.Error("closed within the grace")
		}
		time.Sleep(3 * time.Second)
		if !first.closed.Load() || second.closed.Load() {
			f.Error("not closed after the grace")
		}
		f.refresh()
		if u.Value() != second {
			f.Error("built anew without need")
		}
		if err := u.Close(); err != nil || !second.closed.Load() {
			f.Errorf("Close: %v", err)
		}
		if _, err := u.Load(); !errors.Is(err, secrets.ErrClosed) {
			f.Errorf("Load after Close: %v", err)
		}
	})
}

// TestUpdaterKeepsWhatWorks checks that a build which fails is tried again, and
// that what there is stays meanwhile.
func TestUpdaterKeepsWhatWorks(t *testing.T) {
	following(t, map[string]string{"s": "first"}, func(f followed) {
		down := errors.New("no database")
		var failing atomic.Bool
		var mu sync.Mutex
		var builds []time.Time
		u, err := secrets.NewUpdater(f.Context(), f.open("s"), func(_ context.Context, password string) (*pool, error) {
			mu.Lock()
			builds = append(builds, time.Now())
			mu.Unlock()
			if failing.Load() {
				return nil, down
			}
			return &pool{password: password}, nil
		}, nil)
		if err != nil {
			f.Fatal(err)
		}
		defer u.Close()
		failing.Store(true)
		f.source.Put("s", "second")
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if u.Value().password != "first" || u.Value().closed.Load() || !errors.Is(u.Err(), down) {
			f.Errorf("%q: %v", u.Value().password, u.Err())
		}
		mu.Lock()
		if n := len(builds); n < 8 || n > 12 || builds[2].Sub(builds[1]) != time.Second || builds[3].Sub(builds[2]) != 2*time.Second {
			f.Errorf("built at %v", builds)
		}
		mu.Unlock()
		failing.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if u.Value().password != "second" || u.Err() != nil {
			f.Errorf("%q: %v", u.Value().password, u.Err())
		}
	})
}

// TestUpdaterWithdrawn checks that what is built stays open when its secret is
// refused, and that Load and Err tell.
func TestUpdaterWithdrawn(t *testing.T) {
	following(t, map[string]string{"s": "first"}, func(f followed) {
		h := f.open("s")
		u, err := secrets.NewUpdater(f.Context(), h, newPool, nil)
		if err != nil {
			f.Fatal(err)
		}
		defer u.Close()
		if p, err := u.Load(); err != nil || p != u.Value() {
			f.Errorf("Load: %v", err)
		}
		f.source.Fail("s", secrets.ErrDenied)
		f.refresh()
		if p, err := u.Load(); p != nil || !errors.Is(err, secrets.ErrDenied) || !errors.Is(u.Err(), secrets.ErrDenied) {
			f.Errorf("Load: %v; Err: %v", err, u.Err())
		}
		if p := u.Value(); p == nil || p.closed.Load() {
			f.Error("the pool is gone")
		}
		f.source.Fail("s", nil)
		f.refresh()
		if _, err := u.Load(); err != nil || u.Err() != nil {
			f.Errorf("Load: %v; Err: %v", err, u.Err())
		}
		h.Close()
		synctest.Wait()
		if _, err := u.Load(); !errors.Is(err, secrets.ErrClosed) {
			f.Errorf("Load: %v", err)
		}
		if _, err := secrets.NewUpdater(f.Context(), h, newPool, nil); !errors.Is(err, secrets.ErrClosed) {
			f.Errorf("on a closed handle: %v", err)
		}
	})
}

func TestUpdaterDisposes(t *testing.T) {
	bad := errors.New("bad")
	for name, test := range map[string]struct {
		run  func(f followed, made *[]*pool) func() error
		want error
	}{
		"by a Close without an error": {func(f followed, made *[]*pool) func() error {
			u, err := secrets.NewUpdater(f.Context(), f.open("s"), func(context.Context, string) (quiet, error) {
				*made = append(*made, new(pool))
				return quiet{(*made)[len(*made)-1]}, nil
			}, nil)
			if err != nil {
				f.Fatal(err)
			}
			return u.Close
		}, nil},
		"by a function, at once": {func(f followed, made *[]*pool) func() error {
			u, err := secrets.NewUpdater(f.Context(), f.open("s"), func(context.Context, string) (int, error) {
				*made = append(*made, new(pool))
				return len(*made) - 1, nil
			}, &secrets.UpdaterOptions[int]{Grace: -1, Close: func(i int) error {
				(*made)[i].closed.Store(true)
				return bad
			}})
			if err != nil {
				f.Fatal(err)
			}
			return u.Close
		}, bad},
		"within the grace, by Close": {func(f followed, made *[]*pool) func() error {
			u, err := secrets.NewUpdater(f.Context(), f.open("s"), func(context.Context, string) (*pool, error) {
				*made = append(*made, &pool{err: bad})
				return (*made)[len(*made)-1], nil
			}, &secrets.UpdaterOptions[*pool]{Grace: 24 * time.Hour})
			if err != nil {
				f.Fatal(err)
			}
			return u.Close
		}, bad},
	} {
		t.Run(name, func(t *testing.T) {
			following(t, map[string]string{"s": "first"}, func(f followed) {
				var made []*pool
				end := test.run(f, &made)
				f.source.Put("s", "second")
				f.refresh()
				if len(made) != 2 || made[1].closed.Load() {
					f.Fatalf("%d made", len(made))
				}
				for range 2 {
					if err := end(); !errors.Is(err, test.want) {
						f.Errorf("Close: %v, want %v", err, test.want)
					}
				}
				if !made[0].closed.Load() || !made[1].closed.Load() {
					f.Error("not all are closed")
				}
			})
		})
	}
}

func TestUpdaterFirstBuild(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad")
	h, err := secrets.Open[string](t.Context(), staticStore(t, "x"), "s")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := secrets.NewUpdater(t.Context(), h, func(context.Context, string) (int, error) { return 0, bad }, nil); !errors.Is(err, bad) {
		t.Errorf("%v", err)
	}
}

// TestUpdaterContexts has every build get a context that lasts until Close, the
// first one's no longer than that of NewUpdater.
func TestUpdaterContexts(t *testing.T) {
	following(t, map[string]string{"s": "first"}, func(f followed) {
		var contexts []context.Context
		u, err := secrets.NewUpdater(f.Context(), f.open("s"), func(ctx context.Context, _ string) (int, error) {
			contexts = append(contexts, ctx)
			return len(contexts), nil
		}, nil)
		if err != nil {
			f.Fatal(err)
		}
		f.source.Put("s", "second")
		f.refresh()
		if len(contexts) != 2 || contexts[0].Err() != nil || contexts[1].Err() != nil {
			f.Fatalf("%d builds", len(contexts))
		}
		if err := u.Close(); err != nil {
			f.Error(err)
		}
		synctest.Wait()
		for i, ctx := range contexts {
			if ctx.Err() == nil {
				f.Errorf("the context of build %d outlives the Updater", i+1)
			}
		}
	})
}
