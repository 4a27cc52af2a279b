package secrets_test

import (
	"context"
	"errors"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

const readerRole = "arn:aws:iam::" + secretstest.StorySecretAccount + ":role/reader"

// TestRoles reads through roles of the reference and of the Config, one session
// for each role.
func TestRoles(t *testing.T) {
	t.Parallel()
	const (
		theirs = "arn:aws:secretsmanager:eu-west-1:" + secretstest.StorySecretAccount + ":secret:fleet/1"
		byName = "fleet/0?role_arn=" + readerRole
	)
	for name, test := range map[string]struct {
		roles   map[string]credentials.Hop
		breakIt func(w *secretstest.World)
		refs    []string
		want    error
		calls   map[string]int
	}{
		"role of the account": {
			roles: readers(), refs: []string{theirs, theirs + "-AbCdEf"},
			calls: map[string]int{assumeToken: 1, "AssumeRole": 1, "GetSecretValue": 0, "BatchGetSecretValue": 1},
		},
		"role of the reference has the external id of the account's": {
			roles: readers(), refs: []string{theirs, byName},
			calls: map[string]int{assumeToken: 1, "AssumeRole": 1, "BatchGetSecretValue": 1},
		},
		"role of the reference alone": {
			breakIt: func(w *secretstest.World) {
				w.Account(secretstest.StorySecretAccount).Role("reader").Trust.Statements[0].Condition = nil
			},
			refs: []string{byName}, calls: map[string]int{assumeToken: 1, "AssumeRole": 1, "GetSecretValue": 1},
		},
		"role that does not trust": {
			refs: []string{byName}, want: secrets.ErrIdentity, calls: map[string]int{assumeToken: 1, "AssumeRole": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := fleet(2, 0, region)
			if test.breakIt != nil {
				test.breakIt(&w)
			}
			fake, cfg := pod(t, w)
			source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{Roles: test.roles})
			for range 2 {
				for ref, r := range fetch(t, source, test.refs...) {
					switch {
					case test.want == nil && r.Err != nil:
						t.Errorf("%s: %v", ref, r.Err)
					case test.want != nil:
						checkKind(t, r.Err, test.want)
						if !errors.Is(r.Err, credentials.ErrDenied) {
							t.Errorf("the credentials' error is lost: %v", r.Err)
						}
					}
				}
				if got := tally(fake); !maps.EqualFunc(got, test.calls, func(n, want int) bool { return n == want }) && test.calls["GetSecretValue"] != 0 {
					t.Errorf("calls %v, want %v", got, test.calls)
				}
				if n := tally(fake); n["AssumeRole"] != 1 || n[assumeToken] != 1 {
					t.Errorf("sessions: %v", n)
				}
				test.calls = nil
			}
		})
	}
}

// TestSessionsAreCounted has those of the roles for secrets in the Stats of a
// Store, and not that of the pod.
func TestSessionsAreCounted(t *testing.T) {
	t.Parallel()
	w, refs := fleet(2, 0, region)
	_, cfg := pod(t, w)
	store := newStore(t, cfg, secrets.Config{})
	if _, err := store.Get(t.Context(), refs[0]); err != nil || store.Stats().Sessions != nil {
		t.Errorf("%v, sessions %+v", err, store.Stats().Sessions)
	}
	store = newStore(t, cfg, secrets.Config{Roles: readers()})
	if s := store.Stats().Sessions; len(s) != 2 || s[0].RoleARN != readerRole || s[0].Refreshes != 0 {
		t.Errorf("before the first read: %+v", s)
	}
	if _, err := store.Get(t.Context(), "fleet/0?role_arn="+readerRole); err != nil {
		t.Fatal(err)
	}
	if s := store.Stats().Sessions; s[0].Refreshes != 1 || s[0].Expires.IsZero() {
		t.Errorf("then: %+v", s)
	}
}

// TestSessionsOfOtherCredentials leaves out those that a role is assumed with.
func TestSessionsOfOtherCredentials(t *testing.T) {
	t.Parallel()
	store := newStore(t, script(nil).config(), secrets.Config{Roles: readers()})
	if s := store.Stats().Sessions; len(s) != 2 || s[0].RoleARN != readerRole || s[1].RoleARN == "" {
		t.Errorf("%+v", s)
	}
}

// TestCallerOfUnknownAccount has credentials that do not say whose they are: STS
// is asked once, and only if a batch depends on it.
func TestCallerOfUnknownAccount(t *testing.T) {
	t.Parallel()
	w, refs := fleet(4, 0, region)
	fake, cfg := pod(t, w)
	good := cfg.Credentials
	cfg.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		creds, err := good.Retrieve(ctx)
		creds.AccountID = ""
		return creds, err
	})
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	fetch(t, source, refs[0])
	for range 2 {
		checkFleet(t, fetch(t, source, refs[:4]...))
	}
	want := map[string]int{assumeToken: 1, "GetCallerIdentity": 1, "GetSecretValue": 1, "BatchGetSecretValue": 2}
	if got := tally(fake); !maps.Equal(got, want) {
		t.Errorf("calls %v, want %v", got, want)
	}
}

// TestNoIdentity fails all that is asked for at once with the credentials'
// error.
func TestNoIdentity(t *testing.T) {
	t.Parallel()
	none := &credentials.TokenError{Path: "/var/run/token", Problem: credentials.TokenExpired}
	cfg := script(func(string) (int, string) { return 200, goodAnswer }).config()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, none })
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	for ref, r := range fetch(t, source, secretARN, "prod/db", "ssm:/a", "ssm:/b") {
		checkKind(t, r.Err, secrets.ErrIdentity)
		if !errors.Is(r.Err, none) {
			t.Errorf("%s: %v", ref, r.Err)
		}
	}
}

// TestPlaceless covers refs for which no call can be made.
func TestPlaceless(t *testing.T) {
	t.Parallel()
	cfg := script(func(string) (int, string) { return 200, goodAnswer }).config()
	cfg.Region = ""
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	got := fetch(t, source, "prod/db", secretARN, "prod/db?region=eu-west-1", "prod/db#key")
	for ref, want := range map[string]error{
		"prod/db": secrets.ErrConfiguration, "prod/db#key": secrets.ErrConfiguration, secretARN: nil, "prod/db?region=eu-west-1": nil,
	} {
		if err := got[ref].Err; !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
}
