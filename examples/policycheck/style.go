package main

import (
	"io"
	"os"

	"github.com/irsakit/irsa/policy"
)

// style is how text for people looks. Its zero value is plain.
type style struct{ colour bool }

// styleOf has colours for a terminal, unless the environment says otherwise
// (https://no-color.org).
func styleOf(w io.Writer, env func(string) string) style {
	f, ok := w.(*os.File)
	if !ok || env("NO_COLOR") != "" || env("TERM") == "dumb" {
		return style{}
	}
	info, err := f.Stat()
	return style{colour: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// decision paints text in the colour of a decision (ECMA-48, SGR).
func (s style) decision(d policy.Decision, text string) string {
	if !s.colour {
		return text
	}
	code := "\x1b[1;31m"
	switch d {
	case policy.Allowed:
		code = "\x1b[32m"
	case policy.Unknown:
		code = "\x1b[33m"
	}
	return code + text + "\x1b[0m"
}
