package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/irsakit/irsa/policy"
)

func TestFixApplyText(t *testing.T) {
	t.Parallel()
	const statement = `{"Effect": "Deny", "Action": "*"}`
	cases := map[string]struct {
		text, pointer, replacement string
		want                       string // empty: an error
	}{
		"value":            {`{"Statement": [ ], "Id" : "x"}`, "/Id", `"y"`, `{"Statement": [ ], "Id" : "y"}`},
		"document":         {`{"Id":"x"}`, "", `{}`, `{}`},
		"first member":     {"{\n  \"Statement\": []\n}", "/Version", `"2012-10-17"`, "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": []\n}"},
		"last member":      {"{\n  \"Version\": \"2012-10-17\"\n}", "/Id", `"x"`, "{\n  \"Version\": \"2012-10-17\",\n  \"Id\": \"x\"\n}"},
		"only member":      {`{}`, "/a~1b", `1`, `{"a/b":1}`},
		"compact member":   {`{"Id":"x"}`, "/a", `1`, `{"Id":"x","a":1}`},
		"last element":     {"[\n  1\n]", "/-", `2`, "[\n  1,\n  2\n]"},
		"only element":     {"[ ]", "/-", `2`, "[2]"},
		"text to list":     {`{"Action": "a"}`, "/Action/-", `"b"`, `{"Action": ["a","b"]}`},
		"object to list":   {`{"Statement": ` + statement + `}`, "/Statement/-", statement, `{"Statement": [` + statement + `,` + statement + `]}`},
		"without a member": {`{"a": 1, "b": 2, "c": 3}`, "/b", ``, `{"a": 1, "c": 3}`},
		"without first":    {`{"a": 1, "b": 2}`, "/a", ``, `{"b": 2}`},
		"without last":     {`{"a": 1, "b": 2}`, "/b", ``, `{"a": 1}`},
		"without only":     {`{"a": 1}`, "/a", ``, `{}`},
		"element away":     {`[1, 2, 3]`, "/0", ``, `[2, 3]`},
		"no parent":        {`{"a": 1}`, "/b/c", `1`, ``},
		"no value":         {`{"a": 1}`, "/b", ``, ``},
		"no document":      {`{"a": 1}`, "", ``, ``},
		"no pointer":       {`{"a": 1}`, "b", `1`, ``},
		"no JSON":          {`{`, "/b", `1`, ``},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fix := policy.Fix{Title: "test", Pointer: tc.pointer, Replacement: json.RawMessage(tc.replacement)}
			got, err := fix.ApplyText([]byte(tc.text))
			if (err != nil) != (tc.want == "") {
				t.Fatalf("error = %v, want one: %v", err, tc.want == "")
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFixApply(t *testing.T) {
	t.Parallel()
	doc := policy.MustParse(`{"Statement":[{"Effect":"Deny","Action":"*"}]}`)
	fix := policy.Fix{Pointer: "/Version", Replacement: json.RawMessage(`"2012-10-17"`)}
	got, err := fix.Apply(doc)
	if err != nil {
		t.Fatal(err)
	}
	if got.Version != policy.Version2012 || doc.Version != "" {
		t.Errorf("version of the result %q and of the original %q", got.Version, doc.Version)
	}
	for name, fix := range map[string]policy.Fix{
		"leads nowhere": {Pointer: "/a/b", Replacement: json.RawMessage(`1`)},
		"no policy":     {Pointer: "/Statement"},
	} {
		if _, err := fix.Apply(doc); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	doc.Unknown = []policy.Member{{Name: "x"}}
	if _, err := fix.Apply(doc); err == nil {
		t.Error("a document that JSON cannot hold was fixed")
	}
}
