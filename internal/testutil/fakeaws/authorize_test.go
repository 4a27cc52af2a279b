package fakeaws_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
)

const readsOpen = "secretsmanager:GetSecretValue"

// named is a policy of one statement on everything.
func named(name, effect, action string) fakeaws.NamedPolicy {
	return fakeaws.NamedPolicy{Name: name, Document: policy.MustParse(
		`{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `","Action":"` + action + `","Resource":"*"}}`)}
}

// Every guardrail on the caller's and the resource's side has its say, and the
// sentence names the kind and, for a Deny in a managed policy, its ARN.
func TestGuardrails(t *testing.T) {
	t.Parallel()
	const (
		boundaryARN = "arn:aws:iam::111122223333:policy/boundary"
		scpARN      = "arn:aws:organizations::999988887777:policy/o-a1b2c3/service_control_policy/p-scp"
		rcpARN      = "arn:aws:organizations::999988887777:policy/o-a1b2c3/resource_control_policy/p-rcp"
	)
	full := named("arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess", "Allow", "*")
	tests := map[string]struct {
		change func(account *fakeaws.Account, role *fakeaws.Role)
		reason string // "": allowed
	}{
		"none": {change: func(*fakeaws.Account, *fakeaws.Role) {}},
		"boundary allows": {
			change: func(_ *fakeaws.Account, r *fakeaws.Role) { r.Boundary = new(named(boundaryARN, "Allow", "*")) },
		},
		"boundary lacks": {
			change: func(_ *fakeaws.Account, r *fakeaws.Role) { r.Boundary = new(named(boundaryARN, "Allow", "kms:*")) },
			reason: "because no permissions boundary allows the " + readsOpen + " action",
		},
		"boundary denies": {
			change: func(_ *fakeaws.Account, r *fakeaws.Role) { r.Boundary = new(named(boundaryARN, "Deny", readsOpen)) },
			reason: "with an explicit deny in a permissions boundary: " + boundaryARN,
		},
		"identity denies": {
			change: func(_ *fakeaws.Account, r *fakeaws.Role) {
				r.Policies = append(r.Policies, named("inline", "Deny", readsOpen))
			},
			reason: "with an explicit deny in an identity-based policy",
		},
		"SCP allows": {
			change: func(a *fakeaws.Account, _ *fakeaws.Role) { a.SCPs = [][]fakeaws.NamedPolicy{{full}, {full}} },
		},
		"SCP lacks": {
			change: func(a *fakeaws.Account, _ *fakeaws.Role) {
				a.SCPs = [][]fakeaws.NamedPolicy{{full}, {named(scpARN, "Allow", "sts:*")}}
			},
			reason: "because no service control policy allows the " + readsOpen + " action",
		},
		"SCP denies": {
			change: func(a *fakeaws.Account, _ *fakeaws.Role) {
				a.SCPs = [][]fakeaws.NamedPolicy{{full, named(scpARN, "Deny", readsOpen)}}
			},
			reason: "with an explicit deny in a service control policy: " + scpARN,
		},
		"RCP denies": {
			change: func(a *fakeaws.Account, _ *fakeaws.Role) {
				rcp := fakeaws.NamedPolicy{Name: rcpARN, Document: policy.MustParse(`{"Version":"2012-10-17","Statement":` +
					`{"Effect":"Deny","Principal":"*","Action":"` + readsOpen + `","Resource":"*"}}`)}
				a.RCPs = [][]fakeaws.NamedPolicy{{rcp}}
			},
			reason: "with an explicit deny in a resource control policy: " + rcpARN,
		},
		"source address": {
			change: conditioned("IpAddress", "aws:SourceIp", "192.0.2.1/32"),
		},
		"region": {
			change: conditioned("StringEquals", "aws:RequestedRegion", home),
		},
		"provider": {
			change: conditioned("ArnLike", "aws:FederatedProvider", "arn:aws:iam::111122223333:oidc-provider/*"),
		},
		"user agent": {
			change: conditioned("StringLike", "aws:UserAgent", "*aws-sdk-go-v2*"),
		},
		"called directly": {
			change: conditioned("Bool", "aws:ViaAWSService", "false"),
		},
		"called by another": {
			change: conditioned("Bool", "aws:ViaAWSService", "true"),
			reason: "because no identity-based policy allows the " + readsOpen + " action",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := startChanged(t, func(w *fakeaws.World) { test.change(w.Accounts[0], w.Accounts[0].Roles[0]) })
			client := secretsmanager.NewFromConfig(exchange(t, inMemory(fake), mint(t, fake)))
			_, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new("open")})
			if test.reason == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, 400, "AccessDeniedException", "User: arn:aws:sts::111122223333:assumed-role/pod-role/testapp "+
				"is not authorized to perform: "+readsOpen+" on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:open-AbCdEf "+test.reason)
		})
	}
}

// An RCP of the key's account can deny the use of a key, but not of one that AWS
// manages.
func TestRCPsAndKeys(t *testing.T) {
	t.Parallel()
	rcp := fakeaws.NamedPolicy{Name: "no-kms", Document: policy.MustParse(
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}}`)}
	f := startData(t, func(w *fakeaws.World) { w.Accounts[0].RCPs = [][]fakeaws.NamedPolicy{{rcp}} })
	refused := denied("kms:Decrypt", ownKey, "with an explicit deny in a resource control policy")
	for id, want := range map[string]failure{
		"prod/db": {},
		"own-key": {"AccessDeniedException", "Access to KMS is not allowed"},
	} {
		_, err := f.secrets().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
		equal(t, id, failureOf(err), want)
		if want != (failure{}) {
			calls := f.Calls()
			equal(t, "KMS's refusal", calls[len(calls)-1].ErrorMessage, refused.Message)
		}
	}
	for name, want := range map[string]string{"/app/db/password": "", "/app/db/own-key": "AccessDeniedException"} {
		_, err := f.parameters().GetParameter(t.Context(), &ssm.GetParameterInput{Name: &name, WithDecryption: new(true)})
		equal(t, name, failureOf(err).Code, want)
	}
}

// The key that AWS manages for a service is open, through that service, to all
// of the account without a grant of their own.
func TestManagedKeyWithoutGrant(t *testing.T) {
	t.Parallel()
	f := startData(t, role(allow(`"secretsmanager:GetSecretValue"`, `"*"`)))
	for id, want := range map[string]failure{
		"prod/db": {},
		"own-key": {"AccessDeniedException", "Access to KMS is not allowed"},
	} {
		_, err := f.secrets().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
		equal(t, id, failureOf(err), want)
	}
}

// conditioned allows all under one condition alone.
func conditioned(operator, key, value string) func(*fakeaws.Account, *fakeaws.Role) {
	return func(_ *fakeaws.Account, r *fakeaws.Role) {
		r.Policies = []fakeaws.NamedPolicy{{Name: "conditioned", Document: policy.MustParse(
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",` +
				`"Condition":{"` + operator + `":{"` + key + `":"` + value + `"}}}}`)}}
	}
}

// startChanged starts the world after a change.
func startChanged(t *testing.T, change func(*fakeaws.World)) *fakeaws.AWS {
	t.Helper()
	var world fakeaws.World
	if err := json.Unmarshal([]byte(identities), &world); err != nil {
		t.Fatal(err)
	}
	change(&world)
	text, err := json.Marshal(world)
	if err != nil {
		t.Fatal(err)
	}
	return start(t, string(text))
}

// A trust policy's name is the role's ARN, which the sentence leaves out.
func TestTrustDenies(t *testing.T) {
	t.Parallel()
	fake := startChanged(t, func(w *fakeaws.World) {
		trust := w.Accounts[1].Roles[0].Trust
		deny := trust.Statements[0]
		deny.Effect = policy.Deny
		trust.Statements = append(trust.Statements, deny)
	})
	_, err := sts.NewFromConfig(exchange(t, inMemory(fake), mint(t, fake))).AssumeRole(t.Context(), hop())
	wantError(t, err, 403, "AccessDenied", "User: arn:aws:sts::111122223333:assumed-role/pod-role/testapp "+
		"is not authorized to perform: sts:AssumeRole on resource: "+hopRole+" with an explicit deny in the role trust policy")
}

// What cannot be decided is denied, and says so.
func TestUndecided(t *testing.T) {
	t.Parallel()
	fake := startChanged(t, func(w *fakeaws.World) {
		undecided := named("all", "Allow", "*")
		undecided.Document.Statements[0].Condition = policy.Condition{{
			Operator: "NoSuchOperator", Keys: []policy.ConditionKey{{Key: "aws:SourceIp", Values: policy.Strings("x")}},
		}}
		w.Accounts[0].Users[0].Policies = []fakeaws.NamedPolicy{undecided}
	})
	client := secretsmanager.NewFromConfig(with(inMemory(fake), userKey, userSecret, ""))
	_, err := client.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: new("open")})
	wantError(t, err, 400, "AccessDeniedException", "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: "+
		"secretsmanager:DescribeSecret on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:open-AbCdEf")
}

// A user's own policies and boundary count as a role's do.
func TestUserPolicies(t *testing.T) {
	t.Parallel()
	for boundary, want := range map[string]string{"secretsmanager:*": "", "kms:*": "AccessDeniedException"} {
		fake := startChanged(t, func(w *fakeaws.World) {
			alice := w.Accounts[0].Users[0]
			alice.Policies = []fakeaws.NamedPolicy{named("all", "Allow", "*")}
			alice.Boundary = new(named("arn:aws:iam::111122223333:policy/boundary", "Allow", boundary))
			w.Accounts[0].Secrets[0].KeyID = ""
		})
		client := secretsmanager.NewFromConfig(with(inMemory(fake), userKey, userSecret, ""))
		_, err := client.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: new("open")})
		if want != "" {
			wantError(t, err, 400, want, "")
		} else if err != nil {
			t.Error(err)
		}
	}
}

// The trust policy of a web identity sees the request's keys too, and an RCP
// of the role's account can veto.
func TestWebIdentityConditions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ key, value, code string }{
		"session name":  {"sts:RoleSessionName", "testapp", ""},
		"source":        {"aws:UserAgent", "*aws-sdk-go-v2*", ""},
		"other session": {"sts:RoleSessionName", "other", "AccessDenied"},
	} {
		fake := startChanged(t, func(w *fakeaws.World) {
			statement := &w.Accounts[0].Roles[0].Trust.Statements[0]
			statement.Condition = append(statement.Condition, policy.ConditionOperator{
				Operator: "StringLike", Keys: []policy.ConditionKey{{Key: test.key, Values: policy.Strings(test.value)}},
			})
		})
		_, err := sts.NewFromConfig(inMemory(fake)).AssumeRoleWithWebIdentity(t.Context(), webIdentity(mint(t, fake)))
		if test.code != "" {
			wantError(t, err, 403, test.code, "")
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
