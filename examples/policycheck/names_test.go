package main

import (
	"encoding/json"
	"testing"

	"github.com/irsakit/irsa/examples/policycheck/tfplan"
)

// TestNames puts addresses in the place of what stands in for them.
func TestNames(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-NotYet"
	n := namesOf([]tfplan.StandIn{
		{Text: arn, Address: `aws_secretsmanager_secret.db["a"]`, Attribute: "arn"},
		{Text: "db-NotYet", Address: `aws_secretsmanager_secret.db["a"]`, Attribute: "name"},
	})
	if got, want := n.inProse("the secret db-NotYet is "+arn), `the secret aws_secretsmanager_secret.db["a"] is the ARN of aws_secretsmanager_secret.db["a"], known after apply`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := n.inList(arn), `aws_secretsmanager_secret.db["a"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	var text string
	if err := json.Unmarshal([]byte(n.inJSON(`"`+arn+`"`)), &text); err != nil || text != `${aws_secretsmanager_secret.db["a"].arn}` {
		t.Errorf("got %s, %v", text, err)
	}
	if got := (names{}).inProse(arn); got != arn {
		t.Errorf("got %s of no names", got)
	}
}
