package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// breakage is one thing that goes wrong in real clusters.
type breakage struct {
	name    string
	summary string
	// corrupt spoils one thing in the scene.
	corrupt func(*scene)
	// kind, account and document are what the explanation must name, and
	// remedy is a phrase that it must contain.
	kind     policy.Kind
	account  string
	document string
	remedy   string
}

// The three accounts of the story.
const (
	clusterAccount = secretstest.StoryClusterAccount
	secretAccount  = secretstest.StorySecretAccount
	keyAccount     = secretstest.StoryKeyAccount
)

var breakages = []breakage{
	{
		name: "trust-sub", summary: "the trust policy names another service account",
		corrupt: func(s *scene) { edit(s.role().Trust, "testnamespace:testapp", "testnamespace:testap") },
		kind:    policy.TrustPolicy, account: clusterAccount, document: secretstest.StoryRoleARN,
		remedy: "system:serviceaccount:testnamespace:testapp",
	},
	{
		name: "trust-namespace", summary: "the trust policy names another namespace",
		corrupt: func(s *scene) { edit(s.role().Trust, "testnamespace:testapp", "default:testapp") },
		kind:    policy.TrustPolicy, account: clusterAccount, document: secretstest.StoryRoleARN,
		remedy: "system:serviceaccount:testnamespace:testapp",
	},
	{
		name: "trust-aud", summary: "the trust policy wants another audience",
		corrupt: func(s *scene) { edit(s.role().Trust, `"sts.amazonaws.com"`, `"https://kubernetes.default.svc"`) },
		kind:    policy.TrustPolicy, account: clusterAccount, document: secretstest.StoryRoleARN,
		remedy: "sts.amazonaws.com",
	},
	{
		name: "trust-issuer-slash", summary: "the trust policy's condition keys end the issuer with a slash",
		corrupt: func(s *scene) { edit(s.role().Trust, "EXAMPLE:", "EXAMPLE/:") },
		kind:    policy.TrustPolicy, account: clusterAccount, document: secretstest.StoryRoleARN,
		remedy: "slash",
	},
	{
		name: "oidc-provider", summary: "the cluster's issuer is no identity provider in the role's account",
		corrupt: func(s *scene) { s.account(clusterAccount).OIDCProviders = nil },
		kind:    policy.IdentityProvider, account: clusterAccount, document: secretstest.StoryIssuer,
		remedy: "sts.amazonaws.com",
	},
	{
		name: "provider-audience", summary: "the identity provider does not list the token's audience",
		corrupt: func(s *scene) {
			s.account(clusterAccount).OIDCProviders[0].ClientIDs = []string{"sts.cn-north-1.amazonaws.com.cn"}
		},
		kind: policy.IdentityProvider, account: clusterAccount, document: secretstest.StoryIssuer,
		remedy: "sts.amazonaws.com",
	},
	{
		name: "token-expired", summary: "the projected token expired: the kubelet no longer renews it",
		corrupt: func(s *scene) { s.token.IssuedAt = time.Now().Add(-25 * time.Hour) },
		kind:    policy.ServiceAccountToken, account: clusterAccount, document: "system:serviceaccount:testnamespace:testapp",
		remedy: "kubelet",
	},
	{
		name: "token-audience", summary: "the token was projected for another audience",
		corrupt: func(s *scene) { s.token.Audience = []string{"vault"} },
		kind:    policy.ServiceAccountToken, account: clusterAccount, document: "system:serviceaccount:testnamespace:testapp",
		remedy: "sts.amazonaws.com",
	},
	{
		name: "role-secret", summary: "the role's permissions do not allow reading the secret",
		corrupt: func(s *scene) {
			edit(s.rolePolicy("read-secret"), "secret:testsecret-AbCdEf", "secret:othersecret-AbCdEf")
		},
		kind: policy.IdentityPolicy, account: clusterAccount, document: "pod-role/read-secret",
		remedy: secretstest.StorySecretARN,
	},
	{
		name: "role-secret-suffix", summary: "the role's permissions name the secret without its six-character suffix",
		corrupt: func(s *scene) { edit(s.rolePolicy("read-secret"), "testsecret-AbCdEf", "testsecret") },
		kind:    policy.IdentityPolicy, account: clusterAccount, document: "pod-role/read-secret",
		remedy: secretstest.StorySecretARN,
	},
	{
		name: "role-kms", summary: "the role's permissions do not allow decrypting with the key",
		corrupt: func(s *scene) { edit(s.rolePolicy("decrypt-secret"), "kms:Decrypt", "kms:DescribeKey") },
		kind:    policy.IdentityPolicy, account: clusterAccount, document: "pod-role/decrypt-secret",
		remedy: "kms:Decrypt",
	},
	{
		name: "secret-policy", summary: "the secret has no resource policy",
		corrupt: func(s *scene) { s.secret().Policy = nil },
		kind:    policy.ResourcePolicy, account: secretAccount, document: secretstest.StorySecretARN,
		remedy: secretstest.StoryRoleARN,
	},
	{
		name: "key-policy", summary: "the key policy does not name the role",
		corrupt: func(s *scene) { s.key().Policy.Statements = s.key().Policy.Statements[:1] },
		kind:    policy.KeyPolicy, account: keyAccount, document: secretstest.StoryKeyARN,
		remedy: secretstest.StoryRoleARN,
	},
	{
		name: "key-via-service", summary: "the key policy allows use through another Region's Secrets Manager",
		corrupt: func(s *scene) { edit(s.key().Policy, "secretsmanager.eu-west-1", "secretsmanager.eu-central-1") },
		kind:    policy.KeyPolicy, account: keyAccount, document: secretstest.StoryKeyARN,
		remedy: "secretsmanager.eu-west-1.amazonaws.com",
	},
	{
		name: "role-deleted", summary: "the key policy holds the unique id of the role's deleted namesake",
		corrupt: func(s *scene) { edit(s.key().Policy, secretstest.StoryRoleARN, "AROADELETEDROLEEXAMPL") },
		kind:    policy.KeyPolicy, account: keyAccount, document: secretstest.StoryKeyARN,
		remedy: secretstest.StoryRoleARN,
	},
	{
		name: "boundary", summary: "the role's permissions boundary lacks the right to decrypt",
		corrupt: func(s *scene) { edit(s.role().Boundary.Document, "kms:Decrypt", "kms:DescribeKey") },
		kind:    policy.PermissionsBoundary, account: clusterAccount, document: "arn:aws:iam::111122223333:policy/app-boundary",
		remedy: "kms:Decrypt",
	},
	{
		name: "scp", summary: "a service control policy denies Secrets Manager",
		corrupt: func(s *scene) {
			a := s.account(clusterAccount)
			a.SCPs[0] = append(a.SCPs[0], namedPolicy("deny-secrets", `{"Version": "2012-10-17", "Statement": [
				{"Sid": "NoSecrets", "Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}]}`))
		},
		kind: policy.ServiceControlPolicy, account: clusterAccount, document: "deny-secrets",
		remedy: "NoSecrets",
	},
	{
		name: "wrong-region", summary: "the application asks for the secret in another Region",
		corrupt: func(s *scene) { s.secretID = strings.Replace(s.secretID, "eu-west-1", "eu-central-1", 1) },
		kind:    policy.SecretReference, account: clusterAccount,
		document: "arn:aws:secretsmanager:eu-central-1:222233334444:secret:testsecret-AbCdEf",
		remedy:   "eu-west-1",
	},
	{
		name: "name-not-arn", summary: "the application asks for another account's secret by its name",
		corrupt: func(s *scene) { s.secretID = "testsecret" },
		kind:    policy.SecretReference, account: clusterAccount, document: "testsecret",
		remedy: secretstest.StorySecretARN,
	},
}

func findBreakage(name string) (*breakage, error) {
	for i := range breakages {
		if breakages[i].name == name {
			return &breakages[i], nil
		}
	}
	return nil, errors.New("unknown break; -list prints the names")
}

func listBreaks(w io.Writer, asJSON bool) error {
	if asJSON {
		type entry struct {
			Name    string `json:"name"`
			Summary string `json:"summary"`
		}
		list := make([]entry, len(breakages))
		for i, b := range breakages {
			list[i] = entry{b.name, b.summary}
		}
		return json.NewEncoder(w).Encode(list)
	}
	for _, b := range breakages {
		if _, err := fmt.Fprintln(w, b.name); err != nil {
			return err
		}
	}
	return nil
}

// edit replaces text in a document, as a slip of the hand would. A break that
// finds nothing to replace breaks nothing, and must not pass for one.
func edit(d *policy.Document, from, to string) {
	text, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	edited := bytes.ReplaceAll(text, []byte(from), []byte(to))
	if bytes.Equal(text, edited) {
		panic(fmt.Sprintf("%q is not in the document", from))
	}
	*d = *policy.MustParse(string(edited))
}
