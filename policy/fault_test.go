package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

func TestFaultApply(t *testing.T) {
	t.Parallel()
	read := policy.MustParse(readText).Statements[0]
	decrypt := policy.MustParse(decryptText).Statements[0]
	cases := map[string]struct {
		fault policy.Fault
		doc   *policy.Document
		want  *policy.Document
	}{
		"to no document": {
			fault: policy.Fault{Statement: &read},
			want:  &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{read}},
		},
		"added": {
			fault: policy.Fault{Statement: &read, Also: []policy.Statement{decrypt}},
			doc:   policy.MustParse(fullAccessText),
			want: &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{
				policy.MustParse(fullAccessText).Statements[0], read, decrypt,
			}},
		},
		"replaced": {
			fault: policy.Fault{Statement: &read, Replace: true, Index: 1},
			doc:   policy.MustParse(keyText),
			want: &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{
				policy.MustParse(keyText).Statements[0], read,
			}},
		},
		"nothing to apply": {
			fault: policy.Fault{Index: 1},
			doc:   policy.MustParse(keyText),
			want:  policy.MustParse(keyText),
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := ""
			if tt.doc != nil {
				before = tt.doc.String()
			}
			got := tt.fault.Apply(tt.doc)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if tt.doc != nil && tt.doc.String() != before {
				t.Error("the document itself changed")
			}
		})
	}
}

// TestFaultsOfOnePlace: what is to be done in one place of a document is one
// fault, whichever links it breaks.
func TestFaultsOfOnePlace(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change    func(*policy.SecretAccess)
		kind      policy.Kind
		also      int
		statement string
	}{
		"two additions that differ only in action": {
			change: func(a *policy.SecretAccess) {
				a.Guardrails[roleAccount].SCPs[1][0].Document = edited(fullAccessText, `"Action": "*"`, `"Action": "s3:*"`)
			},
			kind:      policy.ServiceControlPolicy,
			statement: `{"Effect":"Allow","Action":["secretsmanager:GetSecretValue","kms:Decrypt"],"Resource":"*"}`,
		},
		"two additions under different conditions": {
			change:    func(a *policy.SecretAccess) { a.Role.Policies = nil },
			kind:      policy.IdentityPolicy,
			also:      1,
			statement: `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + storySecret + `"}`,
		},
		"two corrections of one statement": {
			change: func(a *policy.SecretAccess) {
				a.Role.Policies = []policy.Policy{named(readPolicy, `{"Version": "2012-10-17", "Statement": {
					"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "kms:Decrypt"],
					"Resource": ["`+strings.TrimSuffix(storySecret, "-AbCdEf")+`", "`+strings.Replace(storyKey, "eu-west-1", "eu-central-1", 1)+`"]}}`)}
			},
			kind: policy.IdentityPolicy,
			statement: `{"Effect":"Allow","Action":["secretsmanager:GetSecretValue","kms:Decrypt"],"Resource":["` +
				strings.TrimSuffix(storySecret, "-AbCdEf") + `","` + strings.Replace(storyKey, "eu-west-1", "eu-central-1", 1) + `","` +
				storySecret + `","` + storyKey + `"]}`,
		},
		"one condition that both links miss": {
			change: func(a *policy.SecretAccess) {
				a.Role.Boundary.Document = edited(boundaryText, `"Resource": "*"`,
					`"Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}`)
			},
			kind: policy.PermissionsBoundary,
			statement: `{"Effect":"Allow","Action":["secretsmanager:GetSecretValue","kms:Decrypt"],"Resource":"*",` +
				`"Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}}`,
		},
		"a list of values is added to": {
			change: func(a *policy.SecretAccess) {
				a.Role.Trust = edited(trustText, `"`+storySubject+`"`, `["`+otherSubject+`", "system:serviceaccount:other:other"]`)
			},
			kind: policy.TrustPolicy,
			statement: `{"Effect":"Allow","Principal":{"Federated":"` + storyProvider + `"},"Action":"sts:AssumeRoleWithWebIdentity",` +
				`"Condition":{"StringEquals":{"` + storyIssuerName + `:aud":"sts.amazonaws.com","` +
				storyIssuerName + `:sub":["` + otherSubject + `","system:serviceaccount:other:other","` + storySubject + `"]}}}`,
		},
		"two keys of one condition": {
			change: func(a *policy.SecretAccess) {
				a.Key.Policy = policy.MustParse(strings.NewReplacer("secretsmanager.eu-west-1", "secretsmanager.eu-central-1", "testsecret-AbCdEf", "testsecret").Replace(keyText))
			},
			kind: policy.KeyPolicy,
			statement: `{"Sid":"PodRole","Effect":"Allow","Principal":{"AWS":"` + storyRole + `"},"Action":"kms:Decrypt","Resource":"*",` +
				`"Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.eu-west-1.amazonaws.com","kms:EncryptionContext:SecretARN":"` + storySecret + `"}}}`,
		},
		"a misspelt action": {
			change: func(a *policy.SecretAccess) {
				a.Role.Policies[0].Document = edited(readText, ":GetSecretValue", ":GetSecretsValue")
			},
			kind:      policy.IdentityPolicy,
			statement: `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + storySecret + `"}`,
		},
		"what cannot be corrected is added": {
			change: func(a *policy.SecretAccess) {
				a.Role.Policies[0].Document = edited(readText, `"Effect"`, `"Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}, "Effect"`)
			},
			kind:      policy.IdentityPolicy,
			statement: `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + storySecret + `"}`,
		},
		"the document that comes closest": {
			change: func(a *policy.SecretAccess) {
				a.Role.Policies[0].Document = edited(readText, `"Effect"`, `"Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}, "Effect"`)
				a.Role.Policies = append(a.Role.Policies, policy.Policy{Name: "other", Document: edited(readText, "testsecret-", "othersecret-")})
			},
			kind:      policy.IdentityPolicy,
			statement: `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + storySecret + `"}`,
		},
		"the level that lacks it": {
			change: func(a *policy.SecretAccess) {
				levels := a.Guardrails[roleAccount].SCPs
				levels[0] = append(levels[0], policy.Policy{
					Name: "near", Document: edited(fullAccessText, `"Action": "*"`, `"Action": "secretsmanager:ListSecrets"`),
				})
				levels[1][0].Document = edited(fullAccessText, `"Action": "*"`, `"Action": "kms:*"`)
			},
			kind:      policy.ServiceControlPolicy,
			statement: `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}`,
		},
		"the role under its former path": {
			change: func(a *policy.SecretAccess) {
				a.Secret.Policy = edited(secretText, "role/pod-role", "role/pods/pod-role")
			},
			kind: policy.ResourcePolicy,
			statement: `{"Effect":"Allow","Principal":{"AWS":"` + storyRole +
				`"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}`,
		},
		"a role ARN that lacks a colon": {
			change: func(a *policy.SecretAccess) {
				a.Secret.Policy = edited(secretText, "iam::", "iam:")
			},
			kind: policy.ResourcePolicy,
			statement: `{"Effect":"Allow","Principal":{"AWS":"` + storyRole +
				`"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}`,
		},
		"what only AWS can edit is let be": {
			change: func(a *policy.SecretAccess) {
				a.Role.Policies[0] = policy.Policy{
					Name:     "arn:aws:iam::aws:policy/Reader",
					Document: edited(readText, "testsecret-AbCdEf", "testsecret"),
				}
			},
			kind:      policy.IdentityPolicy,
			statement: `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + storySecret + `"}`,
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := story()
			tt.change(&a)
			r := a.Evaluate()
			if len(r.Faults) != 1 {
				t.Fatalf("%d faults: %s", len(r.Faults), indent(t, r.Faults))
			}
			f := r.Faults[0]
			if f.Kind != tt.kind || len(f.Also) != tt.also || f.Statement == nil {
				t.Fatalf("fault: %s", indent(t, f))
			}
			got, err := f.Statement.MarshalJSON()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.statement, string(got)); diff != "" {
				t.Errorf("statement (-want +got):\n%s", diff)
			}
			doc := document(&a, f)
			*doc = f.Apply(*doc)
			if r := a.Evaluate(); r.Decision != policy.Allowed {
				t.Errorf("applied, it is %v: %s", r.Decision, indent(t, r.Faults))
			}
		})
	}
}

// TestFaultsOfTwoPlaces: mistakes in two statements of one document are two.
func TestFaultsOfTwoPlaces(t *testing.T) {
	t.Parallel()
	a := story()
	both := policy.MustParse(strings.Replace(readText, "testsecret-AbCdEf", "testsecret", 1))
	both.Statements = append(both.Statements, edited(decryptText, "secretsmanager.eu-west-1", "secretsmanager.eu-north-1").Statements...)
	a.Role.Policies = []policy.Policy{{Name: readPolicy, Document: both}}
	r := a.Evaluate()
	if len(r.Faults) != 2 || r.Faults[0].Index != 0 || r.Faults[1].Index != 1 {
		t.Fatalf("faults: %s", indent(t, r.Faults))
	}
	for _, f := range r.Faults {
		doc := document(&a, f)
		*doc = f.Apply(*doc)
	}
	if r := a.Evaluate(); r.Decision != policy.Allowed {
		t.Errorf("applied, it is %v: %s", r.Decision, indent(t, r.Faults))
	}
}

// TestSecretAccessNonsense: whatever it is given, the answer is no panic and
// no permission.
func TestSecretAccessNonsense(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*policy.SecretAccess){
		"nothing":          func(a *policy.SecretAccess) { *a = policy.SecretAccess{} },
		"malformed role":   func(a *policy.SecretAccess) { a.Role.ARN = "pod-role" },
		"malformed secret": func(a *policy.SecretAccess) { a.Secret.ARN = "testsecret" },
		"not a secret":     func(a *policy.SecretAccess) { a.Secret.ARN = storyKey },
		"malformed key":    func(a *policy.SecretAccess) { a.Secret.KeyARN = "alias/key"; a.Key.ARN = "" },
		"empty documents":  func(a *policy.SecretAccess) { a.Role.Trust, a.Secret.Policy = &policy.Document{}, &policy.Document{} },
		"no name, no other": func(a *policy.SecretAccess) {
			a.Role.Policies = []policy.Policy{{Document: policy.MustParse(readText)}}
		},
		"two policies without a name": func(a *policy.SecretAccess) {
			near := edited(readText, "testsecret-AbCdEf", "testsecret")
			near.Statements = append(policy.MustParse(decryptText).Statements, near.Statements...)
			a.Role.Policies = []policy.Policy{{Document: policy.MustParse(decryptText)}, {Document: near}}
		},
		"nil documents": func(a *policy.SecretAccess) {
			a.Role.Policies = []policy.Policy{{Name: "x"}}
			a.Role.Boundary = &policy.Policy{}
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := story()
			change(&a)
			if r := a.Evaluate(); r.Decision == policy.Allowed {
				t.Errorf("allowed: %s", indent(t, r))
			}
		})
	}
}

func TestSecretAccessNames(t *testing.T) {
	t.Parallel()
	own := func(request, region string) policy.SecretAccess {
		a := story()
		a.Secret = policy.Secret{ARN: strings.Replace(storySecret, secretAccount, roleAccount, 1)}
		a.Role.Policies = []policy.Policy{{Name: readPolicy, Document: edited(readText, secretAccount, roleAccount)}}
		a.Request, a.Region = request, region
		return a
	}
	cases := map[string]struct{ request, region, problem string }{
		"right":             {request: "testsecret", region: "eu-west-1"},
		"right, any Region": {request: "testsecret"},
		"another Region":    {request: "testsecret", region: "eu-north-1", problem: "client's Region, eu-north-1"},
		"another name":      {request: "testsecrets", region: "eu-west-1", problem: `the secret's name is "testsecret"`},
		"name with suffix":  {request: "testsecret-AbCdEf", region: "eu-west-1", problem: `the secret's name is "testsecret"`},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := own(tt.request, tt.region).Evaluate()
			switch {
			case tt.problem == "" && (len(r.Faults) > 0 || r.Decision != policy.Allowed):
				t.Errorf("%v: %s", r.Decision, indent(t, r.Faults))
			case tt.problem != "" && (len(r.Faults) != 1 || r.Faults[0].Kind != policy.SecretReference ||
				!strings.Contains(r.Faults[0].Problem, tt.problem) || r.Decision != policy.ImplicitlyDenied):
				t.Errorf("%v: %s", r.Decision, indent(t, r.Faults))
			}
		})
	}
}
