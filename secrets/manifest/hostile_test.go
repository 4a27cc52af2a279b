package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// Manifests that would cost much are refused before they do.
func TestHostileYAML(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("a: &a [x,x,x,x,x,x,x,x,x,x]\n")
	for c := 'b'; c <= 'k'; c++ {
		bomb.WriteString(fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", c-1), 10), ",")))
	}
	for name, test := range map[string]struct{ text, want string }{
		"aliases of aliases": {bomb.String(), "makes more than 100000 values with its aliases"},
		"merges of merges":   {strings.ReplaceAll(strings.ReplaceAll(bomb.String(), "[*", "{<<: [*"), "]\n", "]}\n"), ""},
		"too large":          {"a: " + strings.Repeat("x", 1<<20), "has 1048579 bytes; 1048576 is the limit"},
		"many words":         {strings.Repeat("a: 1\n", 100_000), "tokens of YAML; 20000 is the limit"},
		"many documents":     {strings.Repeat("---\na: 1\n", 100_000), "has 100000 documents of YAML; 1000 is the limit"},
		"many empty ones":    {strings.Repeat("---\n", 900) + "a: 1\n", "neither apiVersion nor kind"},
		"deep lists":         {strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "is nested deeper than 64 levels"},
		"deep maps":          {strings.Repeat("{a: ", 5000) + strings.Repeat("}", 5000), "is nested deeper than 64 levels"},
		"deep blocks":        {strings.Repeat("- ", 5000) + "a", "is nested deeper than 64 levels"},
		"open lists":         {strings.Repeat("[", 15000), "is not YAML"},
		"tags":               {strings.Repeat("!!str ", 5000) + "a", ""},
		"anchors":            {strings.Repeat("&a ", 5000) + "a", ""},
		"questions":          {strings.Repeat("? ", 9000), ""},
		"colons":             {strings.Repeat(": ", 9000), ""},
		"words left out":     {"!!str !!str # c\n'q'a", "is YAML that is not understood in full"},
		"tab":                {"a:\n\t- b", ""},
		"byte order mark":    {"\ufeffa: b\n", "neither apiVersion nor kind"},
		"only a mark":        {"\ufeff", "accepted"},
		"nothing":            {"", "accepted"},
		"remarks":            {"# a\n---\n# b\n...\n", "accepted"},
		"lines of Windows":   {"apiVersion: v1\r\nkind: |\r\n  List\r\n", "accepted"},
		"dashes in text":     {"apiVersion: apps/v1\nkind: 'a\n  --- b'\n", "accepted"},
		"JSON":               {`{"apiVersion":"apps/v1","kind":"A"}`, "accepted"},
		"null":               {"null\n---\n~\n", "accepted"},
		"end of a document":  {"apiVersion: apps/v1\nkind: a\n...\nstray: b\n", "neither apiVersion nor kind"},
		"marker with text":   {"--- {apiVersion: apps/v1, kind: A}\n--- text\n", "is text and must be a map"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := refuse(t, test.text)
			switch {
			case test.want == "accepted":
				if err != nil {
					t.Error(err)
				}
			case err == nil || !strings.Contains(err.Error(), test.want):
				t.Errorf("%.300v; want %q", err, test.want)
			}
		})
	}
}

// A modifier of gjson that something in the process has added is none that a
// manifest may use.
func TestForeignModifier(t *testing.T) {
	gjson.AddModifier("leak", func(json, _ string) string { return json })
	for _, property := range []string{"@leak", "a.@leak", "a|@leak:1", "{@leak}"} {
		err := refuse(t, secret(fmt.Sprintf("  data: [{secretKey: a, remoteRef: {key: a, property: %q}}]\n", property)))
		if err == nil || !strings.Contains(err.Error(), "has the modifier @leak, which is none of gjson's own") {
			t.Errorf("%s: %v", property, err)
		}
	}
	if err := refuse(t, secret("  data: [{secretKey: a, remoteRef: {key: a, property: '@id'}}]\n")); err != nil {
		t.Error(err) // a name
	}
}
