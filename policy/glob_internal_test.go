package policy

import (
	"strings"
	"testing"
	"time"
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
		if got, want := p.match(s, false), slowMatch(p, []rune(s)); got != want {
			t.Errorf("match(%q, %q): got %t, want %t", glob, s, got, want)
		}
		if got, want := p.simulate(s, false), slowMatch(p, []rune(s)); got != want {
			t.Errorf("simulate(%q, %q): got %t, want %t", glob, s, got, want)
		}
	})
}

func shorten(s string, n int) string {
	r := []rune(strings.ToValidUTF8(s, "x"))
	return string(r[:min(len(r), n)])
}

func TestGlobIsNotExponential(t *testing.T) {
	t.Parallel()
	p := appendGlob(nil, strings.Repeat("a*", 200)+"b")
	bounded := append(pattern{anyRunInPart}, p...)
	s := strings.Repeat("a", 2000)
	start := time.Now()
	if p.match(s, false) || bounded.match(s, false) {
		t.Error("matched")
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
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
