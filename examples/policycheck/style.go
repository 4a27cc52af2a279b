package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/irsakit/irsa/examples/internal/terminal"
	"github.com/irsakit/irsa/policy"
)

// style is how text for people looks on standard output.
func (std streams) style(when terminal.When) terminal.Style {
	return terminal.StyleOf(std.out, when, os.Getenv)
}

// colourOf is the colour of a decision.
func colourOf(d policy.Decision) terminal.Colour {
	switch d {
	case policy.Allowed:
		return terminal.Green
	case policy.Unknown:
		return terminal.Yellow
	}
	return terminal.Red
}

// severityColours are those of findings.
var severityColours = map[policy.Severity]terminal.Colour{
	policy.SeverityError:      terminal.Red,
	policy.SeveritySecurity:   terminal.Red,
	policy.SeverityWarning:    terminal.Yellow,
	policy.SeveritySuggestion: terminal.Cyan,
}

// titleColumns are those of the titles that fields have.
const titleColumns = 10

// writeField writes a title and text, unless there is no text.
func writeField(b *strings.Builder, s terminal.Style, title, text string) {
	if text != "" {
		b.WriteString(s.Paint(terminal.Bold, terminal.Pad(title, titleColumns)))
		s.Paragraph(b, text, titleColumns)
	}
}

// writeStatement writes a statement that is to be copied.
func writeStatement(b *strings.Builder, text string) {
	for line := range strings.Lines(terminal.Printable(text)) {
		b.WriteString("   " + strings.TrimRight(line, "\n") + "\n")
	}
}

// writeFindings writes findings as [policy.Findings.WriteText] does, in colours.
func writeFindings(w io.Writer, s terminal.Style, findings policy.Findings) error {
	if !s.Colour {
		return findings.WriteText(w)
	}
	var b strings.Builder
	for i, f := range findings {
		var plain strings.Builder
		if err := findings[i : i+1].WriteText(&plain); err != nil {
			return err
		}
		what := f.Severity.String() + " " + f.ID
		place, rest, _ := strings.Cut(plain.String(), what+": ")
		b.WriteString(s.Paint(terminal.Bold, place) + s.Paint(severityColours[f.Severity], what) + ": ")
		b.WriteString(strings.Replace(rest, "\n\tfix:", "\n\t"+s.Paint(terminal.Bold, "fix:"), 1))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// summary counts findings, the worst first.
func summary(findings policy.Findings) string {
	counts := map[policy.Severity]int{}
	for _, f := range findings {
		counts[f.Severity]++
	}
	var parts []string
	for _, kind := range []struct {
		severity policy.Severity
		one      string
		many     string
	}{
		{policy.SeverityError, "error", "errors"},
		{policy.SeveritySecurity, "security finding", "security findings"},
		{policy.SeverityWarning, "warning", "warnings"},
		{policy.SeveritySuggestion, "suggestion", "suggestions"},
	} {
		switch n := counts[kind.severity]; n {
		case 0:
		case 1:
			parts = append(parts, "1 "+kind.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", n, kind.many))
		}
	}
	if parts == nil {
		return "no findings"
	}
	return strings.Join(parts, ", ")
}
