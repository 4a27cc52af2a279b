package endpoint_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/credentials/endpoint"
)

// What a provider gives that must not go out, and how a client learns of it.
func TestUnusable(t *testing.T) {
	t.Parallel()
	with := func(change func(*aws.Credentials)) func() stub {
		return func() stub {
			creds := lasting(time.Hour)
			change(&creds)
			return stub{creds: creds}
		}
	}
	ending := func(d time.Duration) func() stub { return func() stub { return stub{creds: lasting(d)} } }
	failing := func(err error) func() stub { return func() stub { return stub{err: err} } }
	tests := map[string]struct {
		provider func() stub // called in the bubble
		status   int
		code     string
		text     string
	}{
		"empty":            {failing(nil), 503, "CredentialsUnavailable", "empty key"},
		"no id":            {with(func(c *aws.Credentials) { c.AccessKeyID = "" }), 503, "CredentialsUnavailable", "empty key"},
		"no secret":        {with(func(c *aws.Credentials) { c.SecretAccessKey = "" }), 503, "CredentialsUnavailable", "empty key"},
		"lasting keys":     {with(func(c *aws.Credentials) { c.CanExpire, c.Expires, c.SessionToken = false, time.Time{}, "" }), 424, "Misconfigured", "lasting keys"},
		"no expiry":        {with(func(c *aws.Credentials) { c.CanExpire, c.Expires = false, time.Time{} }), 424, "Misconfigured", "lasting keys"},
		"zero expiry":      {with(func(c *aws.Credentials) { c.Expires = time.Time{} }), 503, "CredentialsUnavailable", "expired"},
		"no session token": {with(func(c *aws.Credentials) { c.SessionToken = "" }), 424, "Misconfigured", "lasting keys"},
		"expired":          {ending(-time.Second), 503, "CredentialsUnavailable", "expired 1s ago"},
		"ends now":         {ending(0), 503, "CredentialsUnavailable", "expired 0s ago"},
		"ends soon":        {ending(59 * time.Second), 503, "CredentialsUnavailable", "they expire in 59s"},
		"denied":           {failing(fmt.Errorf("role: %w", credentials.ErrDenied)), 403, "AccessDenied", "role: "},
		"no identity":      {failing(fmt.Errorf("token: %w", credentials.ErrIdentity)), 424, "IdentityNotEstablished", "token: "},
		"settings":         {failing(fmt.Errorf("region: %w", credentials.ErrConfiguration)), 424, "Misconfigured", "region: "},
		"weather":          {failing(fmt.Errorf("sts: %w", credentials.ErrUnavailable)), 503, "CredentialsUnavailable", "sts: "},
		"slow weather":     {failing(fmt.Errorf("sts: %w: %w", credentials.ErrUnavailable, context.DeadlineExceeded)), 503, "CredentialsUnavailable", "sts: "},
		"closed":           {failing(credentials.ErrClosed), 503, "CredentialsUnavailable", "closed"},
		"not in time":      {failing(context.DeadlineExceeded), 503, "CredentialsPending", "ask again"},
		"unknown":          {failing(errors.New(marker)), 503, "CredentialsUnavailable", "see the server's log"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newServer(t, endpoint.Config{Provider: test.provider()})
				got := ask(t, s, endpoint.PathCredentials)
				if got.Status != test.status || got.Code != test.code || !strings.Contains(got.Message, test.text) {
					t.Errorf("%d %s %q, want %d %s %q", got.Status, got.Code, got.Message, test.status, test.code, test.text)
				}
				if got.AccessKeyID != "" || got.SecretAccessKey != "" || got.Token != "" || strings.Contains(got.Message, marker) {
					t.Error("the answer has credentials in it")
				}
				ready := ask(t, s, endpoint.PathReady)
				if ready.Status != http.StatusServiceUnavailable || ready.Ready || !strings.HasPrefix(ready.Message, endpoint.PathCredentials+": ") {
					t.Errorf("ready: %d %q", ready.Status, ready.Message)
				}
			})
		})
	}
}

// A day of clients that come back fifteen minutes before expiry, as botocore
// does: each gets more than that, and AWS is asked no more than needed.
func TestDayOfAnEagerClient(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		duration time.Duration
		min      time.Duration // that each answer has left
		calls    int           // at most
	}{
		"an hour":         {time.Hour, 15 * time.Minute, 40},
		"fifteen minutes": {15 * time.Minute, 7*time.Minute + 30*time.Second, 210},
		"twelve hours":    {12 * time.Hour, 15 * time.Minute, 5},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := credentialstest.PodWorld()
				world.Accounts[0].Roles[0].MaxDuration = int(max(test.duration, time.Hour).Seconds())
				pod, err := credentialstest.NewPod(t.TempDir(), &credentialstest.PodOptions{World: &world})
				if err != nil {
					t.Fatal(err)
				}
				kubelet := pod.StartKubelet()
				defer kubelet.Stop()
				cfg := pod.Config()
				cfg.Duration = test.duration
				p, err := credentials.New(t.Context(), cfg)
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				s := newServer(t, endpoint.Config{Provider: p})
				for range 24 * 60 {
					got := ask(t, s, endpoint.PathCredentials)
					if left := time.Until(got.expires(t)); left < test.min-time.Second {
						t.Fatalf("%v left", left)
					}
					time.Sleep(time.Minute)
				}
				if calls := pod.AWS.CallCount("sts", "AssumeRoleWithWebIdentity"); calls > test.calls {
					t.Errorf("%d calls of STS, want at most %d", calls, test.calls)
				}
			})
		})
	}
}

// While STS is down clients get what is at hand to its last minute, then an
// error that says why, and never what has expired, though the provider serves
// it. Afterwards all is well again.
func TestOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, p := newPod(t, nil)
		s := newServer(t, endpoint.Config{Provider: p})
		first := ask(t, s, endpoint.PathCredentials)
		end := first.expires(t)
		mend := pod.AWS.Inject(credentialstest.When{Service: "sts"}, credentialstest.Unavailable())

		for time.Until(end) >= time.Minute {
			got := ask(t, s, endpoint.PathCredentials)
			if got.Status != http.StatusOK || got.AccessKeyID != first.AccessKeyID || !got.expires(t).Equal(end) {
				t.Fatalf("with %v left: %d %s", time.Until(end), got.Status, got.Message)
			}
			time.Sleep(17 * time.Second)
		}
		pending := 0
		for time.Until(end) > -3*time.Hour {
			got := ask(t, s, endpoint.PathCredentials)
			if got.Status != http.StatusServiceUnavailable || got.SecretAccessKey != "" {
				t.Fatalf("with %v left: %d %s", time.Until(end), got.Status, got.Code)
			}
			// Now and then the provider asks STS once more, and takes its time.
			if got.Code == "CredentialsPending" {
				pending++
			} else if !strings.Contains(got.Message, "expire") || !strings.Contains(got.Message, "STS") || strings.Contains(got.Message, "want credentials") {
				t.Fatalf("with %v left: %q", time.Until(end), got.Message)
			}
			time.Sleep(5 * time.Minute)
		}
		if pending > 18 {
			t.Errorf("%d of 36 answers do not say why", pending)
		}
		if stale, err := p.Retrieve(t.Context()); err != nil || time.Until(stale.Expires) > 0 {
			t.Fatalf("the provider does not serve what has expired: %v", err)
		}

		mend()
		time.Sleep(11 * time.Minute) // its backoff
		if got := ask(t, s, endpoint.PathCredentials); got.Status != http.StatusOK || time.Until(got.expires(t)) < 30*time.Minute {
			t.Errorf("after the outage: %d %s", got.Status, got.Message)
		}
	})
}

// A request is answered before the SDKs lose patience. The fetch goes on.
func TestSlowFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, p := newPod(t, nil)
		remove := pod.AWS.Inject(credentialstest.When{Service: "sts"}, credentialstest.Slow(2500*time.Millisecond))
		s := newServer(t, endpoint.Config{Provider: p})
		start := time.Now()
		for range 3 {
			got := ask(t, s, endpoint.PathCredentials)
			if got.Status != http.StatusServiceUnavailable || got.Code != "CredentialsPending" {
				t.Errorf("after %v: %d %s", time.Since(start), got.Status, got.Message)
			}
		}
		if took := time.Since(start); took != 2400*time.Millisecond {
			t.Errorf("three answers took %v", took)
		}
		first := ask(t, s, endpoint.PathCredentials)
		if first.Status != http.StatusOK || pod.AWS.CallCount("sts", "AssumeRoleWithWebIdentity") != 1 {
			t.Errorf("after %v: %d %s", time.Since(start), first.Status, first.Message)
		}

		// The same while there are credentials that should be renewed: they are
		// better than none.
		remove()
		pod.AWS.Inject(credentialstest.When{Service: "sts"}, credentialstest.Hanging())
		time.Sleep(time.Until(first.expires(t)) - 4*time.Minute)
		start = time.Now()
		if got := ask(t, s, endpoint.PathCredentials); got.AccessKeyID != first.AccessKeyID {
			t.Errorf("%d %s", got.Status, got.Message)
		}
		if took := time.Since(start); took > 800*time.Millisecond {
			t.Errorf("answered after %v", took)
		}
	})
}

// A role that refuses is no reason to ask again.
func TestDeniedHop(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::111122223333:role/node-role"
	synctest.Test(t, func(t *testing.T) {
		_, p := newPod(t, func(c *credentials.Config) { c.Hops = []credentials.Hop{{RoleARN: role}} })
		got := ask(t, newServer(t, endpoint.Config{Provider: p}), endpoint.PathCredentials)
		if got.Status != http.StatusForbidden || got.Code != "AccessDenied" || !strings.Contains(got.Message, role) {
			t.Errorf("%d %s %q", got.Status, got.Code, got.Message)
		}
	})
}

// lender is a provider that is asked for longer life, with the answers to each
// in the order of calls; the last of Retrieve's counts from then on.
type lender struct {
	given  []aws.Credentials
	longer []aws.Credentials // none: an error
	asked  []time.Duration
}

func (l *lender) Retrieve(context.Context) (aws.Credentials, error) {
	creds := l.given[0]
	if len(l.given) > 1 {
		l.given = l.given[1:]
	}
	if creds.AccessKeyID == "" {
		return creds, credentials.ErrUnavailable
	}
	return creds, nil
}

func (l *lender) RetrieveMin(_ context.Context, d time.Duration) (aws.Credentials, error) {
	l.asked = append(l.asked, d)
	if len(l.longer) == 0 {
		return aws.Credentials{}, credentials.ErrConfiguration
	}
	creds := l.longer[0]
	l.longer = l.longer[1:]
	return creds, nil
}

// When longer life is asked for, how long, and what comes of it.
func TestRenewal(t *testing.T) {
	t.Parallel()
	session := func(id string, d time.Duration) aws.Credentials {
		creds := lasting(d)
		creds.AccessKeyID = id
		return creds
	}
	const later = 40 * time.Minute // when the second request comes
	tests := map[string]struct {
		cfg      endpoint.Config
		provider func() *lender // called in the bubble
		asked    []time.Duration
		want     string // the key of the second answer; empty for none
	}{
		"long enough": {endpoint.Config{}, func() *lender {
			return &lender{given: []aws.Credentials{session("OLD", later+15*time.Minute)}}
		}, nil, "OLD"},
		"renewed": {endpoint.Config{}, func() *lender {
			return &lender{given: []aws.Credentials{session("OLD", later+15*time.Minute-1)}, longer: []aws.Credentials{session("NEW", 2*time.Hour)}}
		}, []time.Duration{15 * time.Minute}, "NEW"},
		"renewed early": {endpoint.Config{RenewAt: 20 * time.Minute}, func() *lender {
			return &lender{given: []aws.Credentials{session("OLD", later+18*time.Minute)}, longer: []aws.Credentials{session("NEW", 2*time.Hour)}}
		}, []time.Duration{20 * time.Minute}, "NEW"},
		"half of a short life": {endpoint.Config{RenewAt: time.Hour}, func() *lender {
			return &lender{given: []aws.Credentials{session("OLD", later+20*time.Minute)}, longer: []aws.Credentials{session("NEW", 2*time.Hour)}}
		}, []time.Duration{30 * time.Minute}, "NEW"},
		"as much as is handed out": {endpoint.Config{MinLifetime: 30 * time.Minute}, func() *lender {
			return &lender{given: []aws.Credentials{session("OLD", later+25*time.Minute)}, longer: []aws.Credentials{session("NEW", 2*time.Hour)}}
		}, []time.Duration{30 * time.Minute}, "NEW"},
		"less than was asked for": {endpoint.Config{}, func() *lender {
			return &lender{given: []aws.Credentials{session("OLD", later+30*time.Second), session("OLD", later+30*time.Second), session("NEW", later+10*time.Minute)}}
		}, []time.Duration{15 * time.Minute}, "NEW"},
		"nothing, but there is some left": {endpoint.Config{}, func() *lender {
			return &lender{given: []aws.Credentials{session("OLD", later+time.Minute), session("OLD", later+time.Minute), {}}}
		}, []time.Duration{15 * time.Minute}, "OLD"},
		"nothing, and too little left": {endpoint.Config{}, func() *lender {
			return &lender{given: []aws.Credentials{session("OLD", later+time.Minute-1), session("OLD", later+time.Minute-1), {}}}
		}, []time.Duration{15 * time.Minute}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := test.provider()
				test.cfg.Provider = p
				s := newServer(t, test.cfg)
				if got := ask(t, s, endpoint.PathCredentials); got.AccessKeyID != "OLD" || len(p.asked) != 0 {
					t.Fatalf("at first: %d %s, asked for %v", got.Status, got.Message, p.asked)
				}
				time.Sleep(later)
				got := ask(t, s, endpoint.PathCredentials)
				if got.AccessKeyID != test.want || (got.Status == http.StatusOK) != (test.want != "") {
					t.Errorf("key %q, %d %s", got.AccessKeyID, got.Status, got.Message)
				}
				if diff := cmp.Diff(test.asked, p.asked); diff != "" {
					t.Errorf("asked for (-want +got):\n%s", diff)
				}
			})
		})
	}
}
