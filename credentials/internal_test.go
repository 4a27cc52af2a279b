package credentials

import (
	"strings"
	"testing"
	"time"
)

func TestAdvisoryWindow(t *testing.T) {
	t.Parallel()
	for lifetime, want := range map[time.Duration]time.Duration{
		4 * time.Minute:                2 * time.Minute,
		15 * time.Minute:               5 * time.Minute,
		20 * time.Minute:               5 * time.Minute,
		20*time.Minute + time.Second:   600500 * time.Millisecond,
		time.Hour:                      15 * time.Minute,
		90*time.Minute - time.Second:   15 * time.Minute,
		90 * time.Minute:               45 * time.Minute,
		12 * time.Hour:                 time.Hour,
		30 * time.Second:               15 * time.Second,
		2*time.Hour + time.Nanosecond:  time.Hour,
		-time.Second - time.Nanosecond: (-time.Second - time.Nanosecond) / 2,
	} {
		if got := advisoryWindow(lifetime); got != want {
			t.Errorf("lifetime %v: window %v, want %v", lifetime, got, want)
		}
	}
}

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
