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

// written are documents in spellings that are easily lost. They also seed the
// fuzz test.
var written = map[string]string{
	"nothing":          `{"Statement":[]}`,
	"usual":            `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":["*"]}]}`,
	"single statement": `{"Statement":{"Effect":"Deny","Action":[]}}`,
	"order":            `{"Statement":[{"Resource":"*","Condition":{},"Action":"a","Effect":"Allow","Sid":"s"}],"Id":"i","Version":"2008-10-17"}`,
	"empty texts":      `{"Id":"","Statement":[{"Sid":"","Effect":"Allow","Action":""}]}`,
	"unknown members":  `{"a":{"Effect":[1,null,{"b":"\/"}]},"Statement":[{"x":1E5,"Effect":"Allow","effect":"","Action":[],"y":[]}],"":0}`,
	"principals":       `{"Statement":[{"Effect":"Allow","Principal":"*"},{"Effect":"Allow","Principal":{"AWS":"*"}},{"Effect":"Deny","NotPrincipal":{"Robot":["a"],"AWS":[],"CanonicalUser":"b"}},{"Effect":"Deny","Principal":{}}]}`,
	"scalars":          `{"Statement":[{"Effect":"Allow","Action":"a","Condition":{"NumericEquals":{"n":[1e3,12345678901234567890,-0,0.10,1E+2]},"Bool":{"b":true,"c":[false]},"Null":{"d":null,"e":[null]}}}]}`,
	"order of keys":    `{"Statement":[{"Effect":"Allow","Action":"a","Condition":{"z":{"b":"1","a":"2","B":[]},"a":{}}}]}`,
	"escapes":          `{"\u0053tatement":[{"E\u0066fect":"\u0041llow","\u0041ction":["\/","\u00e9","é","\u2028","\ud83d\ude00","\ud800"],"Sid":"\b\f\u0008","Principal":{"\u0041WS":"\u0041"},"Condition":{"\u0042ool":{"\u006b":"\u0074"}},"\u0078":"\u0079"}],"V\u0065rsion":"2012\u002d10-17"}`,
	"HTML":             `{"Statement":[{"Effect":"Allow","Action":["<a&b>","` + "\u2028\x7f" + `"],"Condition":{"<":{"&":">"}}}]}`,
	"controls":         `{"Statement":[{"Effect":"Allow","Action":"\n\r\t\u0000\u001f\"\\"}]}`,
}

func TestMarshalKeepsWhatWasWritten(t *testing.T) {
	t.Parallel()
	for name, text := range written {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var spaced bytes.Buffer
			if err := json.Indent(&spaced, []byte(text), "\r", "\t"); err != nil {
				t.Fatal(err)
			}
			for _, input := range []string{text, spaced.String()} {
				if diff := cmp.Diff(text, marshal(t, policy.MustParse(input))); diff != "" {
					t.Errorf("JSON (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func marshal(t *testing.T, m json.Marshaler) string {
	t.Helper()
	b, err := m.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMarshalAfterEdit(t *testing.T) {
	t.Parallel()
	const text = `{"Id":"","Statement":{"Resource":"\u0072","Effect":"Allow","\u0041ction":["\/"],"z":1,"Condition":{"\u0042ool":{"a":1e3}},"y":2}}`
	cases := map[string]struct {
		edit func(*policy.Document, *policy.Statement)
		want string
	}{
		"nothing": {
			func(*policy.Document, *policy.Statement) {},
			text,
		},
		"the same value again": {
			func(d *policy.Document, s *policy.Statement) { d.ID, s.Action.List[0].Text = "", "/" },
			text,
		},
		"new members": {
			func(d *policy.Document, s *policy.Statement) {
				d.Version, d.Unknown = policy.Version2012, []policy.Member{{Name: "x", Raw: []byte("0")}}
				s.Sid, s.Principal.Any = "s", true
				s.Unknown = append(s.Unknown, policy.Member{Name: "<", Raw: []byte("3")})
			},
			`{"Version":"2012-10-17","Id":"","Statement":{"Sid":"s","Resource":"\u0072","Effect":"Allow","Principal":"*","\u0041ction":["\/"],"z":1,"Condition":{"\u0042ool":{"a":1e3}},"y":2,"<":3},"x":0}`,
		},
		"changed members": {
			func(d *policy.Document, s *policy.Statement) {
				d.ID, s.Effect, s.Resource = "<i>", policy.Deny, policy.Strings("a", "b")
				s.Action.List[0].Text = "s3:*"
				s.Condition[0].Keys[0].Values = policy.Strings("x")
				s.Unknown[0].Raw = []byte(`[]`)
			},
			`{"Id":"<i>","Statement":{"Resource":["a","b"],"Effect":"Deny","\u0041ction":["s3:*"],"z":[],"Condition":{"Bool":{"a":"x"}},"y":2}}`,
		},
		"cleared members": {
			func(_ *policy.Document, s *policy.Statement) {
				s.Resource, s.Condition, s.Unknown = policy.Values{}, nil, s.Unknown[1:]
				s.Action, s.NotAction = policy.Values{}, policy.Strings()
			},
			`{"Id":"","Statement":{"Effect":"Allow","NotAction":[],"y":2}}`,
		},
		"second value": {
			func(_ *policy.Document, s *policy.Statement) {
				s.Resource.List = append(s.Resource.List, policy.Value{Text: "t"})
			},
			strings.Replace(text, `"\u0072"`, `["r","t"]`, 1),
		},
		"second statement": {
			func(d *policy.Document, _ *policy.Statement) {
				d.Statements = append(d.Statements[:1:1], policy.Statement{Effect: policy.Deny, Action: policy.Strings("*")})
				d.Statements[0].Condition, d.Statements[0].Unknown = nil, nil
			},
			`{"Id":"","Statement":[{"Resource":"\u0072","Effect":"Allow","\u0041ction":["\/"]},{"Effect":"Deny","Action":"*"}]}`,
		},
		"no statement": {
			func(d *policy.Document, _ *policy.Statement) { d.Statements = nil },
			`{"Id":"","Statement":[]}`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := policy.MustParse(text)
			tc.edit(doc, &doc.Statements[0])
			if diff := cmp.Diff(tc.want, marshal(t, doc)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarshalBuilt(t *testing.T) {
	t.Parallel()
	number := policy.Value{Text: "12345678901234567890", Kind: policy.NumberValue}
	full := policy.Statement{
		Sid: "s", Effect: policy.Deny,
		NotPrincipal: policy.Principal{Entries: []policy.PrincipalEntry{{Type: policy.PrincipalAWS}}},
		NotAction:    policy.Strings("a\xff"), NotResource: policy.Strings("a", "<\n\x01>"),
		Condition: policy.Condition{{Operator: "Bool", Keys: []policy.ConditionKey{
			{Key: "n", Values: policy.Values{List: []policy.Value{number}, Single: true}},
			{Key: "b", Values: policy.Values{List: []policy.Value{{Text: "true", Kind: policy.BoolValue}}}},
			{Key: "z", Values: policy.Values{List: []policy.Value{{Kind: policy.NullValue}}}},
			{Key: "-"},
		}}, {Operator: "Null"}},
		Unknown: []policy.Member{{Name: "x", Raw: []byte("{}")}},
	}
	cases := map[string]struct {
		value json.Marshaler
		want  string
	}{
		"zero document":   {policy.Document{}, `{"Statement":[]}`},
		"zero statement":  {policy.Statement{}, `{}`},
		"zero principal":  {policy.Principal{}, `null`},
		"zero condition":  {policy.Condition(nil), `null`},
		"zero values":     {policy.Values{}, `null`},
		"empty principal": {policy.Principal{Entries: []policy.PrincipalEntry{}}, `{}`},
		"empty condition": {policy.Condition{}, `{}`},
		"empty values":    {policy.Values{List: []policy.Value{}, Single: true}, `[]`},
		"everyone":        {policy.Principal{Any: true}, `"*"`},
		"document": {
			policy.Document{Version: policy.Version2012, ID: "i", Statements: []policy.Statement{{Effect: policy.Allow}}},
			`{"Version":"2012-10-17","Id":"i","Statement":[{"Effect":"Allow"}]}`,
		},
		"statement": {full, `{"Sid":"s","Effect":"Deny","NotPrincipal":{"AWS":[]},"NotAction":"a` + "\uFFFD" + `","NotResource":["a","<\n\u0001>"],` +
			`"Condition":{"Bool":{"n":12345678901234567890,"b":[true],"z":[null],"-":[]},"Null":{}},"x":{}}`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, marshal(t, tc.value)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMarshalErrors(t *testing.T) {
	t.Parallel()
	value := func(kind policy.ValueKind, text string) policy.Values {
		return policy.Values{List: []policy.Value{{Text: text, Kind: kind}}}
	}
	unknown := func(members ...policy.Member) policy.Statement { return policy.Statement{Unknown: members} }
	one := policy.Member{Name: "x", Raw: []byte("1")}
	cases := map[string]policy.Statement{
		"number":            {Action: value(policy.NumberValue, "01")},
		"boolean":           {Action: value(policy.BoolValue, "True")},
		"kind":              {Action: value(99, "x")},
		"both principals":   {Principal: policy.Principal{Any: true, Entries: []policy.PrincipalEntry{}}},
		"repeated type":     {Principal: policy.Principal{Entries: []policy.PrincipalEntry{{Type: "AWS"}, {Type: "AWS"}}}},
		"repeated operator": {Condition: policy.Condition{{Operator: "Bool"}, {Operator: "Bool"}}},
		"repeated key":      {Condition: policy.Condition{{Keys: []policy.ConditionKey{{Key: "k"}, {Key: "k"}}}}},
		"repeated unknown":  unknown(one, one),
		"known unknown":     unknown(policy.Member{Name: "Action", Raw: []byte(`"*"`)}),
		"not JSON":          unknown(policy.Member{Name: "x", Raw: []byte(`1,"Effect":"Allow"`)}),
		"no JSON":           unknown(policy.Member{Name: "x"}),
	}
	for name, s := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if b, err := s.MarshalJSON(); err == nil {
				t.Errorf("JSON of the statement = %s, want an error", b)
			}
			doc := policy.Document{Statements: []policy.Statement{{}, s}}
			if b, err := doc.MarshalJSON(); err == nil {
				t.Errorf("JSON of the document = %s, want an error", b)
			}
			if got := s.String(); !strings.HasPrefix(got, "policy: ") || got != s.Compact() {
				t.Errorf("String() = %s, want the error", got)
			}
		})
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	doc := policy.MustParse(`{"Statement":[{"Effect":"Allow","Action":["<","&"],"Condition":{}}]}`)
	const statement = `{
  "Effect": "Allow",
  "Action": [
    "<",
    "&"
  ],
  "Condition": {}
}`
	if diff := cmp.Diff(statement, doc.Statements[0].String()); diff != "" {
		t.Errorf("statement (-want +got):\n%s", diff)
	}
	document := "{\n  \"Statement\": [\n    " + strings.ReplaceAll(statement, "\n", "\n    ") + "\n  ]\n}"
	if diff := cmp.Diff(document, doc.String()); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

// parts are the types that encoding/json can read and write on their own.
type parts struct {
	Document  policy.Document  `json:"d"`
	Statement policy.Statement `json:"s"`
	Principal policy.Principal `json:"p,omitzero"`
	Condition policy.Condition `json:"c,omitzero"`
	Values    policy.Values    `json:"v,omitzero"`
}

func TestEncodingJSON(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"full":   `{"d":{"Statement":{"Effect":"Deny","Action":"a"}},"s":{"Action":[],"Effect":"Deny"},"p":{"AWS":["a"]},"c":{"Bool":{"k":1e3}},"v":[1,null]}`,
		"empty":  `{"d":{"Statement":[]},"s":{"NotAction":[],"Effect":"Deny"},"p":{},"c":{},"v":[]}`,
		"single": `{"d":{"Statement":[]},"s":{"NotAction":[],"Effect":"Deny"},"p":"*","v":null}`,
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p parts
			if err := json.Unmarshal([]byte(text), &p); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(text, string(got)); diff != "" {
				t.Errorf("JSON (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUnmarshalNull(t *testing.T) {
	t.Parallel()
	p := parts{Principal: policy.Principal{Any: true}, Condition: policy.Condition{}}
	if err := json.Unmarshal([]byte(`{"p":null,"c":null}`), &p); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(parts{}, p); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

func TestUnmarshalErrors(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		into json.Unmarshaler
		text string
	}{
		"document null":  {new(policy.Document), `null`},
		"statement null": {new(policy.Statement), `null`},
		"statement":      {new(policy.Statement), `{"Effect":"Allow"}`},
		"principal":      {new(policy.Principal), `"a"`},
		"condition":      {new(policy.Condition), `{"Bool":1}`},
		"values":         {new(policy.Values), `{}`},
		"not JSON":       {new(policy.Values), `[`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tc.into.UnmarshalJSON([]byte(tc.text))
			if _, ok := errors.AsType[*policy.SyntaxError](err); !ok {
				t.Errorf("error = %v, want a *SyntaxError", err)
			}
		})
	}
}
