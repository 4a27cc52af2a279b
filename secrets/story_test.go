package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// pod starts a fake of w and returns it with the configuration of its pod.
func pod(t *testing.T, w secretstest.World) (*secretstest.AWS, aws.Config) {
	t.Helper()
	fake, err := secretstest.New(w)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p, ok := credentials.FromConfig(cfg); ok {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return fake, cfg
}

// operations returns the calls that were served, in order.
func operations(fake *secretstest.AWS) []string {
	var all []string
	for _, c := range fake.Calls() {
		all = append(all, c.Service+":"+c.Operation)
	}
	return all
}

func count(all []string, one string) int {
	n := 0
	for _, x := range all {
		if x == one {
			n++
		}
	}
	return n
}

// slow delays every answer, as a network does.
type slow struct{ next http.RoundTripper }

func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(50 * time.Millisecond)
	return s.next.RoundTrip(r)
}

func TestColdReadersShareOneCall(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		fake, err := secretstest.New(secretstest.Story())
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		p, _ := credentials.FromConfig(cfg)
		defer p.Close()
		cfg.HTTPClient = &http.Client{Transport: slow{cfg.HTTPClient.(*http.Client).Transport}}
		store := newStore(t, cfg, secrets.Config{})
		var wg sync.WaitGroup
		var got atomic.Int64
		for range 1000 {
			wg.Go(func() {
				v, err := store.Get(t.Context(), secretstest.StorySecretARN)
				if err != nil {
					t.Error(err)
				}
				if v.Reveal() == secretstest.StorySecretString {
					got.Add(1)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1000 {
			t.Errorf("%d of 1000 readers got the secret", got.Load())
		}
		want := []string{"sts:AssumeRoleWithWebIdentity", "secretsmanager:GetSecretValue", "kms:Decrypt"}
		if calls := operations(fake); !slices.Equal(calls, want) {
			t.Errorf("calls: %q", calls)
		}
	})
}

// TestADayOfThePod reads once a minute for twenty hours, in which the secret is
// rotated once and the network is cut for fifty minutes.
func TestADayOfThePod(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		fake, err := secretstest.New(secretstest.Story())
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		p, _ := credentials.FromConfig(cfg)
		defer p.Close()
		out := new(outage)
		out.next = cfg.HTTPClient.(*http.Client).Transport
		cfg.HTTPClient = &http.Client{Transport: out}
		store := newStore(t, cfg, secrets.Config{})
		const rotation, settled, cut, back = 6 * 60, 6*60 + 10, 9 * 60, 9*60 + 50
		for minute := range 20 * 60 {
			out.on.Store(cut <= minute && minute < back)
			if minute == rotation {
				if _, err := fake.PutSecretValue(podSecret, secretstest.Version{String: aws.String("rotated")}); err != nil {
					t.Fatal(err)
				}
			}
			v, err := store.Get(t.Context(), podSecret)
			if err != nil {
				t.Fatalf("minute %d: %v", minute, err)
			}
			isNew := v.Reveal() == "rotated"
			if (minute < rotation && isNew) || (minute > settled && !isNew) {
				t.Fatalf("wrong value in minute %d", minute)
			}
			time.Sleep(time.Minute)
		}
		calls := operations(fake)
		if n := count(calls, "secretsmanager:GetSecretValue"); n < 200 || n > 310 {
			t.Errorf("%d reads in twenty hours", n)
		}
		if n := count(calls, "sts:AssumeRoleWithWebIdentity"); n < 20 || n > 30 {
			t.Errorf("%d sessions in twenty hours", n)
		}
	})
}

// outage is a network that can be cut.
type outage struct {
	on   atomic.Bool
	next http.RoundTripper
}

func (o *outage) RoundTrip(r *http.Request) (*http.Response, error) {
	if o.on.Load() {
		return nil, errors.New("network is unreachable")
	}
	return o.next.RoundTrip(r)
}

const (
	region     = secretstest.StoryRegion
	viaService = `"kms:ViaService":"secretsmanager.eu-west-1.amazonaws.com"`
	readGrant  = `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + secretstest.StorySecretARN + `"}`
	podSecret  = secretstest.StorySecretARN
)

// grant is a Grant, its statement as JSON.
type grant struct {
	kind      policy.Kind
	account   string
	document  string
	statement string
}

// TestDenials breaks the story in one place after the other. The grant that the
// error names must be the one that was taken away, and adding its statement
// must make the secret readable again: see heal.
func TestDenials(t *testing.T) {
	t.Parallel()
	decrypt := func(key string) grant {
		return grant{
			policy.IdentityPolicy, secretstest.StoryClusterAccount, secretstest.StoryRoleARN,
			`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"` + key + `","Condition":{"StringEquals":{` + viaService + `}}}`,
		}
	}
	keyPolicy := func(account, key string) grant {
		return grant{
			policy.KeyPolicy, account, key,
			`{"Effect":"Allow","Principal":{"AWS":"` + secretstest.StoryRoleARN + `"},"Action":"kms:Decrypt","Resource":"*",` +
				`"Condition":{"StringEquals":{` + viaService + `,"kms:EncryptionContext:SecretARN":"` + podSecret + `"}}}`,
		}
	}
	unknownKey := []grant{
		{
			policy.IdentityPolicy, secretstest.StoryClusterAccount, secretstest.StoryRoleARN,
			`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:*:key/*","Condition":{"StringEquals":{` +
				viaService + `,"kms:EncryptionContext:SecretARN":"` + podSecret + `"}}}`,
		},
		keyPolicy("", ""),
	}
	knownKey := []grant{decrypt(secretstest.StoryKeyARN), keyPolicy(secretstest.StoryKeyAccount, secretstest.StoryKeyARN)}
	for name, test := range map[string]struct {
		breakIt func(w *secretstest.World)
		ref     string // default: the story's secret
		code    string // default: AccessDeniedException
		action  string // default: secretsmanager:GetSecretValue
		heal    int    // index of the grant whose statement heals it; -1: none
		want    []grant
	}{
		"identity policy": {
			breakIt: func(w *secretstest.World) { drop(w, "read-secret") },
			want:    []grant{{policy.IdentityPolicy, secretstest.StoryClusterAccount, secretstest.StoryRoleARN, readGrant}},
		},
		"secret policy": {
			breakIt: func(w *secretstest.World) { w.Account(secretstest.StorySecretAccount).Secrets[0].Policy = nil },
			want: []grant{{
				policy.ResourcePolicy, secretstest.StorySecretAccount, podSecret,
				`{"Effect":"Allow","Principal":{"AWS":"` + secretstest.StoryRoleARN + `"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}`,
			}},
		},
		"boundary": {
			breakIt: func(w *secretstest.World) {
				role(w).Boundary.Document.Statements[0].Action = policy.Strings("kms:*")
			},
			want: []grant{{policy.PermissionsBoundary, secretstest.StoryClusterAccount, secretstest.StoryRoleARN, readGrant}},
		},
		"service control policy": {
			breakIt: func(w *secretstest.World) {
				w.Account(secretstest.StoryClusterAccount).SCPs[0][0].Document.Statements[0].Action = policy.Strings("sts:*", "kms:*")
			},
			want: []grant{{policy.ServiceControlPolicy, secretstest.StoryClusterAccount, "", readGrant}},
		},
		"explicit deny": {
			breakIt: func(w *secretstest.World) {
				role(w).Policies[0].Document.Statements[0].Effect = policy.Deny
			},
			heal: -1,
			want: []grant{{policy.IdentityPolicy, secretstest.StoryClusterAccount, secretstest.StoryRoleARN, ""}},
		},
		"kms:Decrypt": {
			breakIt: func(w *secretstest.World) { drop(w, "decrypt-secret") },
			action:  "kms:Decrypt",
			want:    knownKey,
		},
		"key policy": {
			breakIt: func(w *secretstest.World) { w.Account(secretstest.StoryKeyAccount).Keys[0].Policy = nil },
			action:  "kms:Decrypt",
			heal:    1,
			want:    knownKey,
		},
		"kms:Decrypt on a key that may not be known": {
			breakIt: func(w *secretstest.World) {
				mayNotDescribe(w)
				drop(w, "decrypt-secret")
			},
			action: "kms:Decrypt",
			want:   unknownKey,
		},
		"key policy of a key that may not be known": {
			breakIt: func(w *secretstest.World) {
				mayNotDescribe(w)
				w.Account(secretstest.StoryKeyAccount).Keys[0].Policy = nil
			},
			action: "kms:Decrypt",
			heal:   1,
			want:   unknownKey,
		},
		"default key": {
			breakIt: func(w *secretstest.World) { w.Account(secretstest.StorySecretAccount).Secrets[0].KeyID = "" },
			code:    "InvalidRequestException",
			heal:    -1,
			want:    []grant{{policy.KeyPolicy, secretstest.StorySecretAccount, "alias/aws/secretsmanager", ""}},
		},
		"name of a foreign secret": {
			breakIt: func(*secretstest.World) {},
			ref:     "testsecret",
			heal:    -1,
			want:    []grant{{policy.SecretReference, secretstest.StoryClusterAccount, `"testsecret"`, ""}},
		},
		"name with suffix": {
			breakIt: func(*secretstest.World) {},
			ref:     "appsecret-GhIjKl",
			heal:    -1,
			want:    []grant{{policy.SecretReference, secretstest.StoryClusterAccount, `"appsecret-GhIjKl"`, ""}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := secretstest.Story()
			test.breakIt(&w)
			if test.ref == "" {
				test.ref = podSecret
			}
			if test.action == "" {
				test.action = "secretsmanager:GetSecretValue"
			}
			if test.code == "" {
				test.code = "AccessDeniedException"
			}
			fake, cfg := pod(t, w)
			_, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), test.ref)
			checkKind(t, err, secrets.ErrDenied)
			access, ok := errors.AsType[*secrets.AccessError](err)
			if !ok {
				t.Fatal(err)
			}
			if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != test.code || access.Code != test.code {
				t.Errorf("no smithy.APIError %s: %v", test.code, err)
			}
			if access.RequestID == "" || access.Ref != test.ref || access.Region != region || access.Operation != "GetSecretValue" ||
				access.Action != test.action || access.RoleAccount != secretstest.StoryClusterAccount ||
				!strings.HasPrefix(access.Principal, "arn:aws:sts::111122223333:assumed-role/pod-role/") || access.Role != secretstest.StoryRoleARN {
				t.Errorf("got %+v", access)
			}
			checkGrants(t, access, test.want)
			if n := count(operations(fake), "sts:GetCallerIdentity"); n != 0 {
				t.Errorf("asked %d times who the caller is", n)
			}
			if test.heal < 0 {
				return
			}
			heal(&w, access.Grants[test.heal])
			_, cfg = pod(t, w)
			if _, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), test.ref); err != nil {
				t.Errorf("with the statement added: %v", err)
			}
		})
	}
}

// checkGrants checks an error's grants and that its texts name them.
func checkGrants(t *testing.T, access *secrets.AccessError, want []grant) {
	t.Helper()
	if len(access.Grants) != len(want) {
		t.Fatalf("%d grants: %v", len(access.Grants), access)
	}
	short, long := access.Error(), access.Explain()
	if strings.Contains(short, "\n") {
		t.Errorf("more than a line: %s", short)
	}
	for i, g := range access.Grants {
		statement := ""
		if g.Statement != nil {
			text, err := g.Statement.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			statement = string(text)
			if !strings.Contains(long, strings.ReplaceAll(g.Statement.String(), "\n", "\n    ")) {
				t.Errorf("the statement is not in\n%s", long)
			}
		}
		if got := (grant{g.Kind, g.Account, g.Document, statement}); got != want[i] {
			t.Errorf("grant %d is\n%+v, want\n%+v", i, got, want[i])
		}
		for _, part := range []string{g.Kind.String(), g.Account, g.Document, statement, g.Explanation} {
			if !strings.Contains(short, part) {
				t.Errorf("%q is not in %s", part, short)
			}
		}
		if !strings.Contains(long, g.Account) || !strings.Contains(long, g.Document) {
			t.Errorf("%s %s is not in\n%s", g.Account, g.Document, long)
		}
	}
}

// heal adds a grant's statement to the document that it names.
func heal(w *secretstest.World, g secrets.Grant) {
	a := w.Account(secretstest.StoryClusterAccount)
	switch g.Kind {
	case policy.IdentityPolicy:
		role(w).Policies = append(role(w).Policies, credentialstest.Policy{
			Name: fmt.Sprintf("healed-%d", len(role(w).Policies)), Document: with(nil, g.Statement),
		})
	case policy.ResourcePolicy:
		for i := range w.Accounts {
			for j, s := range w.Accounts[i].Secrets {
				if strings.Contains(g.Document, ":"+w.Accounts[i].ID+":secret:"+s.Name+"-") {
					w.Accounts[i].Secrets[j].Policy = with(s.Policy, g.Statement)
				}
			}
		}
	case policy.KeyPolicy:
		for i := range w.Accounts {
			for j, k := range w.Accounts[i].Keys {
				if g.Document == "" || strings.HasSuffix(g.Document, k.ID) { // of which one, nobody says
					w.Accounts[i].Keys[j].Policy = with(k.Policy, g.Statement)
				}
			}
		}
	case policy.PermissionsBoundary:
		role(w).Boundary.Document = with(role(w).Boundary.Document, g.Statement)
	case policy.ServiceControlPolicy:
		a.SCPs[0][0].Document = with(a.SCPs[0][0].Document, g.Statement)
	}
}

// with returns a document with one statement more.
func with(doc *policy.Document, s *policy.Statement) *policy.Document {
	if doc == nil {
		doc = &policy.Document{Version: policy.Version2012}
	}
	return &policy.Document{Version: doc.Version, ID: doc.ID, Statements: append(slices.Clone(doc.Statements), *s)}
}

func role(w *secretstest.World) *credentialstest.Role {
	return w.Account(secretstest.StoryClusterAccount).Role("pod-role")
}

// drop takes an inline policy from the story's role.
func drop(w *secretstest.World, name string) {
	role(w).Policies = slices.DeleteFunc(role(w).Policies, func(p credentialstest.Policy) bool { return p.Name == name })
}

// mayNotDescribe leaves the story's role only the permission to read the secret.
func mayNotDescribe(w *secretstest.World) {
	role(w).Policies[0].Document.Statements[0].Action = policy.Strings("secretsmanager:GetSecretValue")
}

// TestCallerIsLookedUp uses a provider that does not know who the caller is.
func TestCallerIsLookedUp(t *testing.T) {
	t.Parallel()
	w := secretstest.Story()
	drop(&w, "decrypt-secret")
	fake, cfg := pod(t, w)
	cfg.Credentials = aws.CredentialsProviderFunc(cfg.Credentials.Retrieve)
	_, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), podSecret)
	access, ok := errors.AsType[*secrets.AccessError](err)
	if !ok || access.Role != secretstest.StoryRoleARN || access.KeyAccount != secretstest.StoryKeyAccount || access.SecretAccount != secretstest.StorySecretAccount {
		t.Errorf("got %v", err)
	}
	calls := operations(fake)
	want := []string{
		"sts:AssumeRoleWithWebIdentity", "secretsmanager:GetSecretValue", "kms:Decrypt",
		"secretsmanager:DescribeSecret", "sts:GetCallerIdentity",
	}
	if !slices.Equal(calls, want) {
		t.Errorf("calls: %q", calls)
	}
}

func TestTrustRefusal(t *testing.T) {
	t.Parallel()
	w := secretstest.Story()
	role(&w).Trust.Statements[0].Condition[0].Keys[1].Values = policy.Strings("system:serviceaccount:testnamespace:other")
	_, cfg := pod(t, w)
	_, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), podSecret)
	checkKind(t, err, secrets.ErrIdentity)
	if !errors.Is(err, credentials.ErrDenied) {
		t.Errorf("got %v", err)
	}
}

// TestRevokedRoleEndsTheValue takes the role away from a pod that holds a
// secret.
func TestRevokedRoleEndsTheValue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		cfg := script(s.answer).config()
		good := cfg.Credentials
		var revoked atomic.Bool
		cfg.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			if revoked.Load() {
				return aws.Credentials{}, &smithy.GenericAPIError{Code: "AccessDenied", Message: "no"}
			}
			return good.Retrieve(ctx)
		})
		r := reader{t, s, newStore(t, cfg, secrets.Config{})}
		r.want("v1", 1)
		revoked.Store(true)
		time.Sleep(6 * time.Minute)
		r.want("v1", 1)
		r.wantErr(secrets.ErrIdentity, 1)
	})
}
