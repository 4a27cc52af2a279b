package credentials_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials"
)

// slow answers after a while.
func slow(next *http.Client, d time.Duration) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		time.Sleep(d)
		return next.Do(r)
	}
}

// The timer renews during the first two thirds of the window; nobody waits.
func TestRefreshBehindCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		client := newFaulty(pod)
		cfg := pod.Config()
		cfg.HTTPClient = client
		p := newProvider(t, cfg)
		first := retrieve(t, p)
		sleepUntil(first, 15*time.Minute)
		if retrieve(t, p) != first || count(pod, assume) != 1 {
			t.Error("refreshed before the advisory window")
		}
		client.set(slow(client.next, 10*time.Second))
		for time.Until(first.Expires) > 5*time.Minute-11*time.Second {
			start := time.Now()
			retrieve(t, p)
			if waited := time.Since(start); waited != 0 {
				t.Fatalf("a caller waited %v", waited)
			}
			time.Sleep(time.Second)
		}
		second := retrieve(t, p)
		if second == first || !second.Expires.After(first.Expires) || count(pod, assume) != 2 {
			t.Errorf("no refresh, or more than one: %d calls", count(pod, assume))
		}
	})
}

// Pods that start together do not refresh together.
func TestRefreshesSpread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		start := time.Now()
		perMinute := map[time.Duration]int{}
		const pods = 200
		for range pods {
			p := newProvider(t, pod.Config())
			retrieve(t, p)
			next := p.Stats().Sessions[0].NextRefresh.Sub(start)
			if next < 45*time.Minute || next >= 55*time.Minute {
				t.Errorf("refresh planned after %v", next)
			}
			perMinute[next/time.Minute]++
		}
		for minute, n := range perMinute {
			if n > pods/4 {
				t.Errorf("%d of %d pods refresh in minute %d", n, pods, minute)
			}
		}
		if len(perMinute) != 10 {
			t.Errorf("refreshes fall into %d minutes, want 10", len(perMinute))
		}
	})
}

// An outage is bridged with what is in hand, past its expiry too, and always
// told; nobody waits while it is valid.
func TestOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		client := newFaulty(pod)
		var log bytes.Buffer
		cfg := pod.Config()
		cfg.HTTPClient = client
		cfg.Logger = slog.New(slog.NewJSONHandler(&log, nil))
		p := newProvider(t, cfg)
		first := retrieve(t, p)
		client.set(answer(http.StatusServiceUnavailable, "ServiceUnavailable", marker))
		for time.Until(first.Expires) > -time.Hour {
			start := time.Now()
			if retrieve(t, p) != first {
				t.Fatal("not the credentials in hand")
			}
			if waited := time.Since(start); waited != 0 && start.Before(first.Expires) {
				t.Fatalf("a caller waited %v", waited)
			}
			time.Sleep(time.Second)
		}
		synctest.Wait()
		s := p.Stats().Sessions[0]
		if s.Failures.Unavailable < 7 || s.Failures.Unavailable > 20 || s.ServedExpired < 3000 || s.RateLimited < 3000 || s.LastError == "" {
			t.Errorf("stats %+v", s)
		}
		for text, limit := range map[string]int{
			"serving those in hand\"":                  10,
			"serving AWS credentials past their exp":   1,
			"serving those in hand past their expiry":  13,
			"AWS identity established":                 1,
			"request 11111111-2222-3333-4444-55555555": 20,
		} {
			if n := strings.Count(log.String(), text); n < 1 || n > limit {
				t.Errorf("%q logged %d times", text, n)
			}
		}
		if strings.Contains(log.String(), marker) {
			t.Error("STS's message is in the log")
		}
		client.set(nil)
		time.Sleep(10 * time.Minute) // the longest backoff, and no caller
		if now := retrieve(t, p); now == first || !now.Expires.After(time.Now()) {
			t.Error("not refreshed in the background")
		}
	})
}

// In the last minute before callers would wait, there is a last attempt.
func TestLastAttemptBeforeCallersWait(t *testing.T) {
	t.Parallel()
	for range 20 { // for the jitter
		synctest.Test(t, func(t *testing.T) {
			pod := newPod(t, nil)
			client := newFaulty(pod)
			cfg := pod.Config()
			cfg.HTTPClient = client
			p := newProvider(t, cfg)
			first := retrieve(t, p)
			client.set(answer(http.StatusServiceUnavailable, "ServiceUnavailable", ""))
			time.Sleep(56 * time.Minute) // the first attempt is over
			client.set(nil)
			time.Sleep(3*time.Minute - time.Second)
			if retrieve(t, p) == first {
				t.Error("no further attempt before the mandatory window")
			}
		})
	}
}

func TestMaxStale(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ bound, served time.Duration }{
		"never":   {-1, 0},
		"an hour": {time.Hour, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				client := newFaulty(pod)
				cfg := pod.Config()
				cfg.HTTPClient = client
				cfg.Refresh.MaxStale = test.bound
				p := newProvider(t, cfg)
				first := retrieve(t, p)
				client.set(answer(http.StatusServiceUnavailable, "ServiceUnavailable", ""))
				sleepUntil(first, -test.served+time.Second)
				if retrieve(t, p) != first {
					t.Error("not the credentials in hand")
				}
				sleepUntil(first, -test.served-time.Minute)
				_, err := p.Retrieve(t.Context())
				e, ok := errors.AsType[*credentials.NoCredentialsError](err)
				if !ok || !e.Expired.Equal(first.Expires) || !errors.Is(err, credentials.ErrUnavailable) {
					t.Errorf("error %v, want one of ErrUnavailable", err)
				}
				wantText(t, err, "expired at 2000-01-01T01:00:00Z", "ServiceUnavailable")
				client.set(nil)
				time.Sleep(20 * time.Second)
				if retrieve(t, p) == first {
					t.Error("expired credentials")
				}
			})
		})
	}
}

// A refusal is told at once, but callers keep what is valid.
func TestRefusalBehindCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		client := newFaulty(pod)
		var log bytes.Buffer
		cfg := pod.Config()
		cfg.HTTPClient = client
		cfg.Logger = slog.New(slog.NewJSONHandler(&log, nil))
		p := newProvider(t, cfg)
		first := retrieve(t, p)
		<-p.Updated()
		client.set(answer(http.StatusForbidden, "AccessDenied", ""))
		<-p.Updated()
		synctest.Wait()
		if left := time.Until(first.Expires); left > 15*time.Minute || left < 5*time.Minute {
			t.Errorf("told %v before expiry", left)
		}
		if s := p.Stats().Sessions[0]; s.Failures.Denied != 1 || !strings.Contains(s.LastError, "AccessDenied") {
			t.Errorf("stats %+v", s)
		}
		for time.Until(first.Expires) > time.Minute {
			if retrieve(t, p) != first {
				t.Fatal("not the credentials in hand")
			}
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if n := p.Stats().Sessions[0].Failures.Denied; n < 4 || n > 40 {
			t.Errorf("%d attempts", n)
		}
		if strings.Contains(log.String(), "ERROR") || !strings.Contains(log.String(), "while they are valid") {
			t.Errorf("log: %s", log.String())
		}
		if _, err := p.Retrieve(t.Context()); !errors.Is(err, credentials.ErrDenied) {
			t.Errorf("error %v, want ErrDenied", err)
		}
		synctest.Wait()
		if !strings.Contains(log.String(), "ERROR") {
			t.Errorf("log: %s", log.String())
		}
		// From now on it is for callers to ask: who is denied for good and has
		// nothing to do should not burden STS.
		before := p.Stats().Sessions[0].Failures.Denied
		time.Sleep(10 * time.Hour)
		if after := p.Stats().Sessions[0].Failures.Denied; after != before {
			t.Errorf("%d attempts without callers", after-before)
		}
	})
}
