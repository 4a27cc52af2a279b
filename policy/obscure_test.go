package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/irsakit/irsa/policy"
)

// TestObscureRequestIsNotAllowed gives everything by policy, and a request that
// leaves open what it is about.
func TestObscureRequestIsNotAllowed(t *testing.T) {
	t.Parallel()
	const (
		session = "arn:aws:sts::111111111111:assumed-role/r/s"
		secret  = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:x-AbCdEf"
		read    = "secretsmanager:GetSecretValue"
		bucket  = "arn:aws:s3:::b/k"
		alias   = "arn:aws:kms:eu-west-1:111111111111:alias/a"
	)
	all := policy.MustParse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	everyone := policy.MustParse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}`)
	owned := policy.MustParse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*",
		"Condition":{"StringEquals":{"aws:ResourceAccount":"111111111111"}}}}`)
	of := func(d *policy.Document) policy.Set { return policy.Set{Identity: []policy.Policy{{Document: d}}} }
	hung := func(kind policy.Kind) policy.Set {
		set := of(all)
		set.Resource = &policy.Policy{Kind: kind, Document: everyone}
		return set
	}
	tests := map[string]struct {
		request policy.Request
		set     policy.Set
		want    policy.Decision
		what    string // what is unsettled; "" for nothing in particular
	}{
		"no principal":             {policy.Request{Principal: "", Action: read, Resource: secret}, hung(policy.ResourcePolicy), policy.Unknown, "who the principal is"},
		"principal with one colon": {policy.Request{Principal: "arn:aws:iam:111111111111:role/r", Action: read, Resource: secret}, hung(policy.ResourcePolicy), policy.Unknown, "who the principal is"},
		"a group":                  {policy.Request{Principal: "arn:aws:iam::111111111111:group/g", Action: read, Resource: secret}, hung(policy.ResourcePolicy), policy.Unknown, "who the principal is"},
		"anonymous":                {policy.Request{Principal: "*", Action: read, Resource: secret}, hung(policy.ResourcePolicy), policy.Allowed, ""},
		"another role's session":   {policy.Request{Principal: session, RoleARN: "arn:aws:iam::111111111111:role/q", Action: read, Resource: secret}, of(all), policy.Unknown, "which role the session is of"},
		"role in another account":  {policy.Request{Principal: session, RoleARN: "arn:aws:iam::222222222222:role/r", Action: read, Resource: secret}, of(all), policy.Unknown, "which role the session is of"},
		"its role":                 {policy.Request{Principal: session, RoleARN: "arn:aws:iam::111111111111:role/p/R", Action: read, Resource: secret}, of(all), policy.Allowed, ""},

		"whose bucket":                {policy.Request{Principal: session, Action: "s3:GetObject", Resource: bucket}, of(all), policy.Unknown, "the account of the resource"},
		"own bucket":                  {policy.Request{Principal: session, Action: "s3:GetObject", Resource: bucket, ResourceAccount: "111111111111"}, of(all), policy.Allowed, ""},
		"bucket, both allow":          {policy.Request{Principal: session, Action: "s3:GetObject", Resource: bucket}, hung(policy.ResourcePolicy), policy.Allowed, ""},
		"bucket, the account asked":   {policy.Request{Principal: session, Action: "s3:GetObject", Resource: bucket}, of(owned), policy.Unknown, "the account of the resource"},
		"bucket, nothing allows":      {policy.Request{Principal: session, Action: "s3:GetObject", Resource: bucket}, policy.Set{}, policy.ImplicitlyDenied, ""},
		"no resource":                 {policy.Request{Principal: session, Action: "s3:GetObject"}, of(all), policy.Unknown, "the account of the resource"},
		"an action without resources": {policy.Request{Principal: session, Action: "s3:ListAllMyBuckets", Resource: "*"}, of(all), policy.Allowed, ""},

		"any key":              {policy.Request{Principal: session, Action: "kms:Decrypt", Resource: "*"}, of(all), policy.Unknown, "key policy"},
		"an alias":             {policy.Request{Principal: session, Action: "kms:Decrypt", Resource: alias}, of(all), policy.Unknown, "key policy"},
		"an alias, key policy": {policy.Request{Principal: session, Action: "KMS:decrypt", Resource: alias}, hung(policy.KeyPolicy), policy.Unknown, "the ARN of the key"},
		"deletion of an alias": {policy.Request{Principal: session, Action: "kms:DeleteAlias", Resource: alias}, of(all), policy.Allowed, ""},
		"creation of a key":    {policy.Request{Principal: session, Action: "kms:createkey", Resource: "*"}, of(all), policy.Allowed, ""},
		"any role":             {policy.Request{Principal: session, Action: "sts:AssumeRole", Resource: "*"}, of(all), policy.Unknown, "role trust policy"},
		"who am I":             {policy.Request{Principal: session, Action: "sts:GetCallerIdentity", Resource: "*"}, of(all), policy.Allowed, ""},

		"a policy without its document": {policy.Request{Principal: session, Action: read, Resource: secret}, policy.Set{Identity: []policy.Policy{{Document: all}, {}}}, policy.Unknown, "identity-based policy"},
		"a secret's without":            {policy.Request{Principal: session, Action: read, Resource: secret}, policy.Set{Identity: []policy.Policy{{Document: all}}, Resource: &policy.Policy{}}, policy.Unknown, "resource-based policy"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.request.Closed = true
			got := evaluate(t, tt.request, tt.set)
			if got.Decision != tt.want || tt.what != "" && !slices.Contains(got.Unsettled, tt.what) {
				t.Errorf("got %v, unsettled %q; want %v, %q", got.Decision, got.Unsettled, tt.want, tt.what)
			}
		})
	}
}

// TestWebIdentityTime asks a trust policy that ended as of a day long ago.
func TestWebIdentityTime(t *testing.T) {
	t.Parallel()
	const provider = "arn:aws:iam::111111111111:oidc-provider/idp.example"
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	w := policy.WebIdentity{
		Claims:    policy.Claims{Issuer: "https://idp.example", Subject: "s", Audience: []string{"a"}, Expiry: day.Add(time.Hour)},
		Providers: []policy.OIDCProvider{{ARN: provider, URL: "https://idp.example", ClientIDs: []string{"a"}}},
		Role: policy.Role{ARN: "arn:aws:iam::111111111111:role/r", Trust: policy.MustParse(`{"Version":"2012-10-17","Statement":{
			"Effect":"Allow","Principal":{"Federated":"` + provider + `"},"Action":"sts:AssumeRoleWithWebIdentity",
			"Condition":{"DateLessThan":{"aws:CurrentTime":"2020-01-02T00:00:00Z"}}}}`)},
		Time: day,
	}
	if got := w.Evaluate(); got.Decision != policy.Allowed {
		t.Errorf("got %v at %v, want Allowed", got.Decision, day)
	}
	w.Claims.Expiry = day.AddDate(1, 0, 0)
	w.Time = day.AddDate(0, 1, 0)
	if got := w.Evaluate(); got.Decision != policy.ImplicitlyDenied {
		t.Errorf("got %v at %v, want ImplicitlyDenied", got.Decision, w.Time)
	}
}

// TestDefaultKeyDenied asks for a secret under the account's own key, which
// needs no permission but can be denied.
func TestDefaultKeyDenied(t *testing.T) {
	t.Parallel()
	const read = `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}`
	everything := policy.MustParse(`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	tests := map[string]struct {
		identity string
		scp      *policy.Document
		want     policy.Decision
	}{
		"no permission needed": {read, everything, policy.Allowed},
		"identity denies":      {read + `,{"Effect":"Deny","Action":"kms:*","Resource":"*"}`, everything, policy.ExplicitlyDenied},
		"identity may deny":    {read + `,{"Effect":"Deny","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpc":"vpc-1"}}}`, everything, policy.Unknown},
		"SCP lacks kms":        {read, policy.MustParse(`{"Statement":` + read + `}`), policy.ImplicitlyDenied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := policy.SecretAccess{
				Role: policy.Role{
					ARN:      "arn:aws:iam::111111111111:role/r",
					Policies: []policy.Policy{{Name: "p", Document: policy.MustParse(`{"Statement":[` + tt.identity + `]}`)}},
				},
				Secret:     policy.Secret{ARN: "arn:aws:secretsmanager:eu-west-1:111111111111:secret:x-AbCdEf"},
				Guardrails: map[string]policy.Guardrails{"111111111111": {SCPs: [][]policy.Policy{{{Document: tt.scp}}}}},
			}.Evaluate()
			if got.Key.Decision != tt.want {
				t.Errorf("got %v, want %v", got.Key.Decision, tt.want)
			}
		})
	}
}

func TestFaultApplyOutOfRange(t *testing.T) {
	t.Parallel()
	for _, index := range []int{-1, 1} {
		f := policy.Fault{Statement: &policy.Statement{Effect: policy.Allow}, Replace: true, Index: index}
		if got := f.Apply(&policy.Document{Statements: make([]policy.Statement, 1)}); len(got.Statements) != 2 {
			t.Errorf("index %d: got %d statements, want it appended", index, len(got.Statements))
		}
	}
}

// No policy lets the root user or an anonymous caller assume a role (AWS STS
// API Reference, AssumeRole).
func TestRootAssumesNoRole(t *testing.T) {
	t.Parallel()
	trust := policy.Policy{Kind: policy.TrustPolicy, Account: "111111111111", Document: policy.MustParse(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`)}
	identity := policy.Policy{Kind: policy.IdentityPolicy, Account: "111111111111", Document: policy.MustParse(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)}
	for principal, want := range map[string]policy.Decision{
		"arn:aws:iam::111111111111:user/ann": policy.Allowed,
		"arn:aws:iam::111111111111:root":     policy.ImplicitlyDenied,
		"111111111111":                       policy.ImplicitlyDenied,
		"*":                                  policy.ImplicitlyDenied,
	} {
		got := policy.Evaluate(policy.Request{
			Principal: principal, Action: "sts:assumerole", Resource: "arn:aws:iam::111111111111:role/target", Closed: true,
		}, policy.Set{Identity: []policy.Policy{identity}, Resource: &trust})
		if got.Decision != want {
			t.Errorf("%s: %v, want %v", principal, got.Decision, want)
		}
		if want != policy.Allowed && (len(got.Missing) > 0 || len(got.Notes) == 0) {
			t.Errorf("%s: missing %v, notes %q", principal, got.Missing, got.Notes)
		}
	}
}
