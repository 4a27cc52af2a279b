package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/irsakit/irsa/secrets"
)

// Position is a place in a manifest. Line and Column count from 1; both are
// zero if the problem is not in one place.
type Position struct {
	File         string // the [Input.Name]
	Line, Column int
}

// String returns FILE:LINE:COLUMN, without what is not known.
func (p Position) String() string {
	text := p.File
	if p.Line > 0 {
		text = strings.TrimPrefix(fmt.Sprintf("%s:%d:%d", text, p.Line, p.Column), ":")
	}
	return text
}

// prefix is the position in front of what is said about it.
func (p Position) prefix() string {
	if text := p.String(); text != "" {
		return text + ": "
	}
	return ""
}

// FieldError is a field of a manifest that cannot be used. It is
// secrets.ErrConfiguration.
type FieldError struct {
	Position
	Path    string // such as spec.data[0].remoteRef.key; empty: the document or file
	Problem string // in words
}

// Error says where the field is and what is wrong with it.
func (e *FieldError) Error() string {
	return "manifest: " + e.prefix() + sentence(e.Path, e.Problem)
}

// Unwrap returns secrets.ErrConfiguration.
func (e *FieldError) Unwrap() error { return secrets.ErrConfiguration }

// Warning is a field of a manifest that changes nothing here, such as one that
// is about Kubernetes objects.
type Warning struct {
	Position
	Path string // as that of a FieldError
	Text string
}

// String says where the field is and why it changes nothing.
func (w Warning) String() string { return w.prefix() + sentence(w.Path, w.Text) }

func sentence(path, text string) string { return strings.TrimPrefix(path+" "+text, " ") }

// RenderError is a secret that was read and does not fit what the manifest asks
// of it. It is secrets.ErrDecode or, where a manifest finds nothing at all,
// secrets.ErrNotFound. It has nothing of the secret.
type RenderError struct {
	Position        // of the field that asks
	Output   string // kind and name, such as "ExternalSecret orders"
	Path     string // of the field
	Problem  string // in words

	kind error
}

// Error says which field does not fit and why.
func (e *RenderError) Error() string {
	return "manifest: " + e.prefix() + e.Output + ": " + sentence(e.Path, e.Problem)
}

// Unwrap returns the sentinel of package secrets.
func (e *RenderError) Unwrap() error { return e.kind }

// place is a field: where it is, and its path.
type place struct {
	at   Position
	path string
}

// below is the field's member.
func (p place) below(key string) place {
	if p.path == "" {
		return place{p.at, key}
	}
	return place{p.at, p.path + "." + key}
}

// report gathers what is wrong with the manifests of one Parse.
type report struct {
	errs     []*FieldError
	warnings []Warning
	lenient  bool
}

func (r *report) fail(p place, format string, args ...any) {
	r.errs = append(r.errs, &FieldError{Position: p.at, Path: p.path, Problem: fmt.Sprintf(format, args...)})
}

func (r *report) warn(p place, format string, args ...any) {
	r.warnings = append(r.warnings, Warning{Position: p.at, Path: p.path, Text: fmt.Sprintf(format, args...)})
}

// err joins the errors, those of a file in the order of their lines.
func (r *report) err(files []string) error {
	rank := func(p Position) int { return slices.Index(files, p.File) }
	order := func(a, b Position) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	}
	slices.SortStableFunc(r.errs, func(a, b *FieldError) int { return order(a.Position, b.Position) })
	slices.SortStableFunc(r.warnings, func(a, b Warning) int { return order(a.Position, b.Position) })
	errs := make([]error, len(r.errs))
	for i, err := range r.errs {
		errs[i] = err
	}
	return errors.Join(errs...)
}
