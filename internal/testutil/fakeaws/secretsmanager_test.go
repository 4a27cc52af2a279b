package fakeaws_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
)

// The pod of A reads a secret of B under a key of C; each grant that is taken
// away is refused in AWS's words, and the log of calls tells the rest.
func TestThreeAccounts(t *testing.T) {
	t.Parallel()
	const (
		get      = "secretsmanager:GetSecretValue"
		noKMS    = "Access to KMS is not allowed"
		notFound = "Secrets Manager can't find the specified secret."
	)
	kmsDenied := func(reason string) failure { return denied("kms:Decrypt", theKey, reason+"kms:Decrypt action") }
	accountPolicy := func(document string) func(*fakeaws.World) {
		return func(w *fakeaws.World) { w.Accounts[1].Secrets[0].Policy = policy.MustParse(document) }
	}
	key := func(old, replacement string) func(*fakeaws.World) {
		return func(w *fakeaws.World) {
			w.Accounts[2].Keys[0].Policy = policy.MustParse(strings.Replace(keyPolicy, old, replacement, 1))
		}
	}
	tests := map[string]struct {
		change func(*fakeaws.World)
		id     string // default: the secret's ARN
		region string
		want   failure
		inner  failure // of the call to KMS
		noCall bool    // none was made
	}{
		"all agree":   {},
		"partial ARN": {id: strings.TrimSuffix(theSecret, "-AbCdEf")},
		"no identity policy for the secret": {
			change: role(allow(`"kms:Decrypt"`, `"`+theKey+`"`)),
			want:   denied(get, theSecret, noIdentity+get+" action"), noCall: true,
		},
		"no secret policy": {
			change: func(w *fakeaws.World) { w.Accounts[1].Secrets[0].Policy = nil },
			want:   denied(get, theSecret, noResource+get+" action"), noCall: true,
		},
		"secret policy names another role": {
			change: accountPolicy(strings.Replace(secretPolicy, "pod-role", "other-role", 1)),
			want:   denied(get, theSecret, noResource+get+" action"), noCall: true,
		},
		"secret policy denies": {
			change: accountPolicy(strings.Replace(secretPolicy, `"Allow"`, `"Deny"`, 1)),
			want:   denied(get, theSecret, "with an explicit deny in a resource-based policy"), noCall: true,
		},
		"no identity policy for the key": {
			change: role(allow(`"`+get+`"`, `"`+theSecret+`"`)),
			want:   failure{"AccessDeniedException", noKMS},
			inner:  kmsDenied(noIdentity),
		},
		"key policy names another role": {
			change: key("pod-role", "other-role"),
			want:   failure{"AccessDeniedException", noKMS},
			inner:  kmsDenied(noResource),
		},
		"key policy wants another service": {
			change: key("secretsmanager.eu-west-1", "ssm.eu-west-1"),
			want:   failure{"AccessDeniedException", noKMS},
			inner:  kmsDenied(noResource),
		},
		"key policy wants another secret": {
			change: key(":testsecret", ":elsecret"),
			want:   failure{"AccessDeniedException", noKMS},
			inner:  kmsDenied(noResource),
		},
		"key is gone": {
			change: func(w *fakeaws.World) { w.Accounts[2].Keys = nil },
			want:   failure{"AccessDeniedException", noKMS},
			inner:  kmsDenied(noResource),
		},
		"key is disabled": {
			change: func(w *fakeaws.World) { w.Accounts[2].Keys[0].Disabled = true },
			want:   failure{"DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key."},
			inner:  failure{"DisabledException", theKey + " is disabled."},
		},
		"default key": {
			id: strings.Replace(theSecret, "testsecret", "default-key", 1),
			want: failure{"InvalidRequestException", "You can't access a secret from a different AWS account " +
				"if you encrypt the secret with the default KMS service key."},
			noCall: true,
		},
		"by name": {
			id: "testsecret", want: denied(get, "testsecret", noIdentity+get+" action"), noCall: true,
		},
		"by a name that may be anything": {
			change: role(allow(`"secretsmanager:*"`, `"*"`)),
			id:     "testsecret", want: failure{"ResourceNotFoundException", notFound}, noCall: true,
		},
		"another Region's client": {
			region: "eu-central-1",
			want:   denied(get, theSecret, noResource+get+" action"), noCall: true,
		},
		"a secret that B lacks": {
			change: role(allow(`"secretsmanager:*"`, `"*"`)),
			id:     strings.Replace(theSecret, "AbCdEf", "GhIjKl", 1),
			want:   denied(get, strings.Replace(theSecret, "AbCdEf", "GhIjKl", 1), noResource+get+" action"), noCall: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startData(t)
			if test.change != nil {
				f = startData(t, test.change)
			}
			if test.id == "" {
				test.id = theSecret
			}
			at := region
			if test.region != "" {
				at = test.region
			}
			out, err := secretsmanager.NewFromConfig(f.config(at)).GetSecretValue(t.Context(),
				&secretsmanager.GetSecretValueInput{SecretId: &test.id, VersionStage: new("AWSCURRENT")})
			if diff := cmp.Diff(test.want, failureOf(err)); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err == nil && (*out.SecretString != marker || *out.ARN != theSecret) {
				t.Errorf("got the wrong secret %s", *out.ARN)
			}
			checkCalls(t, f, test.want, test.inner, test.noCall)
		})
	}
}

// checkCalls checks the record of a read: the call itself and that to KMS.
func checkCalls(t *testing.T, f *fake, outer, inner failure, noInner bool) {
	t.Helper()
	want := []fakeaws.Call{{
		Service: "secretsmanager", Operation: "GetSecretValue", Principal: podSession,
		ErrorCode: outer.Code, ErrorMessage: outer.Message,
	}}
	if !noInner {
		want = append(want, fakeaws.Call{
			Service: "kms", Operation: "Decrypt", Principal: podSession, Account: accountC, Resource: theKey,
			Via: "secretsmanager.amazonaws.com", ErrorCode: inner.Code, ErrorMessage: inner.Message,
		})
		want[0].Account, want[0].Resource = accountB, theSecret
	}
	ignored := []string{"Time", "Duration", "Region", "RequestID"}
	if noInner {
		ignored = append(ignored, "Account", "Resource")
	}
	got := f.Calls()[1:] // the first is STS's
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(fakeaws.Call{}, ignored...)); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestGetSecretValue(t *testing.T) {
	t.Parallel()
	const get = "secretsmanager:GetSecretValue"
	f := startData(t)
	tests := map[string]struct {
		id, version, stage string
		want               string // the version's id, or the value of a lone version
		fails              failure
	}{
		"by name":             {id: "prod/db", want: currentID},
		"by ARN":              {id: ownSecret + "prod/db-AbCdEf", want: currentID},
		"by partial ARN":      {id: ownSecret + "prod/db", want: currentID},
		"by stage":            {id: "prod/db", stage: "AWSPREVIOUS", want: previousID},
		"by version":          {id: "prod/db", version: previousID, want: previousID},
		"by version of stage": {id: "prod/db", version: previousID, stage: "AWSPREVIOUS", want: previousID},
		"name with hyphen and six letters": {
			id: "my-secret", want: "any",
		},
		"partial ARN with hyphen and six letters": {
			id: ownSecret + "my-secret", fails: failure{"ResourceNotFoundException", "Secrets Manager can't find the specified secret."},
		},
		"complete ARN with hyphen and six letters": {id: ownSecret + "my-secret-AbCdEf", want: "any"},
		"name with suffix": {
			id: "prod/db-AbCdEf", fails: denied(get, "prod/db-AbCdEf", noIdentity+get+" action"),
		},
		"no such ARN": {
			id: ownSecret + "nope-AbCdEf", fails: failure{"ResourceNotFoundException", "Secrets Manager can't find the specified secret."},
		},
		"ARN of another Region": {
			id:    strings.Replace(ownSecret, region, "us-east-1", 1) + "prod/db-AbCdEf",
			fails: failure{"ResourceNotFoundException", "Secrets Manager can't find the specified secret."},
		},
		"partial ARN of another Region": {
			id:    strings.Replace(ownSecret, region, "us-east-1", 1) + "prod/db",
			fails: failure{"ResourceNotFoundException", "Secrets Manager can't find the specified secret."},
		},
		"stage of another version": {id: "prod/db", version: previousID, stage: "AWSCURRENT", fails: failure{
			"InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId.",
		}},
		"no such stage": {id: "prod/db", stage: "MINE", fails: failure{
			"ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: MINE",
		}},
		"no such version": {id: "prod/db", version: theKey[len(theKey)-36:], fails: failure{
			"ResourceNotFoundException", "Secrets Manager can't find the specified secret value for VersionId: " + theKey[len(theKey)-36:],
		}},
		"pending without value": {id: "prod/db", stage: "AWSPENDING", fails: failure{
			"ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
		}},
		"pending without value by version": {id: "prod/db", version: pendingID, fails: failure{
			"ResourceNotFoundException", "Secrets Manager can't find the specified secret value for VersionId: " + pendingID,
		}},
		"deleted": {id: "deleted", fails: failure{
			"InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.",
		}},
		"own key":      {id: "own-key", want: "any"},
		"lost key":     {id: "lost-key", fails: failure{"AccessDeniedException", "Access to KMS is not allowed"}},
		"disabled key": {id: "disabled-key", fails: failure{"DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key."}},
		"bad name":     {id: "a b", fails: failure{"ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"}},
		"bad ARN":      {id: "arn:aws:s3:::bucket", fails: failure{"ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"}},
		"empty id":     {id: "", fails: failure{"ValidationException", "1 validation error detected: Value '' at 'secretId' failed to satisfy constraint: Member must have length greater than or equal to 1"}},
		"short version and long stage": {id: "x", version: "short", stage: strings.Repeat("s", 257), fails: failure{
			"ValidationException", "2 validation errors detected: " +
				"Value 'short' at 'versionId' failed to satisfy constraint: Member must have length greater than or equal to 32; " +
				"Value '" + strings.Repeat("s", 257) + "' at 'versionStage' failed to satisfy constraint: Member must have length less than or equal to 256",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := &secretsmanager.GetSecretValueInput{SecretId: &test.id}
			if test.version != "" {
				in.VersionId = &test.version
			}
			if test.stage != "" {
				in.VersionStage = &test.stage
			}
			out, err := f.secrets().GetSecretValue(t.Context(), in)
			if diff := cmp.Diff(test.fails, failureOf(err)); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err == nil && (!strings.HasSuffix(*out.SecretString, marker) || out.CreatedDate.IsZero() ||
				test.want != "any" && *out.VersionId != test.want) {
				t.Errorf("got version %s, want %s", *out.VersionId, test.want)
			}
		})
	}
}

func TestGetSecretValueBinary(t *testing.T) {
	t.Parallel()
	out, err := startData(t).secrets().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new("binary")})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]byte{0, 1, 255}, out.SecretBinary); diff != "" || out.SecretString != nil {
		t.Errorf("binary (-want +got):\n%s and string %v", diff, out.SecretString)
	}
}

// What a request does not have is not among its condition keys.
func TestSecretConditions(t *testing.T) {
	t.Parallel()
	on := func(key, value string) string {
		return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*",
			"Condition":{"StringEquals":{"` + key + `":"` + value + `"}}}}`
	}
	tests := map[string]struct {
		document, version, stage string
		allowed                  bool
	}{
		"stage sent":          {document: on("secretsmanager:VersionStage", "AWSCURRENT"), stage: "AWSCURRENT", allowed: true},
		"stage not sent":      {document: on("secretsmanager:VersionStage", "AWSCURRENT")},
		"version sent":        {document: on("secretsmanager:VersionId", currentID), version: currentID, allowed: true},
		"version not sent":    {document: on("secretsmanager:VersionId", currentID)},
		"secret id":           {document: on("secretsmanager:SecretId", "prod/db"), allowed: true},
		"another secret id":   {document: on("secretsmanager:SecretId", ownSecret+"prod/db-AbCdEf")},
		"tag":                 {document: on("secretsmanager:ResourceTag/team", "data"), allowed: true},
		"another value":       {document: on("secretsmanager:ResourceTag/team", "web")},
		"global tag":          {document: on("aws:ResourceTag/team", "data"), allowed: true},
		"primary Region":      {document: on("secretsmanager:SecretPrimaryRegion", region), allowed: true},
		"no rotation":         {document: on("secretsmanager:resource/AllowRotationLambdaArn", "*")},
		"of another account":  {document: on("aws:ResourceAccount", accountB)},
		"of the same account": {document: on("aws:ResourceAccount", accountA), allowed: true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := &secretsmanager.GetSecretValueInput{SecretId: new("prod/db")}
			if test.version != "" {
				in.VersionId = &test.version
			}
			if test.stage != "" {
				in.VersionStage = &test.stage
			}
			_, err := startData(t, role(test.document)).secrets().GetSecretValue(t.Context(), in)
			want := ""
			if !test.allowed {
				want = "AccessDeniedException"
			}
			if got := failureOf(err).Code; got != want {
				t.Errorf("got %q, want %q (%v)", got, want, err)
			}
		})
	}
}

func TestDescribeSecret(t *testing.T) {
	t.Parallel()
	f := startData(t)
	describe := func(id string) *secretsmanager.DescribeSecretOutput {
		out, err := f.secrets().DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &id})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	got := describe("prod/db")
	want := &secretsmanager.DescribeSecretOutput{
		ARN: new(ownSecret + "prod/db-AbCdEf"), Name: new("prod/db"),
		Tags: []types.Tag{{Key: new("app"), Value: new("db")}, {Key: new("team"), Value: new("data")}},
		VersionIdsToStages: map[string][]string{
			currentID: {"AWSCURRENT"}, previousID: {"AWSPREVIOUS"}, pendingID: {"AWSPENDING"},
		},
	}
	ignore := cmpopts.IgnoreFields(secretsmanager.DescribeSecretOutput{}, "ResultMetadata", "CreatedDate", "LastChangedDate")
	if diff := cmp.Diff(want, got, ignore, cmpopts.IgnoreUnexported(secretsmanager.DescribeSecretOutput{}, types.Tag{})); diff != "" {
		t.Errorf("description (-want +got):\n%s", diff)
	}
	if got := describe(theSecret); *got.KmsKeyId != theKey {
		t.Errorf("key %s, want %s", *got.KmsKeyId, theKey)
	}
	if got := describe("deleted"); !got.DeletedDate.Equal(deletedOn) {
		t.Errorf("deleted on %v, want %v", got.DeletedDate, deletedOn)
	}
	_, err := f.secrets().DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: new("nope")})
	want2 := denied("secretsmanager:DescribeSecret", "nope", noIdentity+"secretsmanager:DescribeSecret action")
	if diff := cmp.Diff(want2, failureOf(err)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}
