package tfplan_test

import (
	"testing"

	"github.com/irsakit/irsa/examples/policycheck/tfplan"
	"github.com/irsakit/irsa/policy"
)

// TestGrants opens what is in a grant, and constrains it.
func TestGrants(t *testing.T) {
	t.Parallel()
	const grant = "aws_kms_grant.free"
	constrain := func(e edited, name string, pairs object) {
		e.know(grant, "constraints", []any{object{name: pairs}})
	}
	const arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:own-NotYet"
	tests := map[string]struct {
		edit func(e edited)
		want policy.Decision
	}{
		"removed":            {func(e edited) { e.remove(grant) }, policy.ImplicitlyDenied},
		"of another key":     {func(e edited) { e.know(grant, "key_id", "other") }, policy.ImplicitlyDenied},
		"to another":         {func(e edited) { e.know(grant, "grantee_principal", "arn:aws:iam::111122223333:role/other") }, policy.ImplicitlyDenied},
		"for another use":    {func(e edited) { e.know(grant, "operations", []any{"Encrypt"}) }, policy.ImplicitlyDenied},
		"open key":           {func(e edited) { e.unfollow(grant, "key_id") }, policy.Unknown},
		"open grantee":       {func(e edited) { e.unfollow(grant, "grantee_principal") }, policy.Unknown},
		"open operations":    {func(e edited) { e.unfollow(grant, "operations") }, policy.Unknown},
		"open constraints":   {func(e edited) { e.unfollow(grant, "constraints") }, policy.Unknown},
		"subset that it has": {func(e edited) { constrain(e, "encryption_context_subset", object{"SecretARN": arn}) }, policy.Allowed},
		"subset that it has not": {func(e edited) {
			constrain(e, "encryption_context_subset", object{"SecretARN": arn + "x"})
		}, policy.ImplicitlyDenied},
		"exactly what it is not": {func(e edited) {
			constrain(e, "encryption_context_equals", object{"SecretARN": "other"})
		}, policy.ImplicitlyDenied},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := edit(t, "forms")
			e.remove("aws_kms_grant.constrained")
			test.edit(e)
			q := tfplan.Question{ServiceAccount: "default/app", Role: "granted-free", Secret: "own"}
			if a := ask(t, e.data(), q, tfplan.Options{}); a.Decision != test.want {
				t.Errorf("got %v, want %v; open %q", a.Decision, test.want, a.Open)
			}
		})
	}
}
