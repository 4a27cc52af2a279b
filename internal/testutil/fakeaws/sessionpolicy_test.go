package fakeaws_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
)

const readOpen = "arn:aws:iam::111122223333:policy/read-open"

// Session policies, inline or managed, narrow what the role may do.
func TestSessionPolicies(t *testing.T) {
	t.Parallel()
	const (
		nothing = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}`
		all     = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`
	)
	for name, test := range map[string]struct {
		inline  string
		managed []string
		allowed bool
	}{
		"none":               {"", nil, true},
		"inline, wide":       {all, nil, true},
		"inline, narrow":     {nothing, nil, false},
		"managed":            {"", []string{readOpen}, true},
		"attached elsewhere": {"", []string{"arn:aws:iam::111122223333:policy/attached"}, false},
		"either":             {nothing, []string{readOpen}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := startChanged(t, func(w *fakeaws.World) {
				w.Accounts[0].ManagedPolicies = []fakeaws.NamedPolicy{{Name: readOpen, Document: policy.MustParse(
					`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]}`)}}
				w.Accounts[0].Users[0].Policies = []fakeaws.NamedPolicy{{
					Name: "arn:aws:iam::111122223333:policy/attached", Document: policy.MustParse(nothing),
				}}
			})
			in := webIdentity(mint(t, fake))
			if test.inline != "" {
				in.Policy = &test.inline
			}
			for _, arn := range test.managed {
				in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: &arn})
			}
			out, err := sts.NewFromConfig(inMemory(fake)).AssumeRoleWithWebIdentity(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if size := packedSize(out); (size > 0) != (test.inline != "" || test.managed != nil) {
				t.Errorf("packed size %d", size)
			}
			c := out.Credentials
			client := secretsmanager.NewFromConfig(with(inMemory(fake), *c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken))
			_, err = client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new("open")})
			if (err == nil) != test.allowed {
				t.Errorf("allowed %v, want %v: %v", err == nil, test.allowed, err)
			}
		})
	}
}

// noise is text that does not pack.
func noise(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "%x", i*i*7919)
	}
	return b.String()[:n]
}

func TestSessionLimits(t *testing.T) {
	t.Parallel()
	tags := func(n, value int) []types.Tag {
		var out []types.Tag
		for i := range n {
			out = append(out, types.Tag{Key: new(fmt.Sprintf("key%d", i)), Value: new(noise(value))})
		}
		return out
	}
	for name, test := range map[string]struct {
		change        func(*sts.AssumeRoleInput)
		code, message string
	}{
		"too many tags": {
			func(in *sts.AssumeRoleInput) { in.Tags = tags(51, 1) },
			"ValidationError", "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50",
		},
		"empty key": {
			func(in *sts.AssumeRoleInput) { in.Tags = []types.Tag{{Key: new(""), Value: new("v")}} },
			"ValidationError", "",
		},
		"long key": {
			func(in *sts.AssumeRoleInput) { in.Tags = []types.Tag{{Key: new(noise(129)), Value: new("v")}} },
			"ValidationError", "",
		},
		"long value": {
			func(in *sts.AssumeRoleInput) { in.Tags = []types.Tag{{Key: new("k"), Value: new(noise(257))}} },
			"ValidationError", "",
		},
		"packed tags": {
			func(in *sts.AssumeRoleInput) {
				for i := range 20 {
					in.Tags = append(in.Tags, types.Tag{Key: new(fmt.Sprint(i)), Value: new(noise(256 * (i + 1))[256*i:])})
				}
			},
			"PackedPolicyTooLarge", "",
		},
		"packed policy": {
			func(in *sts.AssumeRoleInput) {
				in.Policy = new(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"` + noise(1900) + `"}}`)
				in.Tags = tags(1, 200)
			},
			"PackedPolicyTooLarge", "",
		},
		"long policy": {
			func(in *sts.AssumeRoleInput) { in.Policy = new(noise(2049)) }, "ValidationError", "",
		},
		"too many ARNs": {
			func(in *sts.AssumeRoleInput) {
				for range 11 {
					in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: new(readOpen)})
				}
			}, "ValidationError", "",
		},
		"short external id": {
			func(in *sts.AssumeRoleInput) { in.ExternalId = new("x") },
			"ValidationError", "1 validation error detected: Value 'x' at 'externalId' failed to satisfy constraint: Member must have length greater than or equal to 2",
		},
		"empty external id": {func(in *sts.AssumeRoleInput) { in.ExternalId = new("") }, "ValidationError", ""},
		"long source identity": {
			func(in *sts.AssumeRoleInput) { in.SourceIdentity = new(noise(65)) }, "ValidationError", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := start(t, identities)
			in := hop()
			test.change(in)
			_, err := sts.NewFromConfig(exchange(t, inMemory(fake), mint(t, fake))).AssumeRole(t.Context(), in)
			wantError(t, err, 400, test.code, test.message)
		})
	}
}

// packedSize is a result's PackedPolicySize, which the SDK warns of, for there
// are now SessionTokenSize and SessionTokenUtilization.
func packedSize(out any) int64 {
	if field := reflect.ValueOf(out).Elem().FieldByName("PackedPolicySize"); !field.IsNil() {
		return field.Elem().Int()
	}
	return 0
}

func TestPackedSize(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	in := hop()
	in.Tags = []types.Tag{{Key: new("team"), Value: new("data")}}
	out, err := sts.NewFromConfig(exchange(t, inMemory(fake), mint(t, fake))).AssumeRole(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if n := packedSize(out); n < 1 || n > 5 {
		t.Errorf("packed size %d, want a few percent", n)
	}
	equal(t, "token size", aws.ToInt32(out.SessionTokenSize), int32(len(*out.Credentials.SessionToken)))
	if n := aws.ToInt32(out.SessionTokenUtilization); n < 1 || n > 100 {
		t.Errorf("token utilization %d %%", n)
	}
}
