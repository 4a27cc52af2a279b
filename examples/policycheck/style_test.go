package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/irsakit/irsa/policy"
)

func TestStyle(t *testing.T) {
	t.Parallel()
	// A character device stands for a terminal.
	device, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	tests := map[string]struct {
		env  map[string]string
		want bool
	}{
		"a terminal": {nil, true},
		"NO_COLOR":   {map[string]string{"NO_COLOR": "1"}, false},
		"dumb":       {map[string]string{"TERM": "dumb"}, false},
	}
	for name, test := range tests {
		env := func(name string) string { return test.env[name] }
		if got := styleOf(device, env); got.colour != test.want {
			t.Errorf("%s: %+v", name, got)
		}
		if got := styleOf(new(bytes.Buffer), env); got.colour {
			t.Errorf("%s: no terminal has colours", name)
		}
	}
}

func TestDecisionColours(t *testing.T) {
	t.Parallel()
	for d, want := range map[policy.Decision]string{
		policy.Allowed: "\x1b[32mx\x1b[0m", policy.Unknown: "\x1b[33mx\x1b[0m",
		policy.ImplicitlyDenied: "\x1b[1;31mx\x1b[0m", policy.ExplicitlyDenied: "\x1b[1;31mx\x1b[0m",
	} {
		if got := (style{colour: true}).decision(d, "x"); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
		if got := (style{}).decision(d, "x"); got != "x" {
			t.Errorf("%v: plain is %q", d, got)
		}
	}
}
