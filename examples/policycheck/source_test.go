package main

import (
	"strings"
	"testing"
)

// Memory in proportion to the text: with a pointer for every value, these would
// take gigabytes.
func TestScenariosHostile(t *testing.T) {
	t.Parallel()
	const n = 200_000
	for name, c := range map[string]struct{ text, want string }{
		"arrays":      {strings.Repeat("[", n), "1:1001: nested more than 1000 levels deep"},
		"objects":     {strings.Repeat(`{"a":`, n), "1:5001: nested more than 1000 levels deep"},
		"a long name": {`{"` + strings.Repeat("a", n) + `":[` + strings.Repeat("1,", n) + `1]}`, "there is no such member"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readScenarios([]byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %.200v, want %s", err, c.want)
			}
		})
	}
}
