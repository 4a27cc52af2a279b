package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

const (
	denialCaller = "arn:aws:sts::111122223333:assumed-role/pod-role/s1"
	denialSecret = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
	denialKey    = "arn:aws:kms:eu-west-1:333344445555:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	denialRead   = "secretsmanager:GetSecretValue"
)

// denials are AWS's sentences (IAM User Guide, troubleshoot_access-denied)
// beside what they say.
var denials = map[string]struct {
	text string
	want policy.Denial
}{
	"untyped": {
		"User: " + denialCaller + " is not authorized to perform: " + denialRead + " on resource: " + denialSecret,
		policy.Denial{Principal: denialCaller, Action: denialRead, Resource: denialSecret},
	},
	"untyped, no resource": {
		"User: " + denialCaller + " is not authorized to perform: secretsmanager:ListSecrets",
		policy.Denial{Principal: denialCaller, Action: "secretsmanager:ListSecrets"},
	},
	"untyped explicit": {
		"User: " + denialCaller + " is not authorized to perform: " + denialRead + " on resource: " + denialSecret + " with an explicit deny",
		policy.Denial{Principal: denialCaller, Action: denialRead, Resource: denialSecret, Explicit: true},
	},
	"bare name": {
		"User: " + denialCaller + " is not authorized to perform: " + denialRead + " on resource: prod/db because no identity-based policy allows the " + denialRead + " action",
		policy.Denial{Principal: denialCaller, Action: denialRead, Resource: "prod/db", Kind: policy.IdentityPolicy},
	},
	"identity": implicit(policy.IdentityPolicy, "identity-based policy"),
	"resource": implicit(policy.ResourcePolicy, "resource-based policy"),
	"boundary": implicit(policy.PermissionsBoundary, "permissions boundary"),
	"session":  implicit(policy.SessionPolicy, "session policy"),
	"scp":      implicit(policy.ServiceControlPolicy, "service control policy"),
	"rcp":      implicit(policy.ResourceControlPolicy, "resource control policy"),
	"endpoint": implicit(policy.EndpointPolicy, "VPC endpoint policy"),
	"key": {
		"User: " + denialCaller + " is not authorized to perform: kms:Decrypt on resource: " + denialKey + " because no resource-based policy allows the kms:Decrypt action",
		policy.Denial{Principal: denialCaller, Action: "kms:Decrypt", Resource: denialKey, Kind: policy.KeyPolicy},
	},
	"trust": {
		"User: " + denialCaller + " is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222233334444:role/hop because no role trust policy allows the sts:AssumeRole action",
		policy.Denial{Principal: denialCaller, Action: "sts:AssumeRole", Resource: "arn:aws:iam::222233334444:role/hop", Kind: policy.TrustPolicy},
	},
	"web identity": {
		"Not authorized to perform sts:AssumeRoleWithWebIdentity",
		policy.Denial{Action: "sts:AssumeRoleWithWebIdentity", Kind: policy.TrustPolicy},
	},
	"identity explicit": explicit(policy.IdentityPolicy, "an identity-based policy", ""),
	"identity explicit with ARN": explicit(policy.IdentityPolicy, "an identity-based policy",
		"arn:aws:iam::111122223333:policy/no-secrets"),
	"resource explicit": explicit(policy.ResourcePolicy, "a resource-based policy", ""),
	"boundary explicit": explicit(policy.PermissionsBoundary, "a permissions boundary", ""),
	"session explicit":  explicit(policy.SessionPolicy, "a session policy", ""),
	"scp explicit with ARN": explicit(policy.ServiceControlPolicy, "a service control policy",
		"arn:aws:organizations::777788889999:policy/o-abc/service_control_policy/p-1"),
	"rcp explicit":      explicit(policy.ResourceControlPolicy, "a resource control policy", ""),
	"endpoint explicit": explicit(policy.EndpointPolicy, "a VPC endpoint policy", ""),
	"key explicit": {
		"User: " + denialCaller + " is not authorized to perform: kms:Decrypt on resource: " + denialKey + " with an explicit deny in a resource-based policy",
		policy.Denial{Principal: denialCaller, Action: "kms:Decrypt", Resource: denialKey, Kind: policy.KeyPolicy, Explicit: true},
	},
	"trust explicit": {
		"User: " + denialCaller + " is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222233334444:role/hop with an explicit deny in the role trust policy",
		policy.Denial{Principal: denialCaller, Action: "sts:AssumeRole", Resource: "arn:aws:iam::222233334444:role/hop", Kind: policy.TrustPolicy, Explicit: true},
	},
	"kms": {
		"Access to KMS is not allowed",
		policy.Denial{KMS: true},
	},
	"default key": {
		"You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
		policy.Denial{DefaultKey: true},
	},
}

type denialCase = struct {
	text string
	want policy.Denial
}

func implicit(kind policy.Kind, words string) denialCase {
	return denialCase{
		"User: " + denialCaller + " is not authorized to perform: " + denialRead + " on resource: " + denialSecret +
			" because no " + words + " allows the " + denialRead + " action",
		policy.Denial{Principal: denialCaller, Action: denialRead, Resource: denialSecret, Kind: kind},
	}
}

func explicit(kind policy.Kind, words, arn string) denialCase {
	text := "User: " + denialCaller + " is not authorized to perform: " + denialRead + " on resource: " + denialSecret +
		" with an explicit deny in " + words
	if arn != "" {
		text += ": " + arn
	}
	return denialCase{text, policy.Denial{
		Principal: denialCaller, Action: denialRead, Resource: denialSecret,
		Kind: kind, Explicit: true, PolicyARN: arn,
	}}
}

func TestDenialRoundTrip(t *testing.T) {
	t.Parallel()
	for name, tt := range denials {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.want.String(); got != tt.text {
				t.Errorf("String\n got %q\nwant %q", got, tt.text)
			}
			got, ok := policy.ParseDenial(tt.text)
			if !ok {
				t.Fatal("not recognised")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ParseDenial (-want +got):\n%s", diff)
			}
		})
	}
}

// TestParseDenialWrapped puts every sentence into what each SDK puts around it.
func TestParseDenialWrapped(t *testing.T) {
	t.Parallel()
	quoted := func(s string) string {
		b, _ := json.Marshal(s)
		return string(b)
	}
	wrappers := map[string]func(string) string{
		"go v2": func(s string) string {
			return "operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400, RequestID: 1b2c, api error AccessDeniedException: " + s
		},
		"go v2 nested": func(s string) string {
			return "get credentials: operation error STS: X, https response error StatusCode: 403, RequestID: 1b2c, api error AccessDenied: " + s + ", and more"
		},
		"go v1": func(s string) string {
			return "WebIdentityErr: failed to retrieve credentials\ncaused by: AccessDenied: " + s + "\n\tstatus code: 403, request id: 1b2c"
		},
		"boto3": func(s string) string {
			return "An error occurred (AccessDeniedException) when calling the GetSecretValue operation: " + s
		},
		"java": func(s string) string {
			return s + " (Service: SecretsManager, Status Code: 400, Request ID: 1b2c)"
		},
		"xml": func(s string) string {
			return "<ErrorResponse><Error><Code>AccessDenied</Code><Message>" + strings.ReplaceAll(s, "'", "&#39;") + "</Message></Error></ErrorResponse>"
		},
		"json": func(s string) string {
			return `{"__type":"AccessDeniedException","Message":` + quoted(s) + `}`
		},
		"json in a log line": func(s string) string {
			return `level=error msg=` + quoted(`{"Message":`+quoted(s)+`}`)
		},
		"full stop":     func(s string) string { return strings.TrimSuffix(s, ".") + "." },
		"broken lines":  func(s string) string { return strings.ReplaceAll(s, " ", "\n\t ") },
		"in a sentence": func(s string) string { return `it says "` + s + `".` },
		"authorization": func(s string) string {
			return strings.TrimSuffix(s, ".") + ". Go to https://eu-west-1.console.aws.amazon.com/iam/home for complete details"
		},
		"carriage lines": func(s string) string { return strings.ReplaceAll(s, " ", "\r\n") },
	}
	for wrapper, wrap := range wrappers {
		t.Run(wrapper, func(t *testing.T) {
			t.Parallel()
			for name, tt := range denials {
				text := wrap(tt.text)
				got, ok := policy.ParseDenial(text)
				if !ok {
					t.Errorf("%s: not recognised in %q", name, text)
				} else if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s: %q (-want +got):\n%s", name, text, diff)
				}
			}
		})
	}
}

func TestParseDenialVariants(t *testing.T) {
	t.Parallel()
	user := "arn:aws:iam::111122223333:user/mary"
	cases := map[string]denialCase{
		"quoted resource with a space": {
			`User: ` + user + ` is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/my key.txt" with an explicit deny in a resource control policy`,
			policy.Denial{Principal: user, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/my key.txt", Kind: policy.ResourceControlPolicy, Explicit: true},
		},
		"S3's policy ARN": {
			`User: ` + user + ` is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k" with an explicit deny in a permissions boundary, with policy ARN: arn:aws:iam::111122223333:policy/b.`,
			policy.Denial{Principal: user, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Kind: policy.PermissionsBoundary, Explicit: true, PolicyARN: "arn:aws:iam::111122223333:policy/b"},
		},
		"repeated action misspelt": {
			"User: " + user + " is not authorized to perform: codecommit:ListRepositories because no session policy allows the codecommit:ListDeploymnets action",
			policy.Denial{Principal: user, Action: "codecommit:ListRepositories", Kind: policy.SessionPolicy},
		},
		"sessions policy": {
			"User: " + user + " is not authorized to perform: sts:GetCallerIdentity with an explicit deny in a sessions policy",
			policy.Denial{Principal: user, Action: "sts:GetCallerIdentity", Kind: policy.SessionPolicy, Explicit: true},
		},
		"endpoint policy through an SCP": {
			"User: " + user + " is not authorized to perform: sqs:SendMessage with an explicit deny in a VPC endpoint policy transitively through a service control policy",
			policy.Denial{Principal: user, Action: "sqs:SendMessage", Kind: policy.EndpointPolicy, Explicit: true},
		},
		"no colon after perform": {
			"User: " + user + " is not authorized to perform kms:Decrypt",
			policy.Denial{Principal: user, Action: "kms:Decrypt"},
		},
		"web identity with a colon": {
			"Not authorized to perform: sts:AssumeRoleWithWebIdentity",
			policy.Denial{Action: "sts:AssumeRoleWithWebIdentity", Kind: policy.TrustPolicy},
		},
		"a role's resource-based policy is its trust policy": {
			"User: " + user + " is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222233334444:role/hop because no resource-based policy allows the sts:AssumeRole action",
			policy.Denial{Principal: user, Action: "sts:AssumeRole", Resource: "arn:aws:iam::222233334444:role/hop", Kind: policy.TrustPolicy},
		},
		"a version under the previous key": {
			"Access to KMS is not allowed. This version of secret is not encrypted with the current KMS key.",
			policy.Denial{KMS: true},
		},
		"default key with a typographic apostrophe": {
			"You can’t access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
			policy.Denial{DefaultKey: true},
		},
		"a kind that does not exist": {
			"User: " + user + " is not authorized to perform: kms:Decrypt with an explicit deny in a moon policy: arn:aws:iam::111122223333:policy/b",
			policy.Denial{Principal: user, Action: "kms:Decrypt", Explicit: true},
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := policy.ParseDenial(tt.text)
			if !ok {
				t.Fatal("not recognised")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseDenialNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "Access Denied", "connection refused",
		"You are not authorized to perform this operation. Encoded authorization failure message: abc",
		"Secrets Manager can't find the specified secret.",
	} {
		if d, ok := policy.ParseDenial(text); ok {
			t.Errorf("%q: found %+v", text, d)
		}
	}
	if got := (policy.Denial{}).String(); got != "" {
		t.Errorf("the zero Denial says %q", got)
	}
}

// FuzzParseDenial: what was found once is found again in the sentence made of
// it, and nothing crashes.
func FuzzParseDenial(f *testing.F) {
	for _, tt := range denials {
		f.Add(tt.text)
		f.Add("api error AccessDenied: <Message>" + tt.text + ".</Message>")
	}
	f.Fuzz(func(t *testing.T, message string) {
		d, ok := policy.ParseDenial(message)
		if !ok {
			return
		}
		again, ok := policy.ParseDenial(d.String())
		if !ok || again != d {
			t.Errorf("%q gives %#v,\nwhose sentence %q gives %#v", message, d, d.String(), again)
		}
	})
}
