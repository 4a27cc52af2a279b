package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/examples/internal/terminal"
)

// findings are all that was found.
type findings struct {
	report credentials.Report
	// explanation is a refusal at length.
	explanation string
	// late says that the time ran out.
	late bool
}

func (f *findings) add(checks []credentials.Check, explanation string) {
	f.report.Checks = append(f.report.Checks, checks...)
	f.explanation = explanation
}

func (f findings) unwell(strict bool) bool {
	switch f.report.Worst() {
	case credentials.StatusOK, credentials.StatusInfo:
		return false
	case credentials.StatusFailure:
		return true
	}
	return strict
}

func (f findings) write(w io.Writer, asJSON bool, s terminal.Style) error {
	if !asJSON {
		_, err := io.WriteString(w, f.text(s))
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Worst       credentials.Status  `json:"worst"`
		Checks      []credentials.Check `json:"checks"`
		Explanation string              `json:"explanation,omitempty"`
	}{f.report.Worst(), f.report.Checks, f.explanation})
}

func (f findings) text(s terminal.Style) string {
	var b strings.Builder
	writeTable(&b, s, f.report.Checks)
	if f.explanation != "" {
		b.WriteString("\n" + terminal.Printable(f.explanation))
	}
	var last strings.Builder
	s.Paragraph(&last, f.summary(), 0)
	b.WriteString("\n" + s.Paint(colours[f.report.Worst()], strings.TrimSuffix(last.String(), "\n")) + "\n")
	return b.String()
}

// anonymous reports whether no credentials were had, so that nobody had a name
// for us.
func (f findings) anonymous() bool {
	return slices.ContainsFunc(f.report.Checks, func(c credentials.Check) bool {
		return c.Name == "caller" && c.Status == credentials.StatusUnknown
	})
}

// summary says where to begin.
func (f findings) summary() string {
	if f.late {
		return f.verdict() + " The time ran out before all was looked at; -timeout gives more."
	}
	return f.verdict()
}

func (f findings) verdict() string {
	var failures, warnings int
	first := ""
	for _, c := range f.report.Checks {
		switch c.Status {
		case credentials.StatusFailure:
			failures++
			if first == "" {
				first = c.Name
			}
		case credentials.StatusWarning:
			warnings++
		}
	}
	switch {
	case failures > 0:
		return fmt.Sprintf("%s, %s. Begin with the first failure: %s.", count(failures, "failure"), count(warnings, "warning"), first)
	case warnings > 0:
		return fmt.Sprintf("No failure, %s.", count(warnings, "warning"))
	case f.report.Worst() == credentials.StatusUnknown:
		return "No failure, but not everything could be looked at."
	}
	return "All is well."
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
