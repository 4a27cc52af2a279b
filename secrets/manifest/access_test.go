package manifest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/manifest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// refuse parses a manifest that is wrong.
func refuse(t testing.TB, text string) error {
	t.Helper()
	_, err := manifest.Parse([]manifest.Input{{Data: []byte(text)}}, manifest.Options{Namespace: "shop", ServiceAccount: "orders"})
	return err
}

// A whole day's work against a fake AWS: a pod's token, its role, a role of the
// secrets' account with an external id and tags, secrets that are found by tags.
func TestAgainstAWS(t *testing.T) {
	t.Parallel()
	set := parse(t, `apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: far}
spec:
  retrySettings: {maxRetries: 2, retryInterval: 5s}
  provider:
    aws:
      service: SecretsManager
      region: eu-central-1
      role: arn:aws:iam::222233334444:role/reader
      externalID: shop-prod
      sessionTagsPolicy: Simple
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: app}
spec:
  secretStoreRef: {name: far}
  dataFrom: [{find: {tags: {team: shop}}}]
  data: [{secretKey: user, remoteRef: {key: far/db, property: user}}]
`)
	files, calls := render(t, set)
	got := map[string]string{}
	for _, f := range files {
		got[f.Path] = f.Data.Reveal()
	}
	want := map[string]string{"far_db": `{"user":"app"}`, "user": "app"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if calls != 1 {
		t.Errorf("%d calls for values, one batch would do", calls)
	}
}

// render reads through the whole stack, from a token to a batch, while calls of
// Secrets Manager fail once.
func render(t *testing.T, set *manifest.Set) (files []manifest.File, calls int) {
	world := secretstest.Story()
	far := world.Account("222233334444")
	text := `{"user":"app"}`
	far.Secrets = append(far.Secrets, secretstest.Secret{
		Name: "far/db", Region: "eu-central-1", Tags: map[string]string{"team": "shop"},
		Versions: []secretstest.Version{{String: &text}},
	})
	far.Roles = append(far.Roles, credentialstest.Role{
		Name:  "reader",
		Trust: document(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+secretstest.StoryRoleARN+`"},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"sts:ExternalId":"shop-prod","aws:RequestTag/esoNamespace":"shop"}}}}`),
		Policies: []credentialstest.Policy{{Name: "read", Document: document(t,
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["secretsmanager:*","kms:Decrypt"],"Resource":"*"}}`)}},
	})
	for i := range world.Accounts {
		if role := world.Accounts[i].Role("pod-role"); role != nil {
			role.Boundary = nil
			role.Policies = append(role.Policies, credentialstest.Policy{Name: "assume", Document: document(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Resource":"*"}}`)})
		}
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		fake, err := secretstest.New(world)
		if err != nil {
			t.Fatal(err)
		}
		base, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		provider, _ := credentials.FromConfig(base)
		defer provider.Close()
		cfg, done, err := set.Accesses[0].Config(base, credentials.Config{})
		if err != nil {
			t.Fatal(err)
		}
		store, err := secrets.New(t.Context(), cfg, secrets.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := errors.Join(store.Close(), done()); err != nil {
				t.Error(err)
			}
		}()
		failed := false
		fake.InjectFunc(func(c credentialstest.Call) (f credentialstest.Fault) {
			if c.Operation == "ListSecrets" && !failed {
				failed = true
				f.Status = http.StatusServiceUnavailable
			}
			return f
		})
		start := time.Now()
		files, err = set.Outputs[0].Render(t.Context(), map[string]manifest.Reader{set.Accesses[0].Name: store})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 5*time.Second || took > 6*time.Second {
			t.Errorf("the attempts were %v apart", took)
		}
		calls = fake.CallCount("secretsmanager", "BatchGetSecretValue") + fake.CallCount("secretsmanager", "GetSecretValue")
	})
	return files, calls
}

func document(t *testing.T, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestConfig(t *testing.T) {
	t.Parallel()
	base := aws.Config{Region: "us-east-1"}
	cfg, done, err := (&manifest.Access{Region: "eu-west-1"}).Config(base, credentials.Config{})
	if err != nil || done() != nil || cfg.Region != "eu-west-1" || cfg.Retryer != nil || base.Region != "us-east-1" {
		t.Errorf("%+v, %v", cfg, err)
	}
	cfg, _, err = (&manifest.Access{Region: "eu-west-1", MaxAttempts: 7}).Config(base, credentials.Config{})
	if err != nil || cfg.Retryer().MaxAttempts() != 7 {
		t.Errorf("%v", err)
	}
	cfg, _, err = (&manifest.Access{Region: "eu-west-1", RetryInterval: 7 * time.Second}).Config(base, credentials.Config{})
	if err != nil || cfg.Retryer().MaxAttempts() != 3 {
		t.Errorf("%v", err)
	}
	if delay, err := cfg.Retryer().RetryDelay(2, nil); err != nil || delay != 7*time.Second {
		t.Errorf("%v, %v", delay, err)
	}
	bad := &manifest.Access{Name: "SecretStore a", Hops: []credentials.Hop{{RoleARN: "arn:aws:iam::1:role/a"}}}
	if _, _, err := bad.Config(base, credentials.Config{}); !errors.Is(err, credentials.ErrConfiguration) || !strings.Contains(err.Error(), "SecretStore a") {
		t.Errorf("%v", err)
	}
}

// Names of stores are compared whole, however long.
func TestLongStoreNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 253)
	set := parse(t, strings.ReplaceAll(secret(someData), "{name: store}", "{name: "+long+"}"))
	if got := set.Accesses[0].Name; got != "SecretStore shop/"+long {
		t.Error(got)
	}
}
