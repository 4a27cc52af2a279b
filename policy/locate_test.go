package policy_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/irsakit/irsa/policy"
)

// located is a document with several lines, escapes and names with slashes.
const located = `{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": ["s3:Get\u004fbject", "s3:PutObject"], "Resource": "*"},
    {
      "Effect": "Deny", "NotAction": "iam:*", "Resource": "ä",
      "Condition": {"StringLike": {"aws:PrincipalTag/a~b": ["x", "y"]}}
    }
  ],
  "Statement/0": {"a": [1, {}]}
}`

// at returns the text of the span, "" if there is none.
func at(d *policy.Document, pointer string) string {
	span, ok := d.Locate(pointer)
	if !ok {
		return ""
	}
	return located[span.Start.Offset:span.End.Offset]
}

func TestLocate(t *testing.T) {
	t.Parallel()
	doc := policy.MustParse(located)
	cases := map[string]string{
		"":                       located,
		"/Version":               `"2012-10-17"`,
		"/Statement/0/Action":    `["s3:Get\u004fbject", "s3:PutObject"]`,
		"/Statement/0/Action/1":  `"s3:PutObject"`,
		"/Statement/1/NotAction": `"iam:*"`,
		"/Statement~10/a/0":      `1`,
		"/Statement~10/a/1":      `{}`,
		"/Statement/1/Condition/StringLike/aws:PrincipalTag~1a~0b/1": `"y"`,
		"/Statement/2":             "",
		"/Statement/-1":            "",
		"/Statement/x":             "",
		"/Statement/0/Action/2":    "",
		"/Statement/0/Resource/0":  "",
		"/Statement/0/NotResource": "",
		"Version":                  "",
		"/":                        "",
	}
	for pointer, want := range cases {
		if got := at(doc, pointer); got != want {
			t.Errorf("%q stands for %q, want %q", pointer, got, want)
		}
	}
	span, _ := doc.Locate("/Statement/1/Condition/StringLike")
	want := policy.Span{Start: policy.Position{Offset: 241, Line: 7, Column: 35}, End: policy.Position{Offset: 277, Line: 7, Column: 71}}
	if diff := cmp.Diff(want, span); diff != "" {
		t.Errorf("span (-want +got):\n%s", diff)
	}
}

// TestLocateEdited shows that a document that was changed still finds what was
// not.
func TestLocateEdited(t *testing.T) {
	t.Parallel()
	doc := policy.MustParse(located)
	doc.Statements[1].NotAction = policy.Strings("iam:Get*")
	doc.Statements = slices.Insert(doc.Statements, 0, policy.Statement{
		Effect: policy.Allow, Action: policy.Strings("s3:*"), Resource: policy.Strings("*"),
	})
	other := policy.MustParse(located)
	doc.Statements = append(doc.Statements, other.Statements[0])
	cases := map[string]string{
		"/Version":               `"2012-10-17"`,
		"/Statement":             "", // is another
		"/Statement/0":           "", // is new
		"/Statement/0/Resource":  "",
		"/Statement/1":           `{"Effect": "Allow", "Action": ["s3:Get\u004fbject", "s3:PutObject"], "Resource": "*"}`,
		"/Statement/1/Action/0":  `"s3:Get\u004fbject"`,
		"/Statement/2":           "", // was changed
		"/Statement/2/NotAction": "",
		"/Statement/2/Resource":  `"ä"`,
		"/Statement/3/Resource":  "", // of another document
	}
	for pointer, want := range cases {
		if got := at(doc, pointer); got != want {
			t.Errorf("%q stands for %q, want %q", pointer, got, want)
		}
	}
}

func TestLocateForms(t *testing.T) {
	t.Parallel()
	alone := policy.MustParse(`{"Statement": {"Effect": "Deny", "Action": "*"}}`)
	if span, ok := alone.Locate("/Statement/Action"); !ok || span.Start.Offset != 43 {
		t.Errorf("action of a lone statement at %+v, %v", span, ok)
	}
	built := &policy.Document{Statements: alone.Statements}
	for _, pointer := range []string{"", "/Statement", "/Statement/0/Action"} {
		if span, ok := built.Locate(pointer); ok {
			t.Errorf("%q of a built document stands at %+v", pointer, span)
		}
	}
	broken := policy.MustParse(located)
	broken.Statements[0].Condition = policy.Condition{{Operator: "Bool"}, {Operator: "Bool"}}
	if span, ok := broken.Locate("/Version"); ok {
		t.Errorf("in a document that JSON cannot hold, the version stands at %+v", span)
	}
	// What the caller does with the bytes afterwards does not matter.
	text := []byte(located)
	kept, err := policy.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	clear(text)
	if got := at(kept, "/Version"); got != `"2012-10-17"` {
		t.Errorf("after its bytes were cleared, the document has the version at %q", got)
	}
}
