package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"path"

	"github.com/irsakit/irsa/secrets/manifest"
)

// list shows what the manifests come to: each group with its files, and with
// which role and in which Region secrets are read.
func (o *options) list(w io.Writer, set *manifest.Set) error {
	var text bytes.Buffer
	for _, out := range set.Outputs {
		refresh := "once"
		if every := o.interval(out); every > 0 {
			refresh = every.String()
		}
		fmt.Fprintf(&text, "%s %s refresh=%s\n", out.Kind, out.Name, refresh)
		files, open := out.Expected()
		for _, f := range files {
			fmt.Fprintf(&text, "  %s %04o\n", path.Join(out.Name, f.Path), cmp.Or(f.Mode, o.mode))
		}
		if open {
			fmt.Fprintln(&text, "  and more, named by what is fetched")
		}
	}
	for _, a := range set.Accesses {
		fmt.Fprintf(&text, "%s region=%s", a.Name, a.Region)
		for _, hop := range a.Hops {
			fmt.Fprintf(&text, " role=%s", hop.RoleARN)
		}
		fmt.Fprintln(&text)
	}
	_, err := text.WriteTo(w)
	return err
}
