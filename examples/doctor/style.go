package main

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/examples/internal/terminal"
)

// colours are those of the statuses. What is unknown has none.
var colours = map[credentials.Status]terminal.Colour{
	credentials.StatusOK:      terminal.Green,
	credentials.StatusInfo:    terminal.Cyan,
	credentials.StatusWarning: terminal.Yellow,
	credentials.StatusFailure: terminal.Red,
}

// What the columns of a table need: that of the statuses always, and that of the
// evidence to be beside the others and not below them.
const (
	statusColumns   = len("failure")
	evidenceColumns = 40
	belowIndent     = 4
)

// writeTable writes a line for each check, and below it what to do.
func writeTable(b *strings.Builder, s terminal.Style, checks []credentials.Check) {
	wide := 0
	for _, c := range checks {
		wide = max(wide, terminal.Columns(c.Name))
	}
	indent := statusColumns + 2 + wide + 2
	below := s.Width > 0 && s.Width < indent+evidenceColumns
	if below {
		indent = belowIndent
	}
	for _, c := range checks {
		b.WriteString(s.Paint(colours[c.Status], terminal.Pad(c.Status.String(), statusColumns)) + "  ")
		if below {
			b.WriteString(c.Name + "\n" + strings.Repeat(" ", indent))
		} else {
			b.WriteString(terminal.Pad(c.Name, wide+2))
		}
		s.Paragraph(b, c.Evidence, indent)
		if c.Fix != "" {
			b.WriteString(strings.Repeat(" ", indent-2) + s.Paint(terminal.Bold, "→") + " ")
			writeFix(b, s, c.Fix, indent)
		}
	}
}

// writeFix writes what to do. A statement in it stands by itself, as it is to be
// copied.
func writeFix(b *strings.Builder, s terminal.Style, fix string, indent int) {
	at := strings.Index(fix, `{"`)
	if at < 0 {
		s.Paragraph(b, fix, indent)
		return
	}
	var statement json.RawMessage
	d := json.NewDecoder(strings.NewReader(fix[at:]))
	if d.Decode(&statement) != nil {
		s.Paragraph(b, fix, indent)
		return
	}
	s.Paragraph(b, fix[:at], indent)
	var lines bytes.Buffer
	margin := strings.Repeat(" ", belowIndent)
	_ = json.Indent(&lines, statement, margin, "  ") // it was decoded
	b.WriteString(margin + terminal.Printable(lines.String()) + "\n")
	if rest := strings.TrimLeft(fix[at+int(d.InputOffset()):], "; "); rest != "" {
		b.WriteString(strings.Repeat(" ", indent))
		s.Paragraph(b, rest, indent)
	}
}
