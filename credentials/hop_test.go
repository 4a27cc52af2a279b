package credentials_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
)

const (
	assumeHop = "AssumeRole"
	userKey   = "AKIAIOSFODNN7EXAMPLE"
	userName  = "arn:aws:iam::111122223333:user/bob"
)

// hopAccount is where the nth role lives, each in an account of its own.
func hopAccount(n int) string { return fmt.Sprintf("%012d", 222200000000+n) }

func hopARN(n int) string { return fmt.Sprintf("arn:aws:iam::%s:role/team/hop-%d", hopAccount(n), n) }

// allow is a document of one statement.
func allow(principal, resource string, actions ...string) *policy.Document {
	s := policy.Statement{Effect: policy.Allow, Action: policy.Strings(actions...)}
	if principal != "" {
		s.Principal = policy.Principal{Entries: []policy.PrincipalEntry{{Type: "AWS", Values: policy.Strings(principal)}}}
	}
	if resource != "" {
		s.Resource = policy.Strings(resource)
	}
	return &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{s}}
}

// chainWorld has as many roles as wanted, each of which trusts the one before,
// and a user who may assume the first.
func chainWorld(n int) credentialstest.World {
	all := []string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"}
	world := credentialstest.PodWorld()
	world.Accounts[0].Users = []credentialstest.User{{
		Name: "bob", AccessKeyID: userKey, SecretAccessKey: "secret",
		Policies: []credentialstest.Policy{{Name: "hop", Document: allow("", "*", all...)}},
	}}
	before := credentialstest.PodRoleARN
	world.Accounts[0].Roles[0].Policies = []credentialstest.Policy{{Name: "hop", Document: allow("", "*", all...)}}
	for i := 1; i <= n; i++ {
		trust := allow(before, "", all...)
		if i == 1 {
			trust.Statements = append(trust.Statements, allow(userName, "", all...).Statements...)
		}
		world.Accounts = append(world.Accounts, credentialstest.Account{
			ID: hopAccount(i),
			Roles: []credentialstest.Role{{
				Name: fmt.Sprintf("hop-%d", i), Path: "/team/", Trust: trust, MaxDuration: 43200,
				Policies: []credentialstest.Policy{{Name: "hop", Document: allow("", "*", all...)}},
			}},
		})
		before = hopARN(i)
	}
	return world
}

// chainOf starts a pod of that world with so many hops.
func chainOf(t *testing.T, n int) (*credentialstest.Pod, credentials.Config) {
	t.Helper()
	world := chainWorld(n)
	pod := newPod(t, &credentialstest.PodOptions{World: &world})
	cfg := pod.Config()
	for i := 1; i <= n; i++ {
		cfg.Hops = append(cfg.Hops, credentials.Hop{RoleARN: hopARN(i)})
	}
	return pod, cfg
}

// keysOf sets the environment to the user's keys and takes web identity out of
// a config.
func keysOf(t *testing.T, cfg credentials.Config) credentials.Config {
	t.Helper()
	setenv(t, map[string]string{"AWS_ACCESS_KEY_ID": userKey, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": cfg.Region})
	cfg.RoleARN, cfg.TokenFile = "", ""
	return cfg
}

func TestHops(t *testing.T) {
	t.Parallel()
	for n := range 5 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod, cfg := chainOf(t, n)
				p := newProvider(t, cfg)
				for i, s := range p.Stats().Sessions {
					if want := []string{credentialstest.PodRoleARN, hopARN(1), hopARN(2), hopARN(3), hopARN(4)}[i]; s.RoleARN != want {
						t.Errorf("session %d is of %q before the first refresh, want %q", i, s.RoleARN, want)
					}
				}
				first := retrieve(t, p)
				account, role, arn := credentialstest.PodAccount, "pod-role", credentialstest.PodRoleARN
				if n > 0 {
					account, role, arn = hopAccount(n), fmt.Sprintf("hop-%d", n), hopARN(n)
				}
				const session = "testnamespace.testapp.testapp-0"
				id, ok := p.Identity()
				if !ok || id.Account != account || id.ARN != "arn:aws:sts::"+account+":assumed-role/"+role+"/"+session ||
					id.RoleARN != arn || id.SessionName != session || !strings.HasPrefix(id.RoleID, "AROA") ||
					id.AccessKeyID != first.AccessKeyID || id.Source != credentials.SourceWebIdentity ||
					id.Subject != "system:serviceaccount:testnamespace:testapp" || id.Issuer != credentialstest.PodIssuer ||
					!strings.Contains(id.Provider, ":oidc-provider/") || id.Region != credentialstest.PodRegion {
					t.Errorf("identity %+v", id)
				}
				if first.AccountID != account || first.Source != string(credentials.SourceWebIdentity) {
					t.Errorf("account %q, source %q", first.AccountID, first.Source)
				}
				for range 10 {
					retrieve(t, p)
				}
				if count(pod, assume) != 1 || count(pod, assumeHop) != n {
					t.Errorf("%d and %d calls, want 1 and %d", count(pod, assume), count(pod, assumeHop), n)
				}
				time.Sleep(12 * time.Hour)
				if second := retrieve(t, p); second.AccessKeyID == first.AccessKeyID || !second.Expires.After(time.Now()) {
					t.Error("no refresh")
				}
				// Each session is renewed as often as it ends, whatever stands
				// on it.
				if base, hops := count(pod, assume), count(pod, assumeHop); hops != 0 && (base < 12 || base > 17 || hops > n*17) {
					t.Errorf("%d and %d calls in twelve hours", base, hops)
				}
			})
		})
	}
}

// Two roles that stand on one user's keys.
func TestHopsFromKeys(t *testing.T) {
	pod, cfg := chainOf(t, 2)
	cfg = keysOf(t, cfg)
	p := newProvider(t, cfg)
	retrieve(t, p)
	id, _ := p.Identity()
	if id.Source != credentials.SourceEnvironment || id.Account != hopAccount(2) || id.SessionName == "" || id.Subject != "" {
		t.Errorf("identity %+v", id)
	}
	if count(pod, assume) != 0 || count(pod, assumeHop) != 2 {
		t.Errorf("%d and %d calls", count(pod, assume), count(pod, assumeHop))
	}
}

// A Config belongs to the caller again once New has returned.
func TestHopsAreCopied(t *testing.T) {
	t.Parallel()
	pod, cfg := chainOf(t, 1)
	played := newScript(pod.AWS.HTTPClient().Do)
	cfg.HTTPClient = played
	cfg.Hops[0].Tags = map[string]string{"team": "blue"}
	cfg.Hops[0].TransitiveTagKeys = []string{"team"}
	p := newProvider(t, cfg)
	cfg.Hops[0].Tags["team"], cfg.Hops[0].TransitiveTagKeys[0] = "red", "other"
	retrieve(t, p)
	form := played.requests()[1].form
	if form.Get("Tags.member.1.Value") != "blue" || form.Get("TransitiveTagKeys.member.1") != "team" {
		t.Errorf("sent %q", form)
	}
}

// What a hop attaches to its session reaches STS, and lasts.
func TestHopAttributes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, cfg := chainOf(t, 3)
		played := newScript(pod.AWS.HTTPClient().Do)
		cfg.HTTPClient = played
		cfg.Hops[0].ExternalID = "ext:1/2"
		cfg.Hops[0].SourceIdentity = "alice@example.com"
		cfg.Hops[0].Tags = map[string]string{"team": "blue sky", "stage": ""}
		cfg.Hops[0].TransitiveTagKeys = []string{"team"}
		cfg.Hops[1].SessionName = "my+hop"
		cfg.Hops[1].Duration = 20 * time.Minute
		cfg.Hops[1].Region = "eu-north-1"
		cfg.Hops[1].SourceIdentity = "alice@example.com"
		cfg.Hops[2].SessionPolicy = allow("", "*", "s3:GetObject")
		p := newProvider(t, cfg)
		retrieve(t, p)
		requests := played.requests()
		if len(requests) != 4 {
			t.Fatalf("%d requests", len(requests))
		}
		want := []map[string]string{
			{
				"ExternalId": "ext:1/2", "SourceIdentity": "alice@example.com", "TransitiveTagKeys.member.1": "team",
				"Tags.member.1.Key": "stage", "Tags.member.1.Value": "", "Tags.member.2.Key": "team", "Tags.member.2.Value": "blue sky",
				"RoleSessionName": "testnamespace.testapp.testapp-0",
			},
			{"RoleSessionName": "my+hop", "DurationSeconds": "1200", "SourceIdentity": "alice@example.com"},
			{"RoleSessionName": "my+hop", "Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`},
		}
		for i, want := range want {
			form := requests[i+1].form
			want["Action"], want["Version"], want["RoleArn"] = "AssumeRole", "2011-06-15", hopARN(i+1)
			for key := range form {
				if _, ok := want[key]; !ok {
					t.Errorf("hop %d sends %s=%q", i+1, key, form.Get(key))
				}
			}
			for key, value := range want {
				if !form.Has(key) || form.Get(key) != value {
					t.Errorf("hop %d sends %s=%q, want %q", i+1, key, form.Get(key), value)
				}
			}
		}
		if requests[1].host != "sts.eu-west-1.amazonaws.com" || requests[2].host != "sts.eu-north-1.amazonaws.com" {
			t.Errorf("hosts %q", played.hosts())
		}
		if id, _ := p.Identity(); id.SourceIdentity != "alice@example.com" || id.SessionName != "my+hop" {
			t.Errorf("identity %+v", id)
		}
	})
}

// An hour is the most for a session that stands on another one.
func TestChainedDuration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, cfg := chainOf(t, 2)
		played, log := newScript(pod.AWS.HTTPClient().Do), new(logged)
		cfg.HTTPClient, cfg.Logger = played, log.logger()
		cfg.Hops[0].Duration, cfg.Hops[1].Duration = 2*time.Hour, 30*time.Minute
		p := newProvider(t, cfg)
		retrieve(t, p)
		time.Sleep(3 * time.Hour)
		retrieve(t, p)
		for _, r := range played.requests() {
			if got := r.form.Get("DurationSeconds"); r.form.Get("RoleArn") == hopARN(1) && got != "3600" || r.form.Get("RoleArn") == hopARN(2) && got != "1800" {
				t.Errorf("%s: duration %s", r.form.Get("RoleArn"), got)
			}
		}
		log.want(t, "one hour at most", 1)
		for _, c := range pod.AWS.Calls() {
			if c.ErrorCode != "" {
				t.Errorf("%s: %s", c.Operation, c.ErrorMessage)
			}
		}
	})
}

// A user's keys are no role session: up to twelve hours.
func TestDurationFromKeys(t *testing.T) {
	_, cfg := chainOf(t, 1)
	cfg = keysOf(t, cfg)
	cfg.Hops[0].Duration = 12 * time.Hour
	creds := retrieve(t, newProvider(t, cfg))
	if left := time.Until(creds.Expires); left < 12*time.Hour-time.Minute {
		t.Errorf("lasts %v", left)
	}
}

// Whether temporary keys are those of a role only STS knows.
func TestHopStepsDown(t *testing.T) {
	setenv(t, map[string]string{"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token", "AWS_REGION": "eu-west-1"})
	synctest.Test(t, func(t *testing.T) {
		played, log := newScript(func(r *http.Request) (*http.Response, error) {
			if r.FormValue("DurationSeconds") != "3600" {
				return answer(400, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")(r)
			}
			return hopSession(hopARN(1), time.Now().Add(time.Hour))(r)
		}), new(logged)
		p := newProvider(t, credentials.Config{
			HTTPClient: played, Logger: log.logger(),
			Hops: []credentials.Hop{{RoleARN: hopARN(1), Duration: 4 * time.Hour}},
		})
		retrieve(t, p)
		time.Sleep(2 * time.Hour)
		retrieve(t, p)
		var durations []string
		for _, r := range played.requests() {
			durations = append(durations, r.form.Get("DurationSeconds"))
		}
		if len(durations) < 3 || durations[0] != "14400" || slices.Contains(durations[1:], "14400") {
			t.Errorf("durations %q", durations)
		}
		log.want(t, "asking for one hour", 1)
	})
}

// hopSession is AssumeRole's answer.
func hopSession(role string, expires time.Time) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		arn, err := policy.ParseARN(role)
		if err != nil {
			return nil, err
		}
		name := arn.Resource[strings.LastIndexByte(arn.Resource, '/')+1:]
		return response(r, http.StatusOK, fmt.Sprintf(`<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser>
			<Arn>arn:aws:sts::%s:assumed-role/%s/session</Arn><AssumedRoleId>AROAEXAMPLE:session</AssumedRoleId></AssumedRoleUser>
			<Credentials><AccessKeyId>ASIA%d</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
			<Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			arn.Account, name, time.Now().UnixNano(), expires.UTC().Format(time.RFC3339))), nil
	}
}
