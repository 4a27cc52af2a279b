package credentials

import (
	"strings"
	"testing"
)

func TestLegalSessionName(t *testing.T) {
	t.Parallel()
	exact := strings.Repeat("a", maxSessionName)
	for full, want := range map[string]string{
		"ns.app.app-0":      "ns.app.app-0",
		exact:               exact,
		exact + "b":         exact[:maxSessionName-9] + "-",
		"ns.app+x":          "ns.app-x-",
		"n\u00e9.app":       "n-.app-",
		"ns/app\nARN=x,y@z": "ns-app-ARN=x,y@z-",
	} {
		got := legalSessionName(full)
		rest, ok := strings.CutPrefix(got, want)
		if !ok || want != full && len(rest) != 8 || want == full && rest != "" {
			t.Errorf("%q becomes %q, want %q", full, got, want)
		}
		if got != legalSessionName(full) {
			t.Errorf("%q is not stable", full)
		}
	}
	if err := checkSessionName(setting{"it", hostName()}); err != nil {
		t.Error(err)
	}
}

func FuzzLegalSessionName(f *testing.F) {
	for _, seed := range []string{"ns.app", "a b", "\xff\xfe", strings.Repeat("é", 64)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, full string) {
		if len(full) < minSessionName {
			return
		}
		name := legalSessionName(full)
		if err := checkSessionName(setting{"it", name}); err != nil {
			t.Error(err)
		}
		if other := legalSessionName(full + "/"); other == name {
			t.Errorf("%q and another have the name %q", full, name)
		}
	})
}
