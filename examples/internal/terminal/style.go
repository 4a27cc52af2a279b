package terminal

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
)

// When says when there are colours: "auto", on a terminal; "always"; or "never".
// It is a flag.Value. The zero value is "auto".
type When string

// Whens are the values of [When].
var Whens = []string{"auto", "always", "never"}

// String implements flag.Value.
func (w *When) String() string { return string(cmp.Or(*w, "auto")) }

// Set implements flag.Value.
func (w *When) Set(text string) error {
	switch text {
	case "auto", "always", "never":
		*w = When(text)
		return nil
	}
	return fmt.Errorf("want auto, always or never")
}

// Style is how text for people looks. Its zero value is plain, with lines of any
// length.
type Style struct {
	Width  int // columns of a line; 0 is without limit
	Colour bool
}

// StyleOf is the style for what is written to w. COLUMNS is how wide lines are,
// else they are as wide as the terminal. NO_COLOR, if it is not empty, and
// TERM=dumb switch colours off (https://no-color.org), unless when says always.
func StyleOf(w io.Writer, when When, env func(string) string) Style {
	var s Style
	if width, ok := widthOf(w); ok {
		s = Style{Width: cmp.Or(width, defaultWidth), Colour: env("NO_COLOR") == "" && env("TERM") != "dumb"}
	}
	if n, err := strconv.Atoi(env("COLUMNS")); err == nil && n > 0 {
		s.Width = n
	}
	switch when {
	case "always":
		s.Colour = true
	case "never":
		s.Colour = false
	}
	return s
}

// Colour is one of a terminal's own (ECMA-48, SGR).
type Colour string

// The colours. [Bold] is none.
const (
	Red    Colour = "1;31"
	Green  Colour = "32"
	Yellow Colour = "33"
	Cyan   Colour = "36"
	Bold   Colour = "1"
)

// Paint returns text in a colour, if the style has colours. No colour is plain.
func (s Style) Paint(c Colour, text string) string {
	if !s.Colour || c == "" || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}
