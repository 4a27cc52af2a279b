package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/irsakit/irsa/policy"
)

// FuzzParse checks that whatever parses is JSON, marshals as it was written,
// and parses again to the same document.
func FuzzParse(f *testing.F) {
	for _, text := range written {
		f.Add([]byte(text))
	}
	for _, text := range []string{
		``, `null`, `{}`, `[]`, `"{\"Statement\":[]}"`, `%7B%7D`, "\uFEFF{}", `{"Statement":[]}x`,
		`{"Statement":[],"Statement":{}}`, `{"Statement":[{"Effect":"Allow","Action":"a","NotAction":"b"}]}`,
		`{"Statement":[],"x":` + strings.Repeat(`[`, 31) + strings.Repeat(`]`, 31) + `}`,
		"{\"Statement\":[],\"\xff\":1}", `{"Statement":[],"\ud800":"\udfff","x":[01,1.,.5,+1,1e,-]}`,
		" {\t\"Statement\" :\r\n{ \"Effect\" : \"Deny\" , \"Action\" : [ ] } } ",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc, err := policy.Parse(data)
		if err != nil {
			checkSyntaxError(t, data, err)
			return
		}
		var want bytes.Buffer
		if err := json.Compact(&want, data); err != nil {
			t.Fatalf("Parse accepts what is not JSON: %v", err)
		}
		got := marshal(t, doc)
		if diff := cmp.Diff(want.String(), got); diff != "" {
			t.Fatalf("JSON (-written +marshalled):\n%s", diff)
		}
		again, err := policy.Parse([]byte(got))
		if err != nil {
			t.Fatalf("Parse refuses what was marshalled: %v", err)
		}
		if diff := cmp.Diff(doc, again); diff != "" {
			t.Fatalf("document after a round trip (-first +second):\n%s", diff)
		}
		checkRespelled(t, doc)
	})
}

// checkSyntaxError checks that the error lies within the input.
func checkSyntaxError(t *testing.T, data []byte, err error) {
	t.Helper()
	e, ok := errors.AsType[*policy.SyntaxError](err)
	if !ok {
		t.Fatalf("error = %v, want a *SyntaxError", err)
	}
	p := e.Position
	if p.Offset > len(data) || p.Line != 1+bytes.Count(data[:p.Offset], []byte("\n")) ||
		p.Column != p.Offset-bytes.LastIndexByte(data[:p.Offset], '\n') {
		t.Fatalf("position %+v does not fit the input", p)
	}
	if e.Problem == "" || (e.Pointer != "" && e.Pointer[0] != '/') {
		t.Fatalf("error without problem or with a bad pointer: %+v", e)
	}
}

// checkRespelled checks that a document built from the exported fields means
// the same, apart from empty texts, which cannot be built.
func checkRespelled(t *testing.T, doc *policy.Document) {
	t.Helper()
	built := policy.Document{Version: doc.Version, ID: doc.ID, Unknown: doc.Unknown}
	for _, s := range doc.Statements {
		built.Statements = append(built.Statements, policy.Statement{
			Sid: s.Sid, Effect: s.Effect, Principal: s.Principal, NotPrincipal: s.NotPrincipal,
			Action: s.Action, NotAction: s.NotAction, Resource: s.Resource, NotResource: s.NotResource,
			Condition: s.Condition, Unknown: s.Unknown,
		})
	}
	again, err := policy.Parse([]byte(marshal(t, built)))
	if err != nil {
		t.Fatalf("Parse refuses what was built: %v", err)
	}
	if diff := cmp.Diff(*doc, *again); diff != "" {
		t.Fatalf("document built again (-parsed +built):\n%s", diff)
	}
}

// FuzzParseARN checks that whatever parses comes back from String.
func FuzzParseARN(f *testing.F) {
	for _, text := range []string{
		"arn:aws:iam::111122223333:role/r", "arn:aws:iam:111122223333:role/r", "arn:aws:s3:::b", "arn", "arn:::::", "",
		"arn:aws:secretsmanager:eu-west-1:111122223333:secret:a:b-AbCdEf", "arn:aws:iam::1:x", "arn:*:*:*:*:*",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		arn, err := policy.ParseARN(text)
		if err == nil && arn.String() != text {
			t.Errorf("String() = %q, want %q", arn, text)
		}
		if e, ok := errors.AsType[*policy.ARNError](err); err != nil && (!ok || e.Part == "" || e.Problem == "") {
			t.Errorf("error = %#v, want a complete *ARNError", err)
		}
	})
}
