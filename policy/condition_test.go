package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/policy"
)

// condition evaluates a Condition element in an Allow and in a Deny statement
// and returns "yes", "no" or "maybe"; "contested" where it turns against the
// caller both times.
func condition(t *testing.T, json string, req policy.Request) string {
	t.Helper()
	req.Principal = "arn:aws:sts::111111111111:assumed-role/pod-role/sess-1"
	req.Action, req.Resource = "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-west-2:111111111111:secret:a-AbCdEf"
	allow := `{"Effect":"Allow","Action":"*","Resource":"*"`
	with := func(statements string) policy.Decision {
		doc := policy.MustParse(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)
		return evaluate(t, req, policy.Set{Identity: []policy.Policy{{Document: doc}}}).Decision
	}
	allowed := with(allow + `,"Condition":` + json + `}`)
	denied := with(allow + `},` + strings.Replace(allow, "Allow", "Deny", 1) + `,"Condition":` + json + `}`)
	switch [2]policy.Decision{allowed, denied} {
	case [2]policy.Decision{policy.Allowed, policy.ExplicitlyDenied}:
		return "yes"
	case [2]policy.Decision{policy.ImplicitlyDenied, policy.Allowed}:
		return "no"
	case [2]policy.Decision{policy.Unknown, policy.Unknown}:
		return "maybe"
	case [2]policy.Decision{policy.ImplicitlyDenied, policy.ExplicitlyDenied}:
		return "contested"
	}
	return "allow: " + allowed.String() + ", deny: " + denied.String()
}

func TestConditionPresence(t *testing.T) {
	t.Parallel()
	// reference_policies_elements_condition_operators and
	// reference_policies_multi-value-conditions: each form on a key that the
	// request certainly lacks, that is not specified, that matches, that does
	// not, that is empty, and that has a matching and another value.
	forms := map[string][6]string{
		`"StringEquals":{"k":"a"}`:                         {"no", "maybe", "yes", "no", "no", "contested"},
		`"StringNotEquals":{"k":"a"}`:                      {"yes", "maybe", "no", "yes", "yes", "contested"},
		`"StringEqualsIfExists":{"k":"a"}`:                 {"yes", "maybe", "yes", "no", "no", "contested"},
		`"StringNotEqualsIfExists":{"k":"a"}`:              {"yes", "maybe", "no", "yes", "yes", "contested"},
		`"StringLike":{"k":"*"}`:                           {"no", "maybe", "yes", "yes", "no", "contested"},
		`"StringNotLike":{"k":"*"}`:                        {"yes", "maybe", "no", "no", "yes", "contested"},
		`"StringLikeIfExists":{"k":"*"}`:                   {"yes", "yes", "yes", "yes", "no", "contested"},
		`"Null":{"k":"true"}`:                              {"yes", "maybe", "no", "no", "no", "no"},
		`"Null":{"k":"false"}`:                             {"no", "maybe", "yes", "yes", "yes", "yes"},
		`"Null":{"k":"perhaps"}`:                           {"no", "maybe", "no", "no", "no", "no"},
		`"ForAllValues:StringEquals":{"k":"a"}`:            {"yes", "maybe", "yes", "no", "yes", "no"},
		`"ForAllValues:StringNotEquals":{"k":"a"}`:         {"yes", "maybe", "no", "yes", "yes", "no"},
		`"ForAllValues:StringLike":{"k":"*"}`:              {"yes", "yes", "yes", "yes", "yes", "yes"},
		`"ForAnyValue:StringEquals":{"k":"a"}`:             {"no", "maybe", "yes", "no", "no", "yes"},
		`"ForAnyValue:StringNotEquals":{"k":"a"}`:          {"no", "maybe", "no", "yes", "no", "yes"},
		`"ForAnyValue:StringNotLike":{"k":"*"}`:            {"no", "no", "no", "no", "no", "no"},
		`"ForAnyValue:StringEqualsIfExists":{"k":"a"}`:     {"contested", "maybe", "yes", "no", "no", "yes"},
		`"StringEquals":{"k":[]}`:                          {"no", "no", "no", "no", "no", "no"},
		`"StringNotEquals":{"k":[]}`:                       {"no", "no", "no", "no", "no", "no"},
		`"StringEqualsIfExists":{"k":[]}`:                  {"yes", "maybe", "no", "no", "yes", "no"},
		`"ForAllValues:StringEquals":{"k":[]}`:             {"yes", "maybe", "no", "no", "yes", "no"},
		`"ForAnyValue:StringEquals":{"k":[]}`:              {"no", "no", "no", "no", "no", "no"},
		`"StringEqual":{"k":"a"}`:                          {"maybe", "maybe", "maybe", "maybe", "maybe", "maybe"},
		`"NullIfExists":{"k":"true"}`:                      {"maybe", "maybe", "maybe", "maybe", "maybe", "maybe"},
		`"ForAnyValue:Null":{"k":"true"}`:                  {"maybe", "maybe", "maybe", "maybe", "maybe", "maybe"},
		`"StringEqual":{"k":"a"},"Null":{"x":"false"}`:     {"no", "maybe", "no", "no", "no", "no"},
		`"STRINGEQUALS":{"K":"a"}`:                         {"no", "maybe", "yes", "no", "no", "contested"},
		`"forallvalues:stringequalsifexists":{"k":["a"] }`: {"yes", "maybe", "yes", "no", "yes", "no"},
	}
	requests := [6]policy.Request{
		{Closed: true},
		{},
		{Closed: true, Context: policy.Context{"k": {"a"}}},
		{Closed: true, Context: policy.Context{"k": {"b"}}},
		{Closed: true, Context: policy.Context{"k": {}}},
		{Closed: true, Context: policy.Context{"k": {"a", "b"}}},
	}
	situations := [6]string{"absent", "unspecified", "matching", "other", "empty", "both"}
	for form, want := range forms {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			for i, req := range requests {
				if got := condition(t, "{"+form+"}", req); got != want[i] {
					t.Errorf("%s: got %s, want %s", situations[i], got, want[i])
				}
			}
		})
	}
}

func TestConditionOperators(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		operator, policy, request string
		want                      string
	}{
		"string, other case":              {"StringEquals", "a", "A", "no"},
		"string ignoring case":            {"StringEqualsIgnoreCase", "straße É", "STRAßE é", "yes"},
		"not string ignoring case":        {"StringNotEqualsIgnoreCase", "A", "a", "no"},
		"empty glob":                      {"StringLike", "", "a", "no"},
		"empty glob on empty text":        {"StringLike", "", "", "yes"},
		"glob, one character":             {"StringLike", "a?c", "aéc", "yes"},
		"glob crosses colons":             {"StringLike", "a*c", "a:b/c", "yes"},
		"bool":                            {"Bool", "TRUE", "true", "yes"},
		"bool, false":                     {"Bool", "false", "true", "no"},
		"bool, not one":                   {"Bool", "yes", "yes", "no"},
		"bool, variable":                  {"Bool", "${k}", "true", "contested"},
		"number":                          {"NumericEquals", "1e3", "1000", "yes"},
		"number, 20 digits":               {"NumericEquals", "12345678901234567890", "12345678901234567891", "no"},
		"number, fraction":                {"NumericLessThan", "0.3", "0.29999999999999999999", "yes"},
		"number, more":                    {"NumericGreaterThan", "2", "10", "yes"},
		"number, at least":                {"NumericGreaterThanEquals", "-2", "-2.0", "yes"},
		"number, at most":                 {"NumericLessThanEquals", "2", "2.01", "no"},
		"number, not one":                 {"NumericLessThan", "5", "four", "no"},
		"number, not one, negated":        {"NumericNotEquals", "5", "four", "yes"},
		"number that would fill memory":   {"NumericEquals", "1e1000000000", "1e1000000000", "no"},
		"date":                            {"DateLessThan", "2026-11-21T12:00:00+01:00", "2026-11-21T10:59:59Z", "yes"},
		"date, fraction":                  {"DateEquals", "2026-11-21T12:00:00.500Z", "2026-11-21T12:00:00.5Z", "yes"},
		"date, without seconds":           {"DateEquals", "2026-11-21T12:00Z", "2026-11-21T12:00:00Z", "yes"},
		"date, day":                       {"DateEquals", "2026-11-21", "2026-11-21T00:00:00Z", "yes"},
		"date, month":                     {"DateGreaterThanEquals", "2026-11", "2026-11-01T00:00:00Z", "yes"},
		"date, year":                      {"DateGreaterThan", "2026", "2026-01-01T00:00:00Z", "no"},
		"date, seconds":                   {"DateEquals", "1767225600", "2026-01-01T00:00:00Z", "yes"},
		"date, seconds with fraction":     {"DateLessThanEquals", "1767225600.5", "2026-01-01T00:00:00Z", "yes"},
		"date, not one":                   {"DateLessThan", "tomorrow", "2026-01-01", "no"},
		"date, not one, negated":          {"DateNotEquals", "NaN", "2026-01-01", "yes"},
		"binary":                          {"BinaryEquals", "YWI=", "YWI=", "yes"},
		"binary, other":                   {"BinaryEquals", "YWI=", "YWM=", "no"},
		"binary, not base64":              {"BinaryEquals", "!", "!", "no"},
		"address in network":              {"IpAddress", "203.0.113.77/24", "203.0.113.5", "yes"},
		"address":                         {"IpAddress", "203.0.113.5", "203.0.113.5", "yes"},
		"address, other":                  {"IpAddress", "203.0.113.5", "203.0.113.6", "no"},
		"address, sixth version":          {"IpAddress", "2001:db8::/32", "2001:DB8:0::1", "yes"},
		"address, families do not mix":    {"IpAddress", "::/0", "203.0.113.5", "no"},
		"address, mapped":                 {"IpAddress", "203.0.113.0/24", "::ffff:203.0.113.5", "no"},
		"address, not one":                {"IpAddress", "anywhere", "203.0.113.5", "no"},
		"address, request has none":       {"NotIpAddress", "203.0.113.0/24", "anywhere", "yes"},
		"arn":                             {"ArnLike", "arn:aws:iam::*:role/a*", "arn:aws:iam::111111111111:role/a/b", "yes"},
		"arn, star stays in its part":     {"ArnLike", "arn:aws:s*:role/a", "arn:aws:s3:::role/a", "no"},
		"arn, star stays in its part too": {"ArnLike", "arn:*:role/a", "arn:aws:iam::111111111111:role/a", "no"},
		"arn, sixth part has colons":      {"ArnEquals", "arn:aws:rds:*:*:db:*", "arn:aws:rds:a:1:db:x:y", "yes"},
		"arn, too short":                  {"ArnEquals", "arn:aws:iam", "arn:aws:iam", "no"},
		"arn, not one, negated":           {"ArnNotLike", "arn:aws:iam::1:role/a", "role/a", "yes"},
		"arn, other part":                 {"ArnEquals", "arn:aws:iam::1:role/a", "arn:aws:iam::2:role/a", "no"},
		"variable":                        {"StringEquals", "x-${tag}", "x-t", "yes"},
		"variable, absent":                {"StringEquals", "${none}", "", "no"},
		"variable, absent, negated":       {"StringNotEquals", "${none}", "x", "yes"},
		"variable, absent, glob":          {"StringLike", "*${none}", "x", "no"},
		"variable with default":           {"StringEquals", "${none, 'x'}", "x", "yes"},
		"variable with several values":    {"StringEquals", "${many}", "a", "no"},
		"variable is no wildcard":         {"StringLike", "${star}", "anything", "no"},
		"variable is literal":             {"StringLike", "${star}?", "*x", "yes"},
		"literal star":                    {"StringLike", "a${*}", "ab", "no"},
		"literal star, exactly":           {"StringLike", "${*}${?}${$}", "*?$", "yes"},
		"unclosed variable":               {"StringEquals", "${tag", "${tag", "yes"},
		"variable in an arn":              {"ArnEquals", "arn:aws:iam::${account}:role/${tag}", "arn:aws:iam::1:role/t", "yes"},
		"variable, ignoring case":         {"StringEqualsIgnoreCase", "${tag}", "T", "yes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := policy.Request{Closed: true, Context: policy.Context{
				"k": {tt.request}, "tag": {"t"}, "many": {"a", "b"}, "star": {"*"}, "account": {"1"},
			}}
			if got := condition(t, `{"`+tt.operator+`":{"k":"`+tt.policy+`"}}`, req); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestConditionOpenVariable(t *testing.T) {
	t.Parallel()
	req := policy.Request{Context: policy.Context{"k": {"x"}}}
	for _, json := range []string{
		`{"StringEquals":{"k":"${other}"}}`,
		`{"StringLike":{"k":"${other, 'x'}"}}`,
		`{"StringNotEquals":{"k":"${aws:userid}"}}`,
	} {
		if got := condition(t, json, req); got != "maybe" {
			t.Errorf("%s: got %s", json, got)
		}
	}
	for _, json := range []string{
		`{"ArnLike":{"k":"arn:aws:iam::1:role/${other}"}}`,
		`{"StringEqualsIgnoreCase":{"k":"${other}"}}`,
	} {
		if got := condition(t, json, req); got != "maybe" {
			t.Errorf("%s: got %s", json, got)
		}
	}
	closed := req
	closed.Closed = true
	for _, json := range []string{
		`{"ArnLike":{"k":"arn:aws:iam::1:role/${other}"}}`,
		`{"StringEqualsIgnoreCase":{"k":"${other}"}}`,
	} {
		if got := condition(t, json, closed); got != "no" {
			t.Errorf("%s, closed: got %s", json, got)
		}
	}
	if got := condition(t, `{"StringLike":{"k":["${other}","*"]}}`, req); got != "yes" {
		t.Errorf("one value matches in any case: got %s", got)
	}
	if got := condition(t, `{"StringEquals":{"k":"${other}${none}"},"Null":{"k":"true"}}`, req); got != "no" {
		t.Errorf("another key fails in any case: got %s", got)
	}
}

func TestConditionTwoSpellings(t *testing.T) {
	t.Parallel()
	req := policy.Request{Closed: true, Context: policy.Context{"k": {"a"}, "K": {"a"}, "x": {"a"}}}
	if got := condition(t, `{"StringEquals":{"k":"a"}}`, req); got != "contested" {
		t.Errorf("got %s", got)
	}
	if got := condition(t, `{"StringEquals":{"x":"${k}"}}`, req); got != "maybe" {
		t.Errorf("as variable: got %s", got)
	}
}

func TestDerivedKeys(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::111111111111:role/team/pod-role"
	session := policy.Request{RoleARN: role, PrincipalID: "AROAEXAMPLE", Closed: true, Time: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	open := session
	open.Closed = false
	noRole, noID := open, open
	noRole.RoleARN, noID.PrincipalID = "", ""
	web, saml, encrypted := session, session, session
	web.Context = policy.Context{"aws:federatedprovider": {"arn:aws:iam::111111111111:oidc-provider/" + clusterURL}}
	saml.Closed, saml.Context = false, policy.Context{"aws:FederatedProvider": {"arn:aws:iam::111111111111:saml-provider/idp"}}
	encrypted.Context = policy.Context{"kms:EncryptionContext:b": {"1"}, "KMS:encryptioncontext:a": {"2"}, "kms:EncryptionContext:": {"3"}}
	closedNoRole := noRole
	closedNoRole.Closed = true
	tests := map[string]struct {
		req        policy.Request
		json, want string
	}{
		"principal ARN is the role's":    {session, `{"ArnEquals":{"aws:PrincipalArn":"` + role + `"}}`, "yes"},
		"path unknown, exact":            {noRole, `{"ArnEquals":{"aws:PrincipalArn":"` + role + `"}}`, "maybe"},
		"path unknown, string":           {noRole, `{"StringEquals":{"aws:PrincipalArn":"` + role + `"}}`, "maybe"},
		"path unknown, ignoring case":    {noRole, `{"StringNotEqualsIgnoreCase":{"aws:PrincipalArn":"` + strings.ToUpper(role) + `"}}`, "maybe"},
		"path unknown, no path wanted":   {noRole, `{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/pod-role"}}`, "maybe"},
		"path unknown, other role":       {noRole, `{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/other"}}`, "no"},
		"path unknown, other account":    {noRole, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::222222222222:role/*"}}`, "no"},
		"path unknown, any role":         {noRole, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/*"}}`, "yes"},
		"path unknown, any account":      {noRole, `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*pod-role"}}`, "yes"},
		"path unknown, one path":         {noRole, `{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/team/*"}}`, "maybe"},
		"path unknown, other name":       {noRole, `{"StringLike":{"aws:PrincipalArn":"arn:*:role/*other"}}`, "no"},
		"path unknown, variable":         {noRole, `{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:PrincipalAccount}:role/x/*"}}`, "maybe"},
		"path unknown but closed":        {closedNoRole, `{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/pod-role"}}`, "yes"},
		"account":                        {open, `{"StringEquals":{"aws:PrincipalAccount":"111111111111"}}`, "yes"},
		"resource's account":             {open, `{"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}}`, "yes"},
		"type":                           {open, `{"StringEquals":{"aws:PrincipalType":"AssumedRole"}}`, "yes"},
		"user id":                        {open, `{"StringEquals":{"aws:userid":"AROAEXAMPLE:sess-1"}}`, "yes"},
		"user id unknown":                {noID, `{"StringEquals":{"aws:userid":"AROAEXAMPLE:sess-1"}}`, "maybe"},
		"user id is there":               {noID, `{"Null":{"aws:userid":"true"}}`, "no"},
		"a role has no user name":        {open, `{"Null":{"aws:username":"true"}}`, "yes"},
		"token issue time is there":      {open, `{"Null":{"aws:TokenIssueTime":"true"}}`, "no"},
		"token issue time is not known":  {session, `{"DateLessThan":{"aws:TokenIssueTime":"2026-01-01"}}`, "maybe"},
		"provider may be there":          {open, `{"Null":{"aws:FederatedProvider":"true"}}`, "maybe"},
		"time":                           {open, `{"DateEquals":{"aws:CurrentTime":"2026-11-21T12:00:00Z"}}`, "yes"},
		"seconds":                        {open, `{"NumericEquals":{"aws:EpochTime":"1795262400"}}`, "yes"},
		"secure transport":               {open, `{"Bool":{"aws:SecureTransport":"false"}}`, "no"},
		"no service":                     {open, `{"Bool":{"aws:PrincipalIsAWSService":"true"}}`, "no"},
		"no service name":                {open, `{"Null":{"aws:PrincipalServiceName":"true"}}`, "yes"},
		"not through a service":          {open, `{"Bool":{"aws:ViaAWSService":"false"}}`, "yes"},
		"only KMS knows the caller":      {session, `{"Null":{"kms:CallerAccount":"true"}}`, "yes"},
		"any other may be there":         {open, `{"Null":{"aws:SourceVpce":"true"}}`, "maybe"},
		"web identity, MFA wanted":       {web, `{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`, "no"},
		"web identity, no MFA wanted":    {web, `{"Bool":{"aws:MultiFactorAuthPresent":"false"}}`, "maybe"},
		"web identity, MFA if it exists": {web, `{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}`, "yes"},
		"web identity, MFA forbidden":    {web, `{"StringNotEquals":{"aws:MultiFactorAuthPresent":"true"}}`, "yes"},
		"web identity, MFA absent":       {web, `{"Null":{"aws:MultiFactorAuthPresent":"true"}}`, "maybe"},
		"web identity, MFA as variable":  {web, `{"StringEquals":{"aws:PrincipalType":"${aws:MultiFactorAuthPresent}"}}`, "maybe"},
		"MFA of a chained role":          {open, `{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`, "maybe"},
		"MFA through SAML":               {saml, `{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`, "maybe"},
		"encryption context":             {encrypted, `{"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["a","b"]}}`, "yes"},
		"encryption context, one lacks":  {encrypted, `{"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["a"]}}`, "no"},
		"no encryption context":          {session, `{"Null":{"kms:EncryptionContextKeys":"true"}}`, "yes"},
		"encryption context not known":   {open, `{"Null":{"kms:EncryptionContextKeys":"true"}}`, "maybe"},
		"claims are not those of a role": {open, `{"Null":{"oidc.example.com:sub":"true"}}`, "maybe"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := condition(t, tt.json, tt.req); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	t.Run("given wins over derived", func(t *testing.T) {
		t.Parallel()
		req := session
		req.Context = policy.Context{"AWS:PRINCIPALARN": {"arn:aws:iam::111111111111:role/given"}}
		if got := condition(t, `{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/given"}}`, req); got != "yes" {
			t.Errorf("got %s", got)
		}
	})
}

// A JSON number or boolean compares by its literal text.
func TestConditionScalars(t *testing.T) {
	t.Parallel()
	for json, value := range map[string]string{
		`{"StringEquals":{"k":1e3}}`:                      "1e3",
		`{"StringEquals":{"k":true}}`:                     "true",
		`{"StringLike":{"k":["x",12345678901234567890]}}`: "12345678901234567890",
		`{"Bool":{"k":true}}`:                             "True",
		`{"NumericEquals":{"k":12345678901234567890}}`:    "12345678901234567890.0",
		`{"NumericLessThan":{"k":12345678901234567890}}`:  "1",
	} {
		req := policy.Request{Closed: true, Context: policy.Context{"k": {value}}}
		if got := condition(t, json, req); got != "yes" {
			t.Errorf("%s on %s: got %s", json, value, got)
		}
		req.Context["k"] = []string{value + "1"}
		if got := condition(t, json, req); got != "no" && !strings.Contains(json, "LessThan") {
			t.Errorf("%s on %s1: got %s", json, value, got)
		}
	}
}

func TestTimeIsNowUnlessGiven(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	if got := condition(t, `{"DateGreaterThan":{"aws:CurrentTime":"`+past+`"}}`, policy.Request{}); got != "yes" {
		t.Errorf("got %s", got)
	}
}

func TestUnsettledNamesTheKeys(t *testing.T) {
	t.Parallel()
	doc := policy.MustParse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/t}",
		"Condition":{"StringEquals":{"aws:SourceVpce":"v","aws:PrincipalAccount":"111111111111"}}}}`)
	got := evaluate(t, policy.Request{
		Principal: "arn:aws:iam::111111111111:user/u", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/x", ResourceAccount: "111111111111",
	}, policy.Set{Identity: []policy.Policy{{Document: doc}}})
	if want := []string{"aws:PrincipalTag/t", "aws:SourceVpce"}; got.Decision != policy.Unknown || !slices.Equal(got.Unsettled, want) {
		t.Errorf("got %v %q, want %q", got.Decision, got.Unsettled, want)
	}
}

func TestDerivedKeysByCaller(t *testing.T) {
	t.Parallel()
	// reference_policies_variables, "Principal key values"; each caller with
	// the conditions that hold for it.
	callers := map[string]struct {
		req   policy.Request
		holds []string
	}{
		"user": {policy.Request{Principal: ownUser, PrincipalID: "AIDAEXAMPLE"}, []string{
			`"ArnEquals":{"aws:PrincipalArn":"` + ownUser + `"}`, `"StringEquals":{"aws:PrincipalType":"User"}`,
			`"StringEquals":{"aws:username":"ann"}`, `"StringEquals":{"aws:userid":"AIDAEXAMPLE"}`,
			`"Null":{"aws:TokenIssueTime":"true"}`, `"Null":{"aws:FederatedProvider":"true"}`,
		}},
		"root user": {policy.Request{Principal: ownRoot}, []string{
			`"ArnEquals":{"aws:PrincipalArn":"` + ownRoot + `"}`, `"StringEquals":{"aws:PrincipalType":"Account"}`,
			`"StringEquals":{"aws:userid":"111111111111"}`, `"Null":{"aws:username":"true"}`,
		}},
		"account number": {policy.Request{Principal: "111111111111"}, []string{`"ArnEquals":{"aws:PrincipalArn":"` + ownRoot + `"}`}},
		"federated user": {policy.Request{Principal: "arn:aws:sts::111111111111:federated-user/bob"}, []string{
			`"StringEquals":{"aws:PrincipalType":"FederatedUser"}`, `"StringEquals":{"aws:userid":"111111111111:bob"}`,
			`"Null":{"aws:TokenIssueTime":"false"}`,
		}},
		"role": {policy.Request{Principal: ownRole, PrincipalID: "AROAEXAMPLE"}, []string{
			`"StringEquals":{"aws:PrincipalArn":"` + ownRole + `"}`, `"Null":{"aws:userid":"false"}`,
		}},
		"service": {policy.Request{Principal: "lambda.amazonaws.com"}, []string{
			`"StringEquals":{"aws:PrincipalServiceName":"lambda.amazonaws.com"}`, `"Bool":{"aws:PrincipalIsAWSService":"true"}`,
		}},
		"anonymous": {policy.Request{Principal: "*"}, []string{`"StringEquals":{"aws:ResourceAccount":"111111111111"}`}},
	}
	for name, c := range callers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, condition := range c.holds {
				p := text("attached", `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{`+condition+`}}`)
				req := c.req
				req.Action, req.Resource = "secretsmanager:GetSecretValue", ownSecret
				set := policy.Set{Resource: &p, Session: list(all)}
				if got := evaluate(t, req, set); got.Decision != policy.Allowed {
					t.Errorf("%s: %+v", condition, got)
				}
			}
		})
	}
	t.Run("no account at all", func(t *testing.T) {
		t.Parallel()
		p := text("attached", `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"Null":{"aws:ResourceAccount":"true"}}}`)
		if got := evaluate(t, policy.Request{Principal: "*", Action: "s3:GetObject", Resource: "*"}, policy.Set{Resource: &p}); got.Decision != policy.Allowed {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("the call that a service makes", func(t *testing.T) {
		t.Parallel()
		req := scenarios()["far key"].req
		p := text("key", `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"aws:ViaAWSService":"true"},"StringEquals":{"kms:CallerAccount":"111111111111"}}}`)
		if got := evaluate(t, req, policy.Set{Resource: &p, Identity: list(all)}); got.Decision != policy.Allowed {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a user may have signed in with MFA", func(t *testing.T) {
		t.Parallel()
		p := text("doc", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}}`)
		req := policy.Request{Principal: ownUser, Action: "secretsmanager:GetSecretValue", Resource: ownSecret}
		if got := evaluate(t, req, policy.Set{Identity: list(p)}); got.Decision != policy.Unknown {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a claim has an issuer", func(t *testing.T) {
		t.Parallel()
		req := scenarios()["web identity"].req
		req.Closed = false
		for _, key := range []string{"sub", "aws:sub", "oidc.example.com:other"} {
			p := text("trust", `{"Effect":"Allow","Principal":"*","Action":"sts:*","Condition":{"Null":{"`+key+`":"true"}}}`)
			if got := evaluate(t, req, policy.Set{Resource: &p}); got.Decision != policy.Unknown {
				t.Errorf("%s: got %v", key, got.Decision)
			}
		}
	})
}
