package policy

import (
	"slices"
	"strings"
)

// glob is a compiled pattern: the text in front of its first wildcard, which is
// compared whole, then the rest. Most patterns are text only, or text and a
// final *.
type glob struct {
	head string
	tail pattern // begins with a wildcard; nil: the head is all
}

// newGlob compiles text in which * and ? are wildcards.
func newGlob(s string) glob {
	i := strings.IndexAny(s, "*?")
	if i < 0 {
		return glob{head: s}
	}
	return glob{head: s[:i], tail: appendGlob(nil, s[i:])}
}

// match reports whether the glob covers all of s. How long it takes, see
// [pattern.match].
func (g *glob) match(s string) bool {
	if g.tail == nil {
		return s == g.head
	}
	rest, ok := strings.CutPrefix(s, g.head)
	return ok && g.tail.match(rest, false)
}

// matchFold is match without regard to the case of ASCII letters.
func (g *glob) matchFold(s string) bool {
	n := len(g.head)
	if len(s) < n || g.tail == nil && len(s) > n || !equalFoldASCII(s[:n], g.head) {
		return false
	}
	return g.tail == nil || g.tail.match(s[n:], true)
}

func equalFoldASCII(a, b string) bool {
	for i := range len(a) {
		if a[i] != b[i] && lower(rune(a[i])) != lower(rune(b[i])) {
			return false
		}
	}
	return true
}

// lower folds an ASCII letter. Names of actions have no other.
func lower(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

// pattern is a glob as symbols. A literal * or ?, such as one that a policy
// variable brought in, is a plain byte.
type pattern []symbol

// symbol is a byte of UTF-8 text, or a wildcard.
type symbol uint16

// The wildcards. In the first five parts of a resource ARN a * that does not
// end its part, and every ?, stops at a colon (IAM User Guide,
// reference_policies_elements_resource).
const (
	anyRun       symbol = 0x100 + iota // any run of characters
	anyOne                             // any one character
	anyRunInPart                       // any run without a colon
	anyOneInPart                       // any one character but a colon
)

const patternBuffer = 128 // covers nearly every ARN without a heap allocation

// appendGlob appends s, with * and ? as wildcards.
func appendGlob(p pattern, s string) pattern {
	for i := range len(s) {
		p = append(p, wildcard(s[i]))
	}
	return p
}

// appendLiteral appends s, in which nothing is a wildcard.
func appendLiteral(p pattern, s string) pattern {
	for i := range len(s) {
		p = append(p, symbol(s[i]))
	}
	return p
}

func wildcard(c byte) symbol {
	switch c {
	case '*':
		return anyRun
	case '?':
		return anyOne
	}
	return symbol(c)
}

// compile splits the pattern into a glob, which shares its memory.
func (p pattern) compile() glob {
	i := slices.IndexFunc(p, isWild)
	if i < 0 {
		return glob{head: p.literal()}
	}
	return glob{head: p[:i].literal(), tail: p[i:]}
}

// literal returns the text of a pattern without wildcards.
func (p pattern) literal() string {
	b := make([]byte, len(p))
	for i, w := range p {
		b[i] = byte(w)
	}
	return string(b)
}

func isWild(w symbol) bool { return w >= anyRun }

// isRun reports whether a symbol is a *.
func isRun(w symbol) bool { return w == anyRun || w == anyRunInPart }

// crosses reports whether a wildcard covers colons.
func crosses(w symbol) bool { return w == anyRun || w == anyOne }

// is reports whether a symbol is the byte, as no wildcard is.
func (w symbol) is(c byte, fold bool) bool {
	return w == symbol(c) || fold && lower(rune(w)) == lower(rune(c))
}
