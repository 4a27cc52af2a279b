package fakeaws_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// Versions stay under the key of their time: one that the caller may not use
// any more hides the old versions and no others.
func TestSecretGetsAnotherKey(t *testing.T) {
	t.Parallel()
	const (
		arn   = ownSecret + "own-key-AbCdEf"
		stale = "Access to KMS is not allowed. This version of secret is not encrypted with the current KMS key."
	)
	reads := allowStatement(`"secretsmanager:GetSecretValue"`, `"*"`)
	may := func(key string) func(*fakeaws.World) {
		return role(`{"Version":"2012-10-17","Statement":[` + reads + `,` + allowStatement(`"kms:Decrypt"`, `"`+key+`"`) + `]}`)
	}
	tests := map[string]struct {
		change            func(*fakeaws.World)
		current, previous failure
	}{
		"both keys":    {change: func(*fakeaws.World) {}},
		"the new key":  {change: may(otherKey), previous: failure{"AccessDeniedException", stale}},
		"the old key":  {change: may(ownKey), current: failure{"AccessDeniedException", "Access to KMS is not allowed"}},
		"the old gone": {change: func(w *fakeaws.World) { w.Accounts[0].Keys = w.Accounts[0].Keys[1:] }, previous: failure{"AccessDeniedException", stale}},
		"the old disabled": {
			change:   func(w *fakeaws.World) { w.Accounts[0].Keys[0].Disabled = true },
			previous: failure{"DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key."},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startData(t, test.change)
			f.SetSecretKey(accountA, arn, otherKey)
			// The value before is still the current one, under the old key.
			equal(t, "before the new version", f.read(t, arn, "AWSCURRENT", marker, ownKey), test.previous)
			if _, err := f.PutSecretValue(arn, fakeaws.Version{String: new("new")}); err != nil {
				t.Fatal(err)
			}
			equal(t, "AWSCURRENT", f.read(t, arn, "AWSCURRENT", "new", otherKey), test.current)
			equal(t, "AWSPREVIOUS", f.read(t, arn, "AWSPREVIOUS", marker, ownKey), test.previous)
		})
	}
}

// read reads a version and checks its value and which key was asked for.
func (f *fake) read(t *testing.T, arn, stage, want, key string) failure {
	t.Helper()
	out, err := f.secrets().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &arn, VersionStage: &stage})
	if err == nil && *out.SecretString != want {
		t.Errorf("%s is not the value that was put", stage)
	}
	calls := f.Calls()
	last := calls[len(calls)-1]
	equal(t, stage+": inner call", last.Service, "kms")
	equal(t, stage+": key", last.Resource, key)
	return failureOf(err)
}

// To put a version again is no reason to seal it anew.
func TestPutAgainKeepsKey(t *testing.T) {
	t.Parallel()
	const arn = ownSecret + "own-key-AbCdEf"
	f := startData(t)
	id, err := f.PutSecretValue(arn, fakeaws.Version{String: new("x")})
	if err != nil {
		t.Fatal(err)
	}
	f.SetSecretKey(accountA, arn, otherKey)
	if _, err := f.PutSecretValue(arn, fakeaws.Version{ID: id, String: new("x"), Stages: []string{"MINE"}}); err != nil {
		t.Fatal(err)
	}
	equal(t, "MINE", f.read(t, arn, "MINE", "x", ownKey), failure{})
	out, err := f.secrets().DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: new(arn)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"AWSCURRENT", "MINE"}, out.VersionIdsToStages[id]); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	equal(t, "key", *out.KmsKeyId, otherKey)
}
