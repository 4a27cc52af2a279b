package credentials

import (
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// jumping gives an engine a wall clock that can be moved, as it moves for a
// process that was suspended: its timers do not notice.
func jumping(e *engine, src *scripted) (jump func(time.Duration), readings func() int64) {
	var count atomic.Int64
	e.now = func() time.Time {
		count.Add(1)
		return time.Now().Add(time.Duration(src.ahead.Load()))
	}
	return func(d time.Duration) { src.ahead.Add(int64(d)) }, count.Load
}

func TestSuspension(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Refresh{"on demand": {OnDemand: true}, "behind": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, src := openScripted(t, r)
				jump, _ := jumping(e, src)
				first, _ := e.retrieve(t.Context())
				e.retrieve(t.Context()) // takes the lease
				jump(2 * time.Hour)
				time.Sleep(lease)
				synctest.Wait()
				if creds, err := e.retrieve(t.Context()); creds == first || err != nil || src.count() != 2 {
					t.Errorf("expired credentials after waking up: %d contacts, %v", src.count(), err)
				}
			})
		})
	}
}

// A process that is not called after it wakes refreshes all the same.
func TestSuspensionWithoutCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{})
		jump, _ := jumping(e, src)
		e.retrieve(t.Context())
		jump(2 * time.Hour)
		time.Sleep(longestNap)
		synctest.Wait()
		if src.count() != 2 {
			t.Errorf("%d contacts, want 2", src.count())
		}
	})
}

// The cost of a look at the clock is paid once in a lease, by one caller.
func TestClockIsNotRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{})
		_, readings := jumping(e, src)
		e.retrieve(t.Context())
		e.retrieve(t.Context())
		before := readings()
		for range 1000 {
			e.retrieve(t.Context())
		}
		if n := readings() - before; n != 0 {
			t.Errorf("%d readings", n)
		}
		time.Sleep(lease)
		synctest.Wait()
		for range 1000 {
			e.retrieve(t.Context())
		}
		if n := readings() - before; n != 1 {
			t.Errorf("%d readings after the lease, want 1", n)
		}
	})
}

// A clock that is behind AWS's must not make credentials last longer.
func TestSlowClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{OnDemand: true})
		src.set(func() (*grant, error) {
			g := session(src.count(), time.Hour+10*time.Minute)
			g.skew = 10 * time.Minute
			return g, nil
		}, 0)
		first, _ := e.retrieve(t.Context())
		if creds, _ := e.retrieveMin(t.Context(), time.Hour); creds != first {
			t.Error("less than the lifetime that there is")
		}
		if _, err := e.retrieveMin(t.Context(), time.Hour+time.Second); err == nil {
			t.Error("more than the lifetime that there is")
		}
		time.Sleep(45*time.Minute - time.Second)
		if creds, _ := e.retrieve(t.Context()); creds != first {
			t.Error("refreshed too early")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if creds, _ := e.retrieve(t.Context()); creds == first {
			t.Error("not refreshed in time")
		}
	})
}

// denied is a terminal refusal for which no token is to blame.
type deniedError struct{}

func (deniedError) Error() string    { return "denied" }
func (deniedError) Unwrap() error    { return ErrDenied }
func (deniedError) isTerminal() bool { return true }

// A renewed token ends B, and E if that was about the token.
func TestRenewedToken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err    error
		rotate string
		want   int // contacts
	}{
		"B":                              {errPassing, "renewed", 3},
		"B, same token":                  {errPassing, "token", 2},
		"B, no token":                    {errPassing, "", 3},
		"E for the token":                {errForGood, "renewed", 3},
		"E for the token, same token":    {errForGood, "token", 2},
		"E for another reason":           {deniedError{}, "renewed", 2},
		"nothing wrong, the token apart": {nil, "renewed", 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, src := openScripted(t, Refresh{OnDemand: true})
				cell{phase: phaseMandatory}.enter(t, e)
				src.set(func() (*grant, error) { return session(2, time.Hour), test.err }, 0)
				e.retrieve(t.Context())
				src.set(nil, 0)
				src.rotate(test.rotate)
				e.retrieve(t.Context()) // notices
				synctest.Wait()
				e.retrieve(t.Context())
				if src.count() != test.want {
					t.Errorf("%d contacts, want %d", src.count(), test.want)
				}
			})
		})
	}
}

// While the background is pausing it looks at the token, but not all the time.
func TestRenewedTokenBehindCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{})
		first, _ := e.retrieve(t.Context())
		src.set(passing, 0)
		time.Sleep(time.Until(e.snapshot().NextRefresh))
		synctest.Wait()
		if b, _ := e.overlays(); !b || src.count() != 2 {
			t.Fatal("no backoff")
		}
		src.set(nil, 0)
		src.rotate("renewed")
		time.Sleep(tokenPoll)
		synctest.Wait()
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if creds, _ := e.retrieve(t.Context()); creds == first || src.count() != 3 {
			t.Errorf("%d contacts, want 3", src.count())
		}
	})
}

// Nobody waits for the attempt that a renewed token brings about.
func TestRenewedTokenLetsNobodyWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{})
		old := cell{phase: phaseMandatory}.enter(t, e)
		src.set(passing, 0)
		e.retrieve(t.Context())
		src.set(nil, 10*time.Second)
		src.rotate("renewed")
		e.retrieve(t.Context()) // notices
		synctest.Wait()
		start := time.Now()
		if creds, err := e.retrieve(t.Context()); creds.AccessKeyID != old || err != nil || time.Since(start) != 0 || src.count() != 3 {
			t.Errorf("%v after %v and %d contacts", err, time.Since(start), src.count())
		}
		time.Sleep(11 * time.Second)
		if creds, err := e.retrieve(t.Context()); creds.AccessKeyID == old || err != nil || src.count() != 3 {
			t.Errorf("%v after %d contacts", err, src.count())
		}
	})
}

// The background keeps to the pause after a failure that came before its time.
func TestPauseBeforeTheWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{})
		e.retrieve(t.Context())
		due := e.snapshot().NextRefresh
		time.Sleep(time.Until(due) - time.Second)
		e.mu.Lock()
		e.current.advisory = due // still before the window
		e.mu.Unlock()
		src.set(passing, 0)
		e.retrieveMin(t.Context(), time.Hour)
		if pause := e.snapshot().NextRefresh.Sub(due); pause < minBackoff-time.Second {
			t.Errorf("next refresh %v after the one planned", pause)
		}
		time.Sleep(minBackoff - time.Second)
		if src.count() != 2 {
			t.Errorf("%d contacts, want 2", src.count())
		}
	})
}

// When what is in hand is too old to be served, the background has no more to
// do, and must not keep looking.
func TestBackgroundEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{MaxStale: -1})
		cell{phase: phaseMandatory}.enter(t, e)
		src.set(passing, 0)
		e.retrieve(t.Context())
		if e.snapshot().NextRefresh.IsZero() {
			t.Error("nothing planned after the backoff")
		}
		time.Sleep(10 * time.Hour)
		if src.count() != 2 || !e.snapshot().NextRefresh.IsZero() {
			t.Errorf("%d contacts, want 2; next refresh %v", src.count(), e.snapshot().NextRefresh)
		}
	})
}

// One fetch at a time has a deadline, and no more than that.
func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{OnDemand: true, Timeout: 7 * time.Second})
		cell{phase: phaseMandatory}.enter(t, e)
		src.set(nil, time.Hour)
		start := time.Now()
		if _, err := e.retrieve(t.Context()); err != nil || time.Since(start) != 7*time.Second {
			t.Errorf("%v after %v, want what is in hand after 7s", err, time.Since(start))
		}
		if b, denied := e.overlays(); !b || denied {
			t.Error("a deadline is not a passing failure")
		}
	})
}

// A Provider that nobody has any more refreshes no more.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	for name, pool := range map[string]*sessions{"alone": nil, "pooled": new(sessions)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, src := openScripted(t, Refresh{})
				if pool != nil {
					e.pool, e.refs, e.share.key = pool, 1, "it"
					pool.engines = map[share]*engine{e.share: e}
				}
				p := newProvider(Selection{}, e)
				if _, err := p.Retrieve(t.Context()); err != nil {
					t.Fatal(err)
				}
				runtime.KeepAlive(p)
				p = nil
				for range 1000 {
					if e.schedule.abandoned.Load() {
						break
					}
					runtime.GC()
				}
				time.Sleep(10 * time.Hour)
				if src.count() != 1 {
					t.Errorf("%d contacts, want 1", src.count())
				}
				if pool != nil && len(pool.engines) != 0 {
					t.Error("the pool still has the session")
				}
			})
		})
	}
}

// A Provider that is in use must not be taken for abandoned.
func TestNotAbandoned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{})
		p := newProvider(Selection{}, e)
		p.Retrieve(t.Context())
		runtime.GC()
		time.Sleep(10 * time.Hour)
		if src.count() < 10 {
			t.Errorf("%d contacts in ten hours", src.count())
		}
		p.Close()
	})
}

func TestCloseDuringRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{})
		first, _ := e.retrieve(t.Context())
		src.set(nil, 20*time.Second)
		time.Sleep(time.Until(e.snapshot().NextRefresh) + time.Second)
		if src.count() != 2 {
			t.Fatal("no refresh under way")
		}
		start := time.Now()
		e.close()
		if time.Since(start) != 0 {
			t.Errorf("closing took %v", time.Since(start))
		}
		if creds, err := e.retrieve(t.Context()); !errors.Is(err, ErrClosed) || creds == first {
			t.Errorf("error %v, want ErrClosed", err)
		}
		if _, err := e.retrieveMin(t.Context(), 0); !errors.Is(err, ErrClosed) {
			t.Errorf("error %v, want ErrClosed", err)
		}
		if e.invalidate(first.AccessKeyID) || !e.snapshot().NextRefresh.IsZero() {
			t.Error("something is left to do")
		}
		time.Sleep(10 * time.Hour)
		if src.count() != 2 {
			t.Errorf("%d contacts, want 2", src.count())
		}
	})
}
