package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/examples/internal/terminal"
	"github.com/irsakit/irsa/policy"
)

var coloured = terminal.Style{Colour: true}

func TestDecisionColours(t *testing.T) {
	t.Parallel()
	for d, want := range map[policy.Decision]terminal.Colour{
		policy.Allowed: terminal.Green, policy.Unknown: terminal.Yellow,
		policy.ImplicitlyDenied: terminal.Red, policy.ExplicitlyDenied: terminal.Red,
	} {
		if got := colourOf(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// sgr is what makes colours.
var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

func TestFindingColours(t *testing.T) {
	t.Parallel()
	findings := policy.Findings{
		{
			ID: "IRSA007", Severity: policy.SeverityError, Message: "a wildcard: plain", File: "error IRSA007.json",
			Span: policy.Span{Start: policy.Position{Line: 3, Column: 5}}, Fix: &policy.Fix{Title: "write\x1b[2J StringLike"},
		},
		{ID: "X", Severity: policy.SeverityWarning, Message: "a\x1b[2J\n\tfix: b", Policy: "p", Pointer: "/Statement/0"},
	}
	var plain, painted bytes.Buffer
	if err := findings.WriteText(&plain); err != nil {
		t.Fatal(err)
	}
	if err := writeFindings(&painted, coloured, findings); err != nil {
		t.Fatal(err)
	}
	const want = "\x1b[1merror IRSA007.json:3:5: \x1b[0m\x1b[1;31merror IRSA007\x1b[0m: a wildcard: plain\n" +
		"\t\x1b[1mfix:\x1b[0m write [2J StringLike\n" +
		"\x1b[1mp: \x1b[0m\x1b[33mwarning X\x1b[0m: a [2J  fix: b (/Statement/0)\n"
	if diff := cmp.Diff(want, painted.String()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(plain.String(), sgr.ReplaceAllString(painted.String(), "")); diff != "" {
		t.Errorf("without colours (-want +got):\n%s", diff)
	}
	painted.Reset()
	if err := writeFindings(&painted, terminal.Style{}, findings); err != nil || painted.String() != plain.String() {
		t.Errorf("plain: %v, %s", err, painted.String())
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	of := func(severities ...policy.Severity) (f policy.Findings) {
		for _, s := range severities {
			f = append(f, policy.Finding{Severity: s})
		}
		return f
	}
	for want, findings := range map[string]policy.Findings{
		"no findings":                    nil,
		"1 warning":                      of(policy.SeverityWarning),
		"2 errors, 1 suggestion":         of(policy.SeverityError, policy.SeveritySuggestion, policy.SeverityError),
		"1 security finding, 2 warnings": of(policy.SeverityWarning, policy.SeverityWarning, policy.SeveritySecurity),
		"1 error, 2 security findings":   of(policy.SeveritySecurity, policy.SeverityError, policy.SeveritySecurity),
	} {
		if got := summary(findings); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestFields(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	narrow := terminal.Style{Width: 30, Colour: true}
	writeField(&b, narrow, "Problem:", "A Deny overrides every Allow.")
	writeField(&b, narrow, "In:", "")
	writeStatement(&b, "{\n  \"Sid\": \"a\x1b[2J\"\n}")
	const want = "\x1b[1mProblem:  \x1b[0mA Deny overrides\n          every Allow.\n" +
		"   {\n     \"Sid\": \"a\uFFFD[2J\"\n   }\n"
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}
