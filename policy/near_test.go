package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

// nearly evaluates a request that one statement does not quite allow, and
// returns the near misses as "element: hint".
func nearly(t *testing.T, req policy.Request, set policy.Set) []string {
	t.Helper()
	r := evaluate(t, req, set)
	if r.Decision == policy.Allowed {
		t.Fatalf("allowed: %+v", r)
	}
	var got []string
	for _, n := range r.Near {
		got = append(got, n.Element+": "+n.Hint)
	}
	return got
}

func TestNearResource(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ wanted, hint string }{
		"no suffix":        {ownSecret[:len(ownSecret)-7], "the ARN lacks the suffix of a hyphen and six characters that Secrets Manager appends; it is " + ownSecret},
		"Region":           {strings.Replace(ownSecret, "eu-west-1", "us-west-2", 1), "the Region differs: the resource is in eu-west-1, not us-west-2"},
		"account":          {strings.Replace(farSecret, "eu-west-1", "eu-*", 1), "the account differs: the resource is in 111111111111, not 222222222222"},
		"partition":        {strings.Replace(ownSecret, "arn:aws:", "arn:aws-cn:", 1), "the partition differs: the resource is in aws, not aws-cn"},
		"Region and more":  {strings.Replace(farSecret, "eu-west-1", "us-west-2", 1), ""},
		"another secret":   {ownSecret + "x", ""},
		"another service":  {"arn:aws:s3:::b", ""},
		"no ARN":           {"prod/db", ""},
		"one colon":        {"arn:aws:iam:111111111111:role/x", "an IAM ARN has two colons before the account: arn:aws:iam::111111111111:role/x"},
		"pattern, Region ": {"arn:aws:secretsmanager:us-*-2:111111111111:secret:prod/*", "the Region differs: the resource is in eu-west-1, not us-*-2"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := nearly(t, readSecret(ownSecret), policy.Set{Identity: list(doc("Allow", "secretsmanager:*", tt.wanted))})
			if diff := cmp.Diff([]string{"Resource: " + tt.hint}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	t.Run("alias", func(t *testing.T) {
		t.Parallel()
		set := policy.Set{Resource: to("Allow", aws(ownRoot)), Identity: list(doc("Allow", "kms:Decrypt", "arn:aws:kms:eu-west-1:111111111111:alias/app"))}
		want := []string{"Resource: an alias never stands for its key in a Resource; use the key's ARN " + ownKey}
		if diff := cmp.Diff(want, nearly(t, asRole("kms:Decrypt", ownKey), set)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("key id", func(t *testing.T) {
		t.Parallel()
		set := policy.Set{Resource: to("Allow", aws(ownRoot)), Identity: list(doc("Allow", "kms:Decrypt", "1234abcd-12ab-34cd-56ef-1234567890ab"))}
		want := []string{"Resource: a Resource is not a key id; use the key's ARN " + ownKey}
		if diff := cmp.Diff(want, nearly(t, asRole("kms:Decrypt", ownKey), set)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("NotResource", func(t *testing.T) {
		t.Parallel()
		p := text("doc", `{"Effect":"Allow","Action":"*","NotResource":"`+ownSecret+`"}`)
		if diff := cmp.Diff([]string{"NotResource: "}, nearly(t, readSecret(ownSecret), policy.Set{Identity: list(p)})); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestNearAction(t *testing.T) {
	t.Parallel()
	web := scenarios()["web identity"].req
	tests := map[string]struct {
		req  policy.Request
		set  policy.Set
		want []string
	}{
		"typo":            {readSecret(ownSecret), policy.Set{Identity: list(doc("Allow", "secretsmanager:GetSecretsValue", "*"))}, []string{"Action: the action is spelt secretsmanager:GetSecretValue"}},
		"typo in service": {readSecret(ownSecret), policy.Set{Identity: list(doc("Allow", "secretmanager:GetSecretValue", "*"))}, []string{"Action: the action is spelt secretsmanager:GetSecretValue"}},
		"no typo":         {readSecret(ownSecret), policy.Set{Identity: list(doc("Allow", "secretsmanager:PutSecretValue", "*"))}, []string{"Action: "}},
		"typo in verb":    {readSecret(ownSecret), policy.Set{Identity: list(doc("Allow", "secretsmanager:GteSecretValue", "*"))}, []string{"Action: the action is spelt secretsmanager:GetSecretValue"}},
		"same service":    {readSecret(ownSecret), policy.Set{Identity: list(doc("Allow", "secretsmanager:Describe*", "*"))}, []string{"Action: "}},
		"other service":   {readSecret(ownSecret), policy.Set{Identity: list(doc("Allow", "ec2:*", "*"))}, nil},
		"NotAction":       {readSecret(ownSecret), policy.Set{Identity: list(text("doc", `{"Effect":"Allow","NotAction":"secretsmanager:*","Resource":"*"}`))}, []string{"NotAction: "}},
		"AssumeRole": {web, policy.Set{Resource: new(text("trust", `{"Effect":"Allow","Principal":{"Federated":"`+provider+`"},"Action":"sts:AssumeRole"}`))}, []string{
			"Action: a web identity needs the action sts:AssumeRoleWithWebIdentity",
		}},
		"a Deny is no near miss": {readSecret(ownSecret), policy.Set{Identity: list(doc("Deny", "secretsmanager:Describe*", "*"))}, nil},
		"two elements differ":    {readSecret(ownSecret), policy.Set{Identity: list(doc("Allow", "secretsmanager:Describe*", farSecret))}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, nearly(t, tt.req, tt.set)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestNearPrincipal(t *testing.T) {
	t.Parallel()
	service := readSecret(ownSecret)
	service.Principal, service.RoleARN = "lambda.amazonaws.com", ""
	web := scenarios()["web identity"].req
	tests := map[string]struct {
		req       policy.Request
		principal string
		hint      string
	}{
		"deleted role": {
			readSecret(farSecret), aws("AROAEXAMPLE"),
			"AROAEXAMPLE is the unique id of a role or user that was deleted, perhaps to be created again; save the policy again with the ARN " + ownRole,
		},
		"deleted role, service asks": {service, aws("AROAEXAMPLE"), ""},
		"one colon":                  {readSecret(farSecret), aws("arn:aws:iam:111111111111:role/pod-role"), "an IAM ARN has two colons before the account: arn:aws:iam::111111111111:role/pod-role"},
		"account, a digit short":     {readSecret(farSecret), aws("11111111111"), "an account number has 12 digits, this has 11"},
		"role, a digit short":        {readSecret(farSecret), aws("arn:aws:iam::11111111111:role/team/pod-role"), "an account number has 12 digits, this has 11"},
		"account":                    {readSecret(farSecret), aws("arn:aws:iam::999999999999:role/team/pod-role"), "the caller's role is in account 111111111111, not 999999999999"},
		"partition":                  {readSecret(farSecret), aws("arn:aws-cn:iam::111111111111:role/team/pod-role"), "the caller is of partition aws, not aws-cn"},
		"path":                       {readSecret(farSecret), aws("arn:aws:iam::111111111111:role/pod-role"), "the path of the role differs; the role's ARN is " + ownRole},
		"user of that name":          {readSecret(farSecret), aws("arn:aws:iam::111111111111:user/pod-role"), ""},
		"another role":               {readSecret(farSecret), aws(farTarget), ""},
		"no ARN":                     {readSecret(farSecret), `{"AWS":["pod-role"]}`, ""},
		"provider, slash":            {web, `{"Federated":"` + provider + `/"}`, "the provider's ARN differs by a trailing slash; it is " + provider},
		"provider, scheme":           {web, `{"Federated":"` + strings.Replace(provider, "/oidc", "/https://oidc", 1) + `"}`, "the provider's ARN has no https://"},
		"provider, case":             {web, `{"Federated":"` + strings.ToLower(provider) + `"}`, "the provider's ARN differs in upper and lower case; it is " + provider},
		"provider, another":          {web, `{"Federated":"arn:aws:iam::111111111111:oidc-provider/example.com"}`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := to("Allow", tt.principal)
			if tt.req.Action == web.Action {
				p = trust(tt.principal)
			}
			got := nearly(t, tt.req, policy.Set{Resource: p, Identity: list(all)})
			if diff := cmp.Diff([]string{"Principal: " + tt.hint}, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	t.Run("NotPrincipal and everyone", func(t *testing.T) {
		t.Parallel()
		p := text("attached", `{"Effect":"Allow","NotPrincipal":"*","Action":"*","Resource":"*"}`)
		r := evaluate(t, readSecret(farSecret), policy.Set{Resource: &p})
		if len(r.Near) != 1 || r.Near[0].Element != "NotPrincipal" || !slices.Equal(r.Near[0].Wanted, []string{"*"}) {
			t.Errorf("got %+v", r.Near)
		}
	})
}

func TestNearTrustCondition(t *testing.T) {
	t.Parallel()
	req := scenarios()["web identity"].req
	req.Closed = false // a token's claims are known all the same
	req.Context = policy.Context{clusterURL + ":aud": {"sts.amazonaws.com"}, clusterURL + ":sub": {"system:serviceaccount:shop:web"}}
	closed := req
	closed.Closed = true
	slashed := req
	slashed.Principal = provider + "/"
	slashed.Context = policy.Context{clusterURL + "/:sub": {"x"}}
	tests := map[string]struct {
		req                 policy.Request
		operator, key, want string
		hint                string
	}{
		"namespace":           {req, "StringEquals", clusterURL + ":sub", "system:serviceaccount:app:web", "the namespace differs: the token's is shop, not app"},
		"service account":     {req, "StringEquals", clusterURL + ":sub", "system:serviceaccount:shop:api", "the service account differs: the token's is web, not api"},
		"both":                {req, "StringLike", clusterURL + ":sub", "system:serviceaccount:app:a*", "namespace and service account differ: the token's are shop and web"},
		"form":                {req, "StringEquals", clusterURL + ":sub", "system:serviceaccounts:shop:web", "the subject of a service account has the form system:serviceaccount:NAMESPACE:NAME; here it is system:serviceaccount:shop:web"},
		"form, no name":       {req, "StringEquals", clusterURL + ":sub", "system:serviceaccount:shop", "the subject of a service account has the form system:serviceaccount:NAMESPACE:NAME; here it is system:serviceaccount:shop:web"},
		"wildcard":            {req, "StringEquals", clusterURL + ":sub", "system:serviceaccount:shop:*", "StringEquals takes * and ? literally; use StringLike"},
		"audience":            {req, "StringEquals", clusterURL + ":aud", "vault", "the token's audience is sts.amazonaws.com, not vault"},
		"slash":               {req, "StringEquals", clusterURL + "/:sub", "x", "drop the slash after the issuer: " + clusterURL + ":sub"},
		"scheme":              {req, "StringEquals", "https://" + clusterURL + ":aud", "x", "a condition key has no https://: " + clusterURL + ":aud"},
		"scheme, slash":       {req, "StringLike", "https://" + clusterURL + "/:aud", "x", "the key has neither https:// nor a slash after the issuer: " + clusterURL + ":aud"},
		"provider ARN":        {req, "StringEquals", provider + ":aud", "x", "a condition key begins with the issuer, not with the provider's ARN: " + clusterURL + ":aud"},
		"another issuer":      {req, "StringEquals", "oidc.example.com:sub", "x", "the token's issuer is " + clusterURL + ", so the key is " + clusterURL + ":sub"},
		"issuer's slash":      {slashed, "StringEquals", clusterURL + ":sub", "x", "the issuer ends in a slash, and so does the key's prefix: " + clusterURL + "/:sub"},
		"no subject":          {slashed, "StringEquals", clusterURL + "/:sub", "system:serviceaccount:a:b", ""},
		"no claim of a token": {closed, "StringEquals", "aws:SourceVpce", "x", ""},
		"no claim at all":     {closed, "StringEquals", "team", "x", ""},
		"no claim":            {req, "StringEquals", clusterURL + ":email", "x", "the token has no claim email"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := text("trust", fmt.Sprintf(`{"Effect":"Allow","Principal":{"Federated":%q},"Action":"sts:*","Condition":{%q:{%q:%q}}}`,
				tt.req.Principal, tt.operator, tt.key, tt.want))
			got := evaluate(t, tt.req, policy.Set{Resource: &p})
			if got.Decision != policy.ImplicitlyDenied {
				t.Fatalf("decision: %+v", got)
			}
			want := []string{"Condition/" + tt.operator + "/" + tt.key + ": " + tt.hint}
			if diff := cmp.Diff(want, nearly(t, tt.req, policy.Set{Resource: &p})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestNearCondition(t *testing.T) {
	t.Parallel()
	req := asRole("kms:Decrypt", farKey)
	const secret = "kms:EncryptionContext:SecretARN"
	req.Context = policy.Context{"kms:ViaService": {"secretsmanager.eu-west-1.amazonaws.com"}, secret: {farSecret}, "team": {"Shop"}, "many": {"a", "b"}, "plain": {"x"}}
	tests := map[string]struct{ condition, want string }{
		"Region":          {`"StringEquals":{"kms:ViaService":"secretsmanager.us-west-2.amazonaws.com"}`, "the Region differs: kms:ViaService is eu-west-1, not us-west-2"},
		"host":            {`"StringEquals":{"kms:ViaService":"secretsmanager.eu-west-1.amazonaws.com.cn"}`, "the host differs: kms:ViaService ends in amazonaws.com, not amazonaws.com.cn"},
		"service":         {`"StringEquals":{"kms:ViaService":"ssm.eu-west-1.amazonaws.com"}`, "the service differs: kms:ViaService is that of secretsmanager, not ssm"},
		"no host":         {`"StringEquals":{"kms:ViaService":"secretsmanager"}`, "kms:ViaService is secretsmanager.eu-west-1.amazonaws.com"},
		"all differs":     {`"StringEquals":{"kms:ViaService":"ssm.us-west-2.example.com"}`, "kms:ViaService is secretsmanager.eu-west-1.amazonaws.com"},
		"wildcard":        {`"StringEquals":{"KMS:viaservice":"secretsmanager.*.amazonaws.com"}`, "StringEquals takes * and ? literally; use StringLike"},
		"secret, suffix":  {`"StringEquals":{"` + secret + `":"` + farSecret[:len(farSecret)-7] + `"}`, "the ARN lacks the suffix of a hyphen and six characters that Secrets Manager appends; it is " + farSecret},
		"secret, Region":  {`"StringEquals":{"` + secret + `":"` + strings.Replace(farSecret, "eu-west-1", "us-west-2", 1) + `"}`, "the Region differs: the secret is in eu-west-1, not us-west-2"},
		"secret, account": {`"StringEquals":{"` + secret + `":"` + ownSecret + `"}`, "the account differs: the secret is in 222222222222, not 111111111111"},
		"secret, another": {`"StringEquals":{"` + secret + `":"` + farSecret + `x"}`, ""},
		"secret, no ARN":  {`"StringEquals":{"` + secret + `":"prod/db"}`, ""},
		"case":            {`"StringEquals":{"team":"shop"}`, "the value differs only in upper and lower case"},
		"white space":     {`"StringEquals":{"team":["a","Shop "]}`, "the value differs only in white space"},
		"nothing certain": {`"StringEquals":{"team":"app"}`, ""},
		"negated":         {`"StringNotEquals":{"team":"Shop"}`, ""},
		"several values":  {`"ForAllValues:StringEquals":{"many":"a"}`, ""},
		"other operator":  {`"NumericEquals":{"plain":"1"}`, ""},
		"absent":          {`"StringEquals":{"none":"a"}`, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := text("key", `{"Effect":"Allow","Principal":`+aws(ownRole)+`,"Action":"*","Resource":"*","Condition":{`+tt.condition+`}}`)
			got := nearly(t, req, policy.Set{Resource: &p, Identity: list(all)})
			if len(got) != 1 || !strings.HasSuffix(got[0], ": "+tt.want) || !strings.HasPrefix(got[0], "Condition/") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("old version", func(t *testing.T) {
		t.Parallel()
		p := policy.Policy{Document: policy.MustParse(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringLike":{"team":"${aws:PrincipalAccount}"}}}}`)}
		want := []string{`Condition/StringLike/team: policy variables take effect only under "Version": "2012-10-17"`}
		if diff := cmp.Diff(want, nearly(t, req, policy.Set{Resource: &p, Identity: list(all)})); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("each key that fails, and none of the others", func(t *testing.T) {
		t.Parallel()
		p := text("key", `{"Sid":"A","Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEqual":{"team":"a"},
			"StringEquals":{"a/b~c":["x","y"],"team":"Shop","plain":"z"}}}`)
		r := evaluate(t, req, policy.Set{Resource: &p, Identity: list(all)})
		place := policy.Place{Kind: policy.KeyPolicy, Account: "333333333333", Policy: "key", Sid: "A", Position: p.Document.Statements[0].Position()}
		want := []policy.NearMiss{
			{Place: place, Effect: policy.Allow, Element: "Condition/StringEquals/a/b~c", Wanted: []string{"x", "y"}},
			{Place: place, Effect: policy.Allow, Element: "Condition/StringEquals/plain", Wanted: []string{"z"}, Got: []string{"x"}},
		}
		want[0].Pointer = "/Statement/0/Condition/StringEquals/a~1b~0c"
		want[1].Pointer = "/Statement/0/Condition/StringEquals/plain"
		if diff := cmp.Diff(want, r.Near); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
	t.Run("unknown operator", func(t *testing.T) {
		t.Parallel()
		p := text("key", `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEqual":{"team":"a"}}}`)
		r := evaluate(t, req, policy.Set{Resource: &p, Identity: list(all)})
		if r.Decision != policy.Unknown || len(r.Near) != 0 || len(r.Notes) != 1 {
			t.Errorf("got %+v", r)
		}
	})
}
