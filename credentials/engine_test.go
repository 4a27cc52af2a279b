package credentials_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// retrieve returns credentials that must be there.
func retrieve(t *testing.T, p *credentials.Provider) aws.Credentials {
	t.Helper()
	creds, err := p.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return creds
}

// sleepUntil sleeps until d before the credentials expire.
func sleepUntil(creds aws.Credentials, d time.Duration) {
	time.Sleep(time.Until(creds.Expires.Add(-d)))
}

const assume = "AssumeRoleWithWebIdentity"

func TestWebIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		p := newProvider(t, pod.Config())
		if _, ok := p.Identity(); ok {
			t.Error("an identity before the first call")
		}
		creds := retrieve(t, p)
		if !creds.CanExpire || time.Until(creds.Expires) != time.Hour || creds.AccountID != credentialstest.PodAccount ||
			creds.Source != string(credentials.SourceWebIdentity) || creds.SessionToken == "" {
			t.Errorf("credentials lack something, expire in %v", time.Until(creds.Expires))
		}
		id, ok := p.Identity()
		const session = "testnamespace.testapp.testapp-0"
		if !ok || id.ARN != "arn:aws:sts::111122223333:assumed-role/pod-role/"+session || id.SessionName != session ||
			id.Account != credentialstest.PodAccount || !strings.HasPrefix(id.RoleID, "AROA") ||
			id.RoleARN != credentialstest.PodRoleARN || id.AccessKeyID != creds.AccessKeyID || !id.Expires.Equal(creds.Expires) ||
			id.Issuer != credentialstest.PodIssuer || id.Audience != credentials.DefaultAudience ||
			id.Subject != "system:serviceaccount:testnamespace:testapp" {
			t.Errorf("identity %+v", id)
		}
		cfg := aws.Config{Region: credentialstest.PodRegion, HTTPClient: pod.AWS.HTTPClient(), Credentials: p}
		out, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
		if err != nil || aws.ToString(out.Arn) != id.ARN {
			t.Errorf("STS says %v, %v", out, err)
		}
	})
}

func TestSessionSettings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		cfg := pod.Config()
		cfg.SessionName = "my+name"
		cfg.Duration = 20 * time.Minute
		p := newProvider(t, cfg)
		if left := time.Until(retrieve(t, p).Expires); left != cfg.Duration {
			t.Errorf("lifetime %v, want %v", left, cfg.Duration)
		}
		if id, _ := p.Identity(); id.SessionName != cfg.SessionName {
			t.Errorf("session name %q", id.SessionName)
		}
	})
}

func TestConcurrentColdRetrieves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		client := newFaulty(pod)
		client.set(func(r *http.Request) (*http.Response, error) {
			time.Sleep(time.Second) // so that all callers meet one refresh
			return client.next.Do(r)
		})
		cfg := pod.Config()
		cfg.HTTPClient = client
		p := newProvider(t, cfg)
		var wg sync.WaitGroup
		var mu sync.Mutex
		keys := map[string]int{}
		for range 1000 {
			wg.Go(func() {
				creds, err := p.Retrieve(t.Context())
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				keys[creds.AccessKeyID]++
			})
		}
		wg.Wait()
		if len(keys) != 1 || count(pod, assume) != 1 {
			t.Errorf("%d keys by %d calls, want 1 by 1", len(keys), count(pod, assume))
		}
	})
}

func TestLastMinuteWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		client := newFaulty(pod)
		cfg := pod.Config()
		cfg.HTTPClient = client
		cfg.Refresh.OnDemand = true
		p := newProvider(t, cfg)
		first := retrieve(t, p)
		sleepUntil(first, time.Minute)
		client.set(func(r *http.Request) (*http.Response, error) {
			time.Sleep(10 * time.Second)
			return client.next.Do(r)
		})
		start := time.Now()
		if retrieve(t, p) == first || time.Since(start) != 10*time.Second {
			t.Errorf("did not wait for the refresh, but %v", time.Since(start))
		}
	})
}

// The kubelet rotates the token; whoever still sends the first is refused.
func TestTokenRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, &credentialstest.PodOptions{Token: credentialstest.TokenRequest{Lifetime: 50 * time.Minute}})
		cfg := pod.Config()
		cfg.Refresh = credentials.Refresh{OnDemand: true, MaxStale: -1}
		p := newProvider(t, cfg)
		first := retrieve(t, p)
		time.Sleep(40 * time.Minute) // 80 % of the token's life
		if err := pod.Rotate(); err != nil {
			t.Fatal(err)
		}
		sleepUntil(first, 0)
		second := retrieve(t, p)
		if second.AccessKeyID == first.AccessKeyID {
			t.Error("expired credentials")
		}
		sleepUntil(second, 0)
		_, err := p.Retrieve(t.Context())
		e, ok := errors.AsType[*credentials.TokenError](err)
		if !ok || e.Problem != credentials.TokenExpired {
			t.Errorf("error %v, want an expired token: the rotated one has not been used", err)
		}
		if got := count(pod, assume); got != 2 {
			t.Errorf("%d calls, want 2", got)
		}
	})
}

func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		client := newFaulty(pod)
		client.set(func(r *http.Request) (*http.Response, error) {
			if r.Context().Value(contextKey{}) != nil {
				t.Error("a caller's context value reached the refresh")
			}
			time.Sleep(10 * time.Second)
			return client.next.Do(r)
		})
		cfg := pod.Config()
		cfg.HTTPClient = client
		p := newProvider(t, cfg)
		var wg sync.WaitGroup
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), contextKey{}, 1), time.Second)
			defer cancel()
			start := time.Now()
			_, err := p.Retrieve(ctx)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
				t.Errorf("error %v after %v, want the caller's deadline after 1s", err, time.Since(start))
			}
		})
		synctest.Wait()
		wg.Go(func() { retrieve(t, p) })
		wg.Wait()
		if got := count(pod, assume); got != 1 {
			t.Errorf("%d calls, want the one that the departed caller began", got)
		}
	})
}

type contextKey struct{}

// A log that is itself sent with the credentials it is about.
func TestLoggerMayRetrieve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		client := newFaulty(pod)
		cfg := pod.Config()
		cfg.HTTPClient = client
		var p *credentials.Provider
		var logged atomic.Bool
		cfg.Logger = slog.New(slog.NewTextHandler(writerFunc(func(b []byte) (int, error) {
			retrieve(t, p)
			logged.Store(true)
			return len(b), nil
		}), nil))
		p = newProvider(t, cfg)
		creds := retrieve(t, p)
		client.set(answer(http.StatusForbidden, "AccessDenied", ""))
		synctest.Wait()
		logged.Store(false)
		sleepUntil(creds, 2*time.Minute)
		retrieve(t, p)
		synctest.Wait()
		if !logged.Load() {
			t.Error("the failure was not logged")
		}
	})
}

// writerFunc is an io.Writer made of a function.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestHungSTS(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		cfg := pod.Config()
		cfg.HTTPClient = roundTripFunc(hang)
		cfg.Refresh.Timeout = 7 * time.Second
		p := newProvider(t, cfg)
		start := time.Now()
		_, err := p.Retrieve(t.Context())
		if !errors.Is(err, credentials.ErrUnavailable) || time.Since(start) != cfg.Refresh.Timeout {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
		wantText(t, err, "no answer from STS in time")
	})
}

// A refusal is remembered for a moment, and no longer: IAM takes some seconds
// to make a new role known.
func TestDenialIsRemembered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		client := newFaulty(pod)
		requests := 0
		client.set(func(r *http.Request) (*http.Response, error) {
			requests++
			return answer(http.StatusForbidden, "AccessDenied", "")(r)
		})
		cfg := pod.Config()
		cfg.HTTPClient = client
		p := newProvider(t, cfg)
		for range 100 {
			if _, err := p.Retrieve(t.Context()); !errors.Is(err, credentials.ErrDenied) {
				t.Errorf("error %v, want ErrDenied", err)
			}
			time.Sleep(9 * time.Millisecond)
		}
		if requests != 1 {
			t.Errorf("%d requests within a second, want 1", requests)
		}
		time.Sleep(5 * time.Second)
		client.set(nil)
		retrieve(t, p)
	})
}

func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		client := newFaulty(pod)
		client.set(hang)
		cfg := pod.Config()
		cfg.HTTPClient = client
		p := newProvider(t, cfg)
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if _, err := p.Retrieve(t.Context()); !errors.Is(err, credentials.ErrClosed) {
					t.Errorf("error %v, want ErrClosed", err)
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		for range 2 {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
		wg.Wait()
		if waited := time.Since(start); waited != 0 {
			t.Errorf("closing took %v", waited)
		}
		if _, err := p.Retrieve(t.Context()); !errors.Is(err, credentials.ErrClosed) {
			t.Errorf("error %v, want ErrClosed", err)
		}
	})
}

func TestCloseWithCredentials(t *testing.T) {
	t.Parallel()
	pod := newPod(t, nil)
	p := newProvider(t, pod.Config())
	retrieve(t, p)
	p.Close()
	if creds, err := p.Retrieve(t.Context()); !errors.Is(err, credentials.ErrClosed) || creds.HasKeys() {
		t.Errorf("error %v, want ErrClosed and no credentials", err)
	}
	if _, ok := p.Identity(); !ok {
		t.Error("the identity is forgotten")
	}
}

// An SDK client that meets an STS that is down must not repeat our retries.
func TestClientsDoNotRepeatRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		requests := 0
		cfg := pod.Config()
		cfg.HTTPClient = roundTripFunc(func(r *http.Request) (*http.Response, error) {
			requests++
			return answer(http.StatusServiceUnavailable, "ServiceUnavailable", "")(r)
		})
		loaded, err := credentials.LoadConfig(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		_, err = sts.NewFromConfig(loaded).GetCallerIdentity(t.Context(), nil)
		if !errors.Is(err, credentials.ErrUnavailable) {
			t.Errorf("error %v, want ErrUnavailable", err)
		}
		if requests != 3 {
			t.Errorf("%d requests, want the 3 of one refresh", requests)
		}
	})
}
