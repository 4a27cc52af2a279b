package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/irsakit/irsa/examples/internal/terminal"
	"github.com/irsakit/irsa/policy"
)

// answer says whether the pod can read the secret; its exported fields, and
// what write adds to them, are what -json prints.
type answer struct {
	Decision policy.Decision `json:"decision"`
	Subject  string          `json:"subject"`
	Role     string          `json:"role"`
	Secret   string          `json:"secret"`
	Open     []string        `json:"open,omitempty"`
	Taken    []string        `json:"taken,omitempty"`

	report policy.AccessReport
	where  map[string][]string
	names  names
}

func (a *answer) write(w io.Writer, asJSON bool, look terminal.Style) error {
	if !asJSON {
		_, err := io.WriteString(w, a.text(look))
		return err
	}
	type fault struct {
		policy.Fault
		Addresses []string `json:"addresses,omitempty"`
	}
	faults := []fault{}
	for _, f := range a.report.Faults {
		addresses := a.where[f.Document]
		f.Problem, f.Remedy = a.names.inProse(f.Problem), a.names.inProse(f.Remedy)
		faults = append(faults, fault{f, addresses})
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(struct {
		*answer
		Faults []fault                  `json:"faults"`
		Trust  policy.WebIdentityResult `json:"trust"`
		Read   policy.Result            `json:"read"`
		Key    policy.Result            `json:"key"`
	}{a, faults, a.report.Trust, a.report.Secret, a.report.Key}); err != nil {
		return err
	}
	_, err := io.WriteString(w, a.names.inJSON(b.String()))
	return err
}

// text is the answer for people.
func (a *answer) text(look terminal.Style) string {
	var b strings.Builder
	shown := func(d policy.Decision) string { return look.Paint(colourOf(d), d.String()) }
	fmt.Fprintf(&b, "%s\n\n  %s\n  as %s\n  reads %s\n\n", look.Paint(colourOf(a.Decision), a.headline()),
		a.Subject, a.names.inList(a.Role), a.names.inList(a.Secret))
	fmt.Fprintf(&b, "  %-32s%s\n", "the token becomes the role:", shown(a.report.Trust.Decision))
	fmt.Fprintf(&b, "  %-32s%s\n", "the role reads the secret:", shown(a.report.Secret.Decision))
	fmt.Fprintf(&b, "  %-32s%s\n", "the role decrypts it:", shown(a.report.Key.Decision))
	for _, f := range a.report.Faults {
		a.writeFault(&b, look, f)
	}
	if a.Decision == policy.Allowed {
		a.writeGrants(&b, look)
	}
	a.writeList(&b, look, "Not known:", append(a.Open, a.unsettled()...))
	a.writeList(&b, look, "Taken for granted:", a.Taken)
	return b.String()
}

func (a *answer) headline() string {
	switch a.Decision {
	case policy.Allowed:
		return "ALLOWED: the pod can read the secret."
	case policy.Unknown:
		return "UNKNOWN: whether the pod can read the secret depends on what is not known."
	}
	return "DENIED: the pod cannot read the secret."
}

func (a *answer) writeFault(b *strings.Builder, look terminal.Style, f policy.Fault) {
	b.WriteByte('\n')
	writeField(b, look, "Wrong:", "the "+f.Kind.String()+" "+a.names.inList(f.Document))
	writeField(b, look, "In:", strings.Join(a.where[f.Document], ", "))
	writeField(b, look, "Account:", f.Account)
	writeField(b, look, "Problem:", a.names.inProse(f.Problem))
	writeField(b, look, "Remedy:", a.names.inProse(f.Remedy))
	statements := f.Also
	if f.Statement != nil {
		statements = append([]policy.Statement{*f.Statement}, f.Also...)
	}
	for _, s := range statements {
		writeStatement(b, a.names.inJSON(s.String()))
	}
}

func (a *answer) writeGrants(b *strings.Builder, look terminal.Style) {
	var lines []string
	for _, r := range []policy.Result{a.report.Trust.Trust, a.report.Secret, a.report.Key} {
		for _, reason := range r.Reasons {
			what := reason.Kind.String() + " " + a.names.inList(reason.Policy)
			if strings.HasPrefix(reason.Policy, "KMS grant ") {
				what = reason.Policy
			}
			lines = append(lines, "the "+what+" in account "+reason.Account)
		}
	}
	a.writeList(b, look, "By:", lines)
}

// unsettled lists what the evaluator was not told and would have to know.
func (a *answer) unsettled() []string {
	if a.Decision != policy.Unknown {
		return nil
	}
	var out []string
	for _, r := range []policy.Result{a.report.Trust.Trust, a.report.Secret, a.report.Key} {
		out = append(out, r.Unsettled...)
	}
	return out
}

// writeList writes each of the lines once.
func (a *answer) writeList(b *strings.Builder, look terminal.Style, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	b.WriteString("\n" + look.Paint(terminal.Bold, title) + "\n")
	seen := map[string]bool{}
	for _, line := range lines {
		if !seen[line] {
			seen[line] = true
			b.WriteString("  ")
			look.Paragraph(b, a.names.inList(line), 4)
		}
	}
}
