// Package terminal is what the tools of the examples know about terminals:
// whether there is one, how wide it is, and how text looks on it. It is shared by
// the examples; a program of its own would rather use golang.org/x/term.
package terminal

import (
	"os"
	"strconv"
	"strings"
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
	if !ok {
		return 0, false
	}
	return fileWidth(f)
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
