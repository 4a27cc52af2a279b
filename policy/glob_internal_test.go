package policy

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// slowGlob is a pattern for slowMatch: runes, and the wildcards as negative ones.
func slowGlob(glob string) []rune {
	p := []rune(glob)
	for i, r := range p {
		switch r {
		case '*':
			p[i] = -rune(anyRun)
		case '?':
			p[i] = -rune(anyOne)
		}
	}
	return p
}

// slowMatch is the definition of a glob, spelt out.
func slowMatch(p, s []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == -rune(anyRun) || p[0] == -rune(anyRunInPart):
		if slowMatch(p[1:], s) {
			return true
		}
		return len(s) > 0 && (p[0] == -rune(anyRun) || s[0] != ':') && slowMatch(p, s[1:])
	case len(s) == 0:
		return false
	}
	return slowCovers(p[0], s[0]) && slowMatch(p[1:], s[1:])
}

func slowCovers(w, r rune) bool {
	return w == r || w == -rune(anyOne) || w == -rune(anyOneInPart) && r != ':'
}

// tableMatch is slowMatch for long texts: table[i][j] says that p[i:] covers s[j:].
func tableMatch(p, s []rune) bool {
	table := make([][]bool, len(p)+1)
	for i := len(p); i >= 0; i-- {
		table[i] = make([]bool, len(s)+1)
		for j := len(s); j >= 0; j-- {
			switch {
			case i == len(p):
				table[i][j] = j == len(s)
			case p[i] == -rune(anyRun) || p[i] == -rune(anyRunInPart):
				table[i][j] = table[i+1][j] || j < len(s) && (p[i] == -rune(anyRun) || s[j] != ':') && table[i][j+1]
			default:
				table[i][j] = j < len(s) && slowCovers(p[i], s[j]) && table[i+1][j+1]
			}
		}
	}
	return table[0][0]
}

// partGlob is a pattern in which ~ and ! stand for the wildcards that stop at a
// colon, for both kinds of matcher.
func partGlob(glob string) (pattern, []rune) {
	p, slow := appendGlob(nil, glob), slowGlob(glob)
	for i, w := range p {
		switch w {
		case '~':
			p[i] = anyRunInPart
		case '!':
			p[i] = anyOneInPart
		}
	}
	for i, w := range slow {
		switch w {
		case '~':
			slow[i] = -rune(anyRunInPart)
		case '!':
			slow[i] = -rune(anyOneInPart)
		}
	}
	return p, slow
}

func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"*", ""},
		{"a*b?c", "axxbxc"},
		{"**a", "ba"},
		{"a~:*b", "a::b"},
		{"~a:~b", "ca:cb"},
		{"?", "é"},
		{"!:", "::"},
		{"*a~b*", "xa:ab:"},
		{"*aab*", "aaab"},
		{"*abcabd*ab", "abcabcabdab"},
		{"*a?b*?é*??", "aébaxbxéyz"},
		{"*?*??*é", "éééé"},
		{"*:!~é:*?a", "::xé:ba"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, glob, s string) {
		glob, s = shorten(glob, 10), shorten(s, 12)
		_, slow := partGlob(glob)
		want := slowMatch(slow, []rune(s))
		checkGlob(t, glob, s, want)
		if got := tableMatch(slow, []rune(s)); got != want {
			t.Fatalf("the table itself is wrong: got %t, want %t", got, want)
		}
		if glob != "" && !strings.ContainsAny(glob, "*~") {
			checkSearch(t, glob, s)
		}
		for _, long := range [][2]string{ // of more symbols than a block has
			{strings.Repeat(glob, 8), strings.Repeat(s, 8)},
			{"*" + strings.Repeat(glob, 8) + "*", strings.Repeat(s, 9)},
			{"*" + strings.Repeat(glob, 14) + "~" + glob, strings.Repeat(s, 16)},
		} {
			_, slow := partGlob(long[0])
			checkGlob(t, long[0], long[1], tableMatch(slow, []rune(long[1])))
		}
	})
}

func checkGlob(t *testing.T, glob, s string, want bool) {
	t.Helper()
	p, _ := partGlob(glob)
	compiled := p.compile()
	for how, got := range map[string]bool{
		"match": p.match(s, false), "follow": p.follow(s, false, false) == len(s), "compiled": compiled.match(s),
	} {
		if got != want {
			t.Errorf("%s(%q, %q): got %t, want %t", how, glob, s, got, want)
		}
	}
}

// checkSearch compares where a pattern without * first ends in s with what
// slowMatch says of every beginning of s.
func checkSearch(t *testing.T, glob, s string) {
	t.Helper()
	p, slow := partGlob(glob)
	want := -1
	for end := range s + "$" {
		if want < 0 && slowMatch(append([]rune{-rune(anyRun)}, slow...), []rune(s[:end])) {
			want = end
		}
	}
	ends := map[string]int{"follow": p.follow(s, false, true)}
	if !slices.ContainsFunc(p, isWild) {
		ends["index"] = p.index(s, false)
	}
	if rest, ok := p.cutThrough(s, false); ok {
		ends["cutThrough"] = len(s) - len(rest)
	} else {
		ends["cutThrough"] = -1
	}
	for how, got := range ends {
		for got > 0 && got < len(s) && isContinuation(s[got]) {
			got++ // a ? ends with the first byte of its character
		}
		if got != want {
			t.Errorf("%s: %q first ends in %q at %d, want %d", how, glob, s, got, want)
		}
	}
}

// What the fuzz targets do not reach: long texts, and bytes that are no UTF-8.
// Those belong to the character in front of them.
func TestGlobEdges(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ab", textBuffer)
	cases := map[string]struct {
		glob, s string
		want    bool
	}{
		"a long text":                {"*a?*~:" + strings.Repeat("?", 70) + "*b", "ab:" + long, true},
		"a long text, other end":     {"*a?*~:" + strings.Repeat("?", 70) + "*b", "ab:" + long + "a", false},
		"a long run":                 {"*" + long + "*", "b" + long + "a", true},
		"a long run, not there":      {"*" + long + "c*", "b" + long + long, false},
		"a long run in a short text": {"*" + long + "*", "ab", false},
		"many ? within":              {"*" + strings.Repeat("a?", 100) + "c*", long + "c", true},
		"many ? within, not there":   {"*" + strings.Repeat("a?", 100) + "c*", long, false},
		"many ? within, too short":   {"*" + strings.Repeat("a?", 100) + "c*", strings.Repeat("ab", 70) + "c", false},
		"many ? within, second try":  {"*" + strings.Repeat("a?", 100) + "c*", strings.Repeat("ab", 70) + "-" + strings.Repeat("ab", 100) + "c", true},
		"many ? within, broken":      {"*" + strings.Repeat("a?", 100) + "c*", strings.Repeat("ab", 70) + "-" + strings.Repeat("ab", 70) + "c", false},
		"many ?, too short a text":   {"*?????*", "abcd", false},
		"? behind a run":             {"*b?*", "aab", false},
		"? at a loose byte":          {"?", "\x80", false},
		"? with a loose byte":        {"?", "a\x80", true},
		"? at the end":               {"*?", "\x80", false},
		"? behind loose bytes":       {"*?a*", "\x80\x80", false},
		"! at a colon":               {"*!", "a:", false},
		"! of two bytes":             {"!b", "éb", true},
		"! at a colon, within":       {"*a!*", "a:a", false},
		"a run beside a loose byte":  {"*a*", "\x80a\x80", true},
		"loose bytes are literal":    {"*\xff*", "a\xff\xfe", true},
		"not each other":             {"*\xff*", "a\xfe", false},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkGlob(t, tt.glob, tt.s, tt.want)
		})
	}
}

// Only ASCII letters fold, wherever in the pattern they are.
func TestGlobFold(t *testing.T) {
	t.Parallel()
	for glob, want := range map[string]bool{
		"*SECRETV*": true, "*sEcReT?A*e": true, "secretsmanager:get*": true, "*secrets?Value*": false, "*get[*": false, "*{etSecretValue": false,
	} {
		g := newGlob(glob)
		if got := g.matchFold("SecretsManager:GetSecretValue"); got != want {
			t.Errorf("%q: got %t, want %t", glob, got, want)
		}
	}
}

// slowResource is the definition of a Resource entry, spelt out: parts is the
// number of colons in front of it.
func slowResource(entry, s []rune, parts int) bool {
	if len(entry) == 0 {
		return len(s) == 0
	}
	within := parts < 5
	endsPart := len(entry) == 1 || entry[1] == ':'
	switch c := entry[0]; {
	case c == '*' && slowResource(entry[1:], s, parts):
		return true
	case len(s) == 0:
		return false
	case c == '*':
		return (s[0] != ':' || !within || endsPart) && slowResource(entry, s[1:], parts)
	case c == '?':
		return (s[0] != ':' || !within) && slowResource(entry[1:], s[1:], parts)
	case c == ':':
		parts++
	}
	return entry[0] == s[0] && slowResource(entry[1:], s[1:], parts)
}

// slowARN compares two ARNs part by part.
func slowARN(glob, s string) bool {
	want, got := strings.SplitN(glob, ":", 6), strings.SplitN(s, ":", 6)
	if len(want) != 6 || len(got) != 6 {
		return false
	}
	for i := range want {
		if !slowMatch(slowGlob(want[i]), []rune(got[i])) {
			return false
		}
	}
	return true
}

func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"arn:aws:s*:r", "arn:aws:s3:::r"},
		{"a:b:*:*:1:r*x", "a:b:c:d:e:1:r:x"},
		{"a:*b:c:*:*:*", "a:bb:c:::"},
		{"S3:get*", "s3:GetObject"},
		{"*:?:a?:*a:*:é*", "a:b:aa:ba:c:éé"},
		{"x", "X"},
		{"a*a*a*b", "aaaaaaaa"},
		{":::::*", "::::::"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, glob, s string) {
		glob, s = shorten(glob, 14), shorten(s, 16)
		c := compiler{set: &Compiled{index: map[string]int{}}}
		resource := c.resource(glob)
		arn := appendGlob(nil, glob).compileARN()
		action := newGlob(glob)
		folded := slowMatch(slowGlob(lowerASCII(glob)), []rune(lowerASCII(s)))
		for how, tt := range map[string]struct{ got, want bool }{
			"resource": {resource.glob.match(s), slowResource([]rune(glob), []rune(s), 0)},
			"arn":      {arn.match(s), slowARN(glob, s)},
			"action":   {action.matchFold(s), folded},
		} {
			if tt.got != tt.want {
				t.Errorf("%s(%q, %q): got %t, want %t", how, glob, s, tt.got, tt.want)
			}
		}
	})
}

func lowerASCII(s string) string { return strings.Map(lower, s) }

func shorten(s string, n int) string {
	r := []rune(strings.ToValidUTF8(s, "x"))
	return string(r[:min(len(r), n)])
}

// Two keys are the same where strings.EqualFold says so.
func FuzzFoldKey(f *testing.F) {
	for _, seed := range [][2]string{{"aws:PrincipalTag/Größe", "AWS:principaltag/GRÖßE"}, {"k", "\u212a"}, {"ΣΑΣ", "σας"}, {"İ", "i"}, {"\xff", "\xfe"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return
		}
		same := string(foldKey(nil, a)) == string(foldKey(nil, b))
		if same != strings.EqualFold(a, b) {
			t.Errorf("%q and %q: got %t", a, b, same)
		}
	})
}

func TestEditDistance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"a", "", 1},
		{"", "ab", 2},
		{"kitten", "sitting", 3},
		{"getsecretvalue", "getsecretsvalue", 1},
		{strings.Repeat("a", 101), "a", 102},
	} {
		if got := editDistance(tt.a, tt.b); got != tt.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
