package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/irsakit/irsa/policy"
)

// TestLintHostile lints documents made to take long. Nothing is measured: what
// takes hours runs into the timeout of the whole run.
func TestLintHostile(t *testing.T) {
	t.Parallel()
	many := func(n int, format string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = fmt.Sprintf(format, i)
		}
		return strings.Join(parts, ",")
	}
	cases := map[string]string{
		"a megabyte":         docOf(many(20000, `{"Sid":"%d","Effect":"Allow","Action":"s3:*","Resource":"*"}`)),
		"statements":         docOf(many(600, `{"Sid":"%d","Effect":"Deny","Action":"a:b","Resource":"*"}`)),
		"patterns":           docOf(`{"Effect":"Allow","Resource":"*","Action":[` + many(1500, `"s3:*a*a*a*a*%d"`) + `]}`),
		"some patterns":      docOf(`{"Effect":"Allow","Resource":"*","Action":[` + many(400, `"s3:`+strings.Repeat("*a", 30)+`%d"`) + `]}`),
		"condition keys":     asks(`"StringEqualsIfExists":{` + many(1000, `"idp.example.com/%d:sub":"a"`) + `}`),
		"repeated members":   `{` + many(10000, `"a":%d`) + `}`,
		"unknown members":    `{"Statement":[],` + many(2000, `"a%d":1`) + `}`,
		"ill-typed elements": docOf(many(500, `{"Effect":%d}`)),
		"depth":              `{"Statement":` + strings.Repeat("[", 200000),
		"variables":          docOf(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::` + strings.Repeat("${a}", 7000) + `"}`),
		"open variables":     docOf(`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::` + strings.Repeat("${", 14000) + `"}`),
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range []policy.Kind{policy.IdentityPolicy, policy.TrustPolicy, policy.KeyPolicy} {
				policy.LintText([]byte(text), policy.Policy{Kind: kind})
			}
		})
	}
}

// TestLintProblemsBounded shows that of endless problems the first are told.
func TestLintProblemsBounded(t *testing.T) {
	t.Parallel()
	got := policy.LintText([]byte(`{`+strings.Repeat(`"a":1,`, 1000)+`"a":1}`), policy.Policy{})
	if len(got) == 0 || len(got) > 200 || got.Worst() != policy.SeverityError {
		t.Errorf("%d findings, the worst of %v", len(got), got.Worst())
	}
}

// TestLintFixTaken shows that no fix is offered that would make a member twice.
func TestLintFixTaken(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		kind policy.Kind
		text string
		rule string
	}{
		"condition key":  {policy.TrustPolicy, trustWith(`"StringEquals":{` + audTest + `,` + subTest + `,"https://` + issuerOf + `:aud":"sts.amazonaws.com"}`), "IRSA002"},
		"operator":       {policy.IdentityPolicy, asks(`"StringEqualsIfExists":{"aws:PrincipalOrgID":"a"},"StringEquals":{"aws:principalorgid":"a","aws:PrincipalOrgID":"b"}`), "DUPLICATE_KEYS_WITH_DIFFERENT_CASE"},
		"wildcard":       {policy.IdentityPolicy, asks(`"StringEquals":{"aws:username":"a*"},"StringLike":{"aws:username":"a*"}`), "WILDCARD_WITHOUT_LIKE_OPERATOR"},
		"principal type": {policy.ResourcePolicy, docOf(`{` + get + `,"Principal":{"aws":"111122223333","AWS":"111122223333"},` + onAll + `}`), "INVALID_PRINCIPAL_KEY"},
		"NotAction":      {policy.TrustPolicy, docOf(`{"Effect":"Allow","NotAction":["sts:TagSession","sts:SetSourceIdentity"],` + aRole + `,"Condition":{"StringEquals":{"sts:SourceIdentity":"a"}}}`), ""},
		"variables":      {policy.IdentityPolicy, `{"Statement":[{` + get + `,"Resource":["arn:aws:s3:::b","arn:aws:s3:::${aws:username}"]}]}`, "MISSING_VERSION"},
		"more variables": {policy.IdentityPolicy, `{"Statement":[{` + get + `,` + onAll + `,"Condition":{"StringLike":{"aws:PrincipalTag/a":"${aws:username}"}}}]}`, "MISSING_VERSION"},
		"alias as bare":  {policy.IdentityPolicy, docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"alias/a"}`), "IRSA016"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := tc.rule == ""
			for _, f := range policy.LintText([]byte(tc.text), policy.Policy{Kind: tc.kind}) {
				if f.ID != tc.rule {
					continue
				}
				seen = true
				if f.Fix != nil {
					t.Errorf("%v offers to %s: %s", f, f.Fix.Title, f.Fix.Replacement)
				}
			}
			if !seen {
				t.Errorf("no finding of %s", tc.rule)
			}
		})
	}
}
