package secrets_test

import (
	"errors"
	"strings"
	"testing"

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
