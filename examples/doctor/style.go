package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/irsakit/irsa/credentials"
)

// style is how the table looks.
type style struct {
	width  int // of a line; 0 is without limit
	colour bool
}

// terminalWidth is taken for the width of a terminal, which cannot be asked for
// by portable means.
const terminalWidth = 100

func styleOf(w io.Writer, env func(string) string) style {
	var s style
	if isTerminal(w) {
		s = style{width: terminalWidth, colour: env("NO_COLOR") == "" && env("TERM") != "dumb"}
	}
	if n, err := strconv.Atoi(env("COLUMNS")); err == nil && n > 0 {
		s.width = n
	}
	return s
}

// isTerminal reports whether w is a character device: a terminal, as a rule.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// colours are the terminal's own (ECMA-48, SGR).
var colours = map[credentials.Status]string{
	credentials.StatusOK:      "\x1b[32m",
	credentials.StatusInfo:    "\x1b[36m",
	credentials.StatusWarning: "\x1b[33m",
	credentials.StatusFailure: "\x1b[1;31m",
}

// table writes a line for each check, and below it what to do.
func (s style) table(b *strings.Builder, checks []credentials.Check) {
	wide := 0
	for _, c := range checks {
		wide = max(wide, len(c.Name))
	}
	const status = len("failure")
	indent := status + 2 + wide + 2
	for _, c := range checks {
		name := fmt.Sprintf("%-*s", status, c.Status)
		if code := colours[c.Status]; s.colour && code != "" {
			name = code + name + "\x1b[0m"
		}
		fmt.Fprintf(b, "%s  %-*s  ", name, wide, c.Name)
		s.paragraph(b, c.Evidence, indent)
		if c.Fix != "" {
			b.WriteString(strings.Repeat(" ", indent-2) + "→ ")
			s.paragraph(b, c.Fix, indent)
		}
	}
}

// paragraph writes text from column indent on, and its further lines below.
func (s style) paragraph(b *strings.Builder, text string, indent int) {
	column := indent
	for i, word := range strings.Fields(printable(text)) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case s.width > 0 && column+1+n > s.width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
}

// printable keeps a terminal from obeying what came from the network.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) || r == '\n' {
			return r
		}
		return '\uFFFD'
	}, text)
}
