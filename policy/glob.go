package policy

import (
	"slices"
	"strings"
	"unicode/utf8"
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

// match reports whether the glob covers all of s. It takes O(n·m) steps at
// worst, whatever the pattern.
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

// pattern is a glob as runes: literal ones, and wildcards as negative runes. A
// literal * or ?, such as one that a policy variable brought in, is a plain
// rune.
type pattern []rune

// The wildcards. In the first five parts of a resource ARN a * that does not
// end its part, and every ?, stops at a colon (IAM User Guide,
// reference_policies_elements_resource).
const (
	anyRun        rune  = -1 - iota // any run of characters
	anyOne                          // any one character
	anyRunInPart                    // any run without a colon
	anyOneInPart                    // any one character but a colon
	patternBuffer = 128             // covers nearly every ARN without a heap allocation
)

// appendGlob appends s, with * and ? as wildcards.
func appendGlob(p pattern, s string) pattern {
	for _, r := range s {
		p = append(p, wildcard(r))
	}
	return p
}

// appendLiteral appends s, in which nothing is a wildcard.
func appendLiteral(p pattern, s string) pattern {
	for _, r := range s {
		p = append(p, r)
	}
	return p
}

func wildcard(r rune) rune {
	switch r {
	case '*':
		return anyRun
	case '?':
		return anyOne
	}
	return r
}

// compile splits the pattern into a glob, which shares its memory.
func (p pattern) compile() glob {
	i := slices.IndexFunc(p, func(r rune) bool { return r < 0 })
	if i < 0 {
		return glob{head: string(p)}
	}
	return glob{head: string(p[:i]), tail: p[i:]}
}

// match reports whether the pattern covers all of s. It is linear for most
// patterns and O(len(p)·len(s)) at worst.
func (p pattern) match(s string, fold bool) bool {
	if len(p) == 1 && p[0] == anyRun {
		return true
	}
	for slices.Contains(p, anyRunInPart) {
		colon := slices.Index(p, ':')
		part := p
		if colon >= 0 {
			part = p[:colon]
		}
		if slices.ContainsFunc(part, crosses) {
			return p.simulate(s, fold)
		}
		// Nothing in this part covers a colon: it stands for the text in front
		// of the next one.
		text, rest, ok := strings.Cut(s, ":")
		if ok != (colon >= 0) || !part.greedy(text, fold) {
			return false
		}
		if !ok {
			return true
		}
		p, s = p[colon+1:], rest
	}
	return p.greedy(s, fold)
}

// crosses reports whether a wildcard covers colons.
func crosses(w rune) bool { return w == anyRun || w == anyOne }

// isRun reports whether a rune of a pattern is a *.
func isRun(w rune) bool { return w == anyRun || w == anyRunInPart }

// greedy retries only at the last *, which suffices when every * can stretch
// without limit, be it because s has no colon.
func (p pattern) greedy(s string, fold bool) bool {
	pi, si, star, mark := 0, 0, -1, 0
	for si < len(s) {
		r, width := utf8.DecodeRuneInString(s[si:])
		switch {
		case pi < len(p) && isRun(p[pi]):
			star, mark = pi, si
			pi++
		case pi < len(p) && covers(p[pi], r, fold):
			pi++
			si += width
		case star >= 0:
			_, width = utf8.DecodeRuneInString(s[mark:])
			mark += width
			si, pi = mark, star+1
		default:
			return false
		}
	}
	for pi < len(p) && isRun(p[pi]) {
		pi++
	}
	return pi == len(p)
}

// simulate follows all ways to match at once: at[i] says that p[:i] covers
// what was read so far. A * that stops at a colon needs it, because there the
// last * is not always the one to stretch.
func (p pattern) simulate(s string, fold bool) bool {
	var buf [patternBuffer + 1]bool
	at := buf[:]
	if len(p) >= len(at) {
		at = make([]bool, len(p)+1)
	}
	at[0] = true
	p.skipRuns(at)
	for _, r := range s {
		for i := len(p); i > 0; i-- {
			w := p[i-1]
			stays := at[i] && (w == anyRun || w == anyRunInPart && r != ':')
			at[i] = stays || at[i-1] && covers(w, r, fold)
		}
		at[0] = false
		p.skipRuns(at)
	}
	return at[len(p)]
}

// skipRuns lets every * match the empty run.
func (p pattern) skipRuns(at []bool) {
	for i, w := range p {
		if at[i] && isRun(w) {
			at[i+1] = true
		}
	}
}

// covers reports whether the pattern's rune w matches the one character r.
func covers(w, r rune, fold bool) bool {
	switch w {
	case anyOne:
		return true
	case anyOneInPart:
		return r != ':'
	}
	return w == r || fold && w >= 0 && lower(w) == lower(r)
}
