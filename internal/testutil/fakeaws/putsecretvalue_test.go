package fakeaws_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
)

const (
	mayPut    = `["secretsmanager:*","kms:*"]`
	anyOf     = `"*"`
	putID     = "cccccccc-0000-4000-8000-000000000009"
	noKey     = "Access to KMS is not allowed"
	prodDBARN = ownSecret + "prod/db-AbCdEf"
)

// A client rotates over the wire, and what it sends again changes nothing.
func TestPutSecretValueCall(t *testing.T) {
	t.Parallel()
	f := startData(t, role(allow(mayPut, anyOf)))
	put := func(in secretsmanager.PutSecretValueInput) *secretsmanager.PutSecretValueOutput {
		in.SecretId = new("prod/db")
		out, err := f.secrets().PutSecretValue(t.Context(), &in)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "ARN", *out.ARN, prodDBARN)
		equal(t, "Name", *out.Name, "prod/db")
		return out
	}
	first := put(secretsmanager.PutSecretValueInput{SecretString: new("next")})
	if diff := cmp.Diff([]string{"AWSCURRENT"}, first.VersionStages); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if len(*first.VersionId) != 36 {
		t.Errorf("the version's id is %q, want what the SDK made", *first.VersionId)
	}
	put(secretsmanager.PutSecretValueInput{
		ClientRequestToken: new(putID), SecretBinary: []byte{0, 1}, VersionStages: []string{"AWSPENDING", "MINE"},
	})
	again := put(secretsmanager.PutSecretValueInput{ClientRequestToken: new(putID), SecretBinary: []byte{0, 1}})
	if diff := cmp.Diff([]string{"AWSPENDING", "MINE"}, again.VersionStages); diff != "" {
		t.Errorf("labels of what was put again (-want +got):\n%s", diff)
	}
	got, err := f.secrets().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new(prodDBARN)})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "AWSCURRENT", *got.SecretString, "next")
	pending, err := f.secrets().GetSecretValue(t.Context(),
		&secretsmanager.GetSecretValueInput{SecretId: new(prodDBARN), VersionStage: new("MINE")})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "MINE", string(pending.SecretBinary), "\x00\x01")
}

// The key is asked for a data key, or for the old value if there is one to
// compare.
func TestPutSecretValueKey(t *testing.T) {
	t.Parallel()
	f := startData(t, role(allow(mayPut, anyOf)))
	for _, want := range []string{"GenerateDataKey", "Decrypt"} {
		_, err := f.secrets().PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{
			SecretId: new("own-key"), ClientRequestToken: new(putID), SecretString: new("next"),
		})
		if err != nil {
			t.Fatal(err)
		}
		calls := f.Calls()
		last := calls[len(calls)-1]
		equal(t, "inner call", last.Service+":"+last.Operation, "kms:"+want)
		equal(t, "key", last.Resource, ownKey)
		equal(t, "via", last.Via, "secretsmanager.amazonaws.com")
	}
}

// The SDKs make a token where the caller gives none; other clients must.
func TestPutSecretValueToken(t *testing.T) {
	t.Parallel()
	f := startData(t, role(allow(mayPut, anyOf)))
	_, got := f.post(t, "secretsmanager", "secretsmanager.PutSecretValue", `{"SecretId":"prod/db","SecretString":"`+marker+`"}`)
	want := failure{"InvalidParameterException", "You must provide a ClientRequestToken value. We recommend a UUID-type value."}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestPutSecretValueCallErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		policy string
		in     secretsmanager.PutSecretValueInput
		want   failure
	}{
		"not allowed": {
			policy: podPolicy,
			in:     secretsmanager.PutSecretValueInput{SecretId: new("prod/db"), SecretString: new("x")},
			want:   denied("secretsmanager:PutSecretValue", prodDBARN, noIdentity+"secretsmanager:PutSecretValue action"),
		},
		"no such secret": {
			in:   secretsmanager.PutSecretValueInput{SecretId: new("nope"), SecretString: new("x")},
			want: failure{"ResourceNotFoundException", "Secrets Manager can't find the specified secret."},
		},
		"deleted": {
			in: secretsmanager.PutSecretValueInput{SecretId: new("deleted"), SecretString: new("x")},
			want: failure{
				"InvalidRequestException",
				"You can't perform this operation on the secret because it was marked for deletion.",
			},
		},
		"no value": {
			in:   secretsmanager.PutSecretValueInput{SecretId: new("prod/db")},
			want: failure{"InvalidParameterException", "You must provide either SecretString or SecretBinary."},
		},
		"two values": {
			in: secretsmanager.PutSecretValueInput{SecretId: new("prod/db"), SecretString: new("x"), SecretBinary: []byte("x")},
			want: failure{
				"InvalidParameterException",
				"You can't specify both a binary secret value and a string secret value in the same secret.",
			},
		},
		"another value": {
			in: secretsmanager.PutSecretValueInput{SecretId: new("prod/db"), ClientRequestToken: new(currentID), SecretString: new("x")},
			want: failure{
				"ResourceExistsException",
				"You can't modify an existing version, you can only create new versions.",
			},
		},
		"key not allowed": {
			policy: allow(`"secretsmanager:*"`, anyOf),
			in:     secretsmanager.PutSecretValueInput{SecretId: new("own-key"), SecretString: new("x")},
			want:   failure{"AccessDeniedException", noKey},
		},
		"key to compare with not allowed": {
			policy: allow(`["secretsmanager:*","kms:GenerateDataKey"]`, anyOf),
			in: secretsmanager.PutSecretValueInput{
				SecretId: new("own-key"), ClientRequestToken: new(putID), SecretString: new("x"),
			},
			want: failure{"AccessDeniedException", noKey},
		},
		"the default key of another account": {
			in: secretsmanager.PutSecretValueInput{
				SecretId: new("arn:aws:secretsmanager:eu-west-1:222233334444:secret:default-key-AbCdEf"), SecretString: new("x"),
			},
			want: failure{"InvalidRequestException", "You can't access a secret from a different AWS account " +
				"if you encrypt the secret with the default KMS service key."},
		},
		"key disabled": {
			in: secretsmanager.PutSecretValueInput{SecretId: new("disabled-key"), SecretString: new("x")},
			want: failure{"EncryptionFailure", "Secrets Manager can't encrypt the protected secret text using the provided KMS key. " +
				"Check that the KMS key is available, enabled, and not in an invalid state."},
		},
		"token too short": {
			in: secretsmanager.PutSecretValueInput{SecretId: new("prod/db"), ClientRequestToken: new("short"), SecretString: new("x")},
			want: failure{"ValidationException", "1 validation error detected: Value 'short' at 'clientRequestToken' " +
				"failed to satisfy constraint: Member must have length greater than or equal to 32"},
		},
		"too long": {
			in: secretsmanager.PutSecretValueInput{SecretId: new("prod/db"), SecretString: new(strings.Repeat("x", 65537))},
			want: failure{"ValidationException", "1 validation error detected: Value at 'secretString' " +
				"failed to satisfy constraint: Member must have length less than or equal to 65536"},
		},
		"empty bytes": {
			in: secretsmanager.PutSecretValueInput{SecretId: new("prod/db"), SecretBinary: []byte{}},
			want: failure{"ValidationException", "1 validation error detected: Value at 'secretBinary' " +
				"failed to satisfy constraint: Member must have length greater than or equal to 1"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.policy == "" {
				test.policy = allow(mayPut, anyOf)
			}
			f := startData(t, role(test.policy), func(w *fakeaws.World) {
				w.Accounts[1].Secrets[1].Policy = policy.MustParse(strings.ReplaceAll(secretPolicy, "DescribeSecret", "PutSecretValue"))
			})
			if name == "key to compare with not allowed" {
				if _, err := f.PutSecretValue(ownSecret+"own-key-AbCdEf", fakeaws.Version{ID: putID, String: new("x")}); err != nil {
					t.Fatal(err)
				}
			}
			_, err := f.secrets().PutSecretValue(t.Context(), &test.in)
			if diff := cmp.Diff(test.want, failureOf(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
