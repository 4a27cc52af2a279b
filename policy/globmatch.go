package policy

import (
	"slices"
	"strings"
)

// match reports whether the pattern covers all of s.
//
// With m symbols and n bytes it takes O(m+n) steps, whatever the pattern, but
// in two cases: where a ? stands within the text between two *, or a * within
// one of the first parts of a resource ARN comes after one that crosses colons.
// These take O(n·⌈m/64⌉), so that up to 63 symbols between two * are linear too,
// and 64 times as many take 64 times as long. No case goes back in s more often
// than that, and none needs more memory than a few bytes for each of s and of
// the pattern.
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
			return p.follow(s, fold, false) >= 0
		}
		// Nothing in this part covers a colon: it stands for the text in front
		// of the next one.
		text, rest, ok := strings.Cut(s, ":")
		if ok != (colon >= 0) || !part.matchRuns(text, fold) {
			return false
		}
		if !ok {
			return true
		}
		p, s = p[colon+1:], rest
	}
	return p.matchRuns(s, fold)
}

// matchRuns matches a pattern in which every * can stretch without limit, be it
// because s has no colon. What stands in front of the first * and behind the
// last is compared in place, and what stands between two is looked for once:
// where it comes first leaves most to the rest.
func (p pattern) matchRuns(s string, fold bool) bool {
	first := slices.IndexFunc(p, isRun)
	if first < 0 {
		rest, ok := p.cutPrefix(s, fold)
		return ok && rest == ""
	}
	last := len(p) - 1
	for !isRun(p[last]) {
		last--
	}
	s, ok := p[:first].cutPrefix(s, fold)
	if ok {
		s, ok = p[last+1:].cutSuffix(s, fold)
	}
	for p = p[first:last]; ok && len(p) > 0; {
		p = p[1:]
		next := slices.IndexFunc(p, isRun)
		if next < 0 {
			next = len(p)
		}
		s, ok = p[:next].cutThrough(s, fold)
		p = p[next:]
	}
	return ok
}

// cutPrefix returns what follows the pattern, which has no *, at the start of s.
func (p pattern) cutPrefix(s string, fold bool) (rest string, ok bool) {
	for _, w := range p {
		switch {
		case s == "", w == anyOneInPart && s[0] == ':':
			return "", false
		case isWild(w):
			if s, ok = cutCharacter(s); !ok {
				return "", false
			}
		case w.is(s[0], fold):
			s = s[1:]
		default:
			return "", false
		}
	}
	return s, true
}

// cutSuffix returns what precedes the pattern, which has no *, at the end of s.
func (p pattern) cutSuffix(s string, fold bool) (rest string, ok bool) {
	for _, w := range slices.Backward(p) {
		end := len(s) - 1
		for isWild(w) && end >= 0 && isContinuation(s[end]) {
			end--
		}
		if end < 0 || w == anyOneInPart && s[end] == ':' || !isWild(w) && !w.is(s[end], fold) {
			return "", false
		}
		s = s[:end]
	}
	return s, true
}

// cutThrough returns what follows the pattern, which has no *, where it comes
// first in s. A ? at either end of it only wants one more character.
func (p pattern) cutThrough(s string, fold bool) (rest string, ok bool) {
	for ok = true; ok && len(p) > 0 && p[0] == anyOne; p = p[1:] {
		s, ok = cutCharacter(s)
	}
	n := len(p)
	for n > 0 && p[n-1] == anyOne {
		n--
	}
	end := 0
	switch {
	case !ok:
		return "", false
	case slices.ContainsFunc(p[:n], isWild):
		end = p[:n].follow(s, fold, true)
	case n > 0:
		end = p[:n].index(s, fold)
	}
	if end < 0 {
		return "", false
	}
	for s = s[end:]; ok && n < len(p); n++ {
		s, ok = cutCharacter(s)
	}
	return s, ok
}

// cutCharacter returns s without its first character. What s begins with may
// be the end of one that the pattern has covered.
func cutCharacter(s string) (rest string, ok bool) {
	i := 0
	for i < len(s) && isContinuation(s[i]) {
		i++
	}
	if i == len(s) {
		return "", false
	}
	for i++; i < len(s) && isContinuation(s[i]); i++ {
	}
	return s[i:], true
}

// isContinuation reports whether the byte goes on with a character in UTF-8.
func isContinuation(c byte) bool { return c&0xC0 == 0x80 }

// index returns where the first occurrence of the pattern, which has no
// wildcards, ends in s, and -1 if there is none. It never goes back in s, as
// Knuth, Morris and Pratt found out how: border[i] is the length of the longest
// text that p[:i+1] both begins and ends with, but all of it, and so how much
// still matches when the next byte does not.
func (p pattern) index(s string, fold bool) int {
	if len(p) > len(s) {
		return -1
	}
	var buf [patternBuffer]int32
	border := buf[:]
	if len(p) > len(buf) {
		border = make([]int32, len(p))
	}
	n := 0
	for i := 1; i < len(p); i++ {
		n = p.grow(border, n, byte(p[i]), fold)
		border[i] = int32(n)
	}
	n = 0
	for i := range len(s) {
		if n = p.grow(border, n, s[i], fold); n == len(p) {
			return i + 1
		}
	}
	return -1
}

// grow returns how much of the pattern matches with one more byte, when n
// symbols did without.
func (p pattern) grow(border []int32, n int, c byte, fold bool) int {
	for n > 0 && !p[n].is(c, fold) {
		n = int(border[n-1])
	}
	if p[n].is(c, fold) {
		n++
	}
	return n
}
