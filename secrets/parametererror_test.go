package secrets_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
)

// TestParameterDenials decodes what AWS says of parameters.
func TestParameterDenials(t *testing.T) {
	t.Parallel()
	const (
		own     = "arn:aws:ssm:eu-west-1:111122223333:parameter/prod/db"
		foreign = "arn:aws:ssm:eu-west-1:222233334444:parameter/prod/db"
		key     = "arn:aws:kms:eu-west-1:333344445555:key/1234abcd-12ab-34cd-56ef-1234567890ab"
		role    = "arn:aws:iam::111122223333:role/pod-role"
		user    = "User: arn:aws:sts::111122223333:assumed-role/pod-role/s is not authorized to perform: "
		viaSSM  = `"kms:ViaService":"ssm.eu-west-1.amazonaws.com"`
		kmsTail = " (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: r; Proxy: null)"
		nothing = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access."
	)
	read := func(resource string) string {
		return `{"Effect":"Allow","Action":"ssm:GetParameters","Resource":"` + resource + `"}`
	}
	decrypt := func(resource, condition string) string {
		return `{"Effect":"Allow","Action":"kms:Decrypt","Resource":"` + resource + `","Condition":{"StringEquals":{` + condition + `}}}`
	}
	through := func(arn string) string { return viaSSM + `,"kms:EncryptionContext:PARAMETER_ARN":"` + arn + `"` }
	letIn := func(arn string) string {
		return `{"Effect":"Allow","Principal":{"AWS":"` + role + `"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{` + through(arn) + `}}}`
	}
	for name, test := range map[string]struct {
		ref, code, message string // code: AccessDeniedException
		want               []grant
	}{
		"identity policy": {
			"ssm:/prod/db", "", user + "ssm:GetParameters on resource: " + own + " because no identity-based policy allows the ssm:GetParameters action",
			[]grant{{policy.IdentityPolicy, "111122223333", role, read(own)}},
		},
		"any parameter": {
			"ssm:/prod/db", "", user + "ssm:GetParameters on resource: * because no identity-based policy allows the ssm:GetParameters action",
			[]grant{{policy.IdentityPolicy, "111122223333", role, read(own)}},
		},
		"not shared": {
			foreign, "", user + "ssm:GetParameters on resource: " + foreign + " because no resource-based policy allows the ssm:GetParameters action",
			[]grant{{policy.ResourcePolicy, "222233334444", foreign, ""}},
		},
		"no reason": {
			foreign, "", "no", []grant{{policy.IdentityPolicy, "111122223333", role, read(foreign)}, {policy.ResourcePolicy, "222233334444", foreign, ""}},
		},
		"no reason, by name": {"ssm:/prod/db", "", "no", []grant{{policy.IdentityPolicy, "111122223333", role, read(own)}}},
		"endpoint policy": {
			"ssm:/prod/db", "", user + "ssm:GetParameters on resource: " + own + " because no VPC endpoint policy allows the ssm:GetParameters action",
			[]grant{{policy.EndpointPolicy, "111122223333", "", strings.Replace(read(own), `"Action"`, `"Principal":{"AWS":"`+role+`"},"Action"`, 1)}},
		},
		"kms:Decrypt": {
			"ssm:/prod/db", "", user + "kms:Decrypt on resource: " + key + " because no identity-based policy allows the kms:Decrypt action" + kmsTail,
			[]grant{{policy.IdentityPolicy, "111122223333", role, decrypt(key, viaSSM)}},
		},
		"key policy": {
			"ssm:/prod/db", "", user + "kms:Decrypt on resource: " + key + " because no resource-based policy allows the kms:Decrypt action" + kmsTail,
			[]grant{{policy.KeyPolicy, "333344445555", key, letIn(own)}},
		},
		"deny on the key": {
			"ssm:/prod/db", "", user + "kms:Decrypt on resource: " + key + " with an explicit deny in a resource-based policy" + kmsTail,
			[]grant{{policy.KeyPolicy, "333344445555", key, ""}},
		},
		"control policy of the key's account": {
			"ssm:/prod/db", "", user + "kms:Decrypt on resource: " + key + " with an explicit deny in a resource control policy" + kmsTail,
			[]grant{{policy.ResourceControlPolicy, "333344445555", "", ""}},
		},
		"endpoint policy of the key": {
			"ssm:/prod/db", "", user + "kms:Decrypt on resource: " + key + " because no VPC endpoint policy allows the kms:Decrypt action" + kmsTail,
			[]grant{{policy.EndpointPolicy, "111122223333", "", strings.Replace(decrypt(key, viaSSM), `"Action"`, `"Principal":{"AWS":"`+role+`"},"Action"`, 1)}},
		},
		"KMS tells nothing": {
			"ssm:/prod/db", "", nothing + kmsTail,
			[]grant{
				{policy.IdentityPolicy, "111122223333", role, decrypt("arn:aws:kms:eu-west-1:*:key/*", through(own))},
				{policy.KeyPolicy, "", "", letIn(own)},
			},
		},
		"KMS tells nothing, under another code": {
			foreign, "InvalidKeyId", nothing + kmsTail,
			[]grant{
				{policy.IdentityPolicy, "111122223333", role, decrypt("arn:aws:kms:eu-west-1:*:key/*", through(foreign))},
				{policy.KeyPolicy, "", "", letIn(foreign)},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.code == "" {
				test.code = "AccessDeniedException"
			}
			cfg := script(func(operation string) (int, string) {
				if operation == "GetParameters" {
					return 400, refusal(test.code, test.message)
				}
				return 200, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::111122223333:assumed-role/pod-role/s</Arn>` +
					`</GetCallerIdentityResult></GetCallerIdentityResponse>`
			}).config()
			source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
			err := fetch(t, source, test.ref)[test.ref].Err
			checkKind(t, err, secrets.ErrDenied)
			access, ok := errors.AsType[*secrets.AccessError](err)
			if !ok {
				t.Fatal(err)
			}
			checkGrants(t, access, test.want)
			printAll(t, "the error", access)
		})
	}
}

// TestParameterErrors classes all that Parameter Store and KMS answer.
func TestParameterErrors(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]error{
		"ParameterNotFound":          secrets.ErrNotFound,
		"ParameterVersionNotFound":   secrets.ErrNotFound,
		"InvalidKeyId":               secrets.ErrDecryption,
		"IncorrectKeyException":      secrets.ErrDecryption,
		"InvalidCiphertextException": secrets.ErrDecryption,
		"DisabledException":          secrets.ErrDecryption,
		"KMSInvalidStateException":   secrets.ErrDecryption,
		"NotFoundException":          secrets.ErrNotFound,
		"InvalidArnException":        secrets.ErrConfiguration,
		"InvalidKeyUsageException":   secrets.ErrConfiguration,
		"ValidationException":        secrets.ErrConfiguration,
		"KeyUnavailableException":    secrets.ErrUnavailable,
		"DependencyTimeoutException": secrets.ErrUnavailable,
		"KMSInternalException":       secrets.ErrUnavailable,
		"ThrottlingException":        secrets.ErrUnavailable,
		"ThrottledException":         secrets.ErrUnavailable,
		"TooManyUpdates":             secrets.ErrUnavailable,
		"InternalServerError":        secrets.ErrUnavailable,
		"ExpiredTokenException":      secrets.ErrIdentity,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			cfg := script(func(string) (int, string) { return http.StatusBadRequest, refusal(code, marker) }).config()
			source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
			err := fetch(t, source, "ssm:/a")["ssm:/a"].Err
			checkKind(t, err, want)
			printAll(t, "the error", err)
			if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != code {
				t.Errorf("the SDK's error is lost: %v", err)
			}
		})
	}
}
