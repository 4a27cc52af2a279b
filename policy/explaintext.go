package policy

import (
	"fmt"
	"strings"
)

// String says in one line what is wrong, where, and what to do; the statement
// is not in it.
func (f Fault) String() string {
	return f.where() + ": " + oneLine(f.Problem+" "+f.Remedy)
}

// where is the document, its account, and where in its source.
func (f Fault) where() string {
	text := f.Kind.String() + " " + oneLine(f.Document)
	if f.Account != "" {
		text += " in account " + f.Account
	}
	if f.Position.Line > 0 {
		text += fmt.Sprintf(", line %d, column %d", f.Position.Line, f.Position.Column)
	}
	return text
}

// Explain says the same in lines of plain text, with the statements to put in.
func (f Fault) Explain() string {
	var b strings.Builder
	b.WriteString(capital(f.where()) + "\n")
	paragraph(&b, "Problem", f.Problem)
	paragraph(&b, "Remedy", f.Remedy)
	if f.Statement != nil {
		for _, s := range append([]Statement{*f.Statement}, f.Also...) {
			b.WriteString("\n")
			for line := range strings.Lines(s.String()) {
				b.WriteString("    " + oneLine(strings.TrimRight(line, "\n")) + "\n")
			}
		}
	}
	return b.String()
}

// paragraph writes a text under a label, broken into lines.
func paragraph(b *strings.Builder, label, text string) {
	const width = 96
	prefix := fmt.Sprintf("  %-9s", label)
	column := len(prefix)
	b.WriteString(prefix)
	for i, word := range strings.Fields(oneLine(text)) {
		switch {
		case i == 0:
		case column+1+len(word) > width:
			b.WriteString("\n" + strings.Repeat(" ", len(prefix)))
			column = len(prefix)
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	b.WriteString("\n")
}

// linkTexts say what each link is.
var linkTexts = map[Link]string{
	TrustLink:  "the pod becomes the role",
	HopLink:    "that becomes the role",
	SecretLink: "it reads the secret",
	KeyLink:    "it decrypts with the key",
}

// String is the decision with the number of faults, in one line.
func (r AccessReport) String() string {
	switch n := len(r.Faults); n {
	case 0:
		return r.Decision.String()
	case 1:
		return r.Decision.String() + ": " + r.Faults[0].String()
	default:
		return fmt.Sprintf("%s: %d faults, first %s", r.Decision, n, r.Faults[0])
	}
}

// Explain lists the decision of every link and then the faults, in lines of
// plain text.
func (r AccessReport) Explain() string {
	var b strings.Builder
	for _, l := range r.Links {
		fmt.Fprintf(&b, "%-6s  %-16s  %s %s\n", l.Link, l.Decision, linkTexts[l.Link], oneLine(shortName(l.Subject)))
	}
	fmt.Fprintf(&b, "%-6s  %s\n", "all", r.Decision)
	if r.Decision == Unknown {
		paragraph(&b, "Missing", strings.Join(r.unsettled(), ", "))
	}
	for i, f := range r.Faults {
		fmt.Fprintf(&b, "\n%d. %s", i+1, f.Explain())
	}
	return b.String()
}

// unsettled lists what would settle the report, each once.
func (r AccessReport) unsettled() []string {
	results := []Result{r.Trust.Trust}
	steps := append([]AssumeRoleResult(nil), r.Hops...)
	if r.Pod != nil {
		steps = append(steps, r.Pod.Role)
		if r.Pod.Target != nil {
			steps = append(steps, *r.Pod.Target)
		}
	}
	for _, step := range steps {
		for _, action := range step.Actions {
			results = append(results, action.Result)
		}
	}
	results = append(results, r.Secret, r.Key)
	var list []string
	seen := map[string]bool{}
	for _, result := range results {
		for _, what := range result.Unsettled {
			if !seen[what] {
				seen[what] = true
				list = append(list, what)
			}
		}
	}
	return list
}
