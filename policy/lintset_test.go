package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/irsakit/irsa/policy"
)

// lintSetCase breaks the story in a way that one rule sees.
type lintSetCase struct {
	spoil  func(*policy.SecretAccess)
	kind   policy.Kind
	policy string
}

func lintSetCases() map[string]lintSetCase {
	deny := func(action, condition string) *policy.Document {
		return policy.MustParse(docOf(`{"Effect":"Deny","Action":"` + action + `","Resource":"*","Condition":{` + condition + `}}`))
	}
	return map[string]lintSetCase{
		"IRSA011": {func(a *policy.SecretAccess) {
			a.Role.Trust = edited(trustText, roleAccount, secretAccount)
		}, policy.TrustPolicy, storyRole},
		"IRSA014": {func(a *policy.SecretAccess) {
			a.Secret.Policy = edited(secretText, "arn:aws:", "arn:aws-cn:")
		}, policy.ResourcePolicy, storySecret},
		"IRSA014 secret": {func(a *policy.SecretAccess) {
			a.Secret.ARN = strings.Replace(storySecret, "arn:aws:", "arn:aws-us-gov:", 1)
			a.Secret.Policy = nil
		}, policy.SecretReference, strings.Replace(storySecret, "arn:aws:", "arn:aws-us-gov:", 1)},
		"IRSA014 provider": {func(a *policy.SecretAccess) {
			a.Providers[0].ARN = strings.Replace(storyProvider, "arn:aws:", "arn:aws-cn:", 1)
		}, policy.IdentityProvider, strings.Replace(storyProvider, "arn:aws:", "arn:aws-cn:", 1)},
		"IRSA014 resources": {func(a *policy.SecretAccess) {
			a.Role.Policies[0].Document = edited(readText, "arn:aws:", "arn:aws-cn:")
		}, policy.IdentityPolicy, readPolicy},
		"IRSA014 hop": {func(a *policy.SecretAccess) {
			a.Hops = []policy.Hop{{Role: policy.Role{ARN: hopRole}}}
			a.Hops[0].Role.ARN = strings.Replace(hopRole, "arn:aws:", "arn:aws-cn:", 1)
		}, policy.TrustPolicy, strings.Replace(hopRole, "arn:aws:", "arn:aws-cn:", 1)},
		"IRSA015 hop": {func(a *policy.SecretAccess) {
			a.Hops = []policy.Hop{{Role: policy.Role{ARN: hopRole, Policies: []policy.Policy{{Name: readPolicy, Document: edited(readText, "-AbCdEf", "")}}}}}
		}, policy.IdentityPolicy, readPolicy},
		"IRSA017 hop": {func(a *policy.SecretAccess) {
			a.Hops = []policy.Hop{{Role: policy.Role{ARN: hopRole}}}
			a.Secret.ARN, a.Secret.KeyARN, a.Secret.Policy = strings.Replace(storySecret, secretAccount, roleAccount, 1), "", nil
		}, policy.SecretReference, strings.Replace(storySecret, secretAccount, roleAccount, 1)},
		"IRSA021 pod": {func(a *policy.SecretAccess) {
			a.Pod = &policy.PodIdentity{
				Role: policy.Role{ARN: storyRole, Trust: policy.MustParse(docOf(`{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":"sts:AssumeRole",
					"Condition":{"StringEquals":{"aws:RequestTag/kubernetes-namespace":"n"}}}`))},
				DisableSessionTags: true,
			}
		}, policy.TrustPolicy, storyRole},
		"IRSA021 pod policy": {func(a *policy.SecretAccess) {
			a.Pod = &policy.PodIdentity{
				Role: policy.Role{ARN: storyRole, Trust: policy.MustParse(docOf(
					`{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}`))},
				Target: &policy.Role{ARN: hopRole},
				Policy: policy.MustParse(readText),
			}
		}, policy.TrustPolicy, storyRole},
		"IRSA017": {func(a *policy.SecretAccess) { a.Secret.KeyARN = "" }, policy.SecretReference, storySecret},
		"IRSA017 alias": {func(a *policy.SecretAccess) {
			a.Secret.KeyARN = "arn:aws:kms:eu-west-1:" + secretAccount + ":alias/aws/secretsmanager"
		}, policy.SecretReference, storySecret},
		"IRSA023 MFA": {func(a *policy.SecretAccess) {
			a.Role.Policies[0].Document = deny("*", `"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}`)
		}, policy.IdentityPolicy, readPolicy},
		"IRSA023 endpoint": {func(a *policy.SecretAccess) {
			a.Closed = true
			a.Role.Boundary.Document = deny("secretsmanager:*", `"StringNotEquals":{"aws:SourceVpce":"vpce-1"}`)
		}, policy.PermissionsBoundary, storyBoundary},
		"IRSA023 decrypt": {func(a *policy.SecretAccess) {
			a.Role.Policies[1].Document = deny("kms:Decrypt", `"NotIpAddress":{"aws:SourceIp":"203.0.113.0/24"}`)
		}, policy.IdentityPolicy, decryptPolicy},
		"IRSA026": {func(a *policy.SecretAccess) {
			a.Providers[0].ClientIDs = []string{"other"}
		}, policy.TrustPolicy, storyRole},
	}
}

func TestLintAccess(t *testing.T) {
	t.Parallel()
	for name, tc := range lintSetCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, _, _ := strings.Cut(name, " ")
			a := story()
			tc.spoil(&a)
			got := a.Lint()
			if diff := cmp.Diff([]string{id}, ids(got)); diff != "" {
				t.Fatalf("rules (-want +got):\n%s\n%v", diff, got)
			}
			if got[0].Kind != tc.kind || got[0].Policy != tc.policy {
				t.Errorf("finding is about the %v %s, want the %v %s", got[0].Kind, got[0].Policy, tc.kind, tc.policy)
			}
			if left := (policy.Linter{Ignore: []string{id}}).LintAccess(a); len(left) > 0 {
				t.Errorf("with the rule ignored there is %v", left)
			}
		})
	}
}

// TestLintAccessSpares shows what looks like a mistake and is none.
func TestLintAccessSpares(t *testing.T) {
	t.Parallel()
	cases := map[string]func(*policy.SecretAccess){
		"the story": func(*policy.SecretAccess) {},
		"another audience, which the token has": func(a *policy.SecretAccess) {
			a.Claims.Audience = []string{"vault"}
			a.Providers[0].ClientIDs = []string{"vault"}
			a.Role.Trust = edited(trustText, "sts.amazonaws.com\"", "vault\"")
		},
		"a network key that may be there": func(a *policy.SecretAccess) {
			a.Role.Boundary.Document = policy.MustParse(docOf(`{"Effect":"Deny","Action":"secretsmanager:*","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}}`))
		},
		"a network key that is given": func(a *policy.SecretAccess) {
			a.Closed = true
			a.Context = policy.Context{"AWS:SourceVpce": {"vpce-1"}}
			a.Role.Boundary.Document = policy.MustParse(docOf(`{"Effect":"Deny","Action":"secretsmanager:*","Resource":"*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}}`))
		},
		"the default key within the account": func(a *policy.SecretAccess) {
			a.Secret.ARN = strings.Replace(storySecret, secretAccount, roleAccount, 1)
			a.Secret.KeyARN = ""
		},
		"nothing": func(a *policy.SecretAccess) { *a = policy.SecretAccess{} },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := story()
			change(&a)
			if got := a.Lint(); len(got) > 0 {
				t.Errorf("findings: %v", got)
			}
		})
	}
}

// spared are the findings on documents of the corpus that grant what they are
// meant to: each shows a rule of evaluation with what a lint is right to
// mention.
var spared = map[string]string{
	"condition-149-empty-condition-object-is-no-condition":  "EMPTY_OBJECT_CONDITION",
	"cross-041-resource-grants-account-root-identity-allow": "IRSA022", // the delegation is the point
	"kms-052-same-acct-key-policy-names-role-directly-no":   "IRSA019", // a statement, not a whole key policy
	"kms-055-cross-acct-key-policy-names-role-identity":     "IRSA019",
	"kms-060-encryption-context-secretarn-condition":        "IRSA019",
	"match-091-notaction-excludes":                          "ALLOW_WITH_NOTACTION",
	"match-096-region-wildcard":                             "IRSA015", // ends in -*
	"match-100-trailing-of-a-segment-may-expand-past-the":   "ARN_WILDCARD_CROSSES_COLON",
	"trust-076-sub-list-is-or":                              "IRSA006", // tests no aud
	"trust-078-condition-key-case-insensitive-sub":          "IRSA006",
}

func TestLintCorpus(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for file, c := range readCases(t) {
		if c.decision != "Allowed" {
			continue
		}
		for _, p := range policiesOf(c) {
			for _, f := range policy.Lint(p) {
				seen[file] = true
				if spared[file] != f.ID {
					t.Errorf("%s (%s): %v", file, c.source, f)
				}
			}
		}
	}
	for file := range spared {
		if !seen[file] {
			t.Errorf("%s has no finding to spare", file)
		}
	}
}

// policiesOf returns the documents of a case with their kinds.
func policiesOf(c evaluationCase) []policy.Policy {
	var all []policy.Policy
	add := func(k policy.Kind, list ...policy.Policy) {
		for _, p := range list {
			p.Kind = k
			all = append(all, p)
		}
	}
	add(policy.IdentityPolicy, c.set.Identity...)
	add(policy.PermissionsBoundary, c.set.Boundaries...)
	add(policy.SessionPolicy, c.set.Session...)
	add(policy.EndpointPolicy, c.set.Endpoint...)
	add(policy.ServiceControlPolicy, slices.Concat(c.set.SCPs...)...)
	add(policy.ResourceControlPolicy, slices.Concat(c.set.RCPs...)...)
	if c.set.Resource != nil {
		kind := policy.ResourcePolicy
		if strings.HasPrefix(c.request.Resource, "arn:aws:kms:") {
			kind = policy.KeyPolicy
		} else if strings.HasPrefix(c.request.Resource, "arn:aws:iam:") {
			kind = policy.TrustPolicy
		}
		add(kind, *c.set.Resource)
	}
	return all
}
