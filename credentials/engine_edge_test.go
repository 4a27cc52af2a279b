package credentials

import (
	"errors"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// What does not expire any more is not refreshed any more, either.
func TestSourceStopsExpiring(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{})
		e.retrieve(t.Context())
		src.set(func() (*grant, error) { return session(src.count(), 0), nil }, 0)
		time.Sleep(time.Hour)
		for range 100 {
			e.retrieve(t.Context())
			synctest.Wait()
			e.invalidate("another key")
			time.Sleep(time.Minute)
		}
		if src.count() != 2 || !e.snapshot().NextRefresh.IsZero() {
			t.Errorf("%d contacts, want 2; next refresh %v", src.count(), e.snapshot().NextRefresh)
		}
	})
}

// Callers do not wait for a source that will not answer, such as a test's HTTP
// client that ended its goroutine by t.Fatal.
func TestSourceGivesNothing(t *testing.T) {
	t.Parallel()
	for name, nothing := range map[string]func() (*grant, error){
		"Goexit": func() (*grant, error) {
			runtime.Goexit()
			return nil, nil
		},
		"neither": func() (*grant, error) { return nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, src := openScripted(t, Refresh{})
				src.set(nothing, 0)
				if _, err := e.retrieve(t.Context()); !errors.Is(err, ErrUnavailable) {
					t.Errorf("error %v, want ErrUnavailable", err)
				}
				src.set(nil, 0)
				old, err := e.retrieve(t.Context())
				if err != nil || src.count() != 2 {
					t.Errorf("%v after %d contacts", err, src.count())
				}
				src.set(nothing, 0)
				time.Sleep(70 * time.Minute)
				if creds, err := e.retrieve(t.Context()); creds != old || err != nil {
					t.Errorf("not what is in hand: %v", err)
				}
			})
		})
	}
}

// A timeout that exceeds the window leaves room for jitter, and for attempts
// after a refusal.
func TestLongTimeout(t *testing.T) {
	t.Parallel()
	for name, timeout := range map[string]time.Duration{
		"as long as the window": 15 * time.Minute, "an hour": time.Hour, "none": math.MaxInt64,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				due := map[time.Duration]int{}
				for range 50 {
					e, src := openScripted(t, Refresh{Timeout: timeout})
					e.retrieve(t.Context())
					next := e.snapshot().NextRefresh.Sub(start)
					if next < 45*time.Minute || next > 55*time.Minute {
						t.Errorf("next refresh after %v", next)
					}
					due[next.Truncate(time.Minute)]++
					src.set(terminally, 0)
				}
				if len(due) < 5 {
					t.Errorf("the refreshes fall into %d minutes", len(due))
				}
				e, src := openScripted(t, Refresh{Timeout: timeout})
				old, _ := e.retrieve(t.Context())
				for time.Until(e.snapshot().NextRefresh) > 50*time.Minute { // no time for another attempt might be left
					e, src = openScripted(t, Refresh{Timeout: timeout})
					old, _ = e.retrieve(t.Context())
				}
				src.set(terminally, 0)
				time.Sleep(time.Until(e.snapshot().NextRefresh) + time.Second)
				src.set(nil, 0)
				time.Sleep(time.Until(old.Expires) - 2*time.Minute)
				if creds, err := e.retrieve(t.Context()); creds == old || err != nil {
					t.Errorf("not refreshed after the refusal had ended: %v", err)
				}
				// Once the credentials have expired, it is for callers to ask.
				src.set(terminally, 0)
				time.Sleep(2 * time.Hour)
				before := src.count()
				time.Sleep(10 * time.Hour)
				if src.count() != before {
					t.Errorf("%d contacts for nobody", src.count()-before)
				}
			})
		})
	}
}

// Whatever the lifetime, there are as many refreshes as it takes, and nobody
// waits where the background has time to act.
func TestLifetimes(t *testing.T) {
	t.Parallel()
	const short = 3 * time.Minute // and less: the windows meet
	tests := map[string]struct {
		refresh  Refresh
		lifetime time.Duration
	}{
		"1 s":                    {lifetime: time.Second},
		"1 min":                  {lifetime: time.Minute},
		"2 min":                  {lifetime: 2 * time.Minute},
		"15 min":                 {lifetime: 15 * time.Minute},
		"1 h":                    {lifetime: time.Hour},
		"36 h":                   {lifetime: 36 * time.Hour},
		"for ever":               {lifetime: math.MaxInt64},
		"window of an instant":   {Refresh{Window: 1}, time.Hour},
		"window of the lifetime": {Refresh{Window: time.Hour}, time.Hour},
		"window for ever":        {Refresh{Window: math.MaxInt64}, 15 * time.Minute},
		"never stale":            {Refresh{MaxStale: -1}, 15 * time.Minute},
		"stale for ever":         {Refresh{MaxStale: math.MaxInt64}, 15 * time.Minute},
	}
	for name, test := range tests {
		for mode, onDemand := range map[string]bool{"on demand": true, "behind": false} {
			t.Run(name+" "+mode, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					refresh := test.refresh
					refresh.OnDemand = onDemand
					e, src := openScripted(t, refresh)
					src.set(func() (*grant, error) { return session(src.count(), test.lifetime), nil }, 0)
					steps := 1000
					pace := min(test.lifetime, 1000*time.Hour) / 97
					waits := onDemand || test.lifetime < short || test.refresh.Window == 1
					e.retrieve(t.Context())
					if !waits {
						src.set(src.result, 10*time.Millisecond)
					}
					for range steps {
						start := time.Now()
						creds, err := e.retrieve(t.Context())
						if err != nil || !creds.Expires.After(time.Now()) || time.Since(start) != 0 {
							t.Fatalf("%v after %v, %v left", err, time.Since(start), time.Until(creds.Expires))
						}
						time.Sleep(pace)
					}
					most := 2*steps/97 + 3 // the window is half of the lifetime at most
					if test.lifetime == math.MaxInt64 {
						most = 1
					}
					if least := min(most, steps/97); src.count() < least || src.count() > most {
						t.Errorf("%d contacts, want %d to %d", src.count(), least, most)
					}
				})
			})
		}
	}
}

// A source with a cache of its own may give the same credentials until they
// have ended.
func TestSourceRepeatsItself(t *testing.T) {
	t.Parallel()
	for mode, r := range map[string]Refresh{"on demand": {OnDemand: true}, "behind": {}} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, src := openScripted(t, r)
				same := session(1, time.Hour)
				src.set(func() (*grant, error) {
					if !time.Now().Before(same.creds.Expires) {
						same = session(2, time.Hour)
					}
					return same, nil
				}, 100*time.Millisecond)
				for range 70 * 60 {
					if _, err := e.retrieve(t.Context()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Second)
				}
				if src.count() > 25 {
					t.Errorf("%d contacts", src.count())
				}
			})
		})
	}
}

// A clock that jumps brings neither expired credentials nor a storm.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	for mode, r := range map[string]Refresh{"on demand": {OnDemand: true}, "behind": {}} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, src := openScripted(t, r)
				jump, _ := jumping(e, src)
				for range 100 {
					jump(time.Duration(rand.Int64N(int64(20*time.Hour))) - 10*time.Hour)
					time.Sleep(lease)
					synctest.Wait()
					creds, err := e.retrieve(t.Context())
					if err != nil || !creds.Expires.After(e.now()) {
						t.Fatalf("%v, %v left", err, creds.Expires.Sub(e.now()))
					}
				}
				if src.count() > 101 {
					t.Errorf("%d contacts", src.count())
				}
			})
		})
	}
}

// A rejected key has no lifetime left, whatever its credentials' expiry.
func TestRetrieveMinOfRejected(t *testing.T) {
	t.Parallel()
	for mode, r := range map[string]Refresh{"on demand": {OnDemand: true}, "behind": {}} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, src := openScripted(t, r)
				old, _ := e.retrieve(t.Context())
				src.set(passing, 0)
				e.invalidate(old.AccessKeyID)
				for range 2 { // the second during B
					_, err := e.retrieveMin(t.Context(), 10*time.Minute)
					short, ok := errors.AsType[*LifetimeError](err)
					if !ok || short.Got != 0 || !errors.Is(err, errPassing) || src.count() != 2 {
						t.Errorf("error %v after %d contacts", err, src.count())
					}
				}
				src.set(nil, 0)
				time.Sleep(maxBackoff)
				if creds, err := e.retrieveMin(t.Context(), 10*time.Minute); creds == old || err != nil {
					t.Errorf("after the backoff: %v", err)
				}
			})
		})
	}
}

// After a success the count of failures begins anew: the first is free again.
func TestSuccessForgetsFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{OnDemand: true, MaxStale: -1})
		src.set(passing, 0)
		e.retrieve(t.Context())
		e.retrieve(t.Context())
		time.Sleep(maxDenial)
		src.set(nil, 0)
		e.retrieve(t.Context())
		time.Sleep(time.Hour)
		src.set(passing, 0)
		for range 3 { // the third is spaced
			e.retrieve(t.Context())
		}
		if src.count() != 5 {
			t.Errorf("%d contacts, want 5", src.count())
		}
	})
}

// Only answers to callers count as served.
func TestServedExpiredCountsAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{})
		e.retrieve(t.Context())
		src.set(passing, 0)
		time.Sleep(5 * time.Hour) // and no callers
		if s := e.snapshot(); s.ServedExpired != 0 || s.Failures.Unavailable < 20 {
			t.Errorf("stats %+v", s)
		}
		e.retrieve(t.Context())
		if n := e.snapshot().ServedExpired; n != 1 {
			t.Errorf("%d answers with expired credentials, want 1", n)
		}
	})
}

// An abandoned Provider leaves nothing in the session that it shared.
func TestAbandonedShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, _ := openScripted(t, Refresh{})
		e.pool, e.refs = new(sessions), 2
		keep := newProvider(Selection{}, e)
		newProvider(Selection{}, e)
		watchers := func() int {
			e.mu.Lock()
			defer e.mu.Unlock()
			return len(e.watchers)
		}
		for range 1000 {
			if watchers() == 1 {
				break
			}
			runtime.GC()
		}
		if watchers() != 1 {
			t.Errorf("%d watchers, want 1", watchers())
		}
		if _, err := keep.Retrieve(t.Context()); err != nil {
			t.Error(err)
		}
		if _, open := <-keep.Updated(); !open {
			t.Error("the channel of the one that is left was closed")
		}
		keep.Close()
	})
}

// All at once, for the race detector and for deadlocks.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	for mode, r := range map[string]Refresh{"on demand": {OnDemand: true}, "behind": {}} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			pool := new(Pool)
			cfg := Config{Refresh: r, Pool: pool}
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					for range 50 {
						src := &scripted{token: "token"}
						src.set(func() (*grant, error) {
							switch rand.IntN(4) {
							case 0:
								return nil, errPassing
							case 1:
								return nil, errForGood
							}
							return session(rand.IntN(3), time.Millisecond), nil
						}, 0)
						e, err := openEngine(cfg, keyed{src, sessionKey("it")})
						if err != nil {
							t.Error(err)
							return
						}
						p := newProvider(Selection{}, e)
						var users sync.WaitGroup
						for range 3 {
							users.Go(func() {
								for range 5 {
									creds, err := p.Retrieve(t.Context())
									if (err == nil) != (creds.AccessKeyID != "") {
										t.Errorf("%q and %v", creds.AccessKeyID, err)
									}
									p.RetrieveMin(t.Context(), time.Second)
									p.Invalidate(creds.AccessKeyID)
									p.Stats()
									src.rotate("another")
								}
							})
						}
						users.Go(func() {
							for range p.Updated() {
								p.Identity()
							}
						})
						runtime.Gosched()
						users.Go(func() { p.Close() })
						p.Close()
						users.Wait()
					}
				})
			}
			all.Wait()
			if n := len(pool.open().engines); n != 0 {
				t.Errorf("%d sessions are left", n)
			}
			pool.Close()
		})
	}
}

// A source with a cache of its own gives the same until the cache renews it. It
// is asked a few times on the way, not ever more often, and the new ones are
// taken up soon after the old have ended at the latest.
func TestSourceWithCache(t *testing.T) {
	t.Parallel()
	for range 20 { // when it is asked is drawn
		synctest.Test(t, func(t *testing.T) {
			e, src := openScripted(t, Refresh{})
			cached := session(1, time.Hour)
			src.set(func() (*grant, error) {
				if !time.Now().Before(cached.creds.Expires) {
					cached = session(2, time.Hour)
				}
				return cached, nil
			}, 0)
			if _, err := e.retrieve(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Until(cached.creds.Expires.Add(-time.Nanosecond)))
			synctest.Wait()
			if n := src.count(); n < 2 || n > 12 {
				t.Errorf("%d contacts in an hour", n)
			}
			time.Sleep(shortestPause)
			synctest.Wait()
			if creds, err := e.retrieve(t.Context()); err != nil || creds.AccessKeyID != "key-2" {
				t.Errorf("%v, %v", creds.AccessKeyID, err)
			}
		})
	}
}
