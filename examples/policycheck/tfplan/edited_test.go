package tfplan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/irsakit/irsa/examples/policycheck/tfplan"
	"github.com/irsakit/irsa/policy"
)

// edited is a plan to be changed.
type edited struct {
	tb   testing.TB
	plan object
}

func edit(tb testing.TB, name string) edited { return edited{tb, parseJSON(tb, readPlan(tb, name))} }

func (e edited) data() []byte { return marshalJSON(e.tb, e.plan) }

func (e edited) changes() []any { return e.plan["resource_changes"].([]any) }

// change returns the change of a resource.
func (e edited) change(address string) object {
	e.tb.Helper()
	for _, c := range e.changes() {
		if c.(object)["address"] == address {
			return c.(object)["change"].(object)
		}
	}
	e.tb.Fatalf("no change of %s", address)
	return nil
}

// config returns the configuration of a resource of the root module or of the
// module "secret".
func (e edited) config(address string) object {
	e.tb.Helper()
	module := e.plan["configuration"].(object)["root_module"].(object)
	inner, ok := strings.CutPrefix(address, "module.secret.")
	if ok {
		module = module["module_calls"].(object)["secret"].(object)["module"].(object)
	}
	inner, _, _ = strings.Cut(inner, "[")
	for _, r := range module["resources"].([]any) {
		if r.(object)["address"] == inner {
			return r.(object)["expressions"].(object)
		}
	}
	e.tb.Fatalf("no configuration of %s", address)
	return nil
}

// remove takes a resource out of the plan.
func (e edited) remove(address string) {
	e.plan["resource_changes"] = slices.DeleteFunc(e.changes(), func(c any) bool { return c.(object)["address"] == address })
}

// know makes an attribute known.
func (e edited) know(address, attr string, value any) {
	c := e.change(address)
	c["after"].(object)[attr] = value
	delete(c["after_unknown"].(object), attr)
}

// unfollow makes an attribute open, and its expression one that leads nowhere.
func (e edited) unfollow(address, attr string) {
	c := e.change(address)
	delete(c["after"].(object), attr)
	c["after_unknown"].(object)[attr] = true
	e.config(address)[attr] = object{"references": []any{"local.what"}}
}

// exist makes a resource one that exists and stays as it is.
func (e edited) exist(address string) {
	c := e.change(address)
	c["actions"], c["before"] = []any{"no-op"}, c["after"]
}

// TestRemoved takes away each thing that the chain needs.
func TestRemoved(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		address string
		want    policy.Kind
	}{
		"inline policy":     {"aws_iam_role_policy.read", policy.IdentityPolicy},
		"attachment":        {"aws_iam_role_policy_attachment.decrypt", policy.IdentityPolicy},
		"secret policy":     {"module.secret.aws_secretsmanager_secret_policy.this[0]", policy.ResourcePolicy},
		"key policy":        {"aws_kms_key_policy.secrets", policy.KeyPolicy},
		"identity provider": {"aws_iam_openid_connect_provider.cluster", policy.NoKind},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := edit(t, "right")
			e.remove(test.address)
			// The provider's ARN stands in the trust policy as a reference, so
			// without the provider the issuer has to be given.
			q := story
			q.Role = "pod-role"
			plan, err := tfplan.Read(e.data())
			if err != nil {
				t.Fatal(err)
			}
			a, err := plan.Access(q, tfplan.Options{})
			if test.want == policy.NoKind {
				if err == nil || !strings.Contains(err.Error(), "-issuer") {
					t.Errorf("got %v, %v", a.Decision, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if a.Decision != policy.ImplicitlyDenied || len(a.Report.Faults) != 1 || a.Report.Faults[0].Kind != test.want {
				t.Errorf("%v, faults %+v", a.Decision, a.Report.Faults)
			}
		})
	}
}

// TestOpenIsNeverAllowed makes each element of each document of the chain one
// that is not known and refers to nothing that can be followed.
func TestOpenIsNeverAllowed(t *testing.T) {
	t.Parallel()
	documents := []string{"decrypt", "key", "read", "trust"}
	for _, name := range documents {
		address := "data.aws_iam_policy_document." + name
		statements := len(edit(t, "right").change(address)["after"].(object)["statement"].([]any))
		for i := range statements {
			for _, element := range []string{"effect", "actions", "resources", "principals", "condition", "not_actions", "not_principals", "not_resources"} {
				if name == "key" && i == 0 || name == "trust" && strings.HasSuffix(element, "resources") ||
					name != "key" && name != "trust" && strings.HasSuffix(element, "principals") {
					continue // it has no part in what allows
				}
				t.Run(fmt.Sprintf("%s/%d/%s", name, i, element), func(t *testing.T) {
					t.Parallel()
					e := edit(t, "right")
					c := e.change(address)
					c["after_unknown"].(object)["statement"].([]any)[i].(object)[element] = true
					e.config(address)["statement"].([]any)[i].(object)[element] = object{"references": []any{"local.what"}}
					q := story
					q.Role = "pod-role"
					a := ask(t, e.data(), q, tfplan.Options{Issuer: "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"})
					if a.Decision != policy.Unknown || !slices.ContainsFunc(a.Open, func(s string) bool { return strings.HasPrefix(s, address) }) {
						t.Errorf("got %v, open %q", a.Decision, a.Open)
					}
				})
			}
		}
	}
}

// TestOpenAttributes does the same with attributes of resources.
func TestOpenAttributes(t *testing.T) {
	t.Parallel()
	attributes := map[string]string{
		"aws_iam_role.pod":                        "assume_role_policy",
		"aws_iam_role.pod ":                       "permissions_boundary",
		"aws_iam_role.pod  ":                      "inline_policy",
		"aws_iam_role.pod   ":                     "managed_policy_arns",
		"aws_iam_role_policy.read":                "policy",
		"aws_iam_policy.decrypt":                  "policy",
		"aws_iam_policy.boundary":                 "policy",
		"aws_iam_role_policy_attachment.decrypt":  "policy_arn",
		"aws_kms_key_policy.secrets":              "policy",
		"aws_iam_openid_connect_provider.cluster": "client_id_list",
	}
	for address, attr := range attributes {
		address = strings.TrimSpace(address)
		t.Run(address+"."+attr, func(t *testing.T) {
			t.Parallel()
			e := edit(t, "right")
			e.unfollow(address, attr)
			q := story
			q.Role = "pod-role"
			a := ask(t, e.data(), q, tfplan.Options{Issuer: "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"})
			if a.Decision != policy.Unknown || len(a.Open) == 0 {
				t.Errorf("got %v, open %q", a.Decision, a.Open)
			}
		})
	}
}

// TestExisting has a plan that changes nothing: all ARNs are known.
func TestExisting(t *testing.T) {
	t.Parallel()
	const (
		arn    = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
		secret = "module.secret.aws_secretsmanager_secret.this"
		role   = "aws_iam_role.pod"
	)
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
		"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"}}}`
	grant := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + arn + `"}}`
	withRead := []any{object{"name": "read-secret", "policy": grant}}
	tests := map[string]struct {
		edit   func(e edited)
		secret string
		want   policy.Decision
	}{
		"as it is": {func(edited) {}, arn, policy.Allowed},
		"inline policy that the role has besides": {func(e edited) {
			e.remove("aws_iam_role_policy.read")
			e.know(role, "inline_policy", withRead)
		}, "", policy.Allowed},
		"inline policy that is deleted": {func(e edited) {
			e.know(role, "inline_policy", withRead)
			c := e.change("aws_iam_role_policy.read")
			c["actions"], c["before"], c["after"] = []any{"delete"}, object{"role": "pod-role", "name": "read-secret"}, nil
		}, "", policy.ImplicitlyDenied},
		"managed policy that is detached": {func(e edited) {
			const managed = "arn:aws:iam::111122223333:policy/decrypt-secret"
			e.know(role, "managed_policy_arns", []any{managed})
			c := e.change("aws_iam_role_policy_attachment.decrypt")
			c["actions"], c["before"], c["after"] = []any{"delete"}, object{"role": "pod-role", "policy_arn": managed}, nil
		}, "", policy.ImplicitlyDenied},
		"secret policy that is deleted": {func(e edited) {
			e.know(secret, "policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`)
			c := e.change("module.secret.aws_secretsmanager_secret_policy.this[0]")
			c["actions"], c["before"], c["after"] = []any{"delete"}, object{"secret_arn": arn}, nil
		}, "", policy.ImplicitlyDenied},
		"secret policy of its own": {func(e edited) {
			e.remove("module.secret.aws_secretsmanager_secret_policy.this[0]")
			e.know(secret, "policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`)
		}, "", policy.Allowed},
		"condition that the plan does not settle": {func(e edited) {
			e.remove("module.secret.aws_secretsmanager_secret_policy.this[0]")
			e.know(secret, "policy", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*",
				"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}}`)
		}, "", policy.Unknown},
		"default key":          {func(e edited) { e.know(secret, "kms_key_id", nil) }, "", policy.ImplicitlyDenied},
		"key outside the plan": {func(e edited) { e.know(secret, "kms_key_id", "arn:aws:kms:eu-west-1:333344445555:key/other") }, "", policy.ImplicitlyDenied},
		"key by id in another account": {func(e edited) {
			e.know(secret, "kms_key_id", "00000000-0000-0000-0000-000000000001")
		}, "", policy.ImplicitlyDenied},
		"role that is read only": {func(e edited) {
			for _, c := range e.changes() {
				if c.(object)["address"] == role {
					c.(object)["mode"] = "data"
				}
			}
			e.know(role, "assume_role_policy", trust)
			e.know(role, "permissions_boundary", nil)
		}, "", policy.Unknown},
		"name that is made up": {func(e edited) {
			c := e.change(role)
			delete(c["after"].(object), "name")
			delete(c["after"].(object), "arn")
			delete(e.config(role), "name")
			c["after"].(object)["name_prefix"] = "app-"
			c["after_unknown"].(object)["name"], c["after_unknown"].(object)["arn"] = true, true
			attachment := e.change("aws_iam_role_policy_attachment.decrypt")
			delete(attachment["after"].(object), "role")
			attachment["after_unknown"].(object)["role"] = true
		}, "", policy.Allowed},
		"another suffix": {func(edited) {}, "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-ZzZzZz", policy.ImplicitlyDenied},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := edit(t, "right")
			e.know(secret, "arn", arn)
			e.exist(secret)
			e.know(role, "arn", "arn:aws:iam::111122223333:role/apps/pod-role")
			e.know(role, "inline_policy", []any{})
			e.exist(role)
			test.edit(e)
			q := story
			q.Role, q.Secret = role, test.secret
			a := ask(t, e.data(), q, tfplan.Options{})
			if a.Decision != test.want {
				t.Errorf("got %v, want %v; open %q; faults %+v", a.Decision, test.want, a.Open, a.Report.Faults)
			}
		})
	}
}

// TestAccounts has providers that do not tell their account.
func TestAccounts(t *testing.T) {
	t.Parallel()
	e := edit(t, "right")
	for _, p := range e.plan["configuration"].(object)["provider_config"].(object) {
		delete(p.(object)["expressions"].(object), "allowed_account_ids")
	}
	provider := e.plan["configuration"].(object)["provider_config"].(object)["aws.keys"].(object)["expressions"].(object)
	provider["assume_role"] = []any{object{"role_arn": object{"constant_value": "arn:aws:iam::333344445555:role/terraform"}}}
	plan, err := tfplan.Read(e.data())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := plan.Access(story, tfplan.Options{}); err == nil || !strings.Contains(err.Error(), "-account aws") {
		t.Errorf("got %v", err)
	}
	for _, accounts := range []map[string]string{
		{"aws": "111122223333", "aws.secrets": "222233334444"},
		{"": "111122223333", "secrets": "222233334444"},
	} {
		if a := ask(t, e.data(), story, tfplan.Options{Accounts: accounts}); a.Decision != policy.Allowed {
			t.Errorf("%v: got %v, faults %+v", accounts, a.Decision, a.Report.Faults)
		}
	}
	a := ask(t, e.data(), story, tfplan.Options{Accounts: map[string]string{"": "111122223333"}})
	if a.Secret != "arn:aws:secretsmanager:eu-west-1:111122223333:secret:testsecret-NotYet" {
		t.Errorf("secret %s", a.Secret)
	}
}
