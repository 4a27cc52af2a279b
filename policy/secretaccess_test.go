package policy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

func TestSecretAccessAllowed(t *testing.T) {
	t.Parallel()
	partial := strings.TrimSuffix(storySecret, "-AbCdEf")
	cases := map[string]func(*policy.SecretAccess){
		"the story":            func(*policy.SecretAccess) {},
		"closed":               func(a *policy.SecretAccess) { a.Closed = true },
		"complete ARN":         func(a *policy.SecretAccess) { a.Request = storySecret },
		"partial ARN":          func(a *policy.SecretAccess) { a.Request = partial },
		"no guardrails":        func(a *policy.SecretAccess) { a.Guardrails = nil },
		"no session name":      func(a *policy.SecretAccess) { a.SessionName = "" },
		"no boundary":          func(a *policy.SecretAccess) { a.Role.Boundary = nil },
		"the key's ARN once":   func(a *policy.SecretAccess) { a.Key.ARN = "" },
		"the client elsewhere": func(a *policy.SecretAccess) { a.Request, a.Region = storySecret, "us-east-1" },
		"role with a path": func(a *policy.SecretAccess) {
			role := strings.Replace(storyRole, "role/", "role/pods/", 1)
			a.Role.ARN = role
			a.Secret.Policy = edited(secretText, storyRole, role)
			a.Key.Policy = edited(keyText, storyRole, role)
		},
		"one account, default key, by name": func(a *policy.SecretAccess) {
			a.Secret.ARN = strings.Replace(storySecret, secretAccount, roleAccount, 1)
			a.Secret.Policy, a.Secret.KeyARN, a.Key = nil, "", policy.Key{}
			a.Role.Policies = []policy.Policy{{Name: readPolicy, Document: edited(readText, secretAccount, roleAccount)}}
			a.Request = "testsecret"
		},
		"one account, its own key": func(a *policy.SecretAccess) {
			own := func(text string) *policy.Document {
				return policy.MustParse(strings.NewReplacer(secretAccount, roleAccount, keyAccount, roleAccount).Replace(text))
			}
			a.Secret.ARN = strings.Replace(storySecret, secretAccount, roleAccount, 1)
			a.Secret.KeyARN = strings.Replace(storyKey, keyAccount, roleAccount, 1)
			a.Secret.Policy = nil
			a.Key = policy.Key{Policy: own(keyText)}
			a.Role.Policies[0].Document, a.Role.Policies[1].Document = own(readText), own(decryptText)
		},
		"in China": func(a *policy.SecretAccess) {
			cn := strings.NewReplacer("arn:aws:", "arn:aws-cn:", "eu-west-1", "cn-north-1",
				"secretsmanager.eu-west-1.amazonaws.com", "secretsmanager.cn-north-1.amazonaws.com.cn")
			doc := func(text string) *policy.Document { return policy.MustParse(cn.Replace(text)) }
			a.Claims.Issuer = cn.Replace(storyIssuer)
			a.Providers[0].ARN, a.Providers[0].URL = cn.Replace(storyProvider), cn.Replace(storyIssuer)
			a.Role.ARN, a.Role.Trust, a.Role.Boundary = cn.Replace(storyRole), doc(trustText), nil
			a.Role.Policies[0].Document, a.Role.Policies[1].Document = doc(readText), doc(decryptText)
			a.Secret = policy.Secret{ARN: cn.Replace(storySecret), Policy: doc(secretText), KeyARN: cn.Replace(storyKey)}
			a.Key = policy.Key{Policy: doc(keyText)}
			a.Guardrails = nil
		},
		"keys of the session": func(a *policy.SecretAccess) {
			a.Secret.Policy = edited(secretText, `"Resource": "*"`,
				`"Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-example"}}`)
			a.Context = policy.Context{"aws:PrincipalOrgID": {"o-example"}}
		},
		"a grant of the key instead of its policy": func(a *policy.SecretAccess) {
			a.Key.Policy.Statements = a.Key.Policy.Statements[:1]
			a.Key.Grants = []policy.Grant{{
				Name: "g-1", Grantee: storyRole, Operations: []string{"Decrypt"},
				EncryptionContextSubset: map[string]string{"SecretARN": storySecret},
			}}
		},
		"an endpoint that lets it pass": func(a *policy.SecretAccess) {
			a.Endpoint = []policy.Policy{named("vpce-1", rcpAccessText)}
		},
		"a session policy that lets it pass": func(a *policy.SecretAccess) {
			a.Session = []policy.Policy{named("inline", boundaryText)}
		},
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := story()
			change(&a)
			r := a.Evaluate()
			if r.Decision != policy.Allowed || len(r.Faults) > 0 {
				t.Errorf("decision %v: trust %v, secret %+v, key %+v\nfaults %s",
					r.Decision, r.Trust.Decision, r.Secret, r.Key, indent(t, r.Faults))
			}
		})
	}
}

func indent(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// mutation is one thing that is wrong with the story, and what must be named.
type mutation struct {
	change   func(*policy.SecretAccess)
	link     policy.Link
	kind     policy.Kind
	account  string
	document string
	// says are phrases of problem, remedy or statement.
	says []string
	// replace wants the statement to take the place of another.
	replace bool
	// byHand: the remedy is no statement.
	byHand bool
}

const otherSubject = "system:serviceaccount:testnamespace:other"

// mutations are the single mistakes of the story.
var mutations = map[string]mutation{
	"trust: another service account": {
		change:  func(a *policy.SecretAccess) { a.Role.Trust = edited(trustText, storySubject, otherSubject) },
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, replace: true,
		says: []string{storySubject, otherSubject, storyIssuerName + ":sub"},
	},
	"trust: another service account, by StringLike": {
		change: func(a *policy.SecretAccess) {
			a.Role.Trust = edited(trustText, `"sts.amazonaws.com",`, `"sts.amazonaws.com"}, "StringLike": {`)
			a.Role.Trust = edited(a.Role.Trust.String(), storySubject, "system:serviceaccount:testnamespace:web-*")
		},
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, replace: true,
		says: []string{storySubject, "web-*"},
	},
	"trust: another namespace": {
		change:  func(a *policy.SecretAccess) { a.Role.Trust = edited(trustText, ":testnamespace:", ":default:") },
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, replace: true,
		says: []string{storySubject},
	},
	"trust: another audience": {
		change: func(a *policy.SecretAccess) {
			a.Role.Trust = edited(trustText, `"sts.amazonaws.com"`, `"https://kubernetes.default.svc"`)
		},
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, replace: true,
		says: []string{"sts.amazonaws.com", storyIssuerName + ":aud"},
	},
	"trust: a slash behind the issuer everywhere": {
		change: func(a *policy.SecretAccess) {
			a.Role.Trust = policy.MustParse(strings.NewReplacer(
				storyIssuerName+`"`, storyIssuerName+`/"`, storyIssuerName+":", storyIssuerName+"/:").Replace(trustText))
		},
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, replace: true,
		says: []string{"trailing slash", storyIssuerName + "/"},
	},
	"trust: a slash behind the issuer in the keys": {
		change: func(a *policy.SecretAccess) {
			a.Role.Trust = edited(trustText, storyIssuerName+":", storyIssuerName+"/:")
		},
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, replace: true,
		says: []string{"trailing slash"},
	},
	"trust: a slash behind the issuer in Federated": {
		change: func(a *policy.SecretAccess) {
			a.Role.Trust = edited(trustText, storyIssuerName+`"}`, storyIssuerName+`/"}`)
		},
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, replace: true,
		says: []string{"trailing slash"},
	},
	"trust: a scheme in the keys": {
		change: func(a *policy.SecretAccess) {
			a.Role.Trust = edited(trustText, `"`+storyIssuerName+":", `"https://`+storyIssuerName+":")
		},
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, replace: true,
		says: []string{"without the scheme"},
	},
	"trust: the provider's ARN in the keys": {
		change: func(a *policy.SecretAccess) {
			a.Role.Trust = edited(trustText, `"`+storyIssuerName+":", `"`+storyProvider+":")
		},
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, replace: true,
		says: []string{storyIssuerName},
	},
	"trust: scheme and slash in the keys": {
		change: func(a *policy.SecretAccess) {
			a.Role.Trust = edited(trustText, `"`+storyIssuerName+":", `"https://`+storyIssuerName+"/:")
		},
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, replace: true,
		says: []string{"without the scheme, without the trailing slash"},
	},
	"trust: the provider in other letters": {
		change: func(a *policy.SecretAccess) {
			a.Role.Trust = edited(trustText, `EXAMPLE"}`, `example"}`)
		},
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, replace: true,
		says: []string{"letter case"},
	},
	"trust: the issuer ends in a slash": {
		change: func(a *policy.SecretAccess) {
			a.Claims.Issuer += "/"
			a.Providers[0].URL += "/"
			a.Providers[0].ARN += "/"
		},
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, replace: true,
		says: []string{"with the trailing slash"},
	},
	"trust: empty": {
		change:  func(a *policy.SecretAccess) { a.Role.Trust = &policy.Document{Version: policy.Version2012} },
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole,
		says: []string{storyProvider, storySubject},
	},
	"trust: another cluster": {
		change: func(a *policy.SecretAccess) {
			a.Role.Trust = edited(trustText, "EXAMPLED539D4633E53DE1B71EXAMPLE", "0123456789ABCDEF0123456789ABCDEF")
		},
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole,
		says: []string{storyProvider, storySubject},
	},
	"trust: a Deny": {
		change: func(a *policy.SecretAccess) {
			a.Role.Trust = edited(trustText, `"Statement": [`, `"Statement": [{"Sid": "Closed", "Effect": "Deny", "Principal": "*", "Action": "sts:*"}, `)
		},
		kind:    policy.TrustPolicy,
		account: roleAccount, document: storyRole, byHand: true,
		says: []string{"Closed", "forbids"},
	},
	"provider missing": {
		change:  func(a *policy.SecretAccess) { a.Providers = nil },
		kind:    policy.IdentityProvider,
		account: roleAccount, document: storyIssuer, byHand: true,
		says: []string{"sts.amazonaws.com"},
	},
	"provider with a slash": {
		change:  func(a *policy.SecretAccess) { a.Providers[0].URL += "/" },
		kind:    policy.IdentityProvider,
		account: roleAccount, document: storyIssuer, byHand: true,
		says: []string{storyIssuerName + "/", "without the trailing slash"},
	},
	"provider lacks the audience": {
		change:  func(a *policy.SecretAccess) { a.Providers[0].ClientIDs = []string{"sts.amazonaws.com.cn"} },
		kind:    policy.IdentityProvider,
		account: roleAccount, document: storyIssuer, byHand: true,
		says: []string{"sts.amazonaws.com.cn", "client ID sts.amazonaws.com "},
	},
	"token expired": {
		change:  func(a *policy.SecretAccess) { a.Claims.Expiry = storyTime.Add(-time.Second) },
		kind:    policy.ServiceAccountToken,
		account: roleAccount, document: storySubject, byHand: true,
		says: []string{"2026-11-21T11:59:59Z", "kubelet"},
	},
	"token not valid yet": {
		change:  func(a *policy.SecretAccess) { a.Claims.NotBefore = storyTime.Add(time.Minute) },
		kind:    policy.ServiceAccountToken,
		account: roleAccount, document: storySubject, byHand: true,
		says: []string{"2026-11-21T12:01:00Z", "clocks"},
	},
	"token for another audience": {
		change:  func(a *policy.SecretAccess) { a.Claims.Audience = []string{"vault"} },
		kind:    policy.ServiceAccountToken,
		account: roleAccount, document: storySubject, byHand: true,
		says: []string{"vault", "sts.amazonaws.com"},
	},
	"identity: no GetSecretValue": {
		change: func(a *policy.SecretAccess) {
			a.Role.Policies[0].Document = edited(readText, ":GetSecretValue", ":DescribeSecret")
		},
		link: policy.SecretLink, kind: policy.IdentityPolicy,
		account: roleAccount, document: readPolicy,
		says: []string{"secretsmanager:GetSecretValue", storySecret},
	},
	"identity: another secret": {
		change: func(a *policy.SecretAccess) {
			a.Role.Policies[0].Document = edited(readText, "testsecret-AbCdEf", "othersecret-AbCdEf")
		},
		link: policy.SecretLink, kind: policy.IdentityPolicy,
		account: roleAccount, document: readPolicy,
		says: []string{storySecret},
	},
	"identity: the secret without its suffix": {
		change: func(a *policy.SecretAccess) {
			a.Role.Policies[0].Document = edited(readText, "testsecret-AbCdEf", "testsecret")
		},
		link: policy.SecretLink, kind: policy.IdentityPolicy,
		account: roleAccount, document: readPolicy, replace: true,
		says: []string{storySecret, "six characters"},
	},
	"identity: no kms:Decrypt": {
		change: func(a *policy.SecretAccess) {
			a.Role.Policies[1].Document = edited(decryptText, "kms:Decrypt", "kms:DescribeKey")
		},
		link: policy.KeyLink, kind: policy.IdentityPolicy,
		account: roleAccount, document: decryptPolicy,
		says: []string{"kms:Decrypt", storyKey},
	},
	"identity: decrypt policy gone": {
		change: func(a *policy.SecretAccess) { a.Role.Policies = a.Role.Policies[:1] },
		link:   policy.KeyLink, kind: policy.IdentityPolicy,
		account: roleAccount, document: readPolicy,
		says: []string{"kms:Decrypt", storyKey},
	},
	"identity: no policies": {
		change: func(a *policy.SecretAccess) { a.Role.Policies = nil },
		link:   policy.SecretLink, kind: policy.IdentityPolicy,
		account: roleAccount, document: storyRole,
		says: []string{"secretsmanager:GetSecretValue", "kms:Decrypt", "create a permissions policy", "these statements"},
	},
	"secret: no policy": {
		change: func(a *policy.SecretAccess) { a.Secret.Policy = nil },
		link:   policy.SecretLink, kind: policy.ResourcePolicy,
		account: secretAccount, document: storySecret,
		says: []string{storyRole, "has no resource policy", "create"},
	},
	"secret: another role": {
		change: func(a *policy.SecretAccess) { a.Secret.Policy = edited(secretText, "pod-role", "other-role") },
		link:   policy.SecretLink, kind: policy.ResourcePolicy,
		account: secretAccount, document: storySecret,
		says: []string{storyRole},
	},
	"secret: a Deny": {
		change: func(a *policy.SecretAccess) {
			a.Secret.Policy = edited(secretText, `"Statement": [`, `"Statement": [{"Sid": "NoPods", "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}, `)
		},
		link: policy.SecretLink, kind: policy.ResourcePolicy,
		account: secretAccount, document: storySecret, byHand: true,
		says: []string{"NoPods", "forbids", "spares"},
	},
	"key: no statement for the role": {
		change: func(a *policy.SecretAccess) {
			a.Key.Policy = policy.MustParse(keyText)
			a.Key.Policy.Statements = a.Key.Policy.Statements[:1]
		},
		link: policy.KeyLink, kind: policy.KeyPolicy,
		account: keyAccount, document: storyKey,
		says: []string{storyRole, "kms:Decrypt"},
	},
	"key: a grant for another secret": {
		change: func(a *policy.SecretAccess) {
			a.Key.Policy = policy.MustParse(keyText)
			a.Key.Policy.Statements = a.Key.Policy.Statements[:1]
			a.Key.Grants = []policy.Grant{{
				Name: "g-1", Grantee: storyRole, Operations: []string{"Decrypt"},
				EncryptionContextSubset: map[string]string{"SecretARN": "arn:aws:secretsmanager:eu-west-1:222233334444:secret:other-AbCdEf"},
			}}
		},
		link: policy.KeyLink, kind: policy.KeyPolicy,
		account: keyAccount, document: storyKey,
		says: []string{storyRole, "kms:Decrypt"},
	},
	"key: another Region in ViaService": {
		change: func(a *policy.SecretAccess) {
			a.Key.Policy = edited(keyText, "secretsmanager.eu-west-1", "secretsmanager.eu-central-1")
		},
		link: policy.KeyLink, kind: policy.KeyPolicy,
		account: keyAccount, document: storyKey, replace: true,
		says: []string{"secretsmanager.eu-west-1.amazonaws.com", "secretsmanager.eu-central-1.amazonaws.com", "kms:ViaService"},
	},
	"key: the id of a deleted role": {
		change: func(a *policy.SecretAccess) {
			a.Key.Policy = edited(keyText, storyRole, "AROADELETEDROLEEXAMPL")
		},
		link: policy.KeyLink, kind: policy.KeyPolicy,
		account: keyAccount, document: storyKey, replace: true,
		says: []string{storyRole, "AROADELETEDROLEEXAMPL", "deleted"},
	},
	"key: the default key of another account": {
		change: func(a *policy.SecretAccess) { a.Secret.KeyARN, a.Key = "", policy.Key{} },
		link:   policy.KeyLink, kind: policy.KeyPolicy,
		account: secretAccount, document: storySecret, byHand: true,
		says: []string{"aws/secretsmanager", "customer managed key"},
	},
	"boundary: no kms:Decrypt": {
		change: func(a *policy.SecretAccess) {
			a.Role.Boundary.Document = edited(boundaryText, `, "kms:Decrypt"`, "")
		},
		link: policy.KeyLink, kind: policy.PermissionsBoundary,
		account: roleAccount, document: storyBoundary,
		says: []string{"kms:Decrypt"},
	},
	"boundary: no GetSecretValue": {
		change: func(a *policy.SecretAccess) {
			a.Role.Boundary.Document = edited(boundaryText, `"secretsmanager:GetSecretValue", `, "")
		},
		link: policy.SecretLink, kind: policy.PermissionsBoundary,
		account: roleAccount, document: storyBoundary,
		says: []string{"secretsmanager:GetSecretValue"},
	},
	"boundary: neither": {
		change: func(a *policy.SecretAccess) {
			a.Role.Boundary.Document = edited(boundaryText, `["secretsmanager:GetSecretValue", "kms:Decrypt"]`, `"s3:*"`)
		},
		link: policy.SecretLink, kind: policy.PermissionsBoundary,
		account: roleAccount, document: storyBoundary,
		says: []string{"secretsmanager:GetSecretValue", "kms:Decrypt"},
	},
	"session policy: no kms:Decrypt": {
		change: func(a *policy.SecretAccess) { a.Session = []policy.Policy{named("inline", readText)} },
		link:   policy.KeyLink, kind: policy.SessionPolicy,
		account: roleAccount, document: "inline",
		says: []string{"kms:Decrypt"},
	},
	"SCP: a Deny": {
		change: func(a *policy.SecretAccess) {
			levels := a.Guardrails[roleAccount].SCPs
			levels[1] = append(levels[1], named("deny-secrets", `{"Version": "2012-10-17", "Statement": [
				{"Sid": "NoSecrets", "Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}]}`))
		},
		link: policy.SecretLink, kind: policy.ServiceControlPolicy,
		account: roleAccount, document: "deny-secrets", byHand: true,
		says: []string{"NoSecrets", "management account"},
	},
	"SCP: a Deny of everything": {
		change: func(a *policy.SecretAccess) {
			levels := a.Guardrails[roleAccount].SCPs
			levels[1] = append(levels[1], named("deny-all", `{"Version": "2012-10-17", "Statement": [
				{"Effect": "Deny", "Action": "*", "Resource": "*"}]}`))
		},
		link: policy.SecretLink, kind: policy.ServiceControlPolicy,
		account: roleAccount, document: "deny-all", byHand: true,
		says: []string{"Statement 1", "to decrypt with"},
	},
	"SCP: no Allow": {
		change: func(a *policy.SecretAccess) {
			a.Guardrails[roleAccount].SCPs[1][0].Document = edited(fullAccessText, `"Action": "*"`, `"Action": ["s3:*", "kms:*"]`)
		},
		link: policy.SecretLink, kind: policy.ServiceControlPolicy,
		account: roleAccount, document: "scp-ou",
		says: []string{"secretsmanager:GetSecretValue", "management account"},
	},
	"RCP of the secret's account": {
		change: func(a *policy.SecretAccess) {
			levels := a.Guardrails[secretAccount].RCPs
			levels[0] = append(levels[0], named("deny-outsiders", `{"Version": "2012-10-17", "Statement": [
				{"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*",
				 "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "222233334444"}}}]}`))
		},
		link: policy.SecretLink, kind: policy.ResourceControlPolicy,
		account: secretAccount, document: "deny-outsiders", byHand: true,
		says: []string{"forbids", "management account"},
	},
	"RCP of the role's account": {
		change: func(a *policy.SecretAccess) {
			levels := a.Guardrails[roleAccount].RCPs
			levels[0] = append(levels[0], named("no-web-identity", `{"Version": "2012-10-17", "Statement": [
				{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity", "Resource": "*"}]}`))
		},
		kind:    policy.ResourceControlPolicy,
		account: roleAccount, document: "no-web-identity", byHand: true,
		says: []string{"forbids", storySubject},
	},
	"endpoint policy": {
		change: func(a *policy.SecretAccess) {
			a.Endpoint = []policy.Policy{named("vpce-1", edited(rcpAccessText, `"Action": "*"`, `"Action": "s3:*"`).String())}
		},
		link: policy.SecretLink, kind: policy.EndpointPolicy,
		account: roleAccount, document: "vpce-1",
		says: []string{"VPC endpoint", "secretsmanager:GetSecretValue"},
	},
	"reference: another Region": {
		change: func(a *policy.SecretAccess) { a.Request = strings.Replace(storySecret, "eu-west-1", "eu-central-1", 1) },
		link:   policy.SecretLink, kind: policy.SecretReference,
		account: roleAccount, document: "arn:aws:secretsmanager:eu-central-1:222233334444:secret:testsecret-AbCdEf", byHand: true,
		says: []string{`Region "eu-central-1" instead of "eu-west-1"`, storySecret},
	},
	"reference: another account": {
		change: func(a *policy.SecretAccess) { a.Request = strings.Replace(storySecret, secretAccount, roleAccount, 1) },
		link:   policy.SecretLink, kind: policy.SecretReference,
		account: roleAccount, document: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:testsecret-AbCdEf", byHand: true,
		says: []string{"account", storySecret},
	},
	"reference: another suffix": {
		change: func(a *policy.SecretAccess) { a.Request = strings.Replace(storySecret, "AbCdEf", "XxXxXx", 1) },
		link:   policy.SecretLink, kind: policy.SecretReference,
		account: roleAccount, document: "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-XxXxXx", byHand: true,
		says: []string{"testsecret-XxXxXx", storySecret},
	},
	"reference: malformed": {
		change: func(a *policy.SecretAccess) { a.Request = "arn:aws:secretsmanager" },
		link:   policy.SecretLink, kind: policy.SecretReference,
		account: roleAccount, document: "arn:aws:secretsmanager", byHand: true,
		says: []string{"not an ARN"},
	},
	"reference: by name": {
		change: func(a *policy.SecretAccess) { a.Request = "testsecret" },
		link:   policy.SecretLink, kind: policy.SecretReference,
		account: roleAccount, document: "testsecret", byHand: true,
		says: []string{"by name", storySecret, secretAccount},
	},
}

func TestSecretAccessFaults(t *testing.T) {
	t.Parallel()
	for name, m := range mutations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, closed := range []bool{false, true} {
				a := story()
				a.Closed = closed
				m.change(&a)
				m.check(t, &a)
			}
		})
	}
}

func (m mutation) check(t *testing.T, a *policy.SecretAccess) {
	t.Helper()
	r := a.Evaluate()
	if r.Decision != policy.ImplicitlyDenied && r.Decision != policy.ExplicitlyDenied {
		t.Errorf("decision is %v", r.Decision)
	}
	if len(r.Faults) != 1 {
		t.Fatalf("%d faults, want 1: %s", len(r.Faults), indent(t, r))
	}
	f := r.Faults[0]
	type place struct {
		Link              policy.Link
		Kind              policy.Kind
		Account, Document string
		Replace, ByHand   bool
	}
	want := place{m.link, m.kind, m.account, m.document, m.replace, m.byHand}
	got := place{f.Link, f.Kind, f.Account, f.Document, f.Replace, f.Statement == nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, indent(t, f))
	}
	for _, phrase := range m.says {
		if !strings.Contains(f.Problem+f.Remedy+statements(f), phrase) {
			t.Errorf("nothing says %q: %s", phrase, indent(t, f))
		}
	}
	m.checkRemedy(t, a, f)
}

// checkRemedy applies the fault's statements, after which all is well.
func (m mutation) checkRemedy(t *testing.T, a *policy.SecretAccess, f policy.Fault) {
	t.Helper()
	if f.Statement == nil {
		return
	}
	doc := document(a, f)
	if doc == nil {
		t.Fatalf("there is no document %q", f.Document)
	}
	*doc = policy.MustParse(f.Apply(*doc).String()) // IAM would take it
	if r := a.Evaluate(); r.Decision != policy.Allowed || len(r.Faults) > 0 {
		t.Errorf("applied, the remedy leads to %v: %s", r.Decision, indent(t, f))
	}
}

// TestSecretAccessPairs: of two mistakes both are named and nothing else is,
// and their remedies together mend everything.
func TestSecretAccessPairs(t *testing.T) {
	t.Parallel()
	for first, m := range mutations {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			for second, n := range mutations {
				// Two changes to one document undo each other.
				if m.kind != n.kind && (m.link != policy.TrustLink || n.link != policy.TrustLink) {
					checkPair(t, second, m, n)
				}
			}
		})
	}
}

func checkPair(t *testing.T, second string, m, n mutation) {
	t.Helper()
	type place struct {
		kind              policy.Kind
		account, document string
	}
	a := story()
	m.change(&a)
	n.change(&a)
	want := map[place]bool{{m.kind, m.account, m.document}: true, {n.kind, n.account, n.document}: true}
	byHand := false
	for _, f := range a.Evaluate().Faults {
		if !want[place{f.Kind, f.Account, f.Document}] {
			t.Errorf("with %s: %s is blamed", second, indent(t, f))
		}
		if byHand = byHand || f.Statement == nil; f.Statement != nil {
			doc := document(&a, f)
			*doc = f.Apply(*doc)
		}
	}
	if r := a.Evaluate(); !byHand && r.Decision != policy.Allowed {
		t.Errorf("with %s: mended, it is %v: %s", second, r.Decision, indent(t, r.Faults))
	}
}

func statements(f policy.Fault) string {
	if f.Statement == nil {
		return ""
	}
	var text strings.Builder
	for _, s := range append([]policy.Statement{*f.Statement}, f.Also...) {
		text.WriteString(s.String())
	}
	return text.String()
}

// TestSecretAccessAllFaults: every link is evaluated, also behind one that
// fails, and applying all remedies at once mends everything.
func TestSecretAccessAllFaults(t *testing.T) {
	t.Parallel()
	a := story()
	for _, name := range []string{
		"trust: another service account", "identity: no policies", "secret: no policy",
		"key: another Region in ViaService", "boundary: neither", "SCP: no Allow",
	} {
		mutations[name].change(&a)
	}
	r := a.Evaluate()
	if len(r.Faults) != 6 {
		t.Fatalf("%d faults: %s", len(r.Faults), indent(t, r.Faults))
	}
	last := policy.TrustLink
	for _, f := range r.Faults {
		if f.Link < last {
			t.Errorf("fault of link %v behind one of %v", f.Link, last)
		}
		last = f.Link
		doc := document(&a, f)
		*doc = f.Apply(*doc)
	}
	if r := a.Evaluate(); r.Decision != policy.Allowed {
		t.Errorf("mended, it is %v: %s", r.Decision, indent(t, r.Faults))
	}
}

func TestSecretAccessUnknown(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change  func(*policy.SecretAccess)
		settled func(*policy.SecretAccess)
	}{
		"key policy": {
			change:  func(a *policy.SecretAccess) { a.Key.Policy = nil },
			settled: func(a *policy.SecretAccess) { a.Key.Policy = policy.MustParse(keyText) },
		},
		"policy of another key": {
			change:  func(a *policy.SecretAccess) { a.Key.ARN = storyKey + "0" },
			settled: func(a *policy.SecretAccess) { a.Key.ARN = storyKey },
		},
		"trust policy": {
			change:  func(a *policy.SecretAccess) { a.Role.Trust = nil },
			settled: func(a *policy.SecretAccess) { a.Role.Trust = policy.MustParse(trustText) },
		},
		"organization": {
			change: func(a *policy.SecretAccess) {
				a.Secret.Policy = edited(secretText, `"Resource": "*"`,
					`"Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-example"}}`)
			},
			settled: func(a *policy.SecretAccess) { a.Context = policy.Context{"aws:PrincipalOrgID": {"o-example"}} },
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := story()
			tt.change(&a)
			if r := a.Evaluate(); r.Decision != policy.Unknown || len(r.Faults) > 0 {
				t.Errorf("decision is %v, faults %s", r.Decision, indent(t, r.Faults))
			}
			tt.settled(&a)
			if r := a.Evaluate(); r.Decision != policy.Allowed {
				t.Errorf("settled, the decision is %v: %s", r.Decision, indent(t, r))
			}
		})
	}
}

// TestSecretAccessNetworkKeys: where a request came from does not reach the
// call that Secrets Manager makes.
func TestSecretAccessNetworkKeys(t *testing.T) {
	t.Parallel()
	a := story()
	a.Context = policy.Context{"aws:SourceVpce": {"vpce-1"}, "aws:SourceIdentity": {"alice"}}
	condition := `"Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1", "aws:SourceIdentity": "alice"}}`
	a.Secret.Policy = edited(secretText, `"Resource": "*"`, condition)
	if r := a.Evaluate(); r.Decision != policy.Allowed {
		t.Errorf("the secret's policy does not see the keys: %s", indent(t, r))
	}
	a.Key.Policy = policy.MustParse(keyText)
	a.Key.Policy.Statements[1].Condition = policy.Condition{{
		Operator: "StringEquals", Keys: []policy.ConditionKey{{Key: "aws:SourceVpce", Values: policy.Strings("vpce-1")}},
	}}
	if r := a.Evaluate(); r.Key.Decision != policy.Unknown {
		t.Errorf("the key link is %v", r.Key.Decision)
	}
}

func TestAccessReportJSON(t *testing.T) {
	t.Parallel()
	a := story()
	mutations["key: another Region in ViaService"].change(&a)
	var got struct {
		Decision string
		Trust    struct{ Decision, Stage, Code string }
		Key      struct{ Decision string }
		Faults   []struct {
			Link, Kind, Account, Document string
			Replace                       bool
			Index                         int
			Statement                     map[string]any
		}
	}
	mutations["trust: another service account"].change(&a)
	text := indent(t, a.Evaluate())
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if got.Decision != "ImplicitlyDenied" || got.Key.Decision != "ImplicitlyDenied" {
		t.Errorf("decisions: %s", text)
	}
	if got.Trust.Decision != "ImplicitlyDenied" || got.Trust.Stage != "trust" || got.Trust.Code != "AccessDenied" {
		t.Errorf("trust: %s", text)
	}
	if len(got.Faults) != 2 {
		t.Fatalf("faults: %s", text)
	}
	f := got.Faults[1]
	if f.Link != "key" || f.Kind != "key-policy" || f.Document != storyKey || !f.Replace || f.Index != 1 || f.Statement["Sid"] != "PodRole" {
		t.Errorf("fault: %s", text)
	}
}
