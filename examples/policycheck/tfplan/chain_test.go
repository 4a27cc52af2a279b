package tfplan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/irsakit/irsa/examples/policycheck/tfplan"
	"github.com/irsakit/irsa/policy"
)

// TestChain takes what is open out of the chain, and leaves the rest.
func TestChain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		role, secret string
		documents    int // of the role, that are known in full
		open         string
	}{
		"nothing open":        {role: "within", secret: "plain", documents: 2},
		"jsonencode":          {role: "encoded", secret: "plain", open: "aws_iam_role_policy.encoded.policy"},
		"a policy of AWS":     {role: "managed", secret: "plain", open: "the document of arn:aws:iam::aws:policy/SecretsManagerReadWrite"},
		"a Deny that is open": {role: "deny", secret: "plain", open: "data.aws_iam_policy_document.deny.statement[1].resources"},
	}
	plan, err := tfplan.Read(readPlan(t, "forms"))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := tfplan.Question{ServiceAccount: "default/app", Role: test.role, Secret: test.secret}
			c, err := plan.Chain(q, tfplan.Options{})
			if err != nil {
				t.Fatal(err)
			}
			known := 0
			for _, p := range c.Access.Role.Policies {
				if p.Document != nil {
					known++
				}
			}
			if known != test.documents || c.Access.Role.Trust == nil {
				t.Errorf("%d documents of the role are known, want %d: %+v", known, test.documents, c.Access.Role)
			}
			if got := strings.Join(c.Open, ", "); got != test.open {
				t.Errorf("open: %q, want %q", got, test.open)
			}
			if findings := c.Access.Lint(); len(findings) > 0 {
				t.Errorf("findings on what is right: %v", findings)
			}
		})
	}
	if _, err := plan.Chain(tfplan.Question{Role: "nobody"}, tfplan.Options{}); err == nil {
		t.Error("no error for a role that is not there")
	}
}

// TestChainAttributes makes each document of the story's chain open.
func TestChainAttributes(t *testing.T) {
	t.Parallel()
	documents := map[string]func(a policy.SecretAccess) *policy.Document{
		"aws_iam_role.pod assume_role_policy":                               func(a policy.SecretAccess) *policy.Document { return a.Role.Trust },
		"aws_iam_policy.boundary policy":                                    func(a policy.SecretAccess) *policy.Document { return a.Role.Boundary.Document },
		"aws_kms_key_policy.secrets policy":                                 func(a policy.SecretAccess) *policy.Document { return a.Key.Policy },
		"module.secret.aws_secretsmanager_secret_policy.this[0] secret_arn": func(a policy.SecretAccess) *policy.Document { return a.Secret.Policy },
	}
	for what, document := range documents {
		address, attr, _ := strings.Cut(what, " ")
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			e := edit(t, "right")
			for _, open := range []bool{false, true} {
				if open {
					e.unfollow(address, attr)
				}
				plan, err := tfplan.Read(e.data())
				if err != nil {
					t.Fatal(err)
				}
				q := story
				q.Role = "pod-role"
				c, err := plan.Chain(q, tfplan.Options{Issuer: "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"})
				if err != nil {
					t.Fatal(err)
				}
				if got := document(c.Access); (got == nil) != open {
					t.Errorf("open %v: %v", open, got)
				}
			}
		})
	}
}

// TestStandIns has nothing left that AWS makes up, and nothing that it does not.
func TestStandIns(t *testing.T) {
	t.Parallel()
	a := ask(t, readPlan(t, "right"), story, tfplan.Options{})
	want := []tfplan.StandIn{
		{"arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-NotYet", "module.secret.aws_secretsmanager_secret.this", "arn"},
		{"arn:aws:kms:eu-west-1:333344445555:key/00000000-0000-0000-0000-000000000001", "aws_kms_key.secrets", "arn"},
		{"00000000-0000-0000-0000-000000000001", "aws_kms_key.secrets", "key_id"},
		{"testsecret-NotYet", "module.secret.aws_secretsmanager_secret.this", "name"},
	}
	for _, s := range want {
		if !slices.Contains(a.StandIns, s) {
			t.Errorf("no %+v in %+v", s, a.StandIns)
		}
	}
	if len(a.StandIns) != len(want) {
		t.Errorf("got %+v", a.StandIns)
	}
	// With the suffix given, the ARN is known.
	q := story
	q.Secret = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
	for _, s := range ask(t, readPlan(t, "right"), q, tfplan.Options{}).StandIns {
		if s.Address != "aws_kms_key.secrets" {
			t.Errorf("got %+v", s)
		}
	}
}
