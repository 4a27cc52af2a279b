package manifest_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What YAML says is what is in the files, to the last space: go-yaml changes it
// in some of these. The lines are those of a template's data.
func TestYAMLText(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		data string
		want map[string]string
	}{
		"literal":             {"a: |\n  one\n    two\n\n  three\n", map[string]string{"a": "one\n  two\n\nthree\n"}},
		"literal, clipped":    {"a: |\n  one\n\n\nb: x\n", map[string]string{"a": "one\n", "b": "x"}},
		"literal, stripped":   {"a: |-\n  one \n\nb: x\n", map[string]string{"a": "one ", "b": "x"}},
		"literal, kept":       {"a: |+\n  one\n\nb: x\n", map[string]string{"a": "one\n\n", "b": "x"}},
		"literal, indented":   {"a: |2-\n    one\n   two\n", map[string]string{"a": "  one\n two"}},
		"literal, odd header": {"a: |-1 # a remark\n   one\n # no remark\n", map[string]string{"a": "  one\n# no remark"}},
		"literal, at the end": {"a: |\n  one ", map[string]string{"a": "one "}},
		"literal, spaces":     {"a: |-\n  one\n     \n", map[string]string{"a": "one\n   "}},
		"literal, empty":      {"a: |\nb: x\n", map[string]string{"a": "", "b": "x"}},
		"literal, blank":      {"a: |+\n       \nb: x\n", map[string]string{"a": "\n", "b": "x"}},
		"plain, tabs":         {"a: one\n  \ttwo\t\n", map[string]string{"a": "one two"}},
		"literal, nothing":    {"a: !!str |2-\n     \nb: x\n", map[string]string{"a": "   ", "b": "x"}},
		"literal, tabs":       {"a: |\n  one\n  \ttwo\t\n", map[string]string{"a": "one\n\ttwo\t\n"}},
		"literal, anchored":   {"a: &x |-\n  one\nb: *x\n", map[string]string{"a": "one", "b": "one"}},
		"literal, as text":    {"a: !!str |-\n  1\n", map[string]string{"a": "1"}},
		"folded":              {"a: >\n  one\n  two\n\n  three\n", map[string]string{"a": "one two\nthree\n"}},
		"folded, indented":    {"a: >\n  one\n\n  two\n    three\n  four\n  five\n", map[string]string{"a": "one\ntwo\n  three\nfour five\n"}},
		"folded, tabs":        {"a: >-\n  one\n  \ttwo\n  three\n", map[string]string{"a": "one\n\ttwo\nthree"}},
		"folded, kept":        {"a: >+\n\n  one\n  two\n\n\nb: x\n", map[string]string{"a": "\none two\n\n\n", "b": "x"}},
		"plain":               {"a: one  two\n", map[string]string{"a": "one  two"}},
		"plain, tab":          {"a: one\ttwo\t# three\n", map[string]string{"a": "one\ttwo"}},
		"plain, lines":        {"a: one\n  two\n\n  three # four\n", map[string]string{"a": "one two\nthree"}},
		"plain, hyphens":      {"a: one\n  - two\n   - three\n", map[string]string{"a": "one - two - three"}},
		"single quotes":       {"a: 'it''s\n\n  so \n  '\n", map[string]string{"a": "it's\nso "}},
		"double quotes":       {"a: \"\\x41\\u00e9\\t\\\n  b\n  c\"\n", map[string]string{"a": "Aé\tb c"}},
		"merged":              {"<<: {a: one, b: two}\na: three\n", map[string]string{"a": "three", "b": "two"}},
		"merged, first wins":  {"<<: [{a: one}, {a: two}]\n", map[string]string{"a": "one"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := parse(t, tmpl("      data:\n"+indented(test.data)))
			files, err := set.Outputs[0].Render(t.Context(), hold(map[string]string{"k": "v"}).readers(t, set))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, f := range files {
				got[f.Path] = f.Data.Reveal()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// indented moves lines to where the data of tmpl is. Lines of white space stay
// behind, as they are.
func indented(lines string) string {
	var b strings.Builder
	for line := range strings.Lines(lines) {
		if strings.TrimSpace(line) != "" || strings.HasPrefix(line, " ") {
			b.WriteString("        ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// What readers of YAML take differently is refused, in the line that ends in
// "#!".
func TestYAMLRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"brace without a beginning":     {"a: }b #!\n", `begins with "}", which takes quotes`},
		"template of Helm":              {"a: b\nc: {{ .Values.c }} #!\n", `"{{" takes quotes, or is a template, such as one of Helm, that must be rendered before`},
		"template of Helm, alone":       {"{{- if .Values.c }} #!\nc: d\n{{- end }}\n", `"{{" takes quotes, or is a template`},
		"percent sign":                  {"a: b\nc: %d #!\n", ""},
		"at sign":                       {"a: b\nc: @d #!\n", "reserved character"},
		"backquote":                     {"a: b\nc: `d` #!\n", "reserved character"},
		"map in text":                   {"a: b\n  c: d\n", "value is not allowed"},
		"map in text of lines":          {"a: b\nk: a\n  - p: c\n", `has a colon or "#" in text of several lines`},
		"remark in text of lines":       {"k: a\n  - b # c\n  d\n", `has a colon or "#" in text of several lines`},
		"text not indented":             {"a:\n  k:\n  v #!\n", ""},
		"text in quotes not indented":   {"a:\n  k:\n  'v' #!\n", "is not indented more than what it belongs to"},
		"list in brackets not indented": {"k:\n[a] #!\n", "is not indented more than what it belongs to"},
		"map behind an anchor":          {"k:\n  &x\nl: v #!\n", "is not indented more than what it belongs to"},
		"anchor twice":                  {"a: &x {b: &x c} #!\n", `has the anchor "x" a second time`},
		"tag at the end":                {"a: b\n\"c\": !d #!", "has the tag !d"},
		"header of nothing":             {"a: !!str # b\n  |2-\n     \n", ""},
		"tab in double quotes":          {"a: b\nc: \"d\te\" #!\nf: g\n", `has a tab in double quotes; write \t`},
		"tab before text":               {"a: |\n  \tb\n", "is a block of text whose indentation is not clear"},
		"spaces before text":            {"a: |\n      \n  b #!\n", "invalid number of indent"},
		"tab for spaces":                {"a: |\n   b\n \tc\n", ""},
		"merge behind what it replaces": {"a: b\nc: d\n<<: {c: e} #!\n", `is merged below "c", which it has too`},
		"two merges":                    {"<<: {a: b}\n<<: {c: d} #!\n", `has the key "<<" twice`},
		"separator of lines":            {"a: 'b\u2028c' #!\n", "has a character that YAML does not allow"},
		"next line":                     {"a: 'b\u0085c' #!\n", "has a character that YAML does not allow"},
		"mark of another file":          {"a: b\n---\n\ufeffc: d #!\n", "has a character that YAML does not allow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := refuse(t, test.text)
			if err == nil {
				t.Fatal("accepted")
			}
			problems := fieldErrors(t, err)
			want := strings.Count(test.text[:max(0, strings.Index(test.text, "#!"))], "\n") + 1
			if p := problems[0]; strings.Contains(test.text, "#!") && p.Line != want || !strings.Contains(p.Problem, test.want) {
				t.Errorf("%v; want line %d, %q", err, want, test.want)
			}
		})
	}
}
