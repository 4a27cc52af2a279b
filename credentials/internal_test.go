package credentials

import (
	"strings"
	"testing"
)

func TestSessionName(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		token Token
		want  string
	}{
		"without pod": {Token{Namespace: "ns", ServiceAccount: "app"}, "ns.app"},
		"with pod":    {Token{Namespace: "ns", ServiceAccount: "app", Pod: "app-1"}, "ns.app.app-1"},
		"illegal":     {Token{Namespace: "ns", ServiceAccount: "a/b"}, "ns.a-b-"},
		"long": {
			Token{Namespace: strings.Repeat("n", 40), ServiceAccount: "app", Pod: strings.Repeat("p", 40)},
			strings.Repeat("n", 40) + ".app." + strings.Repeat("p", 10) + "-",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := sessionName(test.token)
			if !strings.HasPrefix(got, test.want) || len(got) > maxSessionName {
				t.Errorf("%q, want %q", got, test.want)
			}
			if err := checkSessionName(setting{"it", got}); err != nil {
				t.Error(err)
			}
			other := test.token
			other.Pod += "x"
			if sessionName(other) == got {
				t.Error("two pods have one name")
			}
		})
	}
}
