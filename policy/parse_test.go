package policy_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/irsakit/irsa/policy"
)

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := policy.Parse([]byte(`{
		"Id": "", "Extra": {"deep": [1, null]},
		"Statement": [{
			"Sid": "one", "Effect": "Deny", "effect": "Allow",
			"NotPrincipal": {"AWS": "a", "Robot": ["b", "c"], "Service": []},
			"NotAction": [],
			"NotResource": ["*"],
			"Condition": {
				"StringEquals": {"aws:PrincipalTag/a": "x", "aws:principaltag/A": ["y", 1e3, 12345678901234567890, true, null]},
				"Null": {}
			}
		}, {"Effect": "Allow", "Principal": "*", "Action": "\u0061", "Condition": {}}, {"Effect": "Deny", "Principal": {}}]
	}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &policy.Document{
		Unknown: []policy.Member{{Name: "Extra", Raw: []byte(`{"deep":[1,null]}`)}},
		Statements: []policy.Statement{{
			Sid: "one", Effect: policy.Deny,
			Unknown: []policy.Member{{Name: "effect", Raw: []byte(`"Allow"`)}},
			NotPrincipal: policy.Principal{Entries: []policy.PrincipalEntry{
				{Type: policy.PrincipalAWS, Values: policy.Strings("a")},
				{Type: "Robot", Values: policy.Strings("b", "c")},
				{Type: policy.PrincipalService, Values: policy.Strings()},
			}},
			NotAction:   policy.Strings(),
			NotResource: policy.Values{List: []policy.Value{{Text: "*"}}},
			Condition: policy.Condition{
				{Operator: "StringEquals", Keys: []policy.ConditionKey{
					{Key: "aws:PrincipalTag/a", Values: policy.Strings("x")},
					{Key: "aws:principaltag/A", Values: policy.Values{List: []policy.Value{
						{Text: "y"},
						{Text: "1e3", Kind: policy.NumberValue},
						{Text: "12345678901234567890", Kind: policy.NumberValue},
						{Text: "true", Kind: policy.BoolValue},
						{Text: "null", Kind: policy.NullValue},
					}}},
				}},
				{Operator: "Null", Keys: []policy.ConditionKey{}},
			},
		}, {
			Effect: policy.Allow, Principal: policy.Principal{Any: true},
			Action: policy.Strings("a"), Condition: policy.Condition{},
		}, {
			Effect: policy.Deny, Principal: policy.Principal{Entries: []policy.PrincipalEntry{}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
}

// statement wraps the members of a statement that begins in column 15.
func statement(members string) string { return `{"Statement":[{` + members + `}]}` }

func TestParseErrors(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		text string
		want string // the whole error
	}{
		"nothing":            {"", `line 1, column 1: the document ends early; a value is missing here`},
		"white space":        {" \n ", `line 2, column 2: the document ends early; a value is missing here`},
		"open object":        {"{\n\"Statement\":[]\n", `line 3, column 1: the document ends early; the object that begins in line 1 is not closed`},
		"open array":         {`{"Statement":[`, `line 1, column 15 (/Statement/0): the document ends early; a value is missing here`},
		"open string":        {`{"Id":"x`, `line 1, column 9 (/Id): the string is not closed; add a double quote`},
		"open name":          {`{"Id`, `line 1, column 5: the string is not closed; add a double quote`},
		"no value":           {`{"Id":}`, `line 1, column 7 (/Id): expected a JSON value here; text needs double quotes, and no comma may stand before a closing bracket`},
		"no colon":           {`{"Id" "x"}`, `line 1, column 7 (/Id): expected a colon here, after the member's name`},
		"no comma":           {`{"Id":"x" "y":1}`, `line 1, column 11: expected a comma or '}' here, to continue or close the object`},
		"comma too many":     {`{"Id":"x",}`, `line 1, column 11: expected a member's name in double quotes here; a comma before a closing brace is one too many`},
		"element too few":    {`{"a":[1,]}`, `line 1, column 9 (/a/1): expected a JSON value here; text needs double quotes, and no comma may stand before a closing bracket`},
		"wrong bracket":      {`{"a":[1}`, `line 1, column 8 (/a): expected a comma or ']' here, to continue or close the array`},
		"bare word":          {`{"a":Allow}`, `line 1, column 6 (/a): expected a JSON value here; text needs double quotes, and no comma may stand before a closing bracket`},
		"bad number":         {`{"a":01}`, `line 1, column 6 (/a): expected a JSON value here; text needs double quotes, and no comma may stand before a closing bracket`},
		"bad escape":         {`{"a":"x\d"}`, `line 1, column 8 (/a): JSON has no such escape; write \\ for a backslash`},
		"short escape":       {`{"a":"x\u12g4"}`, `line 1, column 8 (/a): JSON has no such escape; write \\ for a backslash`},
		"line break":         {"{\"a\":\"x\ny\"}", `line 1, column 8 (/a): a line break, tab or other control character stands in a string; write it as an escape or close the string`},
		"trailing":           {"{\"Statement\":[]}\n{}", `line 2, column 1: something follows the end of the document; remove it`},
		"trailing NUL":       {"{\"Statement\":[]}\x00", `line 1, column 17: something follows the end of the document; remove it`},
		"UTF-8":              {"{\"ä\":\"\xff\"}", `line 1, column 8: this byte is not UTF-8; save the document as UTF-8`},
		"byte order mark":    {"\uFEFF{}", `line 1, column 1: the document begins with a byte order mark; save it without one`},
		"percent-encoded":    {`%7B%22Statement%22%3A%5B%5D%7D`, `line 1, column 1: the document is percent-encoded, as IAM returns it; read it with ParseEncoded`},
		"JSON in JSON":       {`"{\"Statement\":[]}"`, `line 1, column 1: the document is JSON within a JSON string; decode the string first`},
		"string":             {`"x"`, `line 1, column 1: a policy document is an object, not a string`},
		"null":               {`null`, `line 1, column 1: a policy document is an object, not null`},
		"pointer's escapes":  {`{"a/b~c":tru}`, `line 1, column 10 (/a~1b~0c): expected a JSON value here; text needs double quotes, and no comma may stand before a closing bracket`},
		"pointer's controls": {`{"a\nb\"":tru}`, `line 1, column 11 (/a\nb\"): expected a JSON value here; text needs double quotes, and no comma may stand before a closing bracket`},

		"repeated in document":   {`{"Statement":[],"Statement":[]}`, `line 1, column 17 (/Statement): the member "Statement" is repeated; merge the two`},
		"repeated by escape":     {`{"Id":"","\u0049d":""}`, `line 1, column 10 (/Id): the member "Id" is repeated; merge the two`},
		"repeated in statement":  {statement(`"Effect":"Allow","Effect":"Deny"`), `line 1, column 33 (/Statement/0/Effect): the member "Effect" is repeated; merge the two`},
		"repeated type":          {statement(`"Principal":{"AWS":"a","AWS":"b"}`), `line 1, column 39 (/Statement/0/Principal/AWS): the member "AWS" is repeated; merge the two`},
		"repeated operator":      {statement(`"Condition":{"Bool":{},"Bool":{}}`), `line 1, column 39 (/Statement/0/Condition/Bool): the member "Bool" is repeated; merge the two`},
		"repeated key":           {statement(`"Condition":{"Bool":{"a:b/c":1,"a:b/c":2}}`), `line 1, column 47 (/Statement/0/Condition/Bool/a:b~1c): the member "a:b/c" is repeated; merge the two`},
		"repeated in unknown":    {`{"x":{"y":1,"y":2}}`, `line 1, column 13 (/x/y): the member "y" is repeated; merge the two`},
		"no statement":           {`{}`, `line 1, column 1: the document has no Statement; add it`},
		"statement in lowercase": {`{"statement":[]}`, `line 1, column 2 (/statement): the document has no Statement; spell this member so, with the same capitals`},
		"statement is a string":  {`{"Statement":"x"}`, `line 1, column 14 (/Statement): Statement is an object or an array of objects, not a string`},
		"statements are strings": {`{"Statement":["x"]}`, `line 1, column 15 (/Statement/0): a statement is an object, not a string`},
		"version":                {`{"Version":"2026-01-01","Statement":[]}`, `line 1, column 12 (/Version): Version is "2012-10-17", or the older "2008-10-17": the language's date and not the document's; write the first`},
		"version is a number":    {`{"Version":2012}`, `line 1, column 12 (/Version): Version is a string, not a number`},
		"id is null":             {`{"Id":null}`, `line 1, column 7 (/Id): Id is a string, not null`},
		"sid is a boolean":       {statement(`"Sid":true`), `line 1, column 22 (/Statement/0/Sid): Sid is a string, not a boolean`},

		"no effect":              {statement(`"Action":"*"`), `line 1, column 15 (/Statement/0): the statement has no Effect; add it`},
		"effect in lower case":   {statement(`"effect":"Allow","Action":"*"`), `line 1, column 16 (/Statement/0/effect): the statement has no Effect; spell this member so, with the same capitals`},
		"bad effect":             {statement(`"Effect":"allow"`), `line 1, column 25 (/Statement/0/Effect): Effect is "Allow" or "Deny", with these capitals`},
		"effect is an array":     {statement(`"Effect":["Allow"]`), `line 1, column 25 (/Statement/0/Effect): Effect is a string, not an array`},
		"no action":              {statement(`"Effect":"Allow","Resource":"*"`), `line 1, column 15 (/Statement/0): the statement has no Action; add it`},
		"no action, one object":  {`{"Statement":{"Effect":"Deny"}}`, `line 1, column 14 (/Statement): the statement has no Action; add it`},
		"both actions":           {statement(`"Action":[],"NotAction":[]`), `line 1, column 28 (/Statement/0/NotAction): a statement has Action or NotAction, not both; remove one`},
		"both principals":        {statement(`"NotPrincipal":"*","Principal":"*"`), `line 1, column 16 (/Statement/0/NotPrincipal): a statement has Principal or NotPrincipal, not both; remove one`},
		"both resources":         {statement(`"Resource":[],"NotResource":[]`), `line 1, column 30 (/Statement/0/NotResource): a statement has Resource or NotResource, not both; remove one`},
		"action is a number":     {statement(`"Action":1`), `line 1, column 25 (/Statement/0/Action): expected a string or an array of strings, not a number`},
		"action is null":         {statement(`"Action":null`), `line 1, column 25 (/Statement/0/Action): expected a string or an array of strings, not null`},
		"null among resources":   {statement(`"Resource":["a",null]`), `line 1, column 32 (/Statement/0/Resource/1): expected a string or an array of strings, not null`},
		"principal is a name":    {statement(`"Principal":"arn:x"`), `line 1, column 28 (/Statement/0/Principal): a principal is "*" or an object such as {"AWS": "…"}, {"Service": "…"} or {"Federated": "…"}`},
		"principal's type":       {statement(`"Principal":{"AWS":{}}`), `line 1, column 35 (/Statement/0/Principal/AWS): expected a string or an array of strings, not an object`},
		"condition is null":      {statement(`"Condition":null`), `line 1, column 28 (/Statement/0/Condition): a condition is an object, not null`},
		"operator is a string":   {statement(`"Condition":{"Bool":"x"}`), `line 1, column 36 (/Statement/0/Condition/Bool): what a condition operator holds is an object, not a string`},
		"condition's value":      {statement(`"Condition":{"Bool":{"k":{}}}`), `line 1, column 41 (/Statement/0/Condition/Bool/k): expected a single value or an array of such, not an object`},
		"condition's list":       {statement(`"Condition":{"Bool":{"k":["a",["b"]]}}`), `line 1, column 46 (/Statement/0/Condition/Bool/k/1): expected a single value or an array of such, not an array`},
		"size":                   {strings.Repeat(" ", 256<<10+1), `line 1, column 1: the document is larger than 256 KiB; no AWS policy may be so large`},
		"depth":                  {`{"x":` + strings.Repeat("[", 32), `line 1, column 37 (/x` + strings.Repeat("/0", 31) + `): objects and arrays lie more than 32 deep; no AWS policy does`},
		"length":                 {`{"x":[` + strings.Repeat("1,", 10_000) + `1]}`, `line 1, column 6 (/x): the array has more than 10000 elements; no AWS policy has so many`},
		"long member name":       {`{"` + strings.Repeat("ä", 99) + `":x`, `line 1, column 203 (/` + strings.Repeat("ä", 79) + `…): expected a JSON value here; text needs double quotes, and no comma may stand before a closing bracket`},
		"long repeated member":   {`{"` + strings.Repeat("x", 199) + `":1,"` + strings.Repeat("x", 199) + `":1}`, `line 1, column 206 (/` + strings.Repeat("x", 159) + `…): the member "` + strings.Repeat("x", 160) + `…" is repeated; merge the two`},
		"position in a document": {"{\n  \"Statement\": [\n    {\"Effect\": \"Äh\"}\n  ]\n}", `line 3, column 16 (/Statement/0/Effect): Effect is "Allow" or "Deny", with these capitals`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc, err := policy.Parse([]byte(tc.text))
			if doc != nil {
				t.Errorf("document = %s, want nil", doc)
			}
			if _, ok := errors.AsType[*policy.SyntaxError](err); !ok {
				t.Fatalf("error = %v, want a *SyntaxError", err)
			}
			if diff := cmp.Diff("policy: "+tc.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSyntaxErrorFields(t *testing.T) {
	t.Parallel()
	_, err := policy.Parse([]byte("{\"Statement\":\n [{\"Effect\":\"x\"}]}"))
	want := &policy.SyntaxError{
		Position: policy.Position{Offset: 26, Line: 2, Column: 13},
		Pointer:  "/Statement/0/Effect",
		Rule:     "INVALID_EFFECT",
		Problem:  `Effect is "Allow" or "Deny", with these capitals`,
	}
	if diff := cmp.Diff(error(want), err); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

// TestParseLimits parses what is just within each limit.
func TestParseLimits(t *testing.T) {
	t.Parallel()
	const empty = `{"Statement":[]}`
	cases := map[string]string{
		"size":   strings.Repeat(" ", 256<<10-len(empty)) + empty,
		"depth":  `{"Statement":[],"x":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`,
		"length": `{"Statement":[],"x":[` + strings.Repeat("1,", 9_999) + `1]}`,
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := policy.Parse([]byte(text)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestParseEncoded(t *testing.T) {
	t.Parallel()
	const text = `{"Statement":{"Effect":"Allow","Action":"a+b %"}}`
	doc, err := policy.ParseEncoded(url.PathEscape(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(policy.MustParse(text), doc); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	for name, bad := range map[string]string{"encoding": "%7", "document": "%7B"} {
		_, err := policy.ParseEncoded(bad)
		if _, ok := errors.AsType[*policy.SyntaxError](err); !ok {
			t.Errorf("%s: error = %v, want a *SyntaxError", name, err)
		}
	}
}

func TestMustParsePanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if err, ok := recover().(*policy.SyntaxError); !ok {
			t.Errorf("panic = %v, want a *SyntaxError", err)
		}
	}()
	policy.MustParse("{}")
}
