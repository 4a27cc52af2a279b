package secrets_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
)

// TestDenialSentences covers the refusals that the fake does not utter.
func TestDenialSentences(t *testing.T) {
	t.Parallel()
	const (
		user    = "User: arn:aws:sts::111122223333:assumed-role/pod-role/s is not authorized to perform: secretsmanager:GetSecretValue on resource: "
		roleARN = "arn:aws:iam::111122223333:role/pod-role"
		partial = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:prod/db"
		pattern = partial + "-??????"
		named   = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-??????" // prod/db in the caller's account
		own     = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf"
	)
	allow := func(resource string) string {
		return `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + resource + `"}`
	}
	forRole := func(resource string) string {
		return `{"Effect":"Allow","Principal":{"AWS":"` + roleARN + `"},"Action":"secretsmanager:GetSecretValue","Resource":"` + resource + `"}`
	}
	for name, test := range map[string]struct {
		ref, message string
		caller       string // what STS answers; "" fails
		want         []grant
	}{
		"session policy": {
			secretARN, user + secretARN + " because no session policy allows the secretsmanager:GetSecretValue action", "",
			[]grant{{policy.SessionPolicy, "111122223333", roleARN, allow(secretARN)}},
		},
		"endpoint policy": {
			secretARN, user + secretARN + " because no VPC endpoint policy allows the secretsmanager:GetSecretValue action", "",
			[]grant{{policy.EndpointPolicy, "111122223333", "", forRole(secretARN)}},
		},
		"control policy of the resource": {
			secretARN, user + secretARN + " with an explicit deny in a resource control policy", "",
			[]grant{{policy.ResourceControlPolicy, "222233334444", "", ""}},
		},
		"control policy with its ARN": {
			secretARN, user + secretARN + " with an explicit deny in a service control policy: arn:aws:organizations::999988887777:policy/o-abcdefghij/service_control_policy/p-12345678", "",
			[]grant{{policy.ServiceControlPolicy, "111122223333", "arn:aws:organizations::999988887777:policy/o-abcdefghij/service_control_policy/p-12345678", ""}},
		},
		"no reason, own secret": {
			own, user + own, "",
			[]grant{{policy.IdentityPolicy, "111122223333", roleARN, allow(own)}},
		},
		"no reason, foreign secret": {
			secretARN, user + secretARN, "",
			[]grant{
				{policy.IdentityPolicy, "111122223333", roleARN, allow(secretARN)},
				{policy.ResourcePolicy, "222233334444", secretARN, forRole("*")},
			},
		},
		"partial ARN": {
			partial, user + partial + " because no identity-based policy allows the secretsmanager:GetSecretValue action", "",
			[]grant{{policy.IdentityPolicy, "111122223333", roleARN, allow(pattern)}},
		},
		"partial ARN, secret policy": {
			partial, user + partial + " because no resource-based policy allows the secretsmanager:GetSecretValue action", "",
			[]grant{{policy.ResourcePolicy, "222233334444", partial, forRole("*")}},
		},
		"endpoint policy, caller not known": {
			secretARN, "User: anonymous is not authorized to perform: secretsmanager:GetSecretValue on resource: " + secretARN +
				" because no VPC endpoint policy allows the secretsmanager:GetSecretValue action", "",
			[]grant{{policy.EndpointPolicy, "", "", ""}},
		},
		"secret policy, caller not known": {
			secretARN, "User: anonymous is not authorized to perform: secretsmanager:GetSecretValue on resource: " + secretARN +
				" because no resource-based policy allows the secretsmanager:GetSecretValue action", "",
			[]grant{{policy.ResourcePolicy, "222233334444", secretARN, ""}},
		},
		"endpoint policy of the key, caller not known": {
			secretARN, "User: anonymous is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:333344445555:key/" +
				"1234abcd-12ab-34cd-56ef-1234567890ab because no VPC endpoint policy allows the kms:Decrypt action", "",
			[]grant{{policy.EndpointPolicy, "", "", ""}},
		},
		"no reason, caller not known": {
			secretARN, "no", "",
			[]grant{{policy.IdentityPolicy, "", "", allow(secretARN)}},
		},
		"key in China": {
			strings.NewReplacer("arn:aws:", "arn:aws-cn:", "eu-west-1", "cn-north-1").Replace(secretARN),
			"Access to KMS is not allowed", "arn:aws-cn:iam::111122223333:user/u",
			[]grant{
				{
					policy.IdentityPolicy, "111122223333", "arn:aws-cn:iam::111122223333:user/u",
					`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws-cn:kms:cn-north-1:*:key/*","Condition":{"StringEquals":{` +
						`"kms:ViaService":"secretsmanager.cn-north-1.amazonaws.com.cn","kms:EncryptionContext:SecretARN":"arn:aws-cn:secretsmanager:cn-north-1:222233334444:secret:prod/db-AbCdEf"}}}`,
				},
				{
					policy.KeyPolicy, "", "",
					`{"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::111122223333:user/u"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{` +
						`"kms:ViaService":"secretsmanager.cn-north-1.amazonaws.com.cn","kms:EncryptionContext:SecretARN":"arn:aws-cn:secretsmanager:cn-north-1:222233334444:secret:prod/db-AbCdEf"}}}`,
				},
			},
		},
		"partial ARN that leads to a secret": {
			partial, user + partial + "-QwErTy because no identity-based policy allows the secretsmanager:GetSecretValue action", "",
			[]grant{{policy.IdentityPolicy, "111122223333", roleARN, allow(partial + "-QwErTy")}},
		},
		"any resource": {
			secretARN, user + "* because no identity-based policy allows the secretsmanager:GetSecretValue action", "",
			[]grant{{policy.IdentityPolicy, "111122223333", roleARN, allow(secretARN)}},
		},
		"key of a partial ARN": {
			partial, "Access to KMS is not allowed", "arn:aws:sts::111122223333:assumed-role/pod-role/s",
			[]grant{
				{
					policy.IdentityPolicy, "111122223333", roleARN,
					`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:*:key/*","Condition":{"StringEquals":{` + viaService +
						`},"StringLike":{"kms:EncryptionContext:SecretARN":"` + pattern + `"}}}`,
				},
				{
					policy.KeyPolicy, "", "",
					`{"Effect":"Allow","Principal":{"AWS":"` + roleARN + `"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{` + viaService +
						`},"StringLike":{"kms:EncryptionContext:SecretARN":"` + pattern + `"}}}`,
				},
			},
		},
		"key of a name": {
			"prod/db", "Access to KMS is not allowed", "arn:aws:iam::111122223333:user/u",
			[]grant{
				{
					policy.IdentityPolicy, "111122223333", "arn:aws:iam::111122223333:user/u",
					`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:*:key/*","Condition":{"StringEquals":{` + viaService +
						`},"StringLike":{"kms:EncryptionContext:SecretARN":"` + named + `"}}}`,
				},
				{
					policy.KeyPolicy, "", "",
					`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/u"},"Action":"kms:Decrypt","Resource":"*",` +
						`"Condition":{"StringEquals":{` + viaService + `},"StringLike":{"kms:EncryptionContext:SecretARN":"` + named + `"}}}`,
				},
			},
		},
		"key, caller not known": {
			"prod/db", "Access to KMS is not allowed", "",
			[]grant{{policy.IdentityPolicy, "", "", ""}, {policy.KeyPolicy, "", "", ""}},
		},
		"nothing known": {
			"prod/db", "no", "",
			[]grant{{policy.IdentityPolicy, "", "", ""}},
		},
		"caller without role": {
			secretARN, strings.Replace(user, "assumed-role/pod-role/s", "federated-user/f", 1) + secretARN + " because no resource-based policy allows the secretsmanager:GetSecretValue action", "",
			[]grant{{policy.ResourcePolicy, "222233334444", secretARN, strings.Replace(forRole("*"), roleARN, "arn:aws:sts::111122223333:federated-user/f", 1)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := script(func(operation string) (int, string) {
				switch {
				case operation == "GetSecretValue":
					return 400, refusal("AccessDeniedException", test.message)
				case operation == "" && test.caller != "":
					return 200, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>` + test.caller +
						`</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`
				default:
					return 400, refusal("AccessDeniedException", "no")
				}
			}).config()
			_, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), test.ref)
			access, ok := errors.AsType[*secrets.AccessError](err)
			if !ok {
				t.Fatal(err)
			}
			checkGrants(t, access, test.want)
			printAll(t, "the error", access)
		})
	}
}

func TestExplainNamesTheChoice(t *testing.T) {
	t.Parallel()
	two := secrets.AccessError{Grants: []secrets.Grant{{Kind: policy.IdentityPolicy, Explanation: "a"}, {Kind: policy.KeyPolicy, Explanation: "b"}}}
	if !strings.Contains(two.Explain(), "does not say which") {
		t.Error(two.Explain())
	}
	two.Grants = two.Grants[:1]
	if strings.Contains(two.Explain(), "does not say which") {
		t.Error(two.Explain())
	}
}

// TestDoubt says that there may be no such secret only where that may be so.
func TestDoubt(t *testing.T) {
	t.Parallel()
	const partial = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:prod/db"
	for name, test := range map[string]struct {
		ref, named string
		want       bool
	}{
		"partial ARN, as it was asked for": {partial, partial, true},
		"partial ARN, completed":           {partial, partial + "-AbCdEf", false},
		"complete ARN":                     {partial + "-AbCdEf", partial + "-AbCdEf", false},
		"name":                             {"prod/db", partial + "-AbCdEf", false},
		"parameter":                        {"arn:aws:ssm:eu-west-1:222233334444:parameter/a", "arn:aws:ssm:eu-west-1:222233334444:parameter/a", false},
	} {
		cfg := script(func(operation string) (int, string) {
			return 400, refusal("AccessDeniedException", "User: arn:aws:sts::111122223333:assumed-role/pod-role/s is not authorized to perform: "+
				"secretsmanager:GetSecretValue on resource: "+test.named+" because no identity-based policy allows the secretsmanager:GetSecretValue action")
		}).config()
		source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
		err := fetch(t, source, test.ref)[test.ref].Err
		if got := strings.Contains(err.Error(), "there is no such secret"); got != test.want || !errors.Is(err, secrets.ErrDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// knowing is a provider that knows who the caller is, or thinks so.
type knowing struct {
	aws.CredentialsProvider
	identity credentials.Identity
}

func (k knowing) Identity() (credentials.Identity, bool) { return k.identity, true }

// TestWhoTheCallerIs takes what AWS says before what the credentials know, that
// before what it has to ask, and the role's path from wherever it is told.
func TestWhoTheCallerIs(t *testing.T) {
	t.Parallel()
	const (
		session = "arn:aws:sts::111122223333:assumed-role/pod-role/s"
		other   = "arn:aws:sts::444455556666:assumed-role/other/s"
		role    = "arn:aws:iam::111122223333:role/team/pod-role"
		denies  = " is not authorized to perform: secretsmanager:GetSecretValue on resource: " + secretARN
	)
	known := &credentials.Identity{ARN: session, Account: "111122223333", RoleARN: role}
	for name, test := range map[string]struct {
		known           *credentials.Identity
		says, describes string // of GetSecretValue and DescribeSecret
		want, wantRole  string
		asks            int // STS
	}{
		"told, and known with its path": {known, "User: " + session + denies, "", session, role, 0},
		"told another one":              {known, "User: " + other + denies, "", other, "arn:aws:iam::444455556666:role/other", 0},
		"known":                         {known, "Access to KMS is not allowed", "no", session, role, 0},
		"told by DescribeSecret":        {nil, "Access to KMS is not allowed", "User: " + other + strings.Replace(denies, "GetSecretValue", "DescribeSecret", 1), other, "arn:aws:iam::444455556666:role/other", 0},
		"to be asked for":               {nil, "Access to KMS is not allowed", "no", session, "arn:aws:iam::111122223333:role/pod-role", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := 0
			cfg := script(func(operation string) (int, string) {
				switch operation {
				case "GetSecretValue":
					return 400, refusal("AccessDeniedException", test.says)
				case "DescribeSecret":
					return 400, refusal("AccessDeniedException", test.describes)
				default:
					asked++
					return 200, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>` + session + `</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`
				}
			}).config()
			if test.known != nil {
				cfg.Credentials = knowing{cfg.Credentials, *test.known}
			}
			source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
			access, ok := errors.AsType[*secrets.AccessError](fetch(t, source, secretARN)[secretARN].Err)
			if !ok || access.Principal != test.want || access.Role != test.wantRole || asked != test.asks {
				t.Errorf("%+v, after %d calls of STS", access, asked)
			}
		})
	}
}

// TestRefusedDescriptionTells takes the complete ARN of a secret from AWS's
// refusal to describe it, and what is narrowed by it from that.
func TestRefusedDescriptionTells(t *testing.T) {
	t.Parallel()
	cfg := script(func(operation string) (int, string) {
		if operation == "GetSecretValue" {
			return 400, refusal("AccessDeniedException", "Access to KMS is not allowed")
		}
		return 400, refusal("AccessDeniedException", "User: arn:aws:sts::111122223333:assumed-role/pod-role/s is not authorized to perform: "+
			"secretsmanager:DescribeSecret on resource: "+secretARN+" because no identity-based policy allows the secretsmanager:DescribeSecret action")
	}).config()
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	access, ok := errors.AsType[*secrets.AccessError](fetch(t, source, "prod/db")["prod/db"].Err)
	if !ok || access.SecretAccount != "222233334444" || len(access.Grants) != 2 {
		t.Fatalf("%+v", access)
	}
	for _, g := range access.Grants {
		if text := g.Statement.Compact(); !strings.Contains(text, `"kms:EncryptionContext:SecretARN":"`+secretARN+`"`) {
			t.Errorf("%s", text)
		}
	}
}

// TestParameterOfNobody is a parameter by its name whose key refuses, of a caller
// whose account nothing tells.
func TestParameterOfNobody(t *testing.T) {
	t.Parallel()
	cfg := script(func(operation string) (int, string) {
		return 400, refusal("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, "+
			"does not exist in this region, or you are not allowed to access.")
	}).config()
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	access, ok := errors.AsType[*secrets.AccessError](fetch(t, source, "ssm:/prod/db")["ssm:/prod/db"].Err)
	if !ok {
		t.Fatal("no AccessError")
	}
	checkGrants(t, access, []grant{{policy.IdentityPolicy, "", "", ""}, {policy.KeyPolicy, "", "", ""}})
}

// TestExplanationDoesNotWait has AWS refuse a secret and then not answer what is
// asked to explain that.
func TestExplanationDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := script(nil).config()
		cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".GetSecretValue") {
				return hanging{}.RoundTrip(r)
			}
			return script(func(string) (int, string) {
				return 400, refusal("AccessDeniedException", "Access to KMS is not allowed")
			}).RoundTrip(r)
		})}
		source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
		start := time.Now()
		err := fetch(t, source, secretARN)[secretARN].Err
		if took := time.Since(start).Round(10 * time.Millisecond); took != 5*time.Second || !errors.Is(err, secrets.ErrDenied) {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// TestAccountOfTheSecret is told by AWS where the reference does not say it and
// nothing says who the caller is.
func TestAccountOfTheSecret(t *testing.T) {
	t.Parallel()
	cfg := script(func(string) (int, string) {
		return 400, refusal("AccessDeniedException", "User: anonymous is not authorized to perform: secretsmanager:GetSecretValue on resource: "+
			secretARN+" because no identity-based policy allows the secretsmanager:GetSecretValue action")
	}).config()
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	access, ok := errors.AsType[*secrets.AccessError](fetch(t, source, "prod/db")["prod/db"].Err)
	if !ok || access.SecretAccount != "222233334444" || access.RoleAccount != "" {
		t.Errorf("%+v", access)
	}
}
