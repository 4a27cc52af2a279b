// Package terminal is what the tools of the examples know about terminals:
// whether there is one, how wide it is, and how text looks on it.
package terminal

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// defaultWidth is that of a terminal that does not tell.
const defaultWidth = 80

// Is reports whether a stream is a terminal. What is no file is none.
func Is(stream any) bool {
	_, ok := widthOf(stream)
	return ok
}

// widthOf returns how many columns a terminal has, 0 if it does not tell.
func widthOf(stream any) (columns int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	columns, _, _ = term.GetSize(int(f.Fd())) // zero with an error
	return columns, true
}

// Printable keeps a terminal from obeying what came from elsewhere.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) || r == '\n' || r == '\t' {
			return r
		}
		return '\uFFFD'
	}, text)
}
