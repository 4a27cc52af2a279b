package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/irsakit/irsa/policy"
)

func TestStrings(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		got, want policy.Values
	}{
		"none": {policy.Strings(), policy.Values{List: []policy.Value{}}},
		"one":  {policy.Strings("a"), policy.Values{List: []policy.Value{{Text: "a"}}, Single: true}},
		"two":  {policy.Strings("a", "b"), policy.Values{List: []policy.Value{{Text: "a"}, {Text: "b"}}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, tc.got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStatementPosition(t *testing.T) {
	t.Parallel()
	doc := policy.MustParse("{\"Statement\": [\n  {\"Effect\": \"Deny\", \"Action\": \"ä\"}, {\"Effect\": \"Deny\", \"Action\": []}\n]}")
	want := []policy.Position{{Offset: 18, Line: 2, Column: 3}, {Offset: 54, Line: 2, Column: 39}}
	for i, s := range doc.Statements {
		if diff := cmp.Diff(want[i], s.Position()); diff != "" {
			t.Errorf("statement %d (-want +got):\n%s", i, diff)
		}
	}
	if got := (policy.Statement{}).Position(); got != (policy.Position{}) {
		t.Errorf("position of a built statement = %+v, want zero", got)
	}
}

func TestEqualIgnoresSource(t *testing.T) {
	t.Parallel()
	a := policy.MustParse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","x":1}}`)
	b := policy.MustParse(`{
		"Statement": [{"x": 1, "\u0041ction": "s3\u003a*", "Effect": "Allow"}],
		"Version": "2012-10-17"
	}`)
	built := &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{
		Effect: policy.Allow, Action: policy.Strings("s3:*"),
		Unknown: []policy.Member{{Name: "x", Raw: []byte("1")}},
	}}}
	for name, other := range map[string]*policy.Document{"parsed": b, "built": built} {
		if diff := cmp.Diff(a, other); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestEqualSeesContent changes one thing at a time.
func TestEqualSeesContent(t *testing.T) {
	t.Parallel()
	const text = `{"Version":"2012-10-17","Id":"i","x":1,"Statement":[{"Sid":"s","Effect":"Allow","x":1,
		"Principal":{"AWS":["a"]},"Action":["a"],"Resource":["a"],"Condition":{"Bool":{"k":"true"}}}]}`
	edits := map[string]func(*policy.Document, *policy.Statement){
		"Version":         func(d *policy.Document, _ *policy.Statement) { d.Version = "" },
		"Id":              func(d *policy.Document, _ *policy.Statement) { d.ID = "" },
		"unknown":         func(d *policy.Document, _ *policy.Statement) { d.Unknown[0].Raw = []byte("2") },
		"statements":      func(d *policy.Document, _ *policy.Statement) { d.Statements = nil },
		"Sid":             func(_ *policy.Document, s *policy.Statement) { s.Sid = "" },
		"Effect":          func(_ *policy.Document, s *policy.Statement) { s.Effect = policy.Deny },
		"everyone":        func(_ *policy.Document, s *policy.Statement) { s.Principal = policy.Principal{Any: true} },
		"no principal":    func(_ *policy.Document, s *policy.Statement) { s.Principal.Entries = nil },
		"principal type":  func(_ *policy.Document, s *policy.Statement) { s.Principal.Entries[0].Type = "Service" },
		"principal value": func(_ *policy.Document, s *policy.Statement) { s.Principal.Entries[0].Values = policy.Values{} },
		"NotPrincipal":    func(_ *policy.Document, s *policy.Statement) { s.NotPrincipal.Any = true },
		"value":           func(_ *policy.Document, s *policy.Statement) { s.Action.List[0].Text = "b" },
		"value kind":      func(_ *policy.Document, s *policy.Statement) { s.Action.List[0].Kind = policy.BoolValue },
		"single":          func(_ *policy.Document, s *policy.Statement) { s.Action.Single = true },
		"absent":          func(_ *policy.Document, s *policy.Statement) { s.Action = policy.Values{} },
		"empty":           func(_ *policy.Document, s *policy.Statement) { s.NotAction.List = []policy.Value{} },
		"Resource":        func(_ *policy.Document, s *policy.Statement) { s.Resource = policy.Strings("a", "b") },
		"NotResource":     func(_ *policy.Document, s *policy.Statement) { s.NotResource = policy.Strings("a") },
		"operator":        func(_ *policy.Document, s *policy.Statement) { s.Condition[0].Operator = "Null" },
		"key":             func(_ *policy.Document, s *policy.Statement) { s.Condition[0].Keys[0].Key = "K" },
		"key's values":    func(_ *policy.Document, s *policy.Statement) { s.Condition[0].Keys[0].Values.Single = false },
		"no condition":    func(_ *policy.Document, s *policy.Statement) { s.Condition = nil },
		"member's name":   func(_ *policy.Document, s *policy.Statement) { s.Unknown[0].Name = "y" },
	}
	for name, edit := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc, edited := policy.MustParse(text), policy.MustParse(text)
			edit(edited, &edited.Statements[0])
			if doc.Equal(*edited) {
				t.Errorf("the edited document equals the original: %s", edited)
			}
		})
	}
	empty, absent := policy.Condition{}, policy.Condition(nil)
	if empty.Equal(absent) {
		t.Error("an empty condition equals an absent one")
	}
}
