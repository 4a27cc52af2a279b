package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/irsakit/irsa/policy"
)

// TestNamesakes: policies of one name, or of none, are documents of their own,
// each with its own faults.
func TestNamesakes(t *testing.T) {
	t.Parallel()
	read := edited(readText, "testsecret-AbCdEf", "testsecret")
	decrypt := edited(decryptText, "secretsmanager.eu-west-1", "secretsmanager.eu-north-1")
	deny := func(action string) *policy.Document {
		return policy.MustParse(`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "` + action + `", "Resource": "*"}]}`)
	}
	cases := map[string]struct {
		policies []*policy.Document
		fixed    []string // the statements that the faults put in, "" for none
	}{
		"the second is right to correct": {
			[]*policy.Document{policy.MustParse(decryptText), read},
			[]string{policy.MustParse(readText).Statements[0].Compact()},
		},
		"both, each in its own": {
			[]*policy.Document{read, decrypt},
			[]string{
				policy.MustParse(readText).Statements[0].Compact(),
				policy.MustParse(decryptText).Statements[0].Compact(),
			},
		},
		"two that deny": {
			[]*policy.Document{deny("secretsmanager:*"), policy.MustParse(readText), policy.MustParse(decryptText), deny("kms:*")},
			[]string{"", ""},
		},
		"two that deny one request": {
			[]*policy.Document{deny("secretsmanager:*"), deny("secretsmanager:Get*"), policy.MustParse(readText), policy.MustParse(decryptText)},
			[]string{"", ""},
		},
	}
	for name, tt := range cases {
		for _, policyName := range []string{"", "pod-role/inline"} {
			t.Run(name+"/"+policyName, func(t *testing.T) {
				t.Parallel()
				a := story()
				a.Role.Policies = nil
				for _, d := range tt.policies {
					a.Role.Policies = append(a.Role.Policies, policy.Policy{Name: policyName, Document: d})
				}
				faults := a.Evaluate().Faults
				if len(faults) != len(tt.fixed) {
					t.Fatalf("got %d faults, want %d: %s", len(faults), len(tt.fixed), indent(t, faults))
				}
				for i, want := range tt.fixed {
					got := ""
					if faults[i].Statement != nil {
						got = faults[i].Statement.Compact()
					}
					if got != want || faults[i].Replace != (want != "") || faults[i].Index != 0 {
						t.Errorf("fault %d puts in %s, want %s: %s", i, got, want, indent(t, faults[i]))
					}
				}
			})
		}
	}
}

// TestNamesakesApart: a fault tells only what is wrong with its own document.
func TestNamesakesApart(t *testing.T) {
	t.Parallel()
	a := story()
	for i, d := range []*policy.Document{
		edited(readText, "testsecret-AbCdEf", "testsecret"),
		edited(readText, `"Resource"`, `"Condition": {"StringEquals": {"aws:RequestedRegion": "eu-north-1"}}, "Resource"`),
	} {
		a.Role.Policies = slices.Insert(a.Role.Policies, i, policy.Policy{Document: d})
	}
	a.Role.Policies = slices.Delete(a.Role.Policies, 2, 3) // which reads
	r := a.Evaluate()
	if len(r.Faults) != 1 || strings.Count(r.Faults[0].Problem, "comes close") != 1 {
		t.Errorf("got %s", indent(t, r.Faults))
	}
}

// TestNamesakesByLevel: each level of an organization is corrected on its own.
func TestNamesakesByLevel(t *testing.T) {
	t.Parallel()
	level := func() []policy.Policy {
		d := edited(readText, "testsecret-AbCdEf", "testsecret")
		d.Statements = append(d.Statements, policy.MustParse(decryptText).Statements...)
		return list(policy.Policy{Document: d})
	}
	a := story()
	a.Guardrails = map[string]policy.Guardrails{roleAccount: {SCPs: [][]policy.Policy{level(), list(all), level()}}}
	r := a.Evaluate()
	if len(r.Faults) != 2 {
		t.Fatalf("got %s", indent(t, r.Faults))
	}
	for i, f := range r.Faults {
		if !f.Replace || f.Index != 0 {
			t.Errorf("fault %d: %s", i, indent(t, f))
		}
		p := &a.Guardrails[roleAccount].SCPs[2*i][0]
		p.Document = f.Apply(p.Document)
	}
	if r := a.Evaluate(); r.Decision != policy.Allowed {
		t.Errorf("applied, it is %v: %s", r.Decision, r.Explain())
	}
}
