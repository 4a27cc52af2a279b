package fakeaws_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// hop is the request that the role in B wants.
func hop() *sts.AssumeRoleInput {
	return &sts.AssumeRoleInput{RoleArn: new(hopRole), RoleSessionName: new("hop"), ExternalId: new("4711")}
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	pod := exchange(t, inMemory(fake), mint(t, fake))
	in := hop()
	in.SourceIdentity = new("alice")
	in.Tags = []types.Tag{{Key: new("team"), Value: new("data")}}
	out, err := sts.NewFromConfig(pod).AssumeRole(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Arn", *out.AssumedRoleUser.Arn, "arn:aws:sts::222233334444:assumed-role/hop/hop")
	equal(t, "AssumedRoleId", *out.AssumedRoleUser.AssumedRoleId, "AROAHOPHOPHOPHOPHOPHO:hop")
	equal(t, "SourceIdentity", aws.ToString(out.SourceIdentity), "alice")
	c := out.Credentials
	who, err := sts.NewFromConfig(with(pod, *c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "caller", *who.Arn, *out.AssumedRoleUser.Arn)
	equal(t, "AssumeRole calls", fake.CallCount("sts", "AssumeRole"), 1)
}

func TestAssumeRoleRefused(t *testing.T) {
	t.Parallel()
	const session = "arn:aws:sts::111122223333:assumed-role/pod-role/testapp"
	tests := map[string]struct {
		change        func(*sts.AssumeRoleInput)
		status        int
		code, message string
	}{
		"external id": {
			change: func(in *sts.AssumeRoleInput) { in.ExternalId = new("0815") },
			status: 403, code: "AccessDenied",
			message: "User: " + session + " is not authorized to perform: sts:AssumeRole on resource: " + hopRole +
				" because no role trust policy allows the sts:AssumeRole action",
		},
		"identity": {
			change: func(in *sts.AssumeRoleInput) { in.RoleArn = new(appRole) },
			status: 403, code: "AccessDenied",
		},
		"chained too long": {
			change: func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(7200) },
			status: 400, code: "ValidationError",
			message: "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
		},
		"longer than the role allows": {
			change: func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(7201) },
			status: 400, code: "ValidationError",
			message: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
		},
		"too short": {
			change: func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(899) },
			status: 400, code: "ValidationError",
			message: "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
		},
		"session name and duration": {
			change: func(in *sts.AssumeRoleInput) {
				in.RoleSessionName, in.DurationSeconds = new("a b"), aws.Int32(43201)
			},
			status: 400, code: "ValidationError",
			message: `2 validation errors detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*; ` +
				"Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200",
		},
		"session policy": {
			change: func(in *sts.AssumeRoleInput) { in.Policy = new("{") },
			status: 400, code: "MalformedPolicyDocument",
		},
		"session policy with principal": {
			change: func(in *sts.AssumeRoleInput) {
				in.Policy = new(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`)
			},
			status: 400, code: "MalformedPolicyDocument", message: "Policy document should not specify a principal.",
		},
		"tag twice": {
			change: func(in *sts.AssumeRoleInput) {
				in.Tags = []types.Tag{{Key: new("team"), Value: new("a")}, {Key: new("Team"), Value: new("b")}}
			},
			status: 400, code: "InvalidParameterValue",
		},
		"managed session policies": {
			change: func(in *sts.AssumeRoleInput) {
				in.PolicyArns = []types.PolicyDescriptorType{{Arn: new("arn:aws:iam::aws:policy/ReadOnlyAccess")}}
			},
			status: 400, code: "ValidationError",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := start(t, identities)
			client := sts.NewFromConfig(exchange(t, inMemory(fake), mint(t, fake)))
			in := hop()
			test.change(in)
			_, err := client.AssumeRole(t.Context(), in)
			wantError(t, err, test.status, test.code, test.message)
		})
	}
}

// A user may stay longer than a chained session, and every session ends when
// it says.
func TestDurations(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	token := mint(t, fake)
	in := webIdentity(token)
	in.DurationSeconds = aws.Int32(900)
	out, err := sts.NewFromConfig(inMemory(fake)).AssumeRoleWithWebIdentity(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if left := time.Until(*out.Credentials.Expiration); left > 15*time.Minute || left < 14*time.Minute {
		t.Errorf("expires in %v, want 15m", left)
	}
	in.DurationSeconds = aws.Int32(3601)
	_, err = sts.NewFromConfig(inMemory(fake)).AssumeRoleWithWebIdentity(t.Context(), in)
	wantError(t, err, 400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
}

// A session policy narrows what the role may do.
func TestSessionPolicy(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	in := webIdentity(mint(t, fake))
	in.Policy = new(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*"}}`)
	cfg := inMemory(fake)
	out, err := sts.NewFromConfig(cfg).AssumeRoleWithWebIdentity(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	c := out.Credentials
	_, err = secretsmanager.NewFromConfig(with(cfg, *c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)).
		GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new("open")})
	wantError(t, err, 400, "AccessDeniedException", "User: arn:aws:sts::111122223333:assumed-role/pod-role/testapp "+
		"is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:open-AbCdEf "+
		"because no session policy allows the secretsmanager:GetSecretValue action")
}

// Transitive tags and the source identity pass on through a chain; the tags
// cannot be set anew, nor the identity changed.
func TestChainedSessionData(t *testing.T) {
	t.Parallel()
	fake := start(t, chain)
	alice := with(inMemory(fake), userKey, userSecret, "")
	first := assume(t, alice, &sts.AssumeRoleInput{
		RoleArn: new("arn:aws:iam::111122223333:role/first"), RoleSessionName: new("first"),
		Tags: []types.Tag{{Key: new("team"), Value: new("data")}}, TransitiveTagKeys: []string{"team"}, SourceIdentity: new("alice"),
	})
	in := func() *sts.AssumeRoleInput {
		return &sts.AssumeRoleInput{RoleArn: new("arn:aws:iam::111122223333:role/second"), RoleSessionName: new("second")}
	}
	assume(t, first, in())

	again := in()
	again.Tags = []types.Tag{{Key: new("team"), Value: new("ops")}}
	_, err := sts.NewFromConfig(first).AssumeRole(t.Context(), again)
	wantError(t, err, 400, "InvalidParameterValue", "")

	another := in()
	another.SourceIdentity = new("bob")
	_, err = sts.NewFromConfig(first).AssumeRole(t.Context(), another)
	wantError(t, err, 400, "ValidationError", "")

	plain := assume(t, alice, &sts.AssumeRoleInput{RoleArn: new("arn:aws:iam::111122223333:role/first"), RoleSessionName: new("plain")})
	_, err = sts.NewFromConfig(plain).AssumeRole(t.Context(), in())
	wantError(t, err, 403, "AccessDenied", "")
}

// chain is a world in which the second role wants to see the first one's tag.
const chain = `{"clusters": [], "accounts": [{
  "id": "111122223333",
  "users": [{"name": "alice", "accessKeyId": "` + userKey + `", "secretAccessKey": "` + userSecret + `"}],
  "roles": [
    {"name": "first", "trustPolicy": {"Version": "2012-10-17", "Statement": {"Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::111122223333:user/alice"},
      "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}}},
    {"name": "second", "trustPolicy": {"Version": "2012-10-17", "Statement": {"Effect": "Allow",
      "Principal": {"AWS": "arn:aws:iam::111122223333:role/first"},
      "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
      "Condition": {"StringEquals": {"aws:PrincipalTag/team": "data", "aws:SourceIdentity": "alice"}}}}}
  ]
}]}`

func assume(t *testing.T, cfg aws.Config, in *sts.AssumeRoleInput) aws.Config {
	t.Helper()
	out, err := sts.NewFromConfig(cfg).AssumeRole(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return with(cfg, *out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
}
