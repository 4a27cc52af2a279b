package credentials_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials"
)

// Credentials of the session before that STS refuses are renewed, and the hop
// tried again with the new ones.
func TestHopRenewsItsBase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, cfg := chainOf(t, 1)
		var refused string
		cfg.HTTPClient = newScript(func(r *http.Request) (*http.Response, error) {
			key := r.Header.Get("Authorization")
			key, _, _ = strings.Cut(key[strings.Index(key, "=")+1:], "/")
			if r.FormValue("Action") == assumeHop && (refused == "" || refused == key) {
				refused = key
				return answer(403, "ExpiredToken", "")(r)
			}
			return pod.AWS.HTTPClient().Do(r)
		})
		start := time.Now()
		retrieve(t, newProvider(t, cfg))
		if count(pod, assume) != 2 || count(pod, assumeHop) != 1 || time.Since(start) != 0 {
			t.Errorf("%d and %d calls in %v", count(pod, assume), count(pod, assumeHop), time.Since(start))
		}
	})
}

// A hop that stands on credentials which nobody can renew says so, and not that
// they are revoked.
func TestHopOnExpiredBase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, cfg := chainOf(t, 1)
		log := new(logged)
		cfg.HTTPClient, cfg.Logger = newScript(func(r *http.Request) (*http.Response, error) {
			if r.FormValue("Action") == assume && count(pod, assume) > 0 {
				return answer(503, "ServiceUnavailable", "")(r)
			}
			return pod.AWS.HTTPClient().Do(r)
		}), log.logger()
		p := newProvider(t, cfg)
		retrieve(t, p)
		time.Sleep(3 * time.Hour)
		retrieve(t, p) // past its expiry: better than none
		stats := p.Stats().Sessions[1]
		if !strings.Contains(stats.LastError, "could not be renewed") || stats.Failures.Unavailable == 0 || stats.Failures.Identity != 0 {
			t.Errorf("stats %+v", stats)
		}
	})
}

// A hop whose base cannot be had says why, as the base does.
func TestHopWithoutBase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, cfg := chainOf(t, 2)
		if err := pod.TokenFile.Rotate(""); err != nil {
			t.Fatal(err)
		}
		p := newProvider(t, cfg)
		_, err := p.Retrieve(t.Context())
		if e, ok := errors.AsType[*credentials.TokenError](err); !ok || e.Problem != credentials.TokenEmpty {
			t.Errorf("error %v", err)
		}
		if n := strings.Count(fmt.Sprint(err), "no credentials"); n > 1 {
			t.Errorf("said %d times: %v", n, err)
		}
		if err := pod.Rotate(); err != nil {
			t.Fatal(err)
		}
		retrieve(t, p) // at once: the token is another
		if count(pod, assume) != 1 || count(pod, assumeHop) != 2 {
			t.Errorf("%d and %d calls", count(pod, assume), count(pod, assumeHop))
		}
	})
}

// A hop waits for a base that comes at its last attempt.
func TestHopWithSlowBase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, cfg := chainOf(t, 1)
		cfg.HTTPClient = newScript(hang, hang, pod.AWS.HTTPClient().Do)
		start := time.Now()
		retrieve(t, newProvider(t, cfg))
		if took := time.Since(start); took < 30*time.Second || count(pod, assumeHop) != 1 {
			t.Errorf("%d calls after %v", count(pod, assumeHop), took)
		}
	})
}

// The base that hangs takes the time of the whole chain and no more.
func TestHopWithHangingBase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, cfg := chainOf(t, 1)
		cfg.HTTPClient = newScript(hang)
		cfg.Refresh.Timeout = 30 * time.Second
		start := time.Now()
		_, err := newProvider(t, cfg).Retrieve(t.Context())
		if !errors.Is(err, credentials.ErrUnavailable) || time.Since(start) > 31*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// Signed calls depend on the clock. The SDK learns the difference from the
// answers, those to unsigned calls included.
func TestHopsWithSkewedClock(t *testing.T) {
	for _, skew := range []time.Duration{-10 * time.Minute, 10 * time.Minute} {
		for name, keys := range map[string]bool{"web identity": false, "keys": true} {
			t.Run(fmt.Sprint(name, skew), func(t *testing.T) {
				_, cfg := chainOf(t, 1)
				if keys {
					cfg = keysOf(t, cfg)
				}
				synctest.Test(t, func(t *testing.T) {
					requests := 0
					serve := func(r *http.Request) (*http.Response, error) {
						now := time.Now().Add(skew).UTC()
						if r.FormValue("Action") != assumeHop {
							return session("ASIAEXAMPLE", now.Add(time.Hour))(r)
						}
						requests++
						signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
						if err != nil {
							return nil, err
						}
						if signed.Sub(now).Abs() > 5*time.Minute {
							return answer(403, "SignatureDoesNotMatch", "Signature expired")(r)
						}
						return hopSession(hopARN(1), now.Add(time.Hour))(r)
					}
					cfg.HTTPClient = newScript(func(r *http.Request) (*http.Response, error) {
						resp, err := serve(r)
						if err == nil {
							resp.Header.Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
						}
						return resp, err
					})
					if !keys {
						pod := newPod(t, nil)
						cfg.TokenFile = pod.TokenFile.Path()
					}
					retrieve(t, newProvider(t, cfg))
					if want := map[bool]int{false: 1, true: 2}[keys]; requests != want {
						t.Errorf("%d requests, want %d", requests, want)
					}
				})
			})
		}
	}
}
