package manifest

import (
	"context"
	"fmt"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// Output is a group of files: those of one SecretProviderClass or of the Secret
// that one ExternalSecret would make. It is immutable and safe for concurrent
// use.
type Output struct {
	// Kind is SecretProviderClass or ExternalSecret.
	Kind string
	// Name is that of the SecretProviderClass or of the ExternalSecret's target;
	// unique in a Set, and good as the name of a directory.
	Name string
	// Refresh is the time from one Render to the next. Zero: the manifest does
	// not say. Negative: once, when the program starts.
	Refresh time.Duration

	place   place
	windows *windows
	plan    plan
}

// plan is what an Output does.
type plan interface {
	// render fetches all and makes the files. Errors of its own are
	// [*RenderError], without Output.
	render(ctx context.Context, readers map[string]Reader) ([]File, error)
	// expected are the files that render makes, as far as they are known.
	expected() (files []File, open bool)
}

// Expected returns the files that Render makes if nothing of what the manifest
// names is gone, sorted by path and without Data. If open, there may be more: what
// keys an extract, a find or a literal template gives shows when it is fetched.
func (o *Output) Expected() (files []File, open bool) {
	files, open = o.plan.expected()
	return sorted(files), open
}

// Render fetches what the Output needs, from the readers by the names of their
// Accesses, and returns the files, sorted by path. It writes nothing. There are
// files only if everything was fetched and everything fits: otherwise what was
// written before should stay.
//
// No file and no error means that what was written before is to be removed: the
// ExternalSecret has a deletionPolicy that says so, and its secrets are gone.
//
// The error is that of a Reader, wrapped, or a [*RenderError].
func (o *Output) Render(ctx context.Context, readers map[string]Reader) ([]File, error) {
	files, err := o.plan.render(ctx, readers)
	if err != nil {
		return nil, o.explain(err)
	}
	return sorted(files), nil
}

func (o *Output) explain(err error) error {
	if bad, ok := err.(*RenderError); ok {
		bad.Output = o.Kind + " " + o.Name
		return bad
	}
	return fmt.Errorf("manifest: %s %s: %w", o.Kind, o.Name, err)
}

// MayRefresh reports whether the syncWindows of an ExternalSecret let it be
// refreshed at t. They do not hold back the first Render of a program.
func (o *Output) MayRefresh(t time.Time) bool { return o.windows.open(t) }

// unfit is a value that does not fit the field at p.
func unfit(p place, format string, args ...any) error {
	return &RenderError{Position: p.at, Path: p.path, Problem: fmt.Sprintf(format, args...), kind: secrets.ErrDecode}
}
