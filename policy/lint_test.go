package policy_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/irsakit/irsa/policy"
)

// docOf is a document of the statements.
func docOf(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// The statements that the cases of TestLintRules vary.
const (
	issuerOf       = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	federated      = `"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/` + issuerOf + `"}`
	byToken        = `"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity"`
	audTest        = `"` + issuerOf + `:aud":"sts.amazonaws.com"`
	subTest        = `"` + issuerOf + `:sub":"system:serviceaccount:testnamespace:testapp"`
	get            = `"Effect":"Allow","Action":"s3:GetObject"`
	onAll          = `"Resource":"*"`
	aRole          = `"Principal":{"AWS":"arn:aws:iam::111122223333:role/pod-role"}`
	github         = "token.actions.githubusercontent.com"
	githubProvider = "arn:aws:iam::111122223333:oidc-provider/" + github
	rootOf         = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::333344445555:root"},"Action":"kms:*","Resource":"*"}`
)

// trustWith is a trust policy of one statement for tokens with these conditions.
func trustWith(conditions string) string {
	return docOf(`{` + byToken + `,` + federated + `,"Condition":{` + conditions + `}}`)
}

// byGitHub is a statement for GitHub's tokens with these conditions.
func byGitHub(conditions string) string {
	return `{` + byToken + `,"Principal":{"Federated":"` + githubProvider + `"},"Condition":{` + conditions + `}}`
}

// asks is an identity policy of one statement with these conditions.
func asks(conditions string) string {
	return docOf(`{` + get + `,` + onAll + `,"Condition":{` + conditions + `}}`)
}

// lintCase is a document that breaks one rule, and as little changed as can be
// one that does not. Without good, it is the finding's fix that makes it.
type lintCase struct {
	kind      policy.Kind
	name      string
	account   string
	bad, good string
	linter    policy.Linter
	severity  policy.Severity // zero: the rule's
}

// lintCases has for every rule about one document at least one case. A key is
// the rule's id, and behind a space what the case shows.
func lintCases() map[string]lintCase {
	const (
		identity = policy.IdentityPolicy
		resource = policy.ResourcePolicy
		key      = policy.KeyPolicy
		role     = policy.TrustPolicy
		scp      = policy.ServiceControlPolicy
		rcp      = policy.ResourceControlPolicy
	)
	podTrust := func(service, actions string) string {
		return docOf(`{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":[` + actions + `]}`)
	}
	long := func(n int, from string) string { return strings.ReplaceAll(from, "LONG", strings.Repeat("x", n)) }
	return map[string]lintCase{
		"JSON_SYNTAX_ERROR": {bad: `{"Statement":[}`, good: `{"Version":"2012-10-17","Statement":[]}`},
		"REPEATED_MEMBER": {
			bad:  docOf(`{"Effect":"Allow","Effect":"Allow","Action":"s3:GetObject","Resource":"*"}`),
			good: docOf(`{` + get + `,` + onAll + `}`),
		},
		"DATA_TYPE_MISMATCH":        {bad: docOf(`{"Effect":"Allow","Action":1,` + onAll + `}`), good: docOf(`{` + get + `,` + onAll + `}`)},
		"INVALID_VERSION":           {bad: `{"Version":"2026-01-01","Statement":[{` + get + `,` + onAll + `}]}`},
		"INVALID_EFFECT":            {bad: docOf(`{"Effect":"allow","Action":"s3:GetObject",` + onAll + `}`)},
		"MISSING_STATEMENT":         {bad: `{"Version":"2012-10-17"}`, good: `{"Version":"2012-10-17","Statement":[]}`},
		"MISSING_EFFECT":            {bad: docOf(`{"Action":"s3:GetObject",` + onAll + `}`), good: docOf(`{` + get + `,` + onAll + `}`)},
		"MISSING_ACTION":            {bad: docOf(`{"Effect":"Allow",` + onAll + `}`), good: docOf(`{` + get + `,` + onAll + `}`)},
		"MISSING_ACTION resource":   {kind: resource, bad: docOf(`{"Effect":"Allow",` + aRole + `,` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"MISSING_ACTION key":        {kind: key, severity: policy.SeverityWarning, bad: docOf(rootOf, `{"Effect":"Allow",`+aRole+`,`+onAll+`}`), good: docOf(rootOf)},
		"INVALID_POLICY_ELEMENT":    {bad: docOf(`{` + get + `,` + onAll + `,"Comment":"x"}`)},
		"INVALID_POLICY_ELEMENT id": {bad: `{"Version":"2012-10-17","id":"x","Statement":[]}`, good: `{"Version":"2012-10-17","Id":"x","Statement":[]}`},
		"UNSUPPORTED_ELEMENT_COMBINATION": {
			bad: docOf(`{` + get + `,"NotAction":"s3:PutObject",` + onAll + `}`), good: docOf(`{` + get + `,` + onAll + `}`),
		},
		"UNSUPPORTED_CHARACTER":      {kind: resource, bad: docOf(`{"Sid":"a–b",` + get + `,` + aRole + `,` + onAll + `}`), good: docOf(`{"Sid":"a-b",` + get + `,` + aRole + `,` + onAll + `}`)},
		"UNSUPPORTED_CHARACTER name": {kind: identity, bad: asks(`"StringEquals":{"aws:PrincipalTag/a–b":"x"}`), good: asks(`"StringEquals":{"aws:PrincipalTag/a-b":"x"}`)},
		"MISSING_VERSION":            {bad: `{"Statement":[{` + get + `,` + onAll + `}]}`},
		"MISSING_RESOURCE":           {kind: identity, bad: docOf(`{` + get + `}`), good: docOf(`{` + get + `,` + onAll + `}`)},
		"MISSING_RESOURCE key":       {kind: key, severity: policy.SeverityWarning, bad: docOf(rootOf, `{"Effect":"Allow","Action":"kms:Decrypt",`+aRole+`}`), good: docOf(rootOf)},
		"MISSING_PRINCIPAL":          {kind: resource, bad: docOf(`{` + get + `,` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"UNSUPPORTED_PRINCIPAL":      {kind: identity, bad: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"UNSUPPORTED_ID":             {kind: identity, bad: `{"Id":"x","Version":"2012-10-17","Statement":[{` + get + `,` + onAll + `}]}`},
		"UNSUPPORTED_SID":            {kind: identity, bad: docOf(`{"Sid":"a-b",` + get + `,` + onAll + `}`)},
		"UNSUPPORTED_SID alike":      {kind: identity, bad: docOf(`{"Sid":"a-b",`+get+`,`+onAll+`}`, `{"Sid":"ab","Effect":"Deny","Action":"s3:*",`+onAll+`}`), good: docOf(`{"Sid":"a",` + get + `,` + onAll + `}`)},
		"UNIQUE_SIDS_REQUIRED": {
			kind: identity, bad: docOf(`{"Sid":"a",`+get+`,`+onAll+`}`, `{"Sid":"a","Effect":"Deny","Action":"s3:*",`+onAll+`}`),
			good: docOf(`{"Sid":"a",`+get+`,`+onAll+`}`, `{"Sid":"b","Effect":"Deny","Action":"s3:*",`+onAll+`}`),
		},
		"UNIQUE_SIDS_RECOMMENDED": {
			kind: resource, bad: docOf(`{"Sid":"a",`+get+`,`+aRole+`,`+onAll+`}`, `{"Sid":"a","Effect":"Deny","Principal":"*","Action":"s3:*",`+onAll+`}`),
			good: docOf(`{"Sid":"a",`+get+`,`+aRole+`,`+onAll+`}`, `{"Effect":"Deny","Principal":"*","Action":"s3:*",`+onAll+`}`),
		},
		"ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE": {kind: role, bad: docOf(`{` + byToken + `,` + federated + `,` + onAll + `,"Condition":{"StringEquals":{` + audTest + `,` + subTest + `}}}`)},
		"ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL": {
			kind: role, bad: docOf(`{"Effect":"Deny","Action":"sts:AssumeRole","Not` + aRole[1:] + `}`), good: docOf(`{"Effect":"Deny","Action":"sts:AssumeRole",` + aRole + `}`),
		},
		"ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL": {
			kind: role, bad: docOf(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}`), good: docOf(`{"Effect":"Allow","Action":"sts:AssumeRole",` + aRole + `}`),
		},
		"RCP_SYNTAX_ERROR_ALLOW": {
			kind: rcp, bad: docOf(`{` + get + `,"Principal":"*",` + onAll + `}`), good: docOf(`{"Effect":"Deny","Action":"s3:GetObject","Principal":"*",` + onAll + `}`),
		},
		"RCP_SYNTAX_ERROR_PRINCIPAL": {
			kind: rcp, bad: docOf(`{"Effect":"Deny","Action":"s3:GetObject",` + aRole + `,` + onAll + `}`), good: docOf(`{"Effect":"Deny","Action":"s3:GetObject","Principal":"*",` + onAll + `}`),
		},
		"EMPTY_ARRAY_ACTION":    {bad: docOf(`{"Effect":"Allow","Action":[],` + onAll + `}`), good: docOf(`{` + get + `,` + onAll + `}`)},
		"EMPTY_ARRAY_RESOURCE":  {bad: docOf(`{` + get + `,"Resource":[]}`), good: docOf(`{` + get + `,` + onAll + `}`)},
		"EMPTY_ARRAY_PRINCIPAL": {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":[]},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"EMPTY_OBJECT_PRINCIPAL": {
			kind: resource, bad: docOf(`{` + get + `,"Principal":{},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`),
		},
		"EMPTY_OBJECT_CONDITION":          {bad: docOf(`{` + get + `,` + onAll + `,"Condition":{}}`)},
		"EMPTY_OBJECT_CONDITION operator": {bad: asks(`"Bool":{}`), good: asks(`"Bool":{"aws:SecureTransport":"true"}`)},
		"EMPTY_ARRAY_CONDITION":           {bad: asks(`"Bool":{"aws:SecureTransport":[]}`), good: asks(`"Bool":{"aws:SecureTransport":"true"}`)},

		"POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA": {
			kind: identity, bad: long(10240, docOf(`{`+get+`,"Resource":"arn:aws:s3:::LONG"}`)), good: long(10000, docOf(`{`+get+`,"Resource":"arn:aws:s3:::LONG"}`)),
		},
		"POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA managed": {
			kind: identity, name: "arn:aws:iam::111122223333:policy/p",
			bad: long(6144, docOf(`{`+get+`,"Resource":"arn:aws:s3:::LONG"}`)), good: long(6000, docOf(`{`+get+`,"Resource":"arn:aws:s3:::LONG"}`)),
		},
		"POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA": {
			kind: resource, bad: long(20480, docOf(`{`+get+`,`+aRole+`,"Resource":"arn:aws:s3:::LONG"}`)), good: long(20000, docOf(`{`+get+`,`+aRole+`,"Resource":"arn:aws:s3:::LONG"}`)),
		},
		"DOCUMENT_TOO_LARGE": {
			kind: key, bad: long(32768, docOf(rootOf, `{"Sid":"LONG","Effect":"Deny","Action":"kms:Decrypt",`+aRole+`,`+onAll+`}`)), good: docOf(rootOf),
		},
		"POLICY_SIZE_EXCEEDS_SCP_QUOTA": {kind: scp, bad: docOf(`{`+get+`,`+onAll+`}`) + strings.Repeat(" ", 5120), good: docOf(`{` + get + `,` + onAll + `}`)},
		"POLICY_SIZE_EXCEEDS_RCP_QUOTA": {
			kind: rcp, bad: docOf(`{"Effect":"Deny","Action":"s3:GetObject","Principal":"*",`+onAll+`}`) + strings.Repeat(" ", 5120),
			good: docOf(`{"Effect":"Deny","Action":"s3:GetObject","Principal":"*",` + onAll + `}`),
		},

		"INVALID_PRINCIPAL_FORMAT":           {kind: resource, bad: docOf(`{` + get + `,"Principal":"pod-role",` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"INVALID_PRINCIPAL_FORMAT group":     {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":"arn:aws:iam::111122223333:group/g"},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"INVALID_PRINCIPAL_FORMAT policy":    {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":"arn:aws:iam::111122223333:policy/g"},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"INVALID_PRINCIPAL_FORMAT bucket":    {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":"arn:aws:s3:::b"},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"INVALID_PRINCIPAL_FORMAT name":      {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":"pod-role"},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"INVALID_PRINCIPAL_FORMAT federated": {kind: role, bad: docOf(`{` + byToken + `,"Principal":{"Federated":"arn:aws:iam::111122223333:role/r"}}`), good: trustWith(`"StringEquals":{` + audTest + `,` + subTest + `}`)},
		"INVALID_PRINCIPAL_FORMAT domain":    {kind: role, bad: docOf(`{` + byToken + `,"Principal":{"Federated":"okta"}}`), good: trustWith(`"StringEquals":{` + audTest + `,` + subTest + `}`)},
		"INVALID_PRINCIPAL_FORMAT canonical": {kind: resource, bad: docOf(`{` + get + `,"Principal":{"CanonicalUser":"x"},` + onAll + `}`), good: docOf(`{` + get + `,"Principal":{"CanonicalUser":"` + strings.Repeat("7f", 32) + `"},` + onAll + `}`)},
		"INVALID_PRINCIPAL_KEY":              {kind: resource, bad: docOf(`{` + get + `,"Principal":{"aws":"111122223333"},` + onAll + `}`)},
		"INVALID_PRINCIPAL_KEY unknown":      {kind: resource, bad: docOf(`{` + get + `,"Principal":{"Role":"111122223333"},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"INVALID_SERVICE_PRINCIPAL_FORMAT":   {kind: role, bad: podTrust("ec2", `"sts:AssumeRole"`), good: podTrust("ec2.amazonaws.com", `"sts:AssumeRole"`)},
		"UNSUPPORTED_WILDCARD_IN_PRINCIPAL":  {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":"arn:aws:iam::111122223333:role/*"},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"IRSA012":                            {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":"arn:aws:iam:111122223333:role/pod-role"},` + onAll + `}`)},
		"IRSA012 digits":                     {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":"arn:aws:iam::11112222333:role/pod-role"},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"IRSA012 account":                    {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":"11112222333"},` + onAll + `}`), good: docOf(`{` + get + `,"Principal":{"AWS":"111122223333"},` + onAll + `}`)},
		"IRSA013":                            {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":"AROACURRENTROLEEXAMPL"},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},

		"INVALID_ACTION":               {bad: docOf(`{"Effect":"Allow","Action":"GetObject",` + onAll + `}`), good: docOf(`{` + get + `,` + onAll + `}`)},
		"UNSUPPORTED_ACTION_IN_POLICY": {kind: role, bad: podTrust("ec2.amazonaws.com", `"sts:AssumeRole","s3:GetObject"`), good: podTrust("ec2.amazonaws.com", `"sts:AssumeRole"`)},
		"MISMATCHED_ACTION_FOR_PRINCIPAL": {
			kind: role, bad: strings.Replace(trustWith(`"StringEquals":{`+audTest+`,`+subTest+`}`), "WithWebIdentity", "WithSAML", 1),
		},
		"MISMATCHED_ACTION_FOR_PRINCIPAL saml": {kind: role, bad: docOf(`{` + byToken + `,"Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/p"}}`)},
		"MISSING_ACTION_FOR_CONDITION_KEY": {
			kind: role, bad: docOf(`{"Effect":"Allow","Action":"sts:AssumeRole",` + aRole + `,"Condition":{"StringEquals":{"aws:RequestTag/team":"a"}}}`),
		},
		"MISSING_ACTION_FOR_CONDITION_KEY identity": {
			kind: role, bad: docOf(`{"Effect":"Allow","Action":["sts:AssumeRole"],` + aRole + `,"Condition":{"StringLike":{"sts:SourceIdentity":"a"}}}`),
		},
		"ACTION_NEVER_MEETS_RESOURCE": {
			kind: identity, bad: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:s3:::b"}`),
			good: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:eu-west-1:222233334444:secret:s-AbCdEf"}`),
		},
		"ACTION_NEVER_MEETS_RESOURCE list": {
			kind: identity, bad: docOf(`{"Effect":"Allow","Action":"secretsmanager:ListSecrets","Resource":"arn:aws:secretsmanager:eu-west-1:222233334444:secret:s-AbCdEf"}`),
			good: docOf(`{"Effect":"Allow","Action":"secretsmanager:ListSecrets","Resource":"*"}`),
		},

		"INVALID_ARN_PREFIX":          {bad: docOf(`{` + get + `,"Resource":"bucket/x"}`), good: docOf(`{` + get + `,"Resource":"arn:aws:s3:::bucket/x"}`)},
		"MISSING_ARN_FIELD":           {bad: docOf(`{` + get + `,"Resource":"arn:aws:s3::bucket"}`), good: docOf(`{` + get + `,"Resource":"arn:aws:s3:::bucket"}`)},
		"MISSING_ARN_FIELD colon":     {bad: docOf(`{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam:111122223333:role/r"}`)},
		"INVALID_PARTITION":           {bad: docOf(`{` + get + `,"Resource":"arn:amazon:s3:::bucket"}`), good: docOf(`{` + get + `,"Resource":"arn:aws:s3:::bucket"}`)},
		"INVALID_ARN_SERVICE_CASE":    {bad: docOf(`{` + get + `,"Resource":"arn:aws:S3:::bucket"}`)},
		"WILDCARD_IN_SERVICE_NAME":    {bad: docOf(`{` + get + `,"Resource":"arn:aws:s*:::bucket"}`), good: docOf(`{` + get + `,"Resource":"arn:aws:s3:::bucket"}`)},
		"INVALID_ARN_REGION":          {bad: docOf(`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:Ireland:111122223333:q"}`), good: docOf(`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-west-1:111122223333:q"}`)},
		"MISSING_ARN_REGION":          {bad: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms::111122223333:key/k"}`), good: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:*:111122223333:key/k"}`)},
		"INVALID_ARN_ACCOUNT":         {bad: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:1111:key/k"}`), good: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:111122223333:key/k"}`)},
		"INVALID_ARN_ACCOUNT missing": {bad: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1::key/k"}`), good: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:111122223333:key/k"}`)},
		"ARN_WILDCARD_CROSSES_COLON":  {bad: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:*"}`), good: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:*:key/*"}`)},

		"MISSING_BRACE_IN_VARIABLE":       {bad: docOf(`{` + get + `,"Resource":"arn:aws:s3:::b/${aws:username"}`), good: docOf(`{` + get + `,"Resource":"arn:aws:s3:::b/${aws:username}"}`)},
		"EMPTY_VARIABLE":                  {bad: docOf(`{` + get + `,"Resource":"arn:aws:s3:::b/${}"}`), good: docOf(`{` + get + `,"Resource":"arn:aws:s3:::b/${aws:username}"}`)},
		"MISSING_QUOTE_IN_VARIABLE":       {bad: docOf(`{` + get + `,"Resource":"arn:aws:s3:::b/${aws:username, x}"}`), good: docOf(`{` + get + `,"Resource":"arn:aws:s3:::b/${aws:username, 'x'}"}`)},
		"UNSUPPORTED_SPACE_IN_VARIABLE":   {bad: docOf(`{` + get + `,"Resource":"arn:aws:s3:::b/${ aws:username}"}`)},
		"VARIABLE_UNSUPPORTED_IN_VERSION": {bad: `{"Version":"2008-10-17","Statement":[{` + get + `,"Resource":"arn:aws:s3:::b/${aws:username}"}]}`},
		"VARIABLE_UNSUPPORTED_IN_ELEMENT": {bad: docOf(`{` + get + `,"Resource":"arn:aws:sqs:${aws:RequestedRegion}:111122223333:q"}`), good: docOf(`{` + get + `,"Resource":"arn:aws:sqs:eu-west-1:111122223333:q"}`)},
		"VARIABLE_UNSUPPORTED_IN_ELEMENT action": {
			bad: docOf(`{"Effect":"Allow","Action":"s3:${aws:username}",` + onAll + `}`), good: docOf(`{` + get + `,` + onAll + `}`),
		},
		"VARIABLE_UNSUPPORTED_IN_ELEMENT principal": {
			kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":"arn:aws:iam::111122223333:user/${aws:username}"},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`),
		},
		"INVALID_VARIABLE_FOR_OPERATOR": {bad: asks(`"NumericLessThan":{"aws:MultiFactorAuthAge":"${aws:PrincipalTag/age}"}`), good: asks(`"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"}`)},

		"INVALID_CONDITION_OPERATOR":          {bad: asks(`"StringIs":{"aws:username":"x"}`), good: asks(`"StringEquals":{"aws:username":"x"}`)},
		"NULL_WITH_IF_EXISTS":                 {bad: asks(`"NullIfExists":{"aws:username":"true"}`)},
		"NULL_WITH_QUALIFIER":                 {bad: asks(`"ForAllValues:Null":{"aws:username":"true"}`)},
		"INVALID_CONDITION_KEY_FORMAT":        {bad: asks(`"StringEquals":{"username":"x"}`), good: asks(`"StringEquals":{"aws:username":"x"}`)},
		"MISSING_TAG_KEY_IN_CONDITION":        {bad: asks(`"StringEquals":{"aws:PrincipalTag":"x"}`), good: asks(`"StringEquals":{"aws:PrincipalTag/x":"x"}`)},
		"DUPLICATE_KEYS_WITH_DIFFERENT_CASE":  {bad: asks(`"StringEquals":{"aws:username":"x","aws:UserName":"y"}`), good: asks(`"StringEquals":{"aws:username":["x","y"]}`)},
		"INVALID_CONDITION_MULTIPLE_BOOLEAN":  {bad: asks(`"Bool":{"aws:SecureTransport":["true","false"]}`), good: asks(`"Bool":{"aws:SecureTransport":["true"]}`)},
		"MISSING_QUALIFIER":                   {bad: asks(`"StringEquals":{"aws:TagKeys":"x"}`), good: asks(`"ForAnyValue:StringEquals":{"aws:TagKeys":"x"}`)},
		"FORALLVALUES_WITH_SINGLE_VALUED_KEY": {bad: asks(`"ForAllValues:StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}`)},
		"IFEXISTS_ON_GATING_KEY":              {bad: asks(`"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-abcdefghij"}`)},
		"WILDCARD_WITHOUT_LIKE_OPERATOR":      {bad: asks(`"StringEquals":{"aws:PrincipalTag/team":"a*"}`)},
		"WILDCARD_WITHOUT_LIKE_OPERATOR case": {bad: asks(`"StringEqualsIgnoreCase":{"aws:PrincipalTag/team":"a*"}`), good: asks(`"StringLike":{"aws:PrincipalTag/team":"a*"}`)},
		"CONFIRM_AUDIENCE_CLAIM_TYPE": {
			kind: role, bad: docOf(`{` + byToken + `,"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/idp.example.com"},"Condition":{"ForAnyValue:StringEquals":{"idp.example.com:aud":"a"}}}`),
			good: docOf(`{` + byToken + `,"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/idp.example.com"},"Condition":{"StringEquals":{"idp.example.com:aud":"a"}}}`),
		},

		"TYPE_MISMATCH":             {bad: asks(`"DateGreaterThan":{"aws:SourceIp":"2026-01-01"}`), good: asks(`"DateGreaterThan":{"aws:CurrentTime":"2026-01-01"}`)},
		"TYPE_MISMATCH_BOOLEAN":     {bad: asks(`"Bool":{"aws:SecureTransport":"yes"}`), good: asks(`"Bool":{"aws:SecureTransport":true}`)},
		"TYPE_MISMATCH_DATE":        {bad: asks(`"DateGreaterThan":{"aws:CurrentTime":"yesterday"}`), good: asks(`"DateGreaterThan":{"aws:CurrentTime":"2026-01-01"}`)},
		"TYPE_MISMATCH_NUMBER":      {bad: asks(`"NumericLessThan":{"aws:MultiFactorAuthAge":"an hour"}`), good: asks(`"NumericLessThan":{"aws:MultiFactorAuthAge":3600}`)},
		"TYPE_MISMATCH_STRING":      {bad: asks(`"BinaryEquals":{"x:y":"?"}`), good: asks(`"BinaryEquals":{"x:y":"QUJD"}`)},
		"TYPE_MISMATCH_IP_RANGE":    {bad: asks(`"IpAddress":{"aws:SourceIp":"203.0.113.*"}`), good: asks(`"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}`)},
		"TYPE_MISMATCH_ARN":         {bad: asks(`"ArnLike":{"aws:SourceArn":"bucket"}`), good: asks(`"ArnLike":{"aws:SourceArn":"arn:aws:s3:::bucket"}`)},
		"PRIVATE_IP_ADDRESS":        {bad: asks(`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`), good: asks(`"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/8"}`)},
		"PRIVATE_IP_ADDRESS_SUBSET": {bad: asks(`"IpAddress":{"aws:SourceIp":["10.0.0.0/8","203.0.113.0/24"]}`), good: asks(`"IpAddress":{"aws:SourceIp":["203.0.113.0/24"]}`)},
		"IMPROVE_IP_RANGE":          {bad: asks(`"IpAddress":{"aws:SourceIp":"203.0.113.5/24"}`)},

		"ALLOW_WITH_NOTPRINCIPAL": {kind: resource, bad: docOf(`{` + get + `,"Not` + aRole[1:] + `,` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"ALLOW_WITH_NOTACTION":    {kind: identity, bad: docOf(`{"Effect":"Allow","NotAction":"iam:*",` + onAll + `}`), good: docOf(`{"Effect":"Allow","NotAction":"iam:*","Resource":"arn:aws:s3:::b"}`)},
		"ALLOW_WITH_NOTRESOURCE":  {kind: identity, bad: docOf(`{` + get + `,"NotResource":"arn:aws:s3:::b"}`), good: docOf(`{` + get + `,"Resource":"arn:aws:s3:::b"}`)},
		"PUBLIC_RESOURCE_POLICY":  {kind: resource, bad: docOf(`{` + get + `,"Principal":"*",` + onAll + `}`), good: docOf(`{` + get + `,"Principal":"*",` + onAll + `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}}}`)},
		"PUBLIC_RESOURCE_POLICY typed": {
			kind: role, bad: docOf(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"}}`),
			good: docOf(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"},"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}}`),
		},
		"RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL": {
			kind: resource, bad: docOf(`{` + get + `,"Principal":{"Service":"config.amazonaws.com"},` + onAll + `}`),
			good: docOf(`{` + get + `,"Principal":{"Service":"config.amazonaws.com"},` + onAll + `,"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}}`),
		},
		"MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL": {
			kind: role, bad: docOf(`{` + byToken + `,"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/idp.example.com"}}`),
			good: docOf(`{` + byToken + `,"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/idp.example.com"},"Condition":{"StringEquals":{"idp.example.com:sub":"a"}}}`),
		},
		"DENY_EXCEPTION_NEVER_MATCHES": {
			kind: identity, bad: docOf(`{"Effect":"Deny","Action":"s3:*",` + onAll + `,"Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:sts::111122223333:assumed-role/r/*"}}}`),
			good: docOf(`{"Effect":"Deny","Action":"s3:*",` + onAll + `,"Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/r"}}}`),
		},

		"REDUNDANT_ACTION":          {bad: docOf(`{"Effect":"Allow","Action":["s3:*","s3:GetObject"],` + onAll + `}`)},
		"REDUNDANT_ACTION twice":    {bad: docOf(`{"Effect":"Allow","Action":["s3:GetObject","s3:getobject"],` + onAll + `}`)},
		"REDUNDANT_RESOURCE":        {bad: docOf(`{` + get + `,"Resource":["arn:aws:s3:::b/x","arn:aws:s3:::b/*"]}`)},
		"REDUNDANT_PRINCIPAL":       {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":["111122223333","111122223333"]},` + onAll + `}`)},
		"REDUNDANT_CONDITION_VALUE": {bad: asks(`"StringEquals":{"aws:username":["a","b","a"]}`)},
		"REDUNDANT_STATEMENT":       {bad: docOf(`{`+get+`,`+onAll+`}`, `{"Action":["s3:getObject"],"Effect":"Allow",`+onAll+`}`)},

		"IRSA001":          {kind: role, bad: trustWith(`"StringEquals":{"` + issuerOf + `/:aud":"sts.amazonaws.com",` + subTest + `}`)},
		"IRSA001 provider": {kind: role, bad: strings.Replace(trustWith(`"StringEquals":{`+audTest+`,`+subTest+`}`), `EXAMPLE"}`, `EXAMPLE/"}`, 1)},
		"IRSA002":          {kind: role, bad: trustWith(`"StringEquals":{"https://` + issuerOf + `:aud":"sts.amazonaws.com",` + subTest + `}`)},
		"IRSA003":          {kind: role, bad: trustWith(`"StringEquals":{"arn:aws:iam::111122223333:oidc-provider/` + issuerOf + `:aud":"sts.amazonaws.com",` + subTest + `}`)},
		"IRSA004":          {kind: role, bad: strings.Replace(trustWith(`"StringEquals":{`+audTest+`,`+subTest+`}`), "oidc.eks.eu-west-1.", "oidc.eu-west-1.eks.", 1)},
		"IRSA005":          {kind: role, bad: trustWith(`"StringEquals":{"oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:aud":"sts.amazonaws.com",` + subTest + `}`)},
		"IRSA005 case":     {kind: role, severity: policy.SeverityWarning, bad: trustWith(`"StringEquals":{"` + strings.ToLower(issuerOf) + `:aud":"sts.amazonaws.com",` + subTest + `}`)},
		"IRSA005 built in": {
			kind: role, bad: docOf(`{` + byToken + `,"Principal":{"Federated":"accounts.google.com"},"Condition":{"StringEquals":{"www.amazon.com:aud":"a"}}}`),
		},
		"IRSA006":            {kind: role, bad: trustWith(`"StringEquals":{` + subTest + `}`)},
		"IRSA006 none":       {kind: role, bad: trustWith(`"StringLike":{` + subTest + `}`)},
		"IRSA006 sub":        {kind: role, bad: trustWith(`"StringEquals":{` + audTest + `}`), good: trustWith(`"StringEquals":{` + audTest + `,` + subTest + `}`)},
		"IRSA006 China":      {kind: role, severity: policy.SeverityWarning, bad: trustWith(`"StringEquals":{"` + issuerOf + `:aud":"sts.amazonaws.com.cn",` + subTest + `}`), good: trustWith(`"StringEquals":{` + audTest + `,` + subTest + `}`)},
		"IRSA006 region":     {kind: role, bad: trustWith(`"StringEquals":{"` + issuerOf + `:aud":"sts.eu-west-1.amazonaws.com",` + subTest + `}`), good: trustWith(`"StringEquals":{` + audTest + `,` + subTest + `}`)},
		"IRSA007":            {kind: role, bad: trustWith(`"StringEquals":{` + audTest + `,"` + issuerOf + `:sub":"system:serviceaccount:testnamespace:*"}`)},
		"IRSA008":            {kind: role, bad: trustWith(`"StringEquals":{` + audTest + `,"` + issuerOf + `:sub":"system:serviceaccounts:testnamespace:testapp"}`)},
		"IRSA008 order":      {kind: role, bad: trustWith(`"StringEquals":{` + audTest + `,"` + issuerOf + `:sub":"system:serviceaccount:testnamespace/testapp"}`), good: trustWith(`"StringEquals":{` + audTest + `,` + subTest + `}`)},
		"IRSA008 pattern":    {kind: role, bad: trustWith(`"StringEquals":{` + audTest + `},"StringLike":{"` + issuerOf + `:sub":"serviceaccount:testnamespace:*"}`), good: trustWith(`"StringEquals":{` + audTest + `},"StringLike":{"` + issuerOf + `:sub":"system:serviceaccount:testnamespace:*"}`)},
		"IRSA009":            {kind: role, bad: trustWith(`"StringEquals":{` + audTest + `},"StringLike":{"` + issuerOf + `:sub":"system:serviceaccount:test*:testapp"}`), good: trustWith(`"StringEquals":{` + audTest + `},"StringLike":{"` + issuerOf + `:sub":"system:serviceaccount:testnamespace:*"}`)},
		"IRSA009 everything": {kind: role, bad: trustWith(`"StringEquals":{` + audTest + `},"StringLike":{"` + issuerOf + `:sub":"*"}`), good: trustWith(`"StringEquals":{` + audTest + `,` + subTest + `}`)},
		"IRSA010":            {kind: role, bad: strings.Replace(trustWith(`"StringEquals":{`+audTest+`,`+subTest+`}`), "WithWebIdentity", "", 1)},
		"IRSA010 role":       {kind: role, bad: docOf(`{` + byToken + `,` + aRole + `}`)},
		"IRSA010 provider":   {kind: role, bad: strings.Replace(trustWith(`"StringEquals":{`+audTest+`,`+subTest+`}`), `"Federated"`, `"AWS"`, 1), good: trustWith(`"StringEquals":{` + audTest + `,` + subTest + `}`)},
		"IRSA011":            {kind: role, account: "222233334444", bad: trustWith(`"StringEquals":{` + audTest + `,` + subTest + `}`), good: strings.Replace(trustWith(`"StringEquals":{`+audTest+`,`+subTest+`}`), "111122223333", "222233334444", 1)},
		"IRSA011 name":       {kind: role, name: "arn:aws:iam::222233334444:role/r", bad: trustWith(`"StringEquals":{` + audTest + `,` + subTest + `}`), good: strings.Replace(trustWith(`"StringEquals":{`+audTest+`,`+subTest+`}`), "111122223333", "222233334444", 1)},
		"IRSA014":            {kind: role, name: "arn:aws-cn:iam::111122223333:role/r", bad: docOf(`{"Effect":"Allow","Action":"sts:AssumeRole",` + aRole + `}`), good: docOf(`{"Effect":"Allow","Action":"sts:AssumeRole",` + strings.Replace(aRole, "arn:aws:", "arn:aws-cn:", 1) + `}`)},
		"IRSA020":            {kind: role, bad: long(2048, docOf(`{"Sid":"LONG","Effect":"Deny","Action":"sts:AssumeRole",`+aRole+`}`)), good: docOf(`{"Effect":"Deny","Action":"sts:AssumeRole",` + aRole + `}`)},
		"IRSA020 session":    {kind: policy.SessionPolicy, bad: long(2048, docOf(`{"Sid":"LONG",`+get+`,`+onAll+`}`)), good: docOf(`{` + get + `,` + onAll + `}`)},
		"IRSA020 raised":     {kind: role, linter: policy.Linter{TrustPolicySize: 4096}, bad: long(4096, docOf(`{"Sid":"LONG","Effect":"Deny","Action":"sts:AssumeRole",`+aRole+`}`)), good: long(3000, docOf(`{"Sid":"LONG","Effect":"Deny","Action":"sts:AssumeRole",`+aRole+`}`))},
		"IRSA020 highest":    {kind: role, severity: policy.SeverityError, linter: policy.Linter{TrustPolicySize: 9999}, bad: long(9000, docOf(`{"Sid":"LONG","Effect":"Deny","Action":"sts:AssumeRole",`+aRole+`}`)), good: long(8000, docOf(`{"Sid":"LONG","Effect":"Deny","Action":"sts:AssumeRole",`+aRole+`}`))},
		"IRSA021":            {kind: role, bad: podTrust("pods.eks.amazonaws.com", `"sts:AssumeRole"`)},
		"IRSA021 assume":     {kind: role, bad: podTrust("pods.eks.amazonaws.com", `"sts:TagSession"`)},
		"IRSA021 service":    {kind: role, bad: podTrust("pods.eks.amazonaws.com.cn", `"sts:AssumeRole","sts:TagSession"`)},
		"IRSA021 eks":        {kind: role, bad: podTrust("eks.amazonaws.com", `"sts:AssumeRole","sts:TagSession"`)},
		"IRSA021 policy":     {kind: role, linter: policy.Linter{SessionPolicy: true}, bad: podTrust("pods.eks.amazonaws.com", `"sts:AssumeRole","sts:TagSession"`), good: podTrust("ec2.amazonaws.com", `"sts:AssumeRole"`)},
		"IRSA021 tags": {
			kind: role, linter: policy.Linter{SessionPolicy: true, SessionTagsDisabled: true},
			bad:  strings.Replace(podTrust("pods.eks.amazonaws.com", `"sts:AssumeRole"`), `]}]`, `],"Condition":{"StringEquals":{"aws:RequestTag/kubernetes-namespace":"n"}}}]`, 1),
			good: podTrust("pods.eks.amazonaws.com", `"sts:AssumeRole"`),
		},
		"IRSA024":           {kind: role, bad: trustWith(`"StringEquals":{` + audTest + `},"ForAllValues:StringEquals":{` + subTest + `}`)},
		"IRSA025":           {kind: role, bad: trustWith(`"StringEquals":{` + audTest + `},"StringEqualsIfExists":{` + subTest + `}`)},
		"IRSA025 only deny": {kind: role, bad: trustWith(`"StringEquals":{` + audTest + `},"StringNotEquals":{` + subTest + `}`), good: trustWith(`"StringEquals":{` + audTest + `,` + subTest + `}`)},

		"IRSA005 two": {
			kind: role, bad: docOf(`{` + byToken + `,"Principal":{"Federated":["arn:aws:iam::111122223333:oidc-provider/` + issuerOf + `","` + githubProvider + `"]},"Condition":{"StringEquals":{` + audTest + `,` + subTest + `,"` + github + `:sub":"repo:o/r:ref:refs/heads/main"}}}`),
			good: docOf(`{`+byToken+`,`+federated+`,"Condition":{"StringEquals":{`+audTest+`,`+subTest+`}}}`, byGitHub(`"StringEquals":{"`+github+`:sub":"repo:o/r:ref:refs/heads/main"}`)),
		},
		"IRSA006 all but":                           {kind: role, bad: docOf(`{"Effect":"Allow","NotAction":"sts:AssumeRoleWithSAML",` + federated + `,"Condition":{"StringEquals":{` + subTest + `}}}`)},
		"IRSA010 saml":                              {kind: role, bad: docOf(`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/p"},"Action":"sts:AssumeRole"}`)},
		"IRSA010 saml by role":                      {kind: role, bad: docOf(`{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML",` + aRole + `}`)},
		"IRSA010 both":                              {kind: role, bad: strings.Replace(trustWith(`"StringEquals":{`+audTest+`,`+subTest+`}`), `"sts:AssumeRoleWithWebIdentity"`, `["sts:AssumeRole","sts:AssumeRoleWithWebIdentity"]`, 1)},
		"IRSA014 resources":                         {kind: identity, name: "arn:aws-cn:iam::111122223333:role/r", bad: docOf(`{` + get + `,"Resource":"arn:aws:s3:::b"}`), good: docOf(`{` + get + `,"Resource":["arn:aws:s3:::b","arn:aws-cn:s3:::b"]}`)},
		"IRSA015 few":                               {kind: identity, bad: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-?????"}`), good: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-??????"}`)},
		"IRSA015 type":                              {kind: identity, bad: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:eu-west-1:222233334444:testsecret-AbCdEf"}`)},
		"IRSA016 type":                              {kind: identity, bad: docOf(`{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:eu-west-1:333344445555:1234abcd-12ab-34cd-56ef-1234567890ab"}`)},
		"INVALID_ARN_ACCOUNT shifted":               {bad: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:eu-west-1:secret:s-AbCdEf"}`), good: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:eu-west-1:222233334444:secret:s-AbCdEf"}`)},
		"ARN_WILDCARD_CROSSES_COLON region":         {bad: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:*:secret:s-AbCdEf"}`), good: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:*:222233334444:secret:s-AbCdEf"}`)},
		"INVALID_ARN_PREFIX alias":                  {bad: docOf(`{` + get + `,"Resource":"alias/a"}`), good: docOf(`{` + get + `,"Resource":"arn:aws:s3:::a"}`)},
		"INVALID_PRINCIPAL_FORMAT issuer":           {kind: role, bad: docOf(`{` + byToken + `,"Principal":{"Federated":"` + github + `"},"Condition":{"StringEquals":{"` + github + `:sub":"a"}}}`), good: docOf(byGitHub(`"StringEquals":{"` + github + `:sub":"a"}`))},
		"INVALID_PRINCIPAL_FORMAT provider":         {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":"` + githubProvider + `"},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"INVALID_PRINCIPAL_FORMAT empty":            {kind: resource, bad: docOf(`{` + get + `,"Principal":{"AWS":""},` + onAll + `}`), good: docOf(`{` + get + `,` + aRole + `,` + onAll + `}`)},
		"MISSING_ACTION_FOR_CONDITION_KEY presence": {kind: role, bad: docOf(`{"Effect":"Allow","Action":["sts:AssumeRole"],` + aRole + `,"Condition":{"Null":{"aws:RequestTag/team":"false"}}}`)},
		"UNSUPPORTED_SPACE_IN_VARIABLE tag":         {bad: docOf(`{` + get + `,"Resource":"arn:aws:s3:::b/${ aws:PrincipalTag/cost center}"}`), good: docOf(`{` + get + `,"Resource":"arn:aws:s3:::b/${aws:PrincipalTag/cost center}"}`)},
		"WILDCARD_WITHOUT_LIKE_OPERATOR sub":        {kind: role, bad: docOf(byGitHub(`"StringEquals":{"` + github + `:sub":"repo:o/*"}`))},
		"FORALLVALUES_WITH_SINGLE_VALUED_KEY tag":   {bad: asks(`"ForAllValues:StringEquals":{"aws:ResourceTag/team":"a"}`)},
		"NULL_WITH_IF_EXISTS twice":                 {bad: asks(`"NullIfExists":{"aws:username":"true"},"Null":{"aws:UserName":"false"}`), good: asks(`"Null":{"aws:username":"true"}`)},
		"PUBLIC_RESOURCE_POLICY anyone":             {kind: resource, bad: docOf(`{` + get + `,"Principal":"*",` + onAll + `,"Condition":{"StringLike":{"aws:PrincipalArn":"*"}}}`), good: docOf(`{` + get + `,"Principal":"*",` + onAll + `,"Condition":{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}}`)},
		"PUBLIC_RESOURCE_POLICY accounts":           {kind: resource, bad: docOf(`{` + get + `,"Principal":"*",` + onAll + `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/app"}}}`), good: docOf(`{` + get + `,"Principal":"*",` + onAll + `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app"}}}`)},
		"PUBLIC_RESOURCE_POLICY addresses":          {kind: resource, bad: docOf(`{` + get + `,"Principal":"*",` + onAll + `,"Condition":{"IpAddress":{"aws:SourceIp":["0.0.0.0/0","::/0"]}}}`), good: docOf(`{` + get + `,"Principal":"*",` + onAll + `,"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}`)},

		"IRSA015":          {kind: identity, bad: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret"}`)},
		"IRSA015 wildcard": {kind: identity, severity: policy.SeverityWarning, bad: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-*"}`)},
		"IRSA016":          {kind: identity, bad: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:333344445555:alias/a"}`), good: docOf(`{"Effect":"Allow","Action":"kms:UpdateAlias","Resource":"arn:aws:kms:eu-west-1:333344445555:alias/a"}`)},
		"IRSA016 id":       {kind: identity, bad: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"1234abcd-12ab-34cd-56ef-1234567890ab"}`), good: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:333344445555:key/1234abcd-12ab-34cd-56ef-1234567890ab"}`)},
		"IRSA018":          {kind: identity, bad: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:333344445555:key/k","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.eu-west-2.amazonaws.com"}}}`)},
		"IRSA018 suffix":   {kind: identity, bad: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.cn-north-1.amazonaws.com"}}}`)},
		"IRSA018 host":     {kind: identity, bad: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:333344445555:key/k","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.amazonaws.com"}}}`)},
		"IRSA018 wildcard": {kind: identity, bad: docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.*.amazonaws.com"}}}`)},
		"IRSA018 key":      {kind: key, name: "arn:aws:kms:eu-west-1:333344445555:key/k", bad: docOf(rootOf, `{"Effect":"Allow","Action":"kms:Decrypt",`+aRole+`,`+onAll+`,"Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.us-east-1.amazonaws.com"}}}`)},
		"IRSA019":          {kind: key, name: "arn:aws:kms:eu-west-1:333344445555:key/k", bad: docOf(`{"Effect":"Allow","Action":"kms:*",` + aRole + `,` + onAll + `}`)},
		"IRSA019 other":    {kind: key, account: "333344445555", bad: docOf(strings.Replace(rootOf, "333344445555", "111122223333", 1))},
		"IRSA019 unknown":  {kind: key, bad: docOf(`{"Effect":"Allow","Action":"kms:*",` + aRole + `,` + onAll + `}`), good: docOf(rootOf)},
		"IRSA022":          {kind: resource, account: "222233334444", bad: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Principal":{"AWS":"111122223333"},` + onAll + `}`), good: docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue",` + aRole + `,` + onAll + `}`)},
		"IRSA023":          {kind: role, bad: docOf(`{"Effect":"Deny","Action":"sts:*",` + federated + `,"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}`), good: docOf(`{"Effect":"Deny","Action":"sts:AssumeRole",` + aRole + `,"Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}`)},
		"IRSA023 key": {
			kind: key, severity: policy.SeverityWarning,
			bad:  docOf(rootOf, `{"Effect":"Deny","Principal":"*","NotAction":"kms:Put*",`+onAll+`,"Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}}`),
			good: docOf(rootOf, `{"Effect":"Deny","Principal":"*","NotAction":"kms:Put*",`+onAll+`,"Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"},"Bool":{"aws:ViaAWSService":"false"}}}`),
		},
	}
}

// TestLintFixes makes every fix alone: its finding goes, no other comes, and
// all that is not under the fix's pointer stays as it was.
func TestLintFixes(t *testing.T) {
	t.Parallel()
	for name, tc := range lintCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := policy.Policy{Kind: tc.kind, Name: tc.name, Account: tc.account}
			before := tc.linter.LintText([]byte(tc.bad), place)
			for _, f := range before {
				if f.Fix == nil {
					continue
				}
				text, err := f.Fix.ApplyText([]byte(tc.bad))
				if err != nil {
					t.Fatal(err)
				}
				after := tc.linter.LintText(text, place)
				if len(after) >= len(before) || slices.ContainsFunc(ids(after), func(id string) bool { return !slices.Contains(ids(before), id) }) {
					t.Errorf("before %v, after %v in %s", before, after, text)
				}
				if diff := cmp.Diff(withoutValue(t, tc.bad, f.Fix.Pointer), withoutValue(t, string(text), f.Fix.Pointer)); diff != "" {
					t.Errorf("the fix of %v changed more (-before +after):\n%s", f, diff)
				}
			}
		})
	}
}

// TestLintPlaces shows that every finding stands where its pointer leads: at
// the value, or at the name of the member.
func TestLintPlaces(t *testing.T) {
	t.Parallel()
	for name, tc := range lintCases() {
		text := "\n " + strings.ReplaceAll(tc.bad, `,"`, ",\n\t\"")
		for _, f := range tc.linter.LintText([]byte(text), policy.Policy{Kind: tc.kind, Name: tc.name, Account: tc.account}) {
			if f.ID == "JSON_SYNTAX_ERROR" || f.ID == "REPEATED_MEMBER" || f.ID == "UNSUPPORTED_ELEMENT_COMBINATION" {
				continue // there is no such value, or not one
			}
			var value any
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				t.Fatal(err)
			}
			member := ""
			for _, token := range strings.Split(f.Pointer, "/")[1:] {
				member = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
				switch v := value.(type) {
				case map[string]any:
					value = v[member]
				case []any:
					i, _ := strconv.Atoi(member)
					value = v[i]
				}
			}
			var got any
			if err := json.Unmarshal([]byte(text[f.Span.Start.Offset:f.Span.End.Offset]), &got); err != nil {
				t.Errorf("%s: %v at %v: %v", name, f, f.Span, err)
			}
			if !cmp.Equal(got, value) && got != any(member) {
				t.Errorf("%s: %v stands at %v, and %q is %v", name, f, got, f.Pointer, value)
			}
			lines := strings.Split(text[:f.Span.Start.Offset], "\n")
			if f.Span.Start.Line != len(lines) || f.Span.Start.Column != len(lines[len(lines)-1])+1 {
				t.Errorf("%s: %v is not at line %d", name, f, len(lines))
			}
		}
	}
}

// TestLintFixValues shows what fixes write where more than one thing would make
// the finding go.
func TestLintFixValues(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"UNSUPPORTED_SPACE_IN_VARIABLE tag":  `"arn:aws:s3:::b/${aws:PrincipalTag/cost center}"`,
		"IRSA010 saml":                       `"sts:AssumeRoleWithSAML"`,
		"IRSA010 saml by role":               `"sts:AssumeRole"`,
		"IRSA010 both":                       ``,
		"IRSA015 type":                       `"arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"`,
		"IRSA016 type":                       `"arn:aws:kms:eu-west-1:333344445555:key/1234abcd-12ab-34cd-56ef-1234567890ab"`,
		"IRSA018":                            `"secretsmanager.eu-west-1.amazonaws.com"`,
		"IRSA018 host":                       `"secretsmanager.eu-west-1.amazonaws.com"`,
		"IRSA018 suffix":                     `"secretsmanager.cn-north-1.amazonaws.com.cn"`,
		"WILDCARD_WITHOUT_LIKE_OPERATOR sub": `{"StringLike":{"` + github + `:sub":"repo:o/*"}}`,
		"NULL_WITH_QUALIFIER":                `{"Null":{"aws:username":"true"}}`,
	} {
		tc := lintCases()[name]
		got := tc.linter.LintText([]byte(tc.bad), policy.Policy{Kind: tc.kind, Name: tc.name, Account: tc.account})
		if got[0].Fix == nil || string(got[0].Fix.Replacement) != want {
			t.Errorf("%s: fix %+v, want %s", name, got[0].Fix, want)
		}
	}
	// A fix that cannot be written is none, rather than one that removes.
	tc := lintCases()["NULL_WITH_IF_EXISTS twice"]
	if f := tc.linter.LintText([]byte(tc.bad), policy.Policy{})[0]; f.Fix != nil {
		t.Errorf("%v has the fix %+v", f, f.Fix)
	}
}

// withoutValue is the JSON in which nothing is at the pointer. An element that
// is added makes all of its list the value.
func withoutValue(t *testing.T, text, pointer string) any {
	t.Helper()
	var root any
	if err := json.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	tokens := strings.Split(strings.TrimSuffix(pointer, "/-"), "/")[1:]
	at := root
	for i, token := range tokens {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		last := i == len(tokens)-1
		switch v := at.(type) {
		case map[string]any:
			if last {
				delete(v, token)
			}
			at = v[token]
		case []any:
			n, err := strconv.Atoi(token)
			if err != nil {
				t.Fatal(err)
			}
			if last && n < len(v) {
				// Elements move up: what is compared is what stands before.
				clear(v[n:])
			}
			if n < len(v) {
				at = v[n]
			}
		}
	}
	return prune(root)
}

// prune drops the elements that were cleared.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			v[name] = prune(v[name])
		}
	case []any:
		kept := []any{}
		for _, e := range v {
			if e != nil {
				kept = append(kept, prune(e))
			}
		}
		return kept
	}
	return v
}

// ids returns the rules of the findings, each once.
func ids(findings policy.Findings) []string {
	set := map[string]bool{}
	for _, f := range findings {
		set[f.ID] = true
	}
	return slices.Sorted(maps.Keys(set))
}

func TestLintRules(t *testing.T) {
	t.Parallel()
	for name, tc := range lintCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, _, _ := strings.Cut(name, " ")
			place := policy.Policy{Kind: tc.kind, Name: tc.name, Account: tc.account}
			got := tc.linter.LintText([]byte(tc.bad), place)
			if diff := cmp.Diff([]string{id}, ids(got)); diff != "" {
				t.Fatalf("rules (-want +got):\n%s\n%v", diff, got)
			}
			checkFinding(t, tc, got[0])
			if tc.good == "" {
				if got[0].Fix == nil {
					t.Fatalf("there is neither a fix nor a corrected document: %v", got)
				}
				tc.good = tc.bad
			}
			for _, f := range got {
				if f.Fix != nil {
					tc.good = allFixed(t, tc.linter, place, tc.bad)
				}
			}
			if left := tc.linter.LintText([]byte(tc.good), place); len(left) > 0 {
				t.Errorf("the corrected document\n%s\nhas %v", tc.good, left)
			}
			lintParsed(t, tc, place, got)
		})
	}
}

// checkFinding checks what every finding has.
func checkFinding(t *testing.T, tc lintCase, f policy.Finding) {
	t.Helper()
	rules := policy.Rules()
	rule := rules[slices.IndexFunc(rules, func(r policy.Rule) bool { return r.ID == f.ID })]
	want := tc.severity
	if want == policy.NoSeverity {
		want = rule.Severity
	}
	if f.Severity != want || f.Message == "" || f.Explanation != rule.Explanation || f.Remedy != rule.Remedy {
		t.Errorf("finding = %+v, want severity %v and the rule's texts", f, want)
	}
	if f.Policy != tc.name || f.Account != tc.account || tc.kind != policy.NoKind && f.Kind != tc.kind {
		t.Errorf("finding is about %v %q in %q", f.Kind, f.Policy, f.Account)
	}
	if f.Span == (policy.Span{}) {
		t.Errorf("finding %v has no place", f)
	}
}

// allFixed makes all fixes, one after the other.
func allFixed(t *testing.T, l policy.Linter, place policy.Policy, text string) string {
	t.Helper()
	for range 10 {
		i := slices.IndexFunc(l.LintText([]byte(text), place), func(f policy.Finding) bool { return f.Fix != nil })
		if i < 0 {
			return text
		}
		next, err := l.LintText([]byte(text), place)[i].Fix.ApplyText([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		text = string(next)
	}
	t.Fatalf("the fixes do not end: %s", text)
	return ""
}

// lintParsed checks that Lint finds in the parsed document what LintText finds
// in its text.
func lintParsed(t *testing.T, tc lintCase, place policy.Policy, want policy.Findings) {
	t.Helper()
	doc, err := policy.Parse([]byte(tc.bad))
	if err != nil {
		return
	}
	place.Document = doc
	got := tc.linter.Lint(place)
	if diff := cmp.Diff(visible(want), visible(got)); diff != "" {
		t.Errorf("findings of the document (-text +document):\n%s", diff)
	}
}

// visible leaves the exported fields, for comparison.
func visible(findings policy.Findings) []string {
	out := make([]string, len(findings))
	for i, f := range findings {
		out[i] = f.String() + " " + f.Pointer
		if f.Fix != nil {
			out[i] += " " + f.Fix.Pointer + string(f.Fix.Replacement)
		}
	}
	return out
}

// TestLintRulesCovered fails when a rule has no case.
func TestLintRulesCovered(t *testing.T) {
	t.Parallel()
	covered := map[string]bool{}
	for name := range lintCases() {
		id, _, _ := strings.Cut(name, " ")
		covered[id] = true
	}
	for name := range lintSetCases() {
		id, _, _ := strings.Cut(name, " ")
		covered[id] = true
	}
	for _, r := range policy.Rules() {
		if !covered[r.ID] {
			t.Errorf("the rule %s has no case", r.ID)
		}
		delete(covered, r.ID)
	}
	for id := range covered {
		t.Errorf("there is no rule %s", id)
	}
}
