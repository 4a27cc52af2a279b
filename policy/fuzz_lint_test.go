package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/irsakit/irsa/policy"
)

// FuzzLint checks that every text can be linted as a policy of any kind, that
// findings lie within it, that fixes can be made, and that a document has the
// findings of its text.
func FuzzLint(f *testing.F) {
	for _, tc := range lintCases() {
		if len(tc.bad) < 2000 {
			f.Add([]byte(tc.bad), uint8(tc.kind))
		}
	}
	f.Add([]byte(untidy), uint8(0))
	f.Fuzz(func(t *testing.T, text []byte, kind uint8) {
		p := policy.Policy{Kind: policy.Kind(kind % 10), Account: "111122223333"}
		findings := policy.LintText(text, p)
		for _, finding := range findings {
			checkPlace(t, text, finding)
			if finding.Fix == nil {
				continue
			}
			fixed, err := finding.Fix.ApplyText(text)
			if err != nil {
				t.Fatalf("%v: %v", finding, err)
			}
			_ = policy.LintText(fixed, p)
		}
		doc, err := policy.Parse(text)
		if err != nil {
			if len(findings) == 0 || findings.Worst() != policy.SeverityError {
				t.Fatalf("no error is found in what Parse refuses: %v", err)
			}
			return
		}
		p.Document = doc
		if diff := cmp.Diff(visible(findings), visible(policy.Lint(p))); diff != "" {
			t.Fatalf("findings (-text +document):\n%s", diff)
		}
	})
}

// checkPlace checks that a finding is complete and lies within the text.
func checkPlace(t *testing.T, text []byte, f policy.Finding) {
	t.Helper()
	if f.ID == "" || f.Severity == policy.NoSeverity || f.Message == "" {
		t.Fatalf("incomplete finding %+v", f)
	}
	start, end := f.Span.Start, f.Span.End
	if start.Line < 1 || start.Offset > end.Offset || end.Offset > len(text) {
		t.Fatalf("finding %v at %+v of %d bytes", f, f.Span, len(text))
	}
}
