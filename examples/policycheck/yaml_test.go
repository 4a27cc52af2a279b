package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// bomb is a list of lists of lists, each nine times, of a few lines: half a million
// values.
func bomb() string {
	var b strings.Builder
	b.WriteString("a: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := range 5 {
		fmt.Fprintf(&b, "b%d: &a%d [%s]\n", i, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), ", "))
	}
	return b.String()
}

func TestYAMLRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"aliases of aliases": {bomb(), "more than 100000 values"},
		"many tokens":        {"accounts: " + strings.Repeat("[", maxTokens), "tokens of YAML are more than 20000: give it as JSON"},
		"many bytes":         {"a: " + strings.Repeat("x", maxYAML), "bytes of YAML are more than 1048576"},
		"no number":          {"accounts: [.nan]", "such as .nan and .inf"},
		"no text":            {"accounts:\n- \xff", "line 2 has a byte that is not UTF-8"},
		"no YAML":            {"accounts: [", "line 1, column 11: neither YAML nor JSON"},
		"a secret":           {"accounts: {a: hunter2", "neither YAML nor JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := jsonOf([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

func TestYAMLTaken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: &x {b: !!str 1}\nc: [*x, *x]": `{"a":{"b":"1"},"c":[{"b":"1"},{"b":"1"}]}`,
		"a: &x [*x]":                      `{"a":[null]}`,
		"a: ü":                            `{"a":"ü"}`,
	} {
		got, err := jsonOf([]byte(text))
		var compact strings.Builder
		enc := json.NewEncoder(&compact)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(json.RawMessage(got)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil || strings.TrimSpace(compact.String()) != want {
			t.Errorf("%s: %s, %v, want %s", text, compact.String(), err, want)
		}
	}
}

// Nothing panics, and what comes out is JSON in which places can be found.
func FuzzYAML(f *testing.F) {
	for _, seed := range []string{
		"", "accounts: []", "a: &x {b: !!map {c: 1}}\nd: *x\n<<: *x", bomb(), "a: [", "- - -", "a: |\n  x", "? a\n: b", "\ufeffa: .nan",
		"--- a\n--- b\n", "!!binary x", "a: *nothing", "%YAML 1.2\n---\n", "\"\\x41\": '", "a:\n\t- b",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := jsonOf(data)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Errorf("%q becomes %q", data, text)
		}
		found, err := locatedIn(data)
		if err != nil {
			t.Fatalf("%q can be read, but nothing found in it: %v", data, err)
		}
		inCharacters(data, found.locate("/accounts/0/roles"))
	})
}
