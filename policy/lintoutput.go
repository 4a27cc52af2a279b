package policy

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"
)

// WriteText writes one line for each finding, as compilers do:
//
//	trust.json:5:17: error IRSA007: under StringEquals the wildcard …
//
// In front stands the finding's File, or else its policy; the place is left
// out for documents that were built. A fix follows on a line of its own.
func (f Findings) WriteText(w io.Writer) error {
	for i := range f {
		if _, err := io.WriteString(w, f[i].text()); err != nil {
			return err
		}
	}
	return nil
}

func (f *Finding) text() string {
	var b strings.Builder
	if where := f.place(); where != "" {
		b.WriteString(oneLine(where) + ": ")
	}
	fmt.Fprintf(&b, "%s %s: %s", f.Severity, f.ID, oneLine(f.Message))
	if f.Span == (Span{}) && f.Pointer != "" {
		fmt.Fprintf(&b, " (%s)", oneLine(f.Pointer))
	}
	b.WriteByte('\n')
	if f.Fix != nil {
		fmt.Fprintf(&b, "\tfix: %s\n", oneLine(f.Fix.Title))
	}
	return b.String()
}

// String is the finding's line of [Findings.WriteText].
func (f Finding) String() string {
	line, _, _ := strings.Cut(f.text(), "\n")
	return line
}

// place is file:line:column, as far as known.
func (f *Finding) place() string {
	name := f.where()
	if f.Span == (Span{}) {
		return name
	}
	return fmt.Sprintf("%s:%d:%d", name, f.Span.Start.Line, f.Span.Start.Column)
}

// where is the file, or what stands for it.
func (f *Finding) where() string {
	switch {
	case f.File != "":
		return f.File
	case f.Policy != "":
		return f.Policy
	}
	return f.Kind.String()
}

// oneLine keeps out of a line of text what ends the line, commands a terminal
// or changes the direction of writing.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if (r < ' ' || r >= 0x7f) && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return r
	}, s)
}

// WriteJSON writes the findings as a JSON array, indented.
func (f Findings) WriteJSON(w io.Writer) error {
	if f == nil {
		f = Findings{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(f)
}
