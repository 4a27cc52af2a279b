package main

import (
	"testing"

	"github.com/irsakit/irsa/policy"
)

// TestLocate finds values in YAML and in JSON, or what is nearest to them.
func TestLocate(t *testing.T) {
	t.Parallel()
	const (
		yaml = `# ü
accounts:
  - &one
    id: "1"
    roles:
      - name: ä
        trust: !!map
          "a/b": {ü: 1, c: [x, yy]}
  - *one
`
		json = "{\n\t\"accounts\": [\n\t\t{\"id\": \"1\", \"a/b\": [1, {\"c\": 2}]}\n\t]\n}"
	)
	at := func(offset, line, column int) policy.Position {
		return policy.Position{Offset: offset, Line: line, Column: column}
	}
	for name, test := range map[string]struct {
		text, pointer string
		want          policy.Position
	}{
		"a scalar":                 {yaml, "/accounts/0/id", at(32, 4, 9)},
		"several lines":            {yaml, "/accounts/0/roles", at(40, 5, 5)},
		"an element":               {yaml, "/accounts/0/roles/0", at(55, 6, 9)},
		"behind a tag":             {yaml, "/accounts/0/roles/0/trust/a~1b/c/1", at(117, 8, 33)},
		"behind an alias":          {yaml, "/accounts/1/roles/0/name", at(61, 6, 15)},
		"the nearest":              {yaml, "/accounts/0/id/more/0", at(32, 4, 9)},
		"no such element":          {yaml, "/accounts/5", at(5, 2, 1)},
		"JSON":                     {json, "/accounts/0/a~1b/1/c", at(48, 3, 32)},
		"JSON, the nearest":        {json, "/accounts/0/a~1b/7", at(38, 3, 22)},
		"JSON, nothing of it":      {json, "/roles", at(0, 1, 1)},
		"the whole":                {json, "", at(0, 1, 1)},
		"a YAML that has no value": {"#\n", "/accounts", policy.Position{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := locatedIn([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := text.locate(test.pointer).Start; got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
	if _, err := locatedIn([]byte("a: [")); err == nil {
		t.Error("no error")
	}
}

// TestFormOf tells files by their content.
func TestFormOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want form
	}{
		"a policy":               {`{"Version":"2012-10-17","Statement":[]}`, documentForm},
		"a policy with accounts": {`{"accounts":[],"Statement":[]}`, documentForm},
		"a broken policy":        {`{"Statement":[`, unclearForm},
		"a world":                {`{"clusters":[]}`, worldForm},
		"a world in YAML":        {"seed: 1\naccounts :\n  - id: x\n", worldForm},
		"a broken world":         {"# x\nclusters:\n\t- [", worldForm},
		"YAML that is no world":  {"kind: Pod\nspec:\n  accounts:\n", unclearForm},
		"a plan":                 {`{"format_version":"1.2"}`, planForm},
		"an array":               {`[]`, unclearForm},
		"null":                   {`null`, unclearForm},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := formOf([]byte(test.text)); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestInCharacters(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"a: {ü: [x, y]}":                12,
		"a: {x: 1, \nü: [日本, y]}":       9,
		"{\"a\": {\"ü\": [\"日本\", 1]}}": 20,
	} {
		data := []byte(text)
		found, err := locatedIn(data)
		if err != nil {
			t.Fatal(err)
		}
		span := inCharacters(data, found.locate("/a/ü/1"))
		if span.Start.Column != want || span.End != span.Start {
			t.Errorf("%s: %+v, want column %d", text, span, want)
		}
	}
	if got := inCharacters(nil, policy.Span{}); got != (policy.Span{}) {
		t.Errorf("no place becomes %+v", got)
	}
}
