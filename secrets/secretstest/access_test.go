package secretstest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// storyClaims are those of the story's pod's token.
func storyClaims() policy.Claims {
	now := time.Now()
	return policy.Claims{
		Issuer:   secretstest.StoryIssuer,
		Subject:  "system:serviceaccount:" + secretstest.StoryNamespace + ":" + secretstest.StoryServiceAccount,
		Audience: []string{"sts.amazonaws.com"},
		IssuedAt: now, NotBefore: now, Expiry: now.Add(time.Hour),
	}
}

// TestSecretAccessAgreesWithTheWire breaks the story in one place after the
// other and asks twice whether the pod can read the secret: offline and through
// the SDK.
func TestSecretAccessAgreesWithTheWire(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		breakIt func(w *secretstest.World)
		ref     string // default: the story's secret
		fault   policy.Kind
		account string
		doc     string
	}{
		"whole": {breakIt: func(*secretstest.World) {}},
		"own secret": {
			breakIt: func(*secretstest.World) {}, ref: secretstest.StoryAppSecretName,
		},
		"no secret statement": {
			func(w *secretstest.World) { drop(w, "read-secret") }, "",
			policy.IdentityPolicy, secretstest.StoryClusterAccount, "",
		},
		"wrong resource": {
			func(w *secretstest.World) {
				role(w).Policies[0].Document.Statements[0].Resource = policy.Strings(strings.TrimSuffix(secretstest.StorySecretARN, "-AbCdEf"))
			}, "",
			policy.IdentityPolicy, secretstest.StoryClusterAccount, "pod-role/read-secret",
		},
		"no key statement": {
			func(w *secretstest.World) { drop(w, "decrypt-secret") }, "",
			policy.IdentityPolicy, secretstest.StoryClusterAccount, "",
		},
		"no secret policy": {
			func(w *secretstest.World) { w.Account(secretstest.StorySecretAccount).Secrets[0].Policy = nil }, "",
			policy.ResourcePolicy, secretstest.StorySecretAccount, secretstest.StorySecretARN,
		},
		"default key policy": {
			func(w *secretstest.World) { w.Account(secretstest.StoryKeyAccount).Keys[0].Policy = nil }, "",
			policy.KeyPolicy, secretstest.StoryKeyAccount, secretstest.StoryKeyARN,
		},
		"default key": {
			func(w *secretstest.World) { w.Account(secretstest.StorySecretAccount).Secrets[0].KeyID = "" }, "",
			policy.KeyPolicy, secretstest.StorySecretAccount, "",
		},
		"boundary": {
			func(w *secretstest.World) {
				role(w).Boundary.Document.Statements[0].Action = policy.Strings("kms:*")
			}, "",
			policy.PermissionsBoundary, secretstest.StoryClusterAccount, "arn:aws:iam::111122223333:policy/app-boundary",
		},
		"service control policy": {
			func(w *secretstest.World) {
				scp := &w.Account(secretstest.StoryClusterAccount).SCPs[0][0]
				scp.Name = "arn:aws:organizations::999988887777:policy/o-exampleorgid/service_control_policy/p-narrow"
				scp.Document.Statements[0].Action = policy.Strings("sts:*", "kms:*")
			}, "",
			policy.ServiceControlPolicy, secretstest.StoryClusterAccount, "arn:aws:organizations::999988887777:policy/o-exampleorgid/service_control_policy/p-narrow",
		},
		"resource control policy": {
			func(w *secretstest.World) {
				w.Account(secretstest.StorySecretAccount).RCPs = [][]credentialstest.Policy{{{
					Name: "arn:aws:organizations::999988887777:policy/o-exampleorgid/resource_control_policy/p-closed",
					Document: policy.MustParse(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*",` +
						`"Action":"secretsmanager:*","Resource":"*"}}`),
				}}}
			}, "",
			policy.ResourceControlPolicy, secretstest.StorySecretAccount, "arn:aws:organizations::999988887777:policy/o-exampleorgid/resource_control_policy/p-closed",
		},
		"other subject": {
			func(w *secretstest.World) {
				role(w).Trust.Statements[0].Condition[0].Keys[1].Values = policy.Strings("system:serviceaccount:testnamespace:other")
			}, "",
			policy.TrustPolicy, secretstest.StoryClusterAccount, secretstest.StoryRoleARN,
		},
		"no provider": {
			func(w *secretstest.World) { w.Account(secretstest.StoryClusterAccount).OIDCProviders = nil }, "",
			policy.IdentityProvider, secretstest.StoryClusterAccount, "",
		},
		"wrong region": {
			func(*secretstest.World) {}, strings.Replace(secretstest.StorySecretARN, "eu-west-1", "us-east-1", 1),
			policy.SecretReference, secretstest.StoryClusterAccount, "",
		},
		"name of a foreign secret": {
			func(*secretstest.World) {}, "testsecret",
			policy.SecretReference, secretstest.StoryClusterAccount, "",
		},
		"key by its alias": {
			breakIt: func(w *secretstest.World) {
				w.Account(secretstest.StoryKeyAccount).Keys[0].Aliases = []string{"alias/shared"}
				w.Account(secretstest.StorySecretAccount).Secrets[0].KeyID = "arn:aws:kms:eu-west-1:333344445555:alias/shared"
			},
		},
		"suffix left to the fake": {
			breakIt: func(w *secretstest.World) {
				w.Account(secretstest.StoryClusterAccount).Secrets[0].Suffix = ""
				role(w).Policies[2].Document.Statements[0].Resource = policy.Strings("arn:aws:secretsmanager:eu-west-1:111122223333:secret:appsecret-??????")
			},
			ref: secretstest.StoryAppSecretName,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := secretstest.Story()
			test.breakIt(&w)
			if test.ref == "" {
				test.ref = secretstest.StorySecretARN
			}
			access, err := w.SecretAccess(storyClaims(), secretstest.StoryRoleARN, test.ref, secretstest.StoryRegion)
			if err != nil {
				t.Fatal(err)
			}
			report := access.Evaluate()
			_, cfg := pod(t, w)
			region := secretstest.StoryRegion
			if strings.Contains(test.ref, "us-east-1") {
				region = "us-east-1"
			}
			_, err = secretsmanager.NewFromConfig(cfg).GetSecretValue(t.Context(),
				&secretsmanager.GetSecretValueInput{SecretId: &test.ref},
				func(o *secretsmanager.Options) { o.Region = region; o.Retryer = aws.NopRetryer{} })
			if (report.Decision == policy.Allowed) != (err == nil) {
				t.Fatalf("offline %v, %+v; over the wire %v", report.Decision, report.Faults, err)
			}
			if test.fault == policy.NoKind {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if len(report.Faults) == 0 {
				t.Fatal("no faults")
			}
			f := report.Faults[0]
			if f.Kind != test.fault || f.Account != test.account || (test.doc != "" && f.Document != test.doc) {
				t.Errorf("fault in %v %q of %s (%s)", f.Kind, f.Document, f.Account, f.Problem)
			}
		})
	}
}

func role(w *secretstest.World) *credentialstest.Role {
	return w.Account(secretstest.StoryClusterAccount).Role("pod-role")
}

// drop takes an inline policy from the story's role.
func drop(w *secretstest.World, name string) {
	r := role(w)
	kept := r.Policies[:0]
	for _, p := range r.Policies {
		if p.Name != name {
			kept = append(kept, p)
		}
	}
	r.Policies = kept
}

func TestSecretAccessErrors(t *testing.T) {
	t.Parallel()
	w := secretstest.Story()
	for name, test := range map[string]struct{ role, secret, want string }{
		"malformed role": {"pod-role", secretstest.StorySecretARN, "role"},
		"other account":  {"arn:aws:iam::999999999999:role/pod-role", secretstest.StorySecretARN, "no role"},
		"other role":     {"arn:aws:iam::111122223333:role/other", secretstest.StorySecretARN, "no role"},
		"other secret":   {secretstest.StoryRoleARN, "other", "no secret"},
		"other suffix":   {secretstest.StoryRoleARN, strings.Replace(secretstest.StorySecretARN, "AbCdEf", "XxXxXx", 1), "no secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := w.SecretAccess(storyClaims(), test.role, test.secret, secretstest.StoryRegion); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	if w.Account("999999999999") != nil || w.Accounts[0].Role("other") != nil {
		t.Error("found what is not there")
	}
}

// TestStoriesAreApart checks that a change to one story does not reach another.
func TestStoriesAreApart(t *testing.T) {
	t.Parallel()
	w := secretstest.Story()
	role(&w).Policies[0].Document.Statements[0].Effect = policy.Deny
	again := secretstest.Story()
	if role(&again).Policies[0].Document.Statements[0].Effect != policy.Allow {
		t.Error("the stories share their documents")
	}
}
