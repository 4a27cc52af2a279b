package policy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

const (
	ownSession = "arn:aws:sts::111111111111:assumed-role/pod-role/sess-1"
	ownRole    = "arn:aws:iam::111111111111:role/team/pod-role"
	ownRoot    = "arn:aws:iam::111111111111:root"
	ownUser    = "arn:aws:iam::111111111111:user/team/ann"
	ownSecret  = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:prod/db-AbCdEf"
	farSecret  = "arn:aws:secretsmanager:eu-west-1:222222222222:secret:prod/db-AbCdEf"
	ownKey     = "arn:aws:kms:eu-west-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	farKey     = "arn:aws:kms:eu-west-1:333333333333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	ownTarget  = "arn:aws:iam::111111111111:role/target"
	farTarget  = "arn:aws:iam::222222222222:role/target"
	clusterURL = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	provider   = "arn:aws:iam::111111111111:oidc-provider/" + clusterURL
)

// evaluate is [policy.Evaluate], once it is sure that Decide says the same.
func evaluate(tb testing.TB, req policy.Request, set policy.Set) policy.Result {
	tb.Helper()
	got := policy.Evaluate(req, set)
	if d := policy.Compile(set).Decide(&req); d != got.Decision {
		tb.Errorf("Decide says %v, Evaluate %v", d, got.Decision)
	}
	return got
}

// asRole is a request of the pod's role.
func asRole(action, resource string) policy.Request {
	return policy.Request{Principal: ownSession, RoleARN: ownRole, Action: action, Resource: resource, Closed: true}
}

func readSecret(resource string) policy.Request {
	return asRole("secretsmanager:GetSecretValue", resource)
}

// doc is a policy of one statement without principal.
func doc(effect, action, resource string) policy.Policy {
	return text("doc", fmt.Sprintf(`{"Effect":%q,"Action":%q,"Resource":%q}`, effect, action, resource))
}

// to is a resource-based policy of one statement; who is the principal's JSON.
func to(effect, who string) *policy.Policy {
	p := text("attached", fmt.Sprintf(`{"Effect":%q,"Principal":%s,"Action":"*","Resource":"*"}`, effect, who))
	return &p
}

func trust(who string) *policy.Policy {
	p := text("trust", fmt.Sprintf(`{"Effect":"Allow","Principal":%s,"Action":"sts:*"}`, who))
	return &p
}

func aws(arn string) string { return fmt.Sprintf(`{"AWS":%q}`, arn) }

func text(name string, statements ...string) policy.Policy {
	return policy.Policy{Name: name, Document: policy.MustParse(
		`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)}
}

func list(p ...policy.Policy) []policy.Policy { return p }

var (
	all     = doc("Allow", "*", "*")
	nothing = doc("Allow", "ec2:*", "*")
)

func TestEvaluateSides(t *testing.T) {
	t.Parallel()
	user := readSecret(ownSecret)
	user.Principal, user.RoleARN = ownUser, ""
	root := user
	root.Principal = ownRoot
	rootKey := root
	rootKey.Action, rootKey.Resource = "kms:Decrypt", ownKey
	digits := user
	digits.Principal = "111111111111"
	federated := user
	federated.Principal, federated.RoleARN = "arn:aws:sts::111111111111:federated-user/bob", ownUser
	service := user
	service.Principal = "lambda.amazonaws.com"
	anonymous := user
	anonymous.Principal = "*"
	bare := user
	bare.Principal = ownRole
	chinese := readSecret("arn:aws-cn:secretsmanager:cn-north-1:111111111111:secret:a-AbCdEf")
	listing := asRole("secretsmanager:ListSecrets", "*")
	retire := asRole("kms:RetireGrant", ownKey)
	linked := readSecret(ownSecret)
	linked.RoleARN = "arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/pod-role"

	tests := map[string]struct {
		req  policy.Request
		set  policy.Set
		want policy.Decision
	}{
		"no document":                        {readSecret(ownSecret), policy.Set{Identity: list(policy.Policy{})}, policy.Unknown},
		"identity":                           {readSecret(ownSecret), policy.Set{Identity: list(nothing, all)}, policy.Allowed},
		"action without resource":            {listing, policy.Set{Identity: list(doc("Allow", "*:List*", "*"))}, policy.Allowed},
		"user named":                         {user, policy.Set{Resource: to("Allow", aws(ownUser))}, policy.Allowed},
		"user named, boundary":               {user, policy.Set{Resource: to("Allow", aws(ownUser)), Boundaries: list(nothing)}, policy.Allowed},
		"user named, boundary denies":        {user, policy.Set{Resource: to("Allow", aws(ownUser)), Boundaries: list(doc("Deny", "*", "*"))}, policy.ExplicitlyDenied},
		"user, other case":                   {user, policy.Set{Resource: to("Allow", aws("arn:aws:iam::111111111111:user/team/Ann"))}, policy.ImplicitlyDenied},
		"role named, boundary":               {readSecret(ownSecret), policy.Set{Resource: to("Allow", aws(ownRole)), Boundaries: list(nothing)}, policy.ImplicitlyDenied},
		"two boundaries":                     {readSecret(ownSecret), policy.Set{Identity: list(all), Boundaries: list(all, nothing)}, policy.ImplicitlyDenied},
		"two session policies":               {readSecret(ownSecret), policy.Set{Identity: list(all), Session: list(all, nothing)}, policy.Allowed},
		"everyone, session policy":           {readSecret(ownSecret), policy.Set{Resource: to("Allow", `"*"`), Session: list(nothing)}, policy.Allowed},
		"account named":                      {readSecret(ownSecret), policy.Set{Resource: to("Allow", aws("111111111111"))}, policy.ImplicitlyDenied},
		"account named and identity":         {readSecret(ownSecret), policy.Set{Resource: to("Allow", aws(ownRoot)), Identity: list(all)}, policy.Allowed},
		"root user":                          {root, policy.Set{}, policy.Allowed},
		"root user, as digits":               {digits, policy.Set{}, policy.Allowed},
		"root user, SCP":                     {root, policy.Set{SCPs: [][]policy.Policy{list(nothing)}}, policy.ImplicitlyDenied},
		"root user, key":                     {rootKey, policy.Set{Resource: to("Allow", aws(ownRoot))}, policy.Allowed},
		"root user, key lets others in":      {rootKey, policy.Set{Resource: to("Allow", aws(ownRole))}, policy.ImplicitlyDenied},
		"federated user, no session policy":  {federated, policy.Set{Identity: list(all)}, policy.ImplicitlyDenied},
		"federated user, session policy":     {federated, policy.Set{Identity: list(all), Session: list(all)}, policy.Allowed},
		"federated user named":               {federated, policy.Set{Resource: to("Allow", aws(federated.Principal))}, policy.Allowed},
		"federated user's user named":        {federated, policy.Set{Resource: to("Allow", aws(ownUser)), Session: list(all)}, policy.Allowed},
		"federated user's user, boundary":    {federated, policy.Set{Resource: to("Allow", aws(ownUser)), Session: list(all), Boundaries: list(nothing)}, policy.ImplicitlyDenied},
		"service":                            {service, policy.Set{Resource: to("Allow", `{"Service":"lambda.amazonaws.com"}`)}, policy.Allowed},
		"service, no policy":                 {service, policy.Set{Identity: list(all)}, policy.ImplicitlyDenied},
		"service, other":                     {service, policy.Set{Resource: to("Allow", `{"Service":["ec2.amazonaws.com"],"AWS":"111111111111"}`)}, policy.ImplicitlyDenied},
		"anonymous":                          {anonymous, policy.Set{Resource: to("Allow", `{"AWS":"*"}`)}, policy.Allowed},
		"anonymous, account named":           {anonymous, policy.Set{Resource: to("Allow", aws(ownRoot)), Identity: list(all)}, policy.ImplicitlyDenied},
		"role ARN as caller":                 {bare, policy.Set{Resource: to("Allow", aws(ownRole))}, policy.Allowed},
		"role ARN as caller, session named":  {bare, policy.Set{Resource: to("Allow", aws(ownSession))}, policy.ImplicitlyDenied},
		"other partition":                    {chinese, policy.Set{Identity: list(all), Resource: to("Allow", `"*"`)}, policy.ImplicitlyDenied},
		"cross-account":                      {readSecret(farSecret), policy.Set{Identity: list(all), Resource: to("Allow", aws(ownRole))}, policy.Allowed},
		"cross-account, session policy":      {readSecret(farSecret), policy.Set{Identity: list(all), Resource: to("Allow", aws(ownSession)), Session: list(nothing)}, policy.ImplicitlyDenied},
		"cross-account, SCP":                 {readSecret(farSecret), policy.Set{Identity: list(all), Resource: to("Allow", aws(ownRole)), SCPs: [][]policy.Policy{list(all), list(nothing)}}, policy.ImplicitlyDenied},
		"SCP level without policies":         {readSecret(ownSecret), policy.Set{Identity: list(all), SCPs: [][]policy.Policy{list(all), nil}}, policy.ImplicitlyDenied},
		"SCP, service-linked role":           {linked, policy.Set{Identity: list(all), SCPs: [][]policy.Policy{list(nothing)}}, policy.Allowed},
		"RCP allows by itself":               {readSecret(ownSecret), policy.Set{Identity: list(all), RCPs: [][]policy.Policy{nil}}, policy.Allowed},
		"RCP denies":                         {readSecret(ownSecret), policy.Set{Identity: list(all), RCPs: [][]policy.Policy{list(*to("Deny", `"*"`))}}, policy.ExplicitlyDenied},
		"RCP without principal":              {readSecret(ownSecret), policy.Set{Identity: list(all), RCPs: [][]policy.Policy{list(doc("Deny", "*", "*"))}}, policy.Allowed},
		"RCP, service that it does not know": {asRole("ssm:GetParameter", "arn:aws:ssm:eu-west-1:111111111111:parameter/a"), policy.Set{Identity: list(all), RCPs: [][]policy.Policy{list(*to("Deny", `"*"`))}}, policy.Unknown},
		"RCP, such a service, no Deny":       {asRole("ssm:GetParameter", "arn:aws:ssm:eu-west-1:111111111111:parameter/a"), policy.Set{Identity: list(all), RCPs: [][]policy.Policy{list(*to("Allow", aws(farTarget)))}}, policy.Allowed},
		"RCP, such a service, denied anyway": {asRole("ssm:GetParameter", "arn:aws:ssm:eu-west-1:111111111111:parameter/a"), policy.Set{RCPs: [][]policy.Policy{list(*to("Deny", `"*"`))}}, policy.ImplicitlyDenied},
		"RCP, service in upper case":         {asRole("SecretsManager:GetSecretValue", ownSecret), policy.Set{Identity: list(all), RCPs: [][]policy.Policy{list(*to("Deny", `"*"`))}}, policy.ExplicitlyDenied},
		"RCP, service that joined late":      {asRole("logs:GetLogEvents", "arn:aws:logs:eu-west-1:111111111111:log-group:a"), policy.Set{Identity: list(all), RCPs: [][]policy.Policy{list(*to("Deny", `"*"`))}}, policy.ExplicitlyDenied},
		"RCP, service-linked role":           {linked, policy.Set{Identity: list(all), RCPs: [][]policy.Policy{list(*to("Deny", `"*"`))}}, policy.Allowed},
		"RCP, retiring a grant":              {retire, policy.Set{Identity: list(all), Resource: to("Allow", aws(ownRoot)), RCPs: [][]policy.Policy{list(*to("Deny", `"*"`))}}, policy.Allowed},
		"endpoint":                           {readSecret(ownSecret), policy.Set{Identity: list(all), Endpoint: list(*to("Allow", aws(ownRole)))}, policy.Allowed},
		"endpoint, others only":              {readSecret(ownSecret), policy.Set{Identity: list(all), Endpoint: list(*to("Allow", aws("222222222222")))}, policy.ImplicitlyDenied},
		"endpoint denies":                    {anonymous, policy.Set{Resource: to("Allow", `"*"`), Endpoint: list(*to("Deny", `"*"`))}, policy.ExplicitlyDenied},
		"key, no policy given":               {asRole("kms:Decrypt", ownKey), policy.Set{Identity: list(all)}, policy.Unknown},
		"key, no policy given, denied":       {asRole("kms:Decrypt", farKey), policy.Set{}, policy.ImplicitlyDenied},
		"key, account let in, no identity":   {asRole("kms:Decrypt", ownKey), policy.Set{Resource: to("Allow", aws(ownRoot))}, policy.ImplicitlyDenied},
		"key, role named, boundary":          {asRole("kms:Decrypt", ownKey), policy.Set{Resource: to("Allow", aws(ownRole)), Boundaries: list(nothing)}, policy.ImplicitlyDenied},
		"key, session named, boundary":       {asRole("kms:Decrypt", ownKey), policy.Set{Resource: to("Allow", aws(ownSession)), Boundaries: list(nothing)}, policy.Allowed},
		"key abroad, account let in":         {asRole("kms:Decrypt", farKey), policy.Set{Resource: to("Allow", aws(ownRoot)), Identity: list(all)}, policy.Allowed},
		"no key":                             {asRole("kms:ListKeys", "*"), policy.Set{Identity: list(all)}, policy.Allowed},
		"role, no trust policy given":        {asRole("sts:AssumeRole", ownTarget), policy.Set{Identity: list(all)}, policy.Unknown},
		"role, account trusted":              {asRole("sts:AssumeRole", ownTarget), policy.Set{Identity: list(all), Resource: trust(aws(ownRoot))}, policy.Allowed},
		"role, account trusted, no identity": {asRole("sts:AssumeRole", ownTarget), policy.Set{Resource: trust(aws(ownRoot))}, policy.ImplicitlyDenied},
		"role, session trusted, boundary":    {asRole("sts:AssumeRole", ownTarget), policy.Set{Resource: trust(aws(ownSession)), Boundaries: list(nothing)}, policy.Allowed},
		"role, role trusted, boundary":       {asRole("sts:AssumeRole", ownTarget), policy.Set{Resource: trust(aws(ownRole)), Boundaries: list(nothing)}, policy.ImplicitlyDenied},
		"role abroad":                        {asRole("sts:AssumeRole", farTarget), policy.Set{Resource: trust(aws(ownRole)), Identity: list(all)}, policy.Allowed},
		"trust policy with Resource":         {asRole("sts:AssumeRole", ownTarget), policy.Set{Resource: &policy.Policy{Kind: policy.TrustPolicy, Document: to("Allow", aws(ownRole)).Document}}, policy.ImplicitlyDenied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := evaluate(t, tt.req, tt.set); got.Decision != tt.want {
				t.Errorf("got %v, want %v\n%+v", got.Decision, tt.want, got)
			}
		})
	}
}

func TestEvaluatePrincipals(t *testing.T) {
	t.Parallel()
	session := readSecret(ownSecret)
	noRole := session
	noRole.RoleARN = ""
	withID := session
	withID.PrincipalID = "AROAEXAMPLE"
	userID := session
	userID.Principal, userID.RoleARN, userID.PrincipalID = ownUser, "", "AIDAEXAMPLE"
	google := session
	google.Principal, google.RoleARN = "accounts.google.com", ""
	tests := map[string]struct {
		req       policy.Request
		principal string
		want      policy.Decision
	}{
		"role":                          {session, aws(ownRole), policy.Allowed},
		"role, name in other case":      {session, aws("arn:aws:iam::111111111111:role/team/POD-role"), policy.Allowed},
		"role, path in other case":      {session, aws("arn:aws:iam::111111111111:role/Team/pod-role"), policy.ImplicitlyDenied},
		"role, no path":                 {session, aws("arn:aws:iam::111111111111:role/pod-role"), policy.ImplicitlyDenied},
		"role, path not known":          {noRole, aws(ownRole), policy.Allowed},
		"role, other partition":         {noRole, aws("arn:aws-cn:iam::111111111111:role/pod-role"), policy.ImplicitlyDenied},
		"role, with Region":             {noRole, aws("arn:aws:iam:eu-west-1:111111111111:role/pod-role"), policy.ImplicitlyDenied},
		"session":                       {session, aws(ownSession), policy.Allowed},
		"session, other":                {session, aws(ownSession + "2"), policy.ImplicitlyDenied},
		"session, star is literal":      {session, aws("arn:aws:sts::111111111111:assumed-role/pod-role/*"), policy.ImplicitlyDenied},
		"unique id":                     {withID, aws("AROAEXAMPLE"), policy.Allowed},
		"unique id, not carried":        {session, aws("AROAEXAMPLE"), policy.ImplicitlyDenied},
		"unique id, other":              {withID, aws("AROAOTHER"), policy.ImplicitlyDenied},
		"unique id of a user":           {userID, aws("AIDAEXAMPLE"), policy.Allowed},
		"canonical user":                {userID, `{"CanonicalUser":"AIDAEXAMPLE"}`, policy.Allowed},
		"canonical user, not carried":   {session, `{"CanonicalUser":""}`, policy.ImplicitlyDenied},
		"group":                         {session, aws("arn:aws:iam::111111111111:group/pod-role"), policy.ImplicitlyDenied},
		"provider under AWS":            {google, aws("accounts.google.com"), policy.ImplicitlyDenied},
		"provider":                      {google, `{"Federated":"accounts.google.com"}`, policy.Allowed},
		"unknown type":                  {session, `{"Everybody":"*"}`, policy.ImplicitlyDenied},
		"empty object":                  {session, `{}`, policy.ImplicitlyDenied},
		"empty list":                    {session, `{"AWS":[]}`, policy.ImplicitlyDenied},
		"no ARN":                        {session, aws("pod-role"), policy.ImplicitlyDenied},
		"first weak, then strong grant": {session, `{"AWS":["111111111111","` + ownRole + `"]}`, policy.Allowed},
		"first strong, then weak grant": {session, `{"AWS":["` + ownSession + `","111111111111","nobody"]}`, policy.Allowed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := evaluate(t, tt.req, policy.Set{Resource: to("Allow", tt.principal)}); got.Decision != tt.want {
				t.Errorf("got %v, want %v\n%+v", got.Decision, tt.want, got)
			}
		})
	}
}

func TestEvaluateNotPrincipal(t *testing.T) {
	t.Parallel()
	session := readSecret(ownSecret)
	root := session
	root.Principal, root.RoleARN = ownRoot, ""
	service := session
	service.Principal, service.RoleARN = "lambda.amazonaws.com", ""
	boundary := policy.Set{Boundaries: list(all)}
	unknown := policy.Set{Unknown: []policy.Kind{policy.PermissionsBoundary}}
	tests := map[string]struct {
		req    policy.Request
		set    policy.Set
		effect string
		listed string
		want   policy.Decision
	}{
		"role and account":                  {session, policy.Set{}, "Deny", `{"AWS":["` + ownRole + `","` + ownRoot + `"]}`, policy.Allowed},
		"role and account as digits":        {session, policy.Set{}, "Deny", `{"AWS":["` + ownRole + `","111111111111"]}`, policy.Allowed},
		"everyone":                          {session, policy.Set{}, "Deny", `"*"`, policy.Allowed},
		"account only":                      {session, policy.Set{}, "Deny", aws(ownRoot), policy.ExplicitlyDenied},
		"somebody else":                     {session, policy.Set{}, "Deny", aws(farTarget), policy.ExplicitlyDenied},
		"boundary":                          {session, boundary, "Deny", `{"AWS":["` + ownRole + `","` + ownRoot + `"]}`, policy.ExplicitlyDenied},
		"boundary not known":                {session, unknown, "Deny", `{"AWS":["` + ownRole + `","` + ownRoot + `"]}`, policy.Unknown},
		"root user":                         {root, policy.Set{}, "Deny", aws(ownRoot), policy.Allowed},
		"service":                           {service, policy.Set{}, "Deny", `{"Service":"lambda.amazonaws.com"}`, policy.Allowed},
		"allow everyone but somebody else":  {session, policy.Set{}, "Allow", aws(farTarget), policy.Allowed},
		"allow everyone but the account":    {service, policy.Set{}, "Allow", `{"Service":"lambda.amazonaws.com"}`, policy.ImplicitlyDenied},
		"allow everyone but the role's own": {session, policy.Set{}, "Allow", aws(ownRole), policy.ImplicitlyDenied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			statements := []string{fmt.Sprintf(`{"Effect":%q,"NotPrincipal":%s,"Action":"*","Resource":"*"}`, tt.effect, tt.listed)}
			if tt.effect == "Deny" {
				statements = append(statements, `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`)
			}
			p := text("attached", statements...)
			tt.set.Resource = &p
			if got := evaluate(t, tt.req, tt.set); got.Decision != tt.want {
				t.Errorf("got %v, want %v\n%+v", got.Decision, tt.want, got)
			}
		})
	}
	t.Run("without the account it is contested", func(t *testing.T) {
		t.Parallel()
		p := text("attached", `{"Effect":"Deny","NotPrincipal":`+aws(ownRole)+`,"Action":"*","Resource":"*"}`)
		got := evaluate(t, session, policy.Set{Resource: &p, Identity: list(all)})
		if got.Decision != policy.ExplicitlyDenied || len(got.Notes) != 1 {
			t.Errorf("got %v %q", got.Decision, got.Notes)
		}
	})
}

func TestEvaluateResources(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		element string
		want    policy.Decision
	}{
		"exact":                           {`"Resource":"` + ownSecret + `"`, policy.Allowed},
		"case matters":                    {`"Resource":"` + strings.ToUpper(ownSecret) + `"`, policy.ImplicitlyDenied},
		"service and no more":             {`"Resource":"arn:aws:secretsmanager:*"`, policy.Allowed},
		"star within a part":              {`"Resource":"arn:aws:secretsmanager:eu-*-1:111111111111:secret:prod/db-??????"`, policy.Allowed},
		"star within a part stays there":  {`"Resource":"arn:aws:secretsmanager:eu*1:secret:prod/db-AbCdEf"`, policy.ImplicitlyDenied},
		"star at the end of a part":       {`"Resource":"arn:aws:secretsmanager:eu-*:secret:prod/*"`, policy.Allowed},
		"both kinds of star":              {`"Resource":"arn:aws:secretsmanager:*:1*1:secret:*"`, policy.Allowed},
		"question mark stays in its part": {`"Resource":"arn:aws:secretsmanager:eu-west-1?111111111111:secret:prod/db-AbCdEf"`, policy.ImplicitlyDenied},
		"NotResource, other":              {`"NotResource":["arn:aws:s3:::b","arn:aws:s3:::b/*"]`, policy.Allowed},
		"NotResource, empty":              {`"NotResource":[]`, policy.ImplicitlyDenied},
		"NotResource, unresolved":         {`"NotResource":"arn:aws:s3:::${none}"`, policy.ImplicitlyDenied},
		"empty":                           {`"Resource":[]`, policy.ImplicitlyDenied},
		"variable":                        {`"Resource":"arn:aws:secretsmanager:eu-west-1:111111111111:secret:${tag}/db-*"`, policy.Allowed},
		"variable with a slash and colon": {`"Resource":"arn:aws:secretsmanager:eu-west-1:111111111111:${deep}-AbCdEf"`, policy.Allowed},
		"variable brings no star":         {`"Resource":"arn:aws:secretsmanager:eu-west-1:111111111111:secret:${star}"`, policy.ImplicitlyDenied},
		"variable with default":           {`"Resource":"arn:aws:secretsmanager:eu-west-1:111111111111:secret:${none, 'prod'}/*"`, policy.Allowed},
		"variable of several values":      {`"Resource":"arn:aws:secretsmanager:eu-west-1:111111111111:secret:${many}/*"`, policy.ImplicitlyDenied},
		"variable and star in a part":     {`"Resource":"arn:aws:secretsmanager:eu-*-1:111111111111:secret:${tag}/db-??????"`, policy.Allowed},
		"literal star":                    {`"Resource":"arn:aws:secretsmanager:eu-west-1:111111111111:secret:prod/${*}"`, policy.ImplicitlyDenied},
		"unclosed variable":               {`"Resource":"arn:aws:secretsmanager:eu-west-1:111111111111:secret:prod/${*"`, policy.ImplicitlyDenied},
		"variable in an early part":       {`"Resource":"arn:aws:secretsmanager:eu-west-1:${account}:secret:prod/db-*"`, policy.ImplicitlyDenied},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := readSecret(ownSecret)
			req.Context = policy.Context{
				"tag": {"prod"}, "account": {"111111111111"}, "deep": {"secret:prod/db"}, "star": {"*"}, "many": {"prod", "test"},
			}
			p := text("doc", `{"Effect":"Allow","Action":"*",`+tt.element+`}`)
			if got := evaluate(t, req, policy.Set{Identity: list(p)}); got.Decision != tt.want {
				t.Errorf("got %v, want %v\n%+v", got.Decision, tt.want, got)
			}
		})
	}
	t.Run("open variable", func(t *testing.T) {
		t.Parallel()
		req := readSecret(ownSecret)
		req.Closed = false
		p := text("doc", `{"Effect":"Allow","Action":"*","NotResource":"arn:aws:secretsmanager:eu-west-1:111111111111:secret:${tag}"}`)
		if got := evaluate(t, req, policy.Set{Identity: list(p)}); got.Decision != policy.Unknown {
			t.Errorf("got %v", got.Decision)
		}
	})
}

func TestEvaluateRefusedStatements(t *testing.T) {
	t.Parallel()
	// A Deny that counts for nothing leaves the request allowed.
	deny := policy.Statement{Effect: policy.Deny, Action: policy.Strings("*"), Resource: policy.Strings("*")}
	with := func(change func(*policy.Statement)) policy.Statement {
		s := deny
		change(&s)
		return s
	}
	tests := map[string]policy.Statement{
		"unknown member":         with(func(s *policy.Statement) { s.Unknown = []policy.Member{{Name: "Ressource"}} }),
		"effect":                 with(func(s *policy.Statement) { s.Effect = "deny" }),
		"Action and NotAction":   with(func(s *policy.Statement) { s.NotAction = policy.Strings("a") }),
		"Resource twice":         with(func(s *policy.Statement) { s.NotResource = policy.Strings("a") }),
		"principal in identity":  with(func(s *policy.Statement) { s.Principal = policy.Principal{Any: true} }),
		"principal twice":        with(func(s *policy.Statement) { s.Principal.Any, s.NotPrincipal.Any = true, true }),
		"neither Action nor Not": with(func(s *policy.Statement) { s.Action = policy.Values{} }),
	}
	for name, statement := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := policy.Policy{Name: "doc", Document: &policy.Document{Statements: []policy.Statement{statement}}}
			got := evaluate(t, readSecret(ownSecret), policy.Set{Identity: list(all, p)})
			if got.Decision != policy.Allowed {
				t.Errorf("got %v", got.Decision)
			}
			if noted := len(got.Notes) == 1 && strings.Contains(got.Notes[0], `identity-based policy "doc", statement 0 counts for nothing`); noted == (name == "neither Action nor Not") {
				t.Errorf("notes: %q", got.Notes)
			}
		})
	}
}

func TestEvaluateUnknownKinds(t *testing.T) {
	t.Parallel()
	kinds := []policy.Kind{
		policy.IdentityPolicy, policy.PermissionsBoundary, policy.SessionPolicy, policy.ServiceControlPolicy,
		policy.ResourceControlPolicy, policy.EndpointPolicy, policy.ResourcePolicy,
	}
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			set := policy.Set{Identity: list(all), Resource: to("Allow", aws(ownRole)), Unknown: []policy.Kind{kind}}
			got := evaluate(t, readSecret(farSecret), set)
			if got.Decision != policy.Unknown || !slices.Equal(got.Unsettled, []string{kind.String()}) {
				t.Errorf("got %v, unsettled %q", got.Decision, got.Unsettled)
			}
			set.SCPs = [][]policy.Policy{list(doc("Deny", "*", "*"))}
			if got := evaluate(t, readSecret(farSecret), set); got.Decision != policy.ExplicitlyDenied {
				t.Errorf("with a Deny: got %v", got.Decision)
			}
		})
	}
	t.Run("a key policy is a resource policy", func(t *testing.T) {
		t.Parallel()
		set := policy.Set{Resource: to("Allow", aws(ownRole)), Unknown: []policy.Kind{policy.ResourcePolicy}}
		if got := evaluate(t, asRole("kms:Decrypt", ownKey), set); got.Decision != policy.Unknown {
			t.Errorf("got %v", got.Decision)
		}
	})
	t.Run("a resource policy may suffice", func(t *testing.T) {
		t.Parallel()
		got := evaluate(t, readSecret(ownSecret), policy.Set{Unknown: []policy.Kind{policy.ResourcePolicy}})
		if got.Decision != policy.Unknown {
			t.Errorf("got %v", got.Decision)
		}
	})
	t.Run("no unknown boundary lets in who has no grant", func(t *testing.T) {
		t.Parallel()
		got := evaluate(t, readSecret(ownSecret), policy.Set{Unknown: []policy.Kind{policy.PermissionsBoundary}})
		if got.Decision != policy.ImplicitlyDenied || len(got.Unsettled) != 0 {
			t.Errorf("got %v, unsettled %q", got.Decision, got.Unsettled)
		}
	})
	t.Run("a Deny that may apply to what is denied anyway", func(t *testing.T) {
		t.Parallel()
		req := readSecret(ownSecret)
		req.Closed = false
		p := text("doc", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"aws:SourceVpce":"true"}}}`)
		got := evaluate(t, req, policy.Set{Identity: list(p)})
		if got.Decision != policy.ImplicitlyDenied || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "may deny as well") {
			t.Errorf("got %v %q", got.Decision, got.Notes)
		}
	})
}

// states lists the checks as "kind state".
func states(r policy.Result) []string {
	var s []string
	for _, c := range r.Checks {
		s = append(s, c.Kind.String()+" "+c.State.String()+" "+c.Policy)
	}
	return s
}

func TestEvaluateChecks(t *testing.T) {
	t.Parallel()
	everything := policy.Set{
		Identity: list(all), Boundaries: list(all), Session: list(all), SCPs: [][]policy.Policy{list(all)},
		RCPs: [][]policy.Policy{nil}, Endpoint: list(*to("Allow", `"*"`)),
	}
	full := func(change func(*policy.Set)) policy.Set {
		s := everything
		change(&s)
		return s
	}
	tests := map[string]struct {
		req  policy.Request
		set  policy.Set
		want []string
	}{
		"one account, nothing": {readSecret(ownSecret), policy.Set{}, []string{"identity-based policy not-granted "}},
		"one account, all": {readSecret(ownSecret), full(func(*policy.Set) {}), []string{
			"resource control policy passed ", "service control policy passed ", "VPC endpoint policy passed ",
			"identity-based policy passed ", "permissions boundary passed ", "session policy passed ",
		}},
		"role named, boundary at fault": {readSecret(ownSecret), policy.Set{Resource: to("Allow", aws(ownRole)), Boundaries: list(nothing)}, []string{
			"resource-based policy passed ", "identity-based policy not-applicable ", "permissions boundary not-granted doc",
		}},
		"user let in directly": {readSecret(ownSecret), policy.Set{Resource: to("Allow", aws(ownSession)), Boundaries: list(nothing), Session: list(nothing)}, []string{
			"resource-based policy passed ", "identity-based policy not-applicable ", "permissions boundary not-applicable ", "session policy not-applicable ",
		}},
		"resource policy not needed": {readSecret(ownSecret), policy.Set{Resource: to("Allow", aws(farTarget))}, []string{
			"resource-based policy not-applicable ", "identity-based policy not-granted ",
		}},
		"two accounts, nothing": {readSecret(farSecret), policy.Set{}, []string{
			"identity-based policy not-granted ", "resource-based policy not-granted ",
		}},
		"two accounts, resource missing": {readSecret(farSecret), full(func(s *policy.Set) { s.Resource = to("Allow", aws(farTarget)) }), []string{
			"resource control policy passed ", "service control policy passed ", "VPC endpoint policy passed ",
			"identity-based policy passed ", "permissions boundary passed ", "session policy passed ", "resource-based policy not-granted attached",
		}},
		"key abroad, nothing": {asRole("kms:Decrypt", farKey), policy.Set{Resource: to("Allow", aws(farTarget))}, []string{
			"key policy not-granted attached", "identity-based policy not-granted ",
		}},
		"key, no policy given": {asRole("kms:Decrypt", ownKey), policy.Set{Identity: list(all)}, []string{
			"key policy not-known ", "identity-based policy passed ",
		}},
		"deny in an SCP": {readSecret(ownSecret), full(func(s *policy.Set) { s.SCPs = [][]policy.Policy{list(doc("Deny", "*", "*"))} }), []string{
			"resource control policy passed ", "service control policy denied doc", "VPC endpoint policy passed ",
			"identity-based policy passed ", "permissions boundary passed ", "session policy passed ",
		}},
		"web identity": {scenarios()["web identity"].req, policy.Set{Identity: list(all), Resource: trust(aws(ownRole))}, []string{
			"role trust policy not-granted trust",
		}},
		"SCP at a lower level": {readSecret(ownSecret), policy.Set{Identity: list(all), SCPs: [][]policy.Policy{list(all), list(text("lower"))}}, []string{
			"service control policy not-granted lower", "identity-based policy passed ",
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, states(evaluate(t, tt.req, tt.set))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestEvaluateReasons(t *testing.T) {
	t.Parallel()
	identity := policy.Policy{Name: "pod-role/read", Account: "111111111111", Document: policy.MustParse(`{
  "Version": "2012-10-17",
  "Statement": {"Sid": "Read", "Effect": "Allow", "Action": "*", "Resource": "*"}
}`)}
	resource := text("secret",
		`{"Effect":"Allow","Principal":"*","Action":"ec2:*","Resource":"*"}`,
		`{"Effect":"Allow","Principal":`+aws(ownRole)+`,"Action":"*","Resource":"*"}`)
	got := evaluate(t, readSecret(farSecret), policy.Set{Identity: list(identity), Resource: &resource})
	want := []policy.Reason{
		{Place: policy.Place{
			Kind: policy.IdentityPolicy, Account: "111111111111", Policy: "pod-role/read", Sid: "Read",
			Pointer: "/Statement", Position: identity.Document.Statements[0].Position(),
		}, Effect: policy.Allow},
		{Place: policy.Place{
			Kind: policy.ResourcePolicy, Account: "222222222222", Policy: "secret", Index: 1,
			Pointer: "/Statement/1", Position: resource.Document.Statements[1].Position(),
		}, Effect: policy.Allow, Grant: policy.RoleGrant},
	}
	if diff := cmp.Diff(want, got.Reasons); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	deny := doc("Deny", "secretsmanager:*", "*")
	got = evaluate(t, readSecret(farSecret), policy.Set{Identity: list(identity, deny), Resource: &resource})
	if len(got.Reasons) != 1 || got.Reasons[0].Effect != policy.Deny || got.Reasons[0].Policy != "doc" || len(got.Missing) != 0 {
		t.Errorf("a Deny: %+v", got)
	}

	open := readSecret(farSecret)
	open.Closed = false
	maybe := text("maybe", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Null":{"aws:SourceVpce":"true"}}}`)
	got = evaluate(t, open, policy.Set{Identity: list(identity, maybe), Resource: &resource})
	if got.Decision != policy.Unknown || len(got.Reasons) != 3 {
		t.Errorf("a possible Deny: %+v", got)
	}
}

func TestEvaluateAccounts(t *testing.T) {
	t.Parallel()
	req := readSecret(farSecret)
	req.ResourceAccount = "333333333333"
	got := evaluate(t, req, policy.Set{})
	if len(got.Notes) != 1 || got.Checks[1].Account != "222222222222" {
		t.Errorf("the ARN's account counts: %+v", got)
	}
	bucket := asRole("s3:GetObject", "arn:aws:s3:::bucket/key")
	if got := evaluate(t, bucket, policy.Set{Identity: list(all)}); got.Decision != policy.Unknown {
		t.Errorf("no account: got %v", got.Decision)
	}
	bucket.ResourceAccount = "222222222222"
	if got := evaluate(t, bucket, policy.Set{Identity: list(all)}); got.Decision != policy.ImplicitlyDenied {
		t.Errorf("other account: got %v", got.Decision)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		got  fmt.Stringer
		want string
	}{
		{policy.ImplicitlyDenied, "ImplicitlyDenied"},
		{policy.Unknown, "Unknown"},
		{policy.Decision(9), "9"},
		{policy.RoleGrant, "role"},
		{policy.NotGranted, "not-granted"},
	} {
		if tt.got.String() != tt.want {
			t.Errorf("got %s, want %s", tt.got, tt.want)
		}
	}
	for _, m := range []interface{ MarshalText() ([]byte, error) }{policy.Allowed, policy.NoGrant, policy.Passed} {
		if b, err := m.MarshalText(); err != nil || len(b) == 0 {
			t.Errorf("%v: %q, %v", m, b, err)
		}
	}
}
