package credentials_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

func TestRetrieveMin(t *testing.T) {
	t.Parallel()
	for name, onDemand := range map[string]bool{"on demand": true, "behind": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				cfg := pod.Config()
				cfg.Refresh.OnDemand = onDemand
				p := newProvider(t, cfg)
				first := retrieve(t, p)
				time.Sleep(10 * time.Minute)
				if creds, err := p.RetrieveMin(t.Context(), 50*time.Minute); creds != first || err != nil {
					t.Errorf("not the credentials in hand, though they last: %v", err)
				}
				creds, err := p.RetrieveMin(t.Context(), 50*time.Minute+time.Second)
				if err != nil || creds == first || time.Until(creds.Expires) != time.Hour || count(pod, assume) != 2 {
					t.Errorf("%v after %d calls", err, count(pod, assume))
				}
				_, err = p.RetrieveMin(t.Context(), 2*time.Hour)
				e, ok := errors.AsType[*credentials.LifetimeError](err)
				if !ok || !errors.Is(err, credentials.ErrConfiguration) || e.Want != 2*time.Hour || e.Got != time.Hour || count(pod, assume) != 2 {
					t.Errorf("error %v after %d calls, want that the source does not give more", err, count(pod, assume))
				}
			})
		})
	}
}

func TestRetrieveMinFails(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault    credentialstest.Fault
		sentinel error
	}{
		"unavailable": {credentialstest.Unavailable(), credentials.ErrUnavailable},
		"hanging":     {credentialstest.Hanging(), credentials.ErrUnavailable},
		"denied":      {credentialstest.Denied(), credentials.ErrDenied},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				p := newProvider(t, pod.Config())
				first := retrieve(t, p)
				time.Sleep(10 * time.Minute)
				pod.AWS.Inject(credentialstest.When{}, test.fault)
				for range 2 { // the second during B or E
					calls := p.Stats().Sessions[0].Latency.Count
					_, err := p.RetrieveMin(t.Context(), time.Hour)
					e, ok := errors.AsType[*credentials.LifetimeError](err)
					if !ok || !errors.Is(err, test.sentinel) || e.Got > 50*time.Minute || e.Got < 48*time.Minute {
						t.Errorf("error %v, want %v", err, test.sentinel)
					}
					if calls == 2 && p.Stats().Sessions[0].Latency.Count != 2 {
						t.Error("asked again")
					}
				}
				if retrieve(t, p) != first {
					t.Error("Retrieve suffers")
				}
			})
		})
	}
}

func TestRetrieveMinLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		p := newProvider(t, pod.Config())
		first := retrieve(t, p)
		time.Sleep(time.Minute)
		pod.AWS.Inject(credentialstest.When{}, credentialstest.Slow(10*time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.RetrieveMin(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the context's", err)
		}
		// It joins what goes on without the caller who left.
		creds, err := p.RetrieveMin(t.Context(), 59*time.Minute+30*time.Second)
		if err != nil || creds == first || count(pod, assume) != 2 {
			t.Errorf("%v after %d calls", err, count(pod, assume))
		}
	})
}

func TestWaitReady(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault credentialstest.Fault // for a minute
		want  error
		after time.Duration // at most
	}{
		"at once":   {want: nil},
		"an outage": {fault: credentialstest.Unavailable(), after: 100 * time.Second},
		"denied":    {fault: credentialstest.Denied(), want: credentials.ErrDenied},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				start := time.Now()
				pod.AWS.Inject(credentialstest.When{Until: start.Add(time.Minute)}, test.fault)
				p := newProvider(t, pod.Config())
				if err := p.WaitReady(t.Context()); !errors.Is(err, test.want) {
					t.Errorf("error %v, want %v", err, test.want)
				}
				if waited := time.Since(start); waited > test.after {
					t.Errorf("waited %v, want at most %v", waited, test.after)
				}
			})
		})
	}
}

func TestWaitReadyEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		pod.AWS.Inject(credentialstest.When{}, credentialstest.ConnectionReset())
		p := newProvider(t, pod.Config())
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		if err := p.WaitReady(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Minute {
			t.Errorf("error %v after %v", err, time.Since(start))
		}
		p.Close()
		if err := p.WaitReady(t.Context()); !errors.Is(err, credentials.ErrClosed) {
			t.Errorf("error %v, want ErrClosed", err)
		}
	})
}

// The SDK puts a cache around the provider when it is given by an option, and
// none when it is given directly. Neither hides a refresh nor makes another.
func TestSDKCacheAround(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		p := newProvider(t, pod.Config())
		wrapped, err := config.LoadDefaultConfig(t.Context(), config.WithRegion("eu-west-1"),
			config.WithHTTPClient(pod.AWS.HTTPClient()), config.WithCredentialsProvider(p))
		if err != nil {
			t.Fatal(err)
		}
		direct := wrapped.Copy()
		direct.Credentials = p
		if _, ok := wrapped.Credentials.(*aws.CredentialsCache); !ok {
			t.Error("the SDK has changed its ways")
		}
		for want := 1; want <= 3; want++ {
			for _, cfg := range []aws.Config{wrapped, direct} {
				if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil); err != nil {
					t.Error(err)
				}
			}
			if got := count(pod, assume); got != want {
				t.Errorf("%d sessions, want %d", got, want)
			}
			time.Sleep(56 * time.Minute) // past the spread of one refresh, before the next
		}
	})
}

func TestUpdated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		p := newProvider(t, pod.Config())
		select {
		case <-p.Updated():
			t.Error("an update before the first")
		default:
		}
		retrieve(t, p)
		time.Sleep(5 * time.Hour) // more than one refresh
		<-p.Updated()
		select {
		case <-p.Updated():
			t.Error("updates pile up")
		default:
		}
		before := p.Stats().Sessions[0].Refreshes
		<-p.Updated()
		if after := p.Stats().Sessions[0].Refreshes; after != before+1 {
			t.Errorf("%d refreshes before the update, %d at it", before, after)
		}
		p.Close()
		for range p.Updated() {
			t.Error("an update after Close")
		}
	})
}

func TestStats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := chainWorld(1)
		pod := newPod(t, &credentialstest.PodOptions{World: &world})
		pod.AWS.Inject(credentialstest.When{Times: 1}, credentialstest.Fault{
			Code: "InvalidIdentityToken", Message: "Incorrect token audience",
		})
		pod.AWS.Inject(credentialstest.When{}, credentialstest.Slow(time.Second))
		cfg := pod.Config()
		cfg.Hops = []credentials.Hop{{RoleARN: hopARN(1)}}
		p := newProvider(t, cfg)
		if _, err := p.Retrieve(t.Context()); !errors.Is(err, credentials.ErrIdentity) {
			t.Errorf("error %v", err)
		}
		time.Sleep(10 * time.Second)
		creds := retrieve(t, p)
		s := p.Stats()
		if len(s.Sessions) != 2 {
			t.Fatalf("%d sessions, want that of the pod and that of the hop", len(s.Sessions))
		}
		base, hop := s.Sessions[0], s.Sessions[1]
		if base.Failures.Identity != 1 || base.AudienceMismatches != 1 || base.Refreshes != 1 || base.LastError == "" ||
			base.Latency != (credentials.Latency{Count: 2, Total: 2 * time.Second, Last: time.Second, Max: time.Second}) {
			t.Errorf("base %+v", base)
		}
		id, _ := p.Identity()
		if hop.Refreshes != 1 || hop.AccessKeyID != creds.AccessKeyID || hop.ARN != id.ARN || !hop.Expires.Equal(creds.Expires) ||
			hop.NextRefresh.Before(creds.Expires.Add(-15*time.Minute)) || hop.NextRefresh.After(creds.Expires) || hop.LastSuccess.IsZero() {
			t.Errorf("hop %+v", hop)
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back credentials.Stats
		if err := json.Unmarshal(text, &back); err != nil || back.Sessions[0].Failures != base.Failures {
			t.Errorf("%v: %s", err, text)
		}
		wantNoSecret(t, "Stats", s, creds.SecretAccessKey, creds.SessionToken)
	})
}

// A caller that closes while others wait lets them go.
func TestCloseLetsGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		cfg := pod.Config()
		cfg.HTTPClient = roundTripFunc(func(r *http.Request) (*http.Response, error) { return hang(r) })
		p := newProvider(t, cfg)
		errs := make(chan error)
		go func() { errs <- p.WaitReady(t.Context()) }()
		go func() {
			_, err := p.RetrieveMin(t.Context(), time.Minute)
			errs <- err
		}()
		synctest.Wait()
		p.Close()
		for range 2 {
			if err := <-errs; !errors.Is(err, credentials.ErrClosed) {
				t.Errorf("error %v, want ErrClosed", err)
			}
		}
	})
}
