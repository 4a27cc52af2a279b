package tfplan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/irsakit/irsa/examples/policycheck/tfplan"
	"github.com/irsakit/irsa/policy"
)

// TestRegions has what version 6 of the provider puts into a plan: the Region is
// an attribute of all that is not global, whether the configuration sets it or
// not.
func TestRegions(t *testing.T) {
	t.Parallel()
	const (
		secret = "module.secret.aws_secretsmanager_secret.this"
		key    = "aws_kms_key.secrets"
	)
	provider := func(e edited, key string) object {
		providers := e.plan["configuration"].(object)["provider_config"].(object)
		return providers[key].(object)["expressions"].(object)
	}
	tests := map[string]struct {
		edit      func(e edited)
		options   tfplan.Options
		secret    string // its Region
		key       string
		want      policy.Decision
		wantError string
	}{
		"of the providers": {edit: func(edited) {}, secret: "eu-west-1", key: "eu-west-1", want: policy.Allowed},
		"of providers that do not tell": {edit: func(e edited) {
			for _, key := range []string{"aws.secrets", "aws.keys"} {
				delete(provider(e, key), "region")
			}
		}, secret: "eu-west-1", key: "eu-west-1", want: policy.Allowed},
		"of nothing": {edit: func(e edited) {
			delete(provider(e, "aws"), "region")
		}, wantError: "the Region of aws_iam_role.pod is not in the plan: give it with -region"},
		"of the secret itself": {edit: func(e edited) {
			e.know(secret, "region", "eu-central-1")
		}, secret: "eu-central-1", key: "eu-west-1", want: policy.ImplicitlyDenied},
		"of the key itself": {edit: func(e edited) {
			e.know(key, "region", "eu-central-1")
			e.config(key)["region"] = object{"constant_value": "eu-central-1"}
		}, secret: "eu-west-1", key: "eu-central-1", want: policy.Allowed},
		"that a variable gives": {edit: func(e edited) {
			e.plan["variables"].(object)["where"] = object{"value": "eu-central-1"}
			e.unfollow(key, "region")
			e.config(key)["region"] = object{"references": []any{"var.where"}}
		}, secret: "eu-west-1", key: "eu-central-1", want: policy.Allowed},
		"that is open": {edit: func(e edited) {
			e.unfollow(key, "region")
		}, wantError: "the Region of aws_kms_key.secrets is not in the plan"},
		"that is open and given": {edit: func(e edited) {
			e.unfollow(key, "region")
		}, options: tfplan.Options{Region: "eu-west-2"}, secret: "eu-west-1", key: "eu-west-2", want: policy.Allowed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := edit(t, "right")
			for _, address := range []string{secret, "module.secret.aws_secretsmanager_secret_policy.this[0]", key, "aws_kms_key_policy.secrets"} {
				e.know(address, "region", "eu-west-1")
			}
			test.edit(e)
			plan, err := tfplan.Read(e.data())
			if err != nil {
				t.Fatal(err)
			}
			a, err := plan.Access(story, test.options)
			if test.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantError) {
					t.Errorf("got %v, want %s", err, test.wantError)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if a.Decision != test.want || !strings.HasPrefix(a.Secret, "arn:aws:secretsmanager:"+test.secret+":") {
				t.Errorf("got %v for %s, want %v in %s; faults %+v", a.Decision, a.Secret, test.want, test.secret, a.Report.Faults)
			}
			if !slices.ContainsFunc(a.StandIns, func(s tfplan.StandIn) bool {
				return s.Address == key && strings.HasPrefix(s.Text, "arn:aws:kms:"+test.key+":")
			}) {
				t.Errorf("want the key in %s: %+v", test.key, a.StandIns)
			}
		})
	}
}

// TestRegionsOfOneProvider has a provider that does not tell its Region, and
// resources that do.
func TestRegionsOfOneProvider(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		alias string // Region of the alias by which the secret calls its key
		want  policy.Decision
	}{
		"an alias of the secret's Region": {"eu-west-1", policy.Allowed},
		"an alias of another Region":      {"eu-central-1", policy.Unknown},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := edit(t, "forms")
			providers := e.plan["configuration"].(object)["provider_config"].(object)
			delete(providers["aws"].(object)["expressions"].(object), "region")
			for _, address := range []string{"aws_secretsmanager_secret.plain", "aws_secretsmanager_secret.own", "aws_kms_key.own"} {
				e.know(address, "region", "eu-west-1")
			}
			e.know("aws_secretsmanager_secret.own", "kms_key_id", "alias/own")
			e.know("aws_kms_alias.own", "region", test.alias)
			e.config("aws_kms_alias.own")["region"] = object{"constant_value": test.alias}
			q := tfplan.Question{ServiceAccount: "default/app", Role: "within", Secret: "own"}
			a := ask(t, e.data(), q, tfplan.Options{})
			if a.Decision != test.want || a.Secret != "arn:aws:secretsmanager:eu-west-1:111122223333:secret:own-NotYet" {
				t.Errorf("got %v for %s, want %v; open %q", a.Decision, a.Secret, test.want, a.Open)
			}
		})
	}
}
