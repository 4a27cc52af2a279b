package secrets

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/policy"
)

func someClients(t *testing.T, roles map[string]credentials.Hop) *clients {
	t.Helper()
	cfg := aws.Config{Region: "eu-west-1", Credentials: awscredentials.NewStaticCredentialsProvider("AKID", "key", "")}
	c, err := newClients(cfg, Config{Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // always nil
	return c
}

func roleRef(n int) Ref {
	return Ref{Name: "s", Role: fmt.Sprintf("arn:aws:iam::111122223333:role/r%d", n)}
}

// TestRolesEnd has references name ever new roles.
func TestRolesEnd(t *testing.T) {
	t.Parallel()
	const account = "444455556666"
	c := someClients(t, map[string]credentials.Hop{account: {RoleARN: "arn:aws:iam::444455556666:role/kept"}})
	use := func(ref Ref) *caller {
		who, err := c.callerFor(ref)
		if err != nil {
			t.Fatal(err)
		}
		c.site(who, "eu-west-1")
		return who
	}
	kept, busy := use(Ref{Name: "s", Account: account}), use(roleRef(0))
	c.leave(kept)
	var last *caller
	for n := range 3 * maxIdle {
		last = use(roleRef(n + 1))
		c.leave(last)
		c.leave(use(roleRef(1))) // is never idle for longest
	}
	if got := len(c.callers); got != maxIdle+2 || len(c.idle) != maxIdle || len(c.sites) != got {
		t.Errorf("%d callers, %d idle, %d sites", got, len(c.idle), len(c.sites))
	}
	for _, who := range []*caller{kept, busy, last} {
		if !slices.Contains(slices.Collect(maps.Values(c.callers)), who) {
			t.Errorf("%s has ended", who.key)
		}
	}
	if use(roleRef(0)) != busy || use(roleRef(1)) == nil {
		t.Error("a role in use is assumed again")
	}
}

// TestSitesEnd has references name ever new Regions.
func TestSitesEnd(t *testing.T) {
	t.Parallel()
	c := someClients(t, nil)
	home := c.site(c.own, "eu-west-1")
	for n := range maxSites + 10 {
		c.site(c.own, fmt.Sprintf("us-%d", n))
		if c.site(c.own, "eu-west-1") != home {
			t.Fatal("the site in use is dropped")
		}
	}
	if len(c.sites) != maxSites {
		t.Errorf("%d sites", len(c.sites))
	}
}

// TestSessionsAreApart has two accounts use one role with different rights.
func TestSessionsAreApart(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::111122223333:role/r"
	narrow := &policy.Document{Statements: []policy.Statement{{
		Effect: policy.Deny, Action: policy.Strings("*"), Resource: policy.Strings("*"),
	}}}
	c := someClients(t, map[string]credentials.Hop{
		"444455556666": {RoleARN: role, SessionPolicy: narrow},
		"555566667777": {RoleARN: role},
	})
	a, errA := c.callerFor(Ref{Name: "s", Account: "444455556666"})
	b, errB := c.callerFor(Ref{Name: "s", Account: "555566667777"})
	if errA != nil || errB != nil || a == b {
		t.Errorf("one session for both: %v, %v", errA, errB)
	}
}
