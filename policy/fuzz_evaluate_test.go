package policy_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/irsakit/irsa/policy"
)

// everyKind are the kinds of policy that Set.Unknown can name.
var everyKind = []policy.Kind{
	policy.IdentityPolicy, policy.PermissionsBoundary, policy.SessionPolicy, policy.ServiceControlPolicy,
	policy.ResourceControlPolicy, policy.EndpointPolicy, policy.ResourcePolicy,
}

// FuzzEvaluate holds, for any document and request, that nothing panics; that
// Decide and Evaluate agree; that a Deny wins; that what was not supplied
// never makes Allowed; and that a document without a statement changes
// nothing.
func FuzzEvaluate(f *testing.F) {
	for _, c := range readCases(f) {
		for _, p := range documents(&c.set) {
			if b, err := p.Document.MarshalJSON(); err == nil {
				f.Add(b, c.request.Principal, c.request.Action, c.request.Resource, "aws:PrincipalTag/team", "a")
			}
		}
	}
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"x"},"NotAction":"a:*","NotResource":"${k}","Condition":{"ForAnyValue:BoolIfExists":{"k":["${x","${y}",1,null]}}}}`),
		"arn:::::", "kms:", "arn:aws:kms:::key/", "k", "1e999")
	f.Fuzz(func(t *testing.T, document []byte, principal, action, resource, key, value string) {
		d, err := policy.Parse(document)
		if err != nil {
			return
		}
		p := policy.Policy{Document: d}
		req := policy.Request{
			Principal: principal, Action: action, Resource: resource, Context: policy.Context{key: {value}}, Time: storyTime,
		}
		grant := policy.Grant{Grantee: principal, Operations: []string{"Decrypt", strings.TrimPrefix(action, "kms:")}, EncryptionContextEquals: map[string]string{key: value}}
		for _, set := range []policy.Set{
			{Identity: list(p), Boundaries: list(p), Session: list(p), SCPs: [][]policy.Policy{list(p)}, RCPs: [][]policy.Policy{list(p)}, Endpoint: list(p)},
			{Identity: list(p), Resource: &p},
			{Identity: list(all), Resource: &p},
			{Resource: &p, Grants: []policy.Grant{grant}},
			{Resource: &policy.Policy{Kind: policy.TrustPolicy, Document: d}},
		} {
			checkEvaluation(t, req, set)
		}
	})
}

// checkEvaluation holds what is true of every request and set.
func checkEvaluation(t *testing.T, req policy.Request, set policy.Set) {
	t.Helper()
	open := evaluate(t, req, set).Decision
	closed := req
	closed.Closed = true
	if got := evaluate(t, closed, set).Decision; open == policy.Allowed && got != policy.Allowed {
		t.Errorf("allowed whatever comes, yet %v when nothing does", got)
	}
	if open == policy.Allowed {
		checkMoreKeys(t, req, set)
	}

	unknown := set
	unknown.Unknown = everyKind
	if got := evaluate(t, req, unknown).Decision; got == policy.Allowed {
		t.Error("allowed, although any policy may be missing")
	}

	denied := set
	denied.Endpoint = append(slices.Clone(set.Endpoint), *to("Deny", `"*"`))
	if got := evaluate(t, req, denied).Decision; got != policy.ExplicitlyDenied {
		t.Errorf("a Deny that matches leaves %v", got)
	}

	set.Identity = append(list(policy.Policy{Document: &policy.Document{}}), set.Identity...)
	if got := evaluate(t, req, set).Decision; got != open {
		t.Errorf("an empty document turns %v into %v", open, got)
	}
}

// checkMoreKeys holds that a request which is allowed with some of its keys
// not known is allowed whatever they are.
func checkMoreKeys(t *testing.T, req policy.Request, set policy.Set) {
	t.Helper()
	for key := range mentionedKeys(set) {
		lower := strings.ToLower(key)
		given := slices.ContainsFunc(slices.Collect(maps.Keys(req.Context)), func(k string) bool { return strings.EqualFold(k, key) })
		// What the evaluator derives is not open, and a token's claims are all known.
		if given || strings.HasPrefix(lower, "aws:") || strings.HasPrefix(lower, "kms:") || strings.Contains(key, ".") {
			continue
		}
		for _, values := range [][]string{{""}, {"*"}, {"true"}, {"1"}, {}, {"a", "b"}} {
			more := req
			more.Context = policy.Context{key: values}
			maps.Copy(more.Context, req.Context)
			got := evaluate(t, more, set)
			if got.Decision != policy.Allowed && len(got.Notes) == 0 { // a note tells of a rule that AWS leaves open
				t.Errorf("allowed whatever comes, yet with %s=%q it is %v", key, values, got.Decision)
			}
		}
	}
}

// mentionedKeys are the condition keys that the documents test.
func mentionedKeys(set policy.Set) map[string]bool {
	keys := map[string]bool{}
	for _, p := range documents(&set) {
		for _, s := range p.Document.Statements {
			for _, block := range s.Condition {
				for _, key := range block.Keys {
					keys[key.Key] = true
				}
			}
		}
	}
	return keys
}

// FuzzCondition holds, for any operator and values, that a negated operator is
// the contrary of its positive, that set operators on one value are the plain
// operator, and that IfExists changes nothing about a key that is there.
func FuzzCondition(f *testing.F) {
	for i, seed := range [][2]string{
		{"a", "a"},
		{"a*", "ab"},
		{"A", "a"},
		{"${k}", "x"},
		{"${x, 'a'}*", "a"},
		{"1e3", "1000"},
		{"2026-11-21", "2026-11-21T00:00:00Z"},
		{"1767225600.5", "2026"},
		{"TRUE", "true"},
		{"YWI=", "YWI="},
		{"203.0.113.0/24", "203.0.113.7"},
		{"::/0", "::1%eth0"},
		{"arn:aws:iam::*:role/*", "arn:aws:iam::1:role/a/b"},
		{"", ""},
		{"${", "${*}"},
		{"-0", "0.0"},
	} {
		f.Add(uint8(i), seed[0], seed[1])
	}
	pairs := [][2]string{
		{"StringEquals", "StringNotEquals"},
		{"StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"},
		{"StringLike", "StringNotLike"},
		{"NumericEquals", "NumericNotEquals"},
		{"NumericLessThan", ""},
		{"NumericLessThanEquals", ""},
		{"NumericGreaterThan", ""},
		{"NumericGreaterThanEquals", ""},
		{"DateEquals", "DateNotEquals"},
		{"DateLessThan", ""},
		{"DateLessThanEquals", ""},
		{"DateGreaterThan", ""},
		{"DateGreaterThanEquals", ""},
		{"Bool", ""},
		{"BinaryEquals", ""},
		{"IpAddress", "NotIpAddress"},
		{"ArnEquals", "ArnNotEquals"},
		{"ArnLike", "ArnNotLike"},
	}
	f.Fuzz(func(t *testing.T, operator uint8, want, got string) {
		pair := pairs[int(operator)%len(pairs)]
		req := policy.Request{Closed: true, Context: policy.Context{"k": {got}}, Time: storyTime}
		with := func(operator string) string {
			b, err := json.Marshal(map[string]any{operator: map[string]string{"k": want}})
			if err != nil {
				t.Fatal(err)
			}
			return condition(t, string(b), req)
		}
		plain := with(pair[0])
		if plain != "yes" && plain != "no" && plain != "contested" {
			t.Fatalf("%s: %s", pair[0], plain)
		}
		if exists := with(pair[0] + "IfExists"); exists != plain {
			t.Errorf("%s is %s, with IfExists %s", pair[0], plain, exists)
		}
		if got != "" { // the set operators take an empty text for no value
			for _, quantifier := range []string{"ForAllValues:", "ForAnyValue:"} {
				if q := with(quantifier + pair[0]); q != plain {
					t.Errorf("%s is %s, with %s %s", pair[0], plain, quantifier, q)
				}
			}
		}
		if contrary := map[string]string{"yes": "no", "no": "yes"}[plain]; pair[1] != "" && with(pair[1]) != contrary {
			t.Errorf("%s is %s, and so is %s", pair[0], plain, pair[1])
		}
	})
}
