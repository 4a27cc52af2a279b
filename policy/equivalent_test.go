package policy_test

import (
	"strings"
	"testing"

	"github.com/irsakit/irsa/policy"
)

func TestEquivalent(t *testing.T) {
	t.Parallel()
	const base = `{"Version":"2012-10-17","Id":"i","Statement":[
		{"Sid":"a","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:role/R"]},
			"Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::b/x"],
			"Condition":{"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"s3:max-keys":10},"StringLike":{"aws:PrincipalTag/a":["x","y"]}}},
		{"Effect":"Deny","Principal":"*","NotAction":"iam:*","NotResource":"arn:aws:s3:::c"}]}`
	replaced := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(base) }
	cases := map[string]struct {
		other string
		want  bool
	}{
		"the same":            {base, true},
		"list of one":         {replaced(`["arn:aws:s3:::b/x"]`, `"arn:aws:s3:::b/x"`, `"iam:*"`, `["iam:*"]`), true},
		"order of values":     {replaced(`"s3:GetObject","s3:PutObject"`, `"s3:PutObject","s3:GetObject","s3:GetObject"`), true},
		"account":             {replaced(`"arn:aws:iam::111122223333:root"`, `"111122223333"`), true},
		"case of action":      {replaced(`"s3:GetObject"`, `"S3:getobject"`), true},
		"case of key":         {replaced(`aws:SecureTransport`, `AWS:securetransport`), true},
		"case of operator":    {replaced(`StringLike`, `stringlike`), true},
		"truth as text":       {replaced(`:true`, `:"true"`), true},
		"number as text":      {replaced(`:10`, `:"10"`), true},
		"Sid":                 {replaced(`"Sid":"a",`, ``), true},
		"order of operators":  {replaced(`"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"s3:max-keys":10}`, `"NumericLessThan":{"s3:max-keys":10},"Bool":{"aws:SecureTransport":true}`), true},
		"version":             {replaced(`2012-10-17`, `2008-10-17`), false},
		"id":                  {replaced(`"i"`, `"j"`), false},
		"effect":              {replaced(`"Deny"`, `"Allow"`), false},
		"everyone, typed":     {replaced(`"*"`, `{"AWS":"*"}`), false},
		"case of role":        {replaced(`role/R`, `role/r`), false},
		"case of resource":    {replaced(`:::b/x`, `:::B/x`), false},
		"case of value":       {replaced(`"y"`, `"Y"`), false},
		"null":                {replaced(`:10`, `:null`), false},
		"null as text":        {replaced(`"y"`, `null`), false},
		"another value":       {replaced(`["x","y"]`, `["x"]`), false},
		"no condition":        {replaced(`"Bool":{"aws:SecureTransport":true},`, ``), false},
		"NotAction":           {replaced(`"NotAction"`, `"Action"`), false},
		"NotResource":         {replaced(`"NotResource"`, `"Resource"`), false},
		"NotPrincipal":        {replaced(`"Principal":{`, `"NotPrincipal":{`), false},
		"empty list":          {replaced(`["arn:aws:s3:::b/x"]`, `[]`), false},
		"another statement":   {replaced(`"iam:*"`, `"iam:Get*"`), false},
		"unknown member":      {replaced(`"Id":"i"`, `"Id":"i","x":1`), false},
		"unknown, in between": {replaced(`"Sid":"a"`, `"sid":"a"`), false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := policy.MustParse(base), policy.MustParse(tc.other)
			if got := policy.Equivalent(a, b); got != tc.want {
				t.Errorf("Equivalent = %v, want %v:\n%s", got, tc.want, b)
			}
			if policy.Equivalent(b, a) != policy.Equivalent(a, b) {
				t.Error("Equivalent depends on the order")
			}
		})
	}
}

func TestEquivalentForms(t *testing.T) {
	t.Parallel()
	one, list := policy.MustParse(`{"Statement":{"Effect":"Deny","Action":"*"}}`), policy.MustParse(`{"Statement":[{"Effect":"Deny","Action":"*","Condition":{}}],"Version":"2008-10-17"}`)
	if !policy.Equivalent(one, list) {
		t.Error("a lone statement, an absent version and an empty condition are not what they stand for")
	}
	absent, empty := policy.MustParse(`{"Statement":{"Effect":"Deny","Principal":{}}}`), policy.MustParse(`{"Statement":{"Effect":"Deny","Principal":{},"Action":[]}}`)
	if policy.Equivalent(absent, empty) {
		t.Error("an absent action and an empty list are equivalent")
	}
	if !policy.Equivalent(nil, nil) || policy.Equivalent(nil, one) || policy.Equivalent(one, nil) {
		t.Error("nil is not equivalent to itself alone")
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	const text = " {\"Statement\" : [ {\"Effect\":\"Deny\",\"Action\":\"a b\u00e4\"}]}\n"
	doc := policy.MustParse(text)
	compact := len(`{"Statement":[{"Effect":"Deny","Action":"a bx"}]}`)
	cases := map[policy.Kind]int{
		policy.IdentityPolicy:        compact,
		policy.TrustPolicy:           compact,
		policy.KeyPolicy:             compact + 1, // ä has two bytes
		policy.ServiceControlPolicy:  len(text) - 1,
		policy.ResourceControlPolicy: len(text) - 1,
	}
	for kind, want := range cases {
		if got := doc.Size(kind); got != want {
			t.Errorf("size as %v = %d, want %d", kind, got, want)
		}
	}
	doc.Statements[0].Action = policy.Strings("a bx")
	if got := doc.Size(policy.ServiceControlPolicy); got != compact {
		t.Errorf("size of a changed control policy = %d, want %d", got, compact)
	}
	built := policy.Document{Statements: []policy.Statement{{Effect: policy.Deny}}}
	if got, want := built.Size(policy.ServiceControlPolicy), len(`{"Statement":[{"Effect":"Deny"}]}`); got != want {
		t.Errorf("size of a built control policy = %d, want %d", got, want)
	}
	built.Statements[0].Principal = policy.Principal{Any: true, Entries: []policy.PrincipalEntry{}}
	if got := built.Size(policy.IdentityPolicy); got != 0 {
		t.Errorf("size of what JSON cannot hold = %d, want 0", got)
	}
}
