package secrets_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// versioned is a world whose secret own/two has three versions, of which the one
// under rotation has no value yet, and whose parameter own/two is encrypted.
func versioned() secretstest.World {
	w := ownStory()
	drop(&w, "kms")
	own := w.Account(secretstest.StoryClusterAccount)
	own.Secrets[len(own.Secrets)-1].KeyID = ""
	own.Secrets[len(own.Secrets)-1].Versions = []secretstest.Version{
		{ID: oldVersion, String: new("old"), Stages: []string{"AWSPREVIOUS"}},
		{String: new("new"), Stages: []string{"AWSCURRENT"}},
		{Stages: []string{"AWSPENDING"}},
	}
	return w
}

const oldVersion = "a1b2c3d4-5678-90ab-cdef-EXAMPLE33333"

// A setting for the stage was ignored, and AWSCURRENT read all the same; and a
// cache whose key left version, stage and decryption out gave one for another.
func TestTrap01And14VersionStageAndDecryptionCount(t *testing.T) {
	t.Parallel()
	w := versioned()
	w.Account(secretstest.StoryClusterAccount).Parameters[len(w.Account(secretstest.StoryClusterAccount).Parameters)-1].KeyID = ""
	_, cfg := pod(t, w)
	store := newStore(t, cfg, secrets.Config{})
	for range 2 { // read, then held
		for ref, want := range map[string]string{
			"own/two":                           "new",
			"own/two?version_stage=AWSCURRENT":  "new",
			"own/two?version_stage=AWSPREVIOUS": "old",
			"own/two?version_id=" + oldVersion:  "old",
			"ssm:/own/two":                      "two",
		} {
			if v, err := store.Get(t.Context(), ref); err != nil || v.Reveal() != want {
				t.Errorf("%s: %q, %v", ref, v.Reveal(), err)
			}
		}
		if v, err := store.Get(t.Context(), "ssm:/own/two?decrypt=false"); err != nil || v.Reveal() == "two" {
			t.Errorf("without decryption: %q, %v", v.Reveal(), err)
		}
		// AWSPENDING is attached before there is a value.
		if _, err := store.Get(t.Context(), "own/two?version_stage=AWSPENDING"); !errors.Is(err, secrets.ErrNotFound) {
			t.Errorf("a version without a value: %v", err)
		}
	}
}

// A forced refresh slept for seconds; what was taken from a secret when the
// program started, as by a decorator, stayed what it was.
func TestTrap09WhatIsMadeAtTheStartFollows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := secretstest.NewSource(map[string]string{"s": "first"})
		store := newFake(t, source, secrets.Config{})
		h := opened[string](t, store, "s")
		decorated := func() string { return h.Value() } // made once
		source.Put("s", "second")
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if got := decorated(); got != "second" {
			t.Errorf("%q after a TTL", got)
		}
		source.Put("s", "third")
		start := time.Now()
		if _, err := store.Refresh(t.Context(), "s"); err != nil || time.Since(start) > 10*time.Millisecond {
			t.Errorf("Refresh took %v: %v", time.Since(start), err)
		}
		synctest.Wait()
		if got := decorated(); got != "third" {
			t.Errorf("%q after a Refresh", got)
		}
	})
}

// Concurrent misses made a call each; a name with the default stage spelt out was
// another entry; preloaded secrets were kept by name, so that those of another
// account took their place.
func TestTrap10CallsAndEntriesAreShared(t *testing.T) {
	t.Parallel()
	w := secretstest.Story()
	own := w.Account(secretstest.StoryClusterAccount)
	own.Secrets = append(own.Secrets, secretstest.Secret{
		Name: "testsecret", Region: region, Suffix: "AbCdEf", Versions: []secretstest.Version{{String: new("the caller's own")}},
	})
	role(&w).Policies = append(role(&w).Policies, credentialstest.Policy{Name: "all", Document: policy.MustParse(all)})
	fake, cfg := pod(t, w)
	store := newStore(t, cfg, secrets.Config{Preload: []string{"testsecret", podSecret}})
	for ref, want := range map[string]string{"testsecret": "the caller's own", podSecret: secretstest.StorySecretString} {
		if v, err := store.Get(t.Context(), ref); err != nil || v.Reveal() != want {
			t.Errorf("%s: %q, %v", ref, v.Reveal(), err)
		}
	}
	before := fake.CallCount("secretsmanager", "GetSecretValue")
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			ref := secretstest.StoryAppSecretName + []string{"", "?version_stage=AWSCURRENT"}[n%2]
			if _, err := store.Get(t.Context(), ref); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := fake.CallCount("secretsmanager", "GetSecretValue") - before; n != 1 || store.Stats().Entries != 3 {
		t.Errorf("%d calls, %d entries", n, store.Stats().Entries)
	}
}

// Throttling counted as permanent, and the value was given up.
func TestTrap10ThrottlingPasses(t *testing.T) {
	bubble(t, secrets.Config{}, func(r reader) {
		r.want("v1", 1)
		r.service.set(400, refusal(throttled, "Rate exceeded"))
		time.Sleep(6 * time.Minute)
		r.want("v1", 2)
		if status, ok := r.store.Status("prod/db"); !ok || status.State != secrets.Stale {
			r.Errorf("it is %v", status.State)
		}
	})
}

// Clients that were made without the application's configuration went past its
// endpoints and the FIPS setting.
func TestTrap11ClientsHaveTheConfiguration(t *testing.T) {
	t.Parallel()
	const roleARN = "arn:aws:iam::222233334444:role/reader"
	for name, test := range map[string]struct {
		load func(*config.LoadOptions) error
		want []string
	}{
		"endpoint": {config.WithBaseEndpoint("https://vpce.example.com"), []string{"vpce.example.com"}},
		"FIPS": {config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled), []string{
			"kms-fips.us-east-1.amazonaws.com", "secretsmanager-fips.us-east-1.amazonaws.com", "ssm-fips.us-east-1.amazonaws.com",
			"sts-fips.us-east-1.amazonaws.com",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var hosts []string
			cfg, err := config.LoadDefaultConfig(t.Context(), test.load, config.WithRegion("us-east-1"),
				config.WithSharedConfigFiles([]string{}), config.WithSharedCredentialsFiles([]string{}),
				config.WithCredentialsProvider(script(nil).config().Credentials),
				config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
				config.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					mu.Lock()
					hosts = append(hosts, r.URL.Host)
					mu.Unlock()
					return script(func(string) (int, string) { return 400, refusal("AccessDenied", "no") }).RoundTrip(r)
				})}))
			if err != nil {
				t.Fatal(err)
			}
			store := newStore(t, cfg, secrets.Config{Roles: map[string]credentials.Hop{"222233334444": {RoleARN: roleARN}}})
			_, err = store.GetAll(t.Context(), "s", "ssm:/p", strings.Replace(secretARN, "eu-west-1", "us-east-1", 1))
			if err == nil {
				t.Fatal("the test's service has answered")
			}
			d, err := secrets.NewDecrypter(cfg, secrets.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			_, _ = d.Decrypt(t.Context(), secrets.Ciphertext{KeyID: "alias/k", Blob: []byte("x")})
			slices.Sort(hosts)
			if hosts = slices.Compact(hosts); !slices.Equal(hosts, test.want) {
				t.Errorf("asked %q", hosts)
			}
		})
	}
}

// Numbers, truth values and the like were taken for strings, or for an outage.
func TestTrap16MembersNeedNotBeStrings(t *testing.T) {
	t.Parallel()
	store := staticStore(t, `{"port":5432,"on":true,"list":[1],"none":null,"in":{"a":1.50}}`)
	for key, want := range map[string]string{"port": "5432", "on": "true", "list": "[1]", "in": `{"a":1.50}`, "/in/a": "1.50"} {
		if v, err := store.Get(t.Context(), "s#"+key); err != nil || v.Reveal() != want {
			t.Errorf("%s: %q, %v", key, v.Reveal(), err)
		}
	}
	_, err := store.Get(t.Context(), "s#none")
	if !errors.Is(err, secrets.ErrDecode) || errors.Is(err, secrets.ErrUnavailable) || !strings.Contains(err.Error(), `null at "/none"`) {
		t.Errorf("null: %v", err)
	}
}

// TestClassification goes over what AWS answers: what it means, whether a value
// that is held goes on being served, and the words that help. (Secrets Manager,
// Systems Manager and KMS API references, "Errors", and "troubleshoot" in their
// guides.)
func TestClassification(t *testing.T) {
	t.Parallel()
	const (
		user   = "User: arn:aws:sts::111122223333:assumed-role/pod-role/s is not authorized to perform: secretsmanager:GetSecretValue on resource: "
		action = " the secretsmanager:GetSecretValue action"
		open   = secrets.Stale
		closed = secrets.Refused
	)
	lacks := func(kind string) string { return user + secretARN + " because no " + kind + " allows" + action }
	for name, test := range map[string]struct {
		ref, code, message string // ref: the secret's ARN
		status             int    // 400
		kind               error
		state              secrets.State
		words              string
	}{
		"absent":                   {code: "ResourceNotFoundException", message: "Secrets Manager can't find the specified secret.", kind: secrets.ErrNotFound, state: closed, words: "name, Region and ARN"},
		"no such label":            {ref: secretARN + "?version_stage=mine", code: "ResourceNotFoundException", message: "Secrets Manager can't find the specified secret value for staging label: mine", kind: secrets.ErrNotFound, state: closed, words: "staging label mine"},
		"no such version":          {code: "ResourceNotFoundException", message: "Secrets Manager can't find the specified secret value for VersionId: x", kind: secrets.ErrNotFound, state: closed, words: "no version with that id"},
		"deleted":                  {code: "InvalidRequestException", message: "You can't perform this operation on the secret because it was marked for deletion.", kind: secrets.ErrDeleted, state: closed, words: "RestoreSecret"},
		"id and stage disagree":    {ref: secretARN + "?version_stage=mine&version_id=" + oldVersion, code: "InvalidRequestException", message: "You provided a VersionStage that is not associated to the provided VersionId.", kind: secrets.ErrConfiguration, state: closed, words: "staging label mine; leave out one"},
		"default key, foreign":     {code: "InvalidRequestException", message: "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.", kind: secrets.ErrDenied, state: closed, words: "customer managed key"},
		"malformed":                {code: "InvalidParameterException", message: "Invalid name.", kind: secrets.ErrConfiguration, state: closed, words: "does not take the reference"},
		"invalid":                  {code: "ValidationException", message: "1 validation error detected", kind: secrets.ErrConfiguration, state: closed, words: "does not take the reference"},
		"identity policy":          {code: denied, message: lacks("identity-based policy"), kind: secrets.ErrDenied, state: closed, words: "identity-based policy of arn:aws:iam::111122223333:role/pod-role"},
		"name does not resolve":    {ref: "prod/db", code: denied, message: user + "prod/db because no identity-based policy allows" + action, kind: secrets.ErrDenied, state: closed, words: "there is no secret of that name"},
		"resource policy":          {code: denied, message: lacks("resource-based policy"), kind: secrets.ErrDenied, state: closed, words: "in account 222233334444"},
		"boundary":                 {code: denied, message: lacks("permissions boundary"), kind: secrets.ErrDenied, state: closed, words: "permissions boundary of"},
		"session policy":           {code: denied, message: lacks("session policy"), kind: secrets.ErrDenied, state: closed, words: "session policy of"},
		"endpoint policy":          {code: denied, message: lacks("VPC endpoint policy"), kind: secrets.ErrDenied, state: closed, words: "VPC endpoint policy"},
		"service control policy":   {code: denied, message: lacks("service control policy"), kind: secrets.ErrDenied, state: closed, words: "service control policy"},
		"resource control policy":  {code: denied, message: lacks("resource control policy"), kind: secrets.ErrDenied, state: closed, words: "resource control policy in account 222233334444"},
		"explicit deny":            {code: denied, message: user + secretARN + " with an explicit deny in a session policy", kind: secrets.ErrDenied, state: closed, words: "narrow or remove it"},
		"key":                      {code: denied, message: "Access to KMS is not allowed", kind: secrets.ErrDenied, state: closed, words: "kms:Decrypt"},
		"old key":                  {code: denied, message: "Access to KMS is not allowed. This version of secret is not encrypted with the current KMS key.", kind: secrets.ErrDenied, state: closed, words: "when this version was written"},
		"key disabled":             {code: "DecryptionFailure", message: "Secrets Manager can't decrypt", kind: secrets.ErrDecryption, state: closed, words: "disabled or pending deletion"},
		"throttled":                {code: throttled, message: "Rate exceeded", kind: secrets.ErrUnavailable, state: open, words: "fewer calls"},
		"too many requests":        {code: "TooManyRequestsException", message: "Rate exceeded", kind: secrets.ErrUnavailable, state: open, words: "fewer calls"},
		"internal":                 {code: "InternalServiceError", message: "An unknown error occurred", status: 500, kind: secrets.ErrUnavailable, state: open, words: "cannot answer"},
		"internal, other code":     {code: "InternalFailure", message: "An unknown error occurred", status: 500, kind: secrets.ErrUnavailable, state: open, words: "cannot answer"},
		"expired token":            {code: "ExpiredTokenException", message: "The security token included in the request is expired", kind: secrets.ErrIdentity, state: open, words: "expired"},
		"unknown token":            {code: "UnrecognizedClientException", message: "The security token included in the request is invalid.", kind: secrets.ErrIdentity, state: open, words: "does not know"},
		"signature":                {code: "InvalidSignatureException", message: "Signature expired", kind: secrets.ErrIdentity, state: open, words: "clock"},
		"no parameter":             {ref: "ssm:/p", code: "ParameterNotFound", kind: secrets.ErrNotFound, state: closed, words: "no such parameter"},
		"no version of parameter":  {ref: "ssm:/p:9", code: "ParameterVersionNotFound", kind: secrets.ErrNotFound, state: closed, words: "no such version or label"},
		"parameter's key":          {ref: "ssm:/p", code: denied, message: "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.", kind: secrets.ErrDenied, state: closed, words: "kms:Decrypt"},
		"parameter's key, by code": {ref: "ssm:/p", code: "InvalidKeyId", message: "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.", kind: secrets.ErrDenied, state: closed, words: "kms:Decrypt"},
		"parameter's key disabled": {ref: "ssm:/p", code: "InvalidKeyId", message: "key is disabled", kind: secrets.ErrDecryption, state: closed, words: "disabled"},
		"wrong key":                {ref: "ssm:/p", code: "IncorrectKeyException", kind: secrets.ErrDecryption, state: closed, words: "another key"},
		"wrong context":            {ref: "ssm:/p", code: "InvalidCiphertextException", kind: secrets.ErrDecryption, state: closed, words: "encryption context"},
		"disabled":                 {ref: "ssm:/p", code: "DisabledException", kind: secrets.ErrDecryption, state: closed, words: "disabled"},
		"pending deletion":         {ref: "ssm:/p", code: "KMSInvalidStateException", kind: secrets.ErrDecryption, state: closed, words: "pending deletion"},
		"KMS unavailable":          {ref: "ssm:/p", code: "KeyUnavailableException", kind: secrets.ErrUnavailable, state: open, words: "cannot answer"},
		"KMS timeout":              {ref: "ssm:/p", code: "DependencyTimeoutException", status: 503, kind: secrets.ErrUnavailable, state: open, words: "cannot answer"},
		"KMS internal":             {ref: "ssm:/p", code: "KMSInternalException", status: 500, kind: secrets.ErrUnavailable, state: open, words: "cannot answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if test.ref == "" {
					test.ref = secretARN
				}
				if test.status == 0 {
					test.status = http.StatusBadRequest
				}
				var refusing bool
				store := newStore(t, script(func(operation string) (int, string) {
					switch {
					case refusing:
						return test.status, refusal(test.code, test.message)
					case operation == "GetParameters":
						return 200, `{"Parameters":[{"Name":"/p","Type":"String","Value":"v","Version":9}]}`
					default:
						return 200, goodAnswer
					}
				}).config(), secrets.Config{})
				if _, err := store.Get(t.Context(), test.ref); err != nil {
					t.Fatal(err)
				}
				refusing = true
				time.Sleep(6 * time.Minute)
				_, _ = store.Refresh(t.Context(), test.ref) // and once more if it is a refusal
				time.Sleep(2 * time.Second)
				status, _ := store.Status(test.ref)
				if status.State != test.state {
					t.Errorf("it is %v: %v", status.State, status.Err)
				}
				checkKind(t, status.Err, test.kind)
				if status.Err != nil && !strings.Contains(status.Err.Error(), test.words) {
					t.Errorf("%q is not in %v", test.words, status.Err)
				}
				if api, ok := errors.AsType[smithy.APIError](status.Err); !ok || api.ErrorCode() != test.code {
					t.Errorf("the SDK's error is lost: %v", status.Err)
				}
				if _, err := store.Get(t.Context(), test.ref); (err == nil) != (test.state == open) {
					t.Errorf("reads %v", err)
				}
			})
		})
	}
}

// TestClassificationOfIdentity is that of what STS answers: a role that is
// refused ends the value; what may pass does not.
func TestClassificationOfIdentity(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error
		state secrets.State
	}{
		"trust policy":    {&smithy.GenericAPIError{Code: "AccessDenied"}, secrets.Refused},
		"audience":        {&smithy.GenericAPIError{Code: "InvalidIdentityToken"}, secrets.Refused},
		"expired token":   {&smithy.GenericAPIError{Code: "ExpiredTokenException"}, secrets.Stale},
		"STS throttles":   {&smithy.GenericAPIError{Code: "Throttling"}, secrets.Stale},
		"network":         {errors.New("dial tcp: connection refused"), secrets.Stale},
		"of our provider": {credentials.ErrDenied, secrets.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cfg := script(func(string) (int, string) { return 200, goodAnswer }).config()
				good, refusing := cfg.Credentials, false
				cfg.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
					if refusing {
						return aws.Credentials{}, test.err
					}
					return good.Retrieve(ctx)
				})
				store := newStore(t, cfg, secrets.Config{})
				if _, err := store.Get(t.Context(), secretARN); err != nil {
					t.Fatal(err)
				}
				refusing = true
				time.Sleep(6 * time.Minute)
				_, _ = store.Refresh(t.Context(), secretARN)
				time.Sleep(2 * time.Second)
				status, _ := store.Status(secretARN)
				if status.State != test.state || !errors.Is(status.Err, secrets.ErrIdentity) || !errors.Is(status.Err, test.err) {
					t.Errorf("it is %v: %v", status.State, status.Err)
				}
			})
		})
	}
}
