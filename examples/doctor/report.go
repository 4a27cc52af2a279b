package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/irsakit/irsa/credentials"
)

// findings are all that was found.
type findings struct {
	report credentials.Report
	// explanation is a refusal at length.
	explanation string
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

func (f findings) write(w io.Writer, asJSON bool, s style) error {
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

func (f findings) text(s style) string {
	var b strings.Builder
	s.table(&b, f.report.Checks)
	if f.explanation != "" {
		b.WriteString("\n" + printable(f.explanation))
	}
	b.WriteString("\n" + f.summary() + "\n")
	return b.String()
}

// summary says where to begin.
func (f findings) summary() string {
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
