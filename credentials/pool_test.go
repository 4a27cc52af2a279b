package credentials_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

func TestPoolShares(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*credentials.Config)
		want   int // calls for two providers
	}{
		"the same":                      {func(*credentials.Config) {}, 1},
		"a session name":                {func(c *credentials.Config) { c.SessionName = "other" }, 2},
		"a duration":                    {func(c *credentials.Config) { c.Duration = 20 * time.Minute }, 2},
		"a policy":                      {func(c *credentials.Config) { c.SessionPolicy = allow("", "*", "s3:GetObject") }, 2},
		"a region":                      {func(c *credentials.Config) { c.Region = "eu-west-2" }, 2},
		"on demand":                     {func(c *credentials.Config) { c.Refresh.OnDemand = true }, 2},
		"an HTTP client":                {func(c *credentials.Config) { c.HTTPClient = newScript(c.HTTPClient.Do) }, 2},
		"a client that has no identity": {func(c *credentials.Config) { c.HTTPClient = roundTripFunc(c.HTTPClient.Do) }, 2},
		"an expectation":                {func(c *credentials.Config) { c.Expect.Account = credentialstest.PodAccount }, 2},
		"another pool":                  {func(c *credentials.Config) { c.Pool = new(credentials.Pool) }, 2},
		"no pool":                       {func(c *credentials.Config) { c.Pool = nil }, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				cfg := pod.Config()
				cfg.Pool = new(credentials.Pool)
				first := retrieve(t, newProvider(t, cfg))
				test.change(&cfg)
				second := retrieve(t, newProvider(t, cfg))
				if same := first == second; count(pod, assume) != test.want || same != (test.want == 1) {
					t.Errorf("%d calls, want %d", count(pod, assume), test.want)
				}
			})
		})
	}
}

// Two roles that are assumed from one session have that in common.
func TestPoolSharesBase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := chainWorld(1)
		pod := newPod(t, &credentialstest.PodOptions{World: &world})
		cfg := pod.Config()
		cfg.Pool = new(credentials.Pool)
		cfg.Hops = []credentials.Hop{{RoleARN: hopARN(1)}}
		a := newProvider(t, cfg)
		retrieve(t, a)
		cfg.Hops = []credentials.Hop{{RoleARN: hopARN(1), SessionName: "other"}}
		b := newProvider(t, cfg)
		other := retrieve(t, b)
		if count(pod, assume) != 1 || count(pod, assumeHop) != 2 {
			t.Errorf("%d and %d calls, want 1 and 2", count(pod, assume), count(pod, assumeHop))
		}
		a.Close()
		sleepUntil(other, 0) // the base is refreshed for the one that is left
		if retrieve(t, b) == other || count(pod, assume) != 2 {
			t.Errorf("%d calls, want 2", count(pod, assume))
		}
	})
}

// Printing a Pool does not read what its sessions write.
func TestPoolIsOpaque(t *testing.T) {
	t.Parallel()
	pod := newPod(t, nil)
	cfg := pod.Config()
	cfg.Pool = new(credentials.Pool)
	retrieve(t, newProvider(t, cfg))
	var busy sync.WaitGroup
	busy.Go(func() {
		for range 100 {
			other := cfg
			other.Audience = "another"
			p, err := credentials.New(t.Context(), other)
			if err != nil {
				t.Error(err)
				return
			}
			p.Close()
		}
	})
	for range 20 {
		for how, text := range printings(t, cfg.Pool) {
			if strings.Contains(text, "map[") {
				t.Errorf("%s shows the sessions", how)
			}
		}
	}
	if got := fmt.Sprintf("%+v %s", cfg.Pool, struct{ Pool *credentials.Pool }{cfg.Pool}); got != "credentials.Pool {credentials.Pool}" {
		t.Errorf("printed as %s", got)
	}
	busy.Wait()
}

func TestPoolLifecycle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		pool := new(credentials.Pool)
		cfg := pod.Config()
		cfg.Pool = pool
		a, b := newProvider(t, cfg), newProvider(t, cfg)
		creds := retrieve(t, a)
		a.Close()
		if _, err := a.Retrieve(t.Context()); !errors.Is(err, credentials.ErrClosed) {
			t.Errorf("error %v of the closed one, want ErrClosed", err)
		}
		if retrieve(t, b) != creds {
			t.Error("the other does not have the session")
		}
		a.Close()
		b.Close()
		time.Sleep(10 * time.Hour)
		if count(pod, assume) != 1 {
			t.Errorf("%d calls for nobody", count(pod, assume)-1)
		}
		c := newProvider(t, cfg)
		if retrieve(t, c) == creds {
			t.Error("the session of those who closed it")
		}
		pool.Close()
		if _, err := c.Retrieve(t.Context()); !errors.Is(err, credentials.ErrClosed) {
			t.Errorf("error %v, want ErrClosed", err)
		}
		if _, err := credentials.New(t.Context(), cfg); !errors.Is(err, credentials.ErrClosed) {
			t.Errorf("error %v, want ErrClosed", err)
		}
	})
}
