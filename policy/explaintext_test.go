package policy_test

import (
	"strings"
	"testing"

	"github.com/irsakit/irsa/policy"
)

// TestExplainHostile: whatever documents are called and hold, an explanation
// commands no terminal.
func TestExplainHostile(t *testing.T) {
	t.Parallel()
	const hostile = "a\x1b]0;x\x07\u009b31m\u202e\u2028b"
	fault := policy.Fault{
		Kind: policy.IdentityPolicy, Document: hostile, Problem: hostile, Remedy: hostile,
		Statement: &policy.Statement{Sid: hostile, Effect: policy.Allow, Action: policy.Strings(hostile), Resource: policy.Strings("*")},
	}
	report := policy.AccessReport{Links: []policy.LinkDecision{{Subject: hostile}}, Faults: []policy.Fault{fault}}
	for _, text := range []string{fault.String(), fault.Explain(), report.String(), report.Explain()} {
		if !strings.Contains(text, "31m") || strings.ContainsAny(text, "\x1b\x07\u009b\u202e\u2028") {
			t.Errorf("%q", text)
		}
	}
}
