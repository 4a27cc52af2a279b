package policy

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// slowMatch is the definition of a glob, spelt out.
func slowMatch(p pattern, s []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == anyRun || p[0] == anyRunInPart:
		if slowMatch(p[1:], s) {
			return true
		}
		return len(s) > 0 && (p[0] == anyRun || s[0] != ':') && slowMatch(p, s[1:])
	case len(s) == 0:
		return false
	}
	return covers(p[0], s[0], false) && slowMatch(p[1:], s[1:])
}

func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{
		{"*", ""}, {"a*b?c", "axxbxc"}, {"**a", "ba"}, {"a~:*b", "a::b"}, {"~a:~b", "ca:cb"}, {"?", "é"}, {"!:", "::"}, {"*a~b*", "xa:ab:"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, glob, s string) {
		glob, s = shorten(glob, 10), shorten(s, 12)
		p := appendGlob(nil, glob)
		for i, r := range p { // ~ and ! stand for the wildcards that stop at a colon
			switch r {
			case '~':
				p[i] = anyRunInPart
			case '!':
				p[i] = anyOneInPart
			}
		}
		want := slowMatch(p, []rune(s))
		compiled := p.compile()
		for how, got := range map[string]bool{
			"match": p.match(s, false), "simulate": p.simulate(s, false), "compiled": compiled.match(s),
		} {
			if got != want {
				t.Errorf("%s(%q, %q): got %t, want %t", how, glob, s, got, want)
			}
		}
	})
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
		if !slowMatch(appendGlob(nil, want[i]), []rune(got[i])) {
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
		folded := slowMatch(appendGlob(nil, lowerASCII(glob)), []rune(lowerASCII(s)))
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
