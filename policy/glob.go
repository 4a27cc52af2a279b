package policy

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// pattern is a compiled glob: literal runes, and wildcards as negative runes.
// A literal * or ?, such as one that a policy variable brought in, is a plain
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

// match reports whether the pattern covers all of s. It is linear for most
// patterns and O(len(p)·len(s)) at worst.
func (p pattern) match(s string, fold bool) bool {
	if slices.Contains(p, anyRunInPart) {
		return p.simulate(s, fold)
	}
	return p.greedy(s, fold)
}

// greedy retries only at the last *, which suffices when every * can stretch
// without limit.
func (p pattern) greedy(s string, fold bool) bool {
	pi, si, star, mark := 0, 0, -1, 0
	for si < len(s) {
		r, width := utf8.DecodeRuneInString(s[si:])
		switch {
		case pi < len(p) && p[pi] == anyRun:
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
	for pi < len(p) && p[pi] == anyRun {
		pi++
	}
	return pi == len(p)
}

// simulate follows all ways to match at once: at[i] says that p[:i] covers
// what was read so far. A * that stops at a colon needs it, because there the
// last * is not always the one to stretch.
func (p pattern) simulate(s string, fold bool) bool {
	at := make([]bool, len(p)+1)
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
		if at[i] && (w == anyRun || w == anyRunInPart) {
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
	return w == r || fold && w >= 0 && unicode.ToLower(w) == unicode.ToLower(r)
}
