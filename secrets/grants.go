package secrets

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// suspect knows all that a grant may have to name.
type suspect struct {
	*AccessError
	service Service // that uses the key for the caller; "" for the caller itself
	secret  string  // ARN of secret or parameter, or a pattern for it; "" if only a name is known and no account
	key     string  // ARN or ""
	oldKey  bool    // the version is under another key than the secret
	context []policy.ConditionKey
}

// resource returns the ARN of the secret or parameter, or a pattern for it, told
// by AWS as far as known.
func (s suspect) resource(told string) string {
	if s.service == SecretsManager {
		return cmp.Or(patternARN(told), patternARN(s.ref.id()), s.patternOfName())
	}
	switch {
	case told != "":
		return told
	case s.ref.IsARN():
		return s.ref.id()
	case s.SecretAccount == "":
		return ""
	}
	return policy.ARN{
		Partition: policy.Partition(s.Region), Service: "ssm", Region: s.Region, Account: s.SecretAccount,
		Resource: "parameter/" + strings.TrimPrefix(s.ref.Name, "/"),
	}.String()
}

// through sets the encryption context with which the service calls KMS (Secrets
// Manager User Guide, security-encryption; Systems Manager User Guide,
// "Parameter Store encryption context").
func (s *suspect) through() {
	if s.secret == "" {
		return
	}
	key := "kms:EncryptionContext:SecretARN"
	if s.service == ParameterStore {
		key = "kms:EncryptionContext:PARAMETER_ARN"
	}
	s.context = []policy.ConditionKey{{Key: key, Values: policy.Strings(s.secret)}}
}

// patternARN returns an ARN, with a pattern for the six random characters if it
// lacks them, and "" for what is no ARN.
func patternARN(arn string) string {
	switch {
	case !strings.HasPrefix(arn, "arn:"):
		return ""
	case hasSuffix(arn):
		return arn
	default:
		return arn + "-??????"
	}
}

// patternOfName returns a pattern for the ARN of a secret that was asked for by
// its name, and "" if its account is not known.
func (s suspect) patternOfName() string {
	if s.SecretAccount == "" {
		return ""
	}
	return policy.ARN{
		Partition: policy.Partition(s.Region), Service: "secretsmanager", Region: s.Region, Account: s.SecretAccount,
		Resource: "secret:" + s.ref.Name + "-??????",
	}.String()
}

func (s suspect) grants() []Grant {
	switch d := s.Denial; {
	case d.DefaultKey:
		return []Grant{s.defaultKey()}
	case s.Action == decryptAction:
		return s.keyGrants()
	case s.unresolved():
		return []Grant{s.reference()}
	case d.Explicit:
		return []Grant{s.explicit()}
	case d.Kind == policy.NoKind && s.foreign():
		return []Grant{s.missing(policy.IdentityPolicy), s.missing(policy.ResourcePolicy)}
	case d.Kind == policy.NoKind:
		return []Grant{s.missing(policy.IdentityPolicy)}
	default:
		return []Grant{s.missing(d.Kind)}
	}
}

// keyGrants are the grants where the key refused. Through Secrets Manager it
// does not say why, through Parameter Store and directly it mostly does.
func (s suspect) keyGrants() []Grant {
	switch d := s.Denial; {
	case d.Explicit:
		return []Grant{s.explicit()}
	case d.Kind == policy.NoKind:
		return []Grant{s.decrypt(policy.IdentityPolicy), s.keyPolicy()}
	case d.Kind == policy.KeyPolicy || d.Kind == policy.ResourcePolicy:
		return []Grant{s.keyPolicy()}
	default:
		return []Grant{s.decrypt(d.Kind)}
	}
}

// foreign reports whether the secret is in another account than the caller, as
// far as is known.
func (s suspect) foreign() bool {
	return s.SecretAccount != s.RoleAccount && s.SecretAccount != "" && s.RoleAccount != ""
}

// unresolved reports whether AWS names the secret by its bare name: it does so
// if the name leads nowhere in the caller's account and Region, which then
// looks like a lack of permission
// (github.com/external-secrets/external-secrets/issues/2685).
func (s suspect) unresolved() bool {
	return s.Denial.Resource != "" && !strings.HasPrefix(s.Denial.Resource, "arn:") && s.Denial.Resource != "*"
}

func (s suspect) reference() Grant {
	text := fmt.Sprintf("there is no secret of that name in the caller's account in %s; "+
		"check name and Region, and ask for a secret of another account by its complete ARN", s.Region)
	if s.ref.HasSuffix() {
		text += "; a name is asked for without the six random characters of the ARN"
	}
	if strings.HasPrefix(s.ref.Name, "/") {
		text += "; a parameter of Parameter Store is asked for as ssm:" + s.ref.Name
	}
	return Grant{
		Kind: policy.SecretReference, Account: s.RoleAccount, Document: fmt.Sprintf("%q", s.ref.id()),
		Explanation: text,
	}
}

func (s suspect) defaultKey() Grant {
	return Grant{
		Kind: policy.KeyPolicy, Account: s.SecretAccount, Document: "alias/aws/secretsmanager",
		Explanation: "the secret is encrypted under aws/secretsmanager, which no other account can ever use; " +
			"encrypt it under a customer managed key, recorded by its ARN",
	}
}

// explicit is a Deny, against which no statement helps.
func (s suspect) explicit() Grant {
	g := s.at(s.Denial.Kind)
	g.Explanation = fmt.Sprintf("a Deny statement refuses %s, and no Allow overrides it; narrow or remove it", s.Action)
	return g
}

// missing is a document that does not allow the action.
func (s suspect) missing(kind policy.Kind) Grant {
	g := s.at(kind)
	g.Explanation = fmt.Sprintf("no statement allows %s on %s%s", s.Action, s.target(), s.doubt())
	if kind == policy.ResourcePolicy && s.service == ParameterStore {
		g.Explanation += "; share the parameter with the caller's account in AWS RAM"
		return g // RAM writes the policy
	}
	statement := policy.Statement{Effect: policy.Allow, Action: policy.Strings(s.Action)}
	switch kind {
	case policy.ResourcePolicy:
		statement.Resource = policy.Strings("*") // in a secret's policy: that secret
		if s.Role == "" {
			return g
		}
		statement.Principal = principal(s.Role)
	case policy.EndpointPolicy:
		if s.Role == "" {
			return g
		}
		statement.Principal = principal(s.Role)
		fallthrough
	default:
		if s.secret == "" {
			return g
		}
		statement.Resource = policy.Strings(s.secret)
	}
	g.Statement = &statement
	return g
}

// target is what the action was refused on.
func (s suspect) target() string {
	switch {
	case s.secret == "*":
		return "*, the only resource that it takes"
	case s.Operation == byPath:
		return "this path"
	default:
		return "this " + s.noun()
	}
}

func (s suspect) noun() string {
	if s.service == ParameterStore {
		return "parameter"
	}
	return "secret"
}

// doubt says that the secret may not be there at all: AWS names one that it
// finds by its complete ARN, and what it does not find as it was asked for.
func (s suspect) doubt() string {
	if s.service != SecretsManager || !s.ref.IsARN() || s.ref.HasSuffix() || s.Denial.Resource != s.ref.id() {
		return ""
	}
	return ", or there is no such secret, for AWS names it without the six characters at the end of its ARN"
}

// at names the document of a kind: whose it is and in which account.
func (s suspect) at(kind policy.Kind) Grant {
	g := Grant{Kind: kind, Account: s.RoleAccount, Document: s.Role}
	switch kind {
	case policy.ResourcePolicy:
		g.Account, g.Document = s.SecretAccount, s.secret
		if g.Document == "" || strings.Contains(g.Document, "?") {
			g.Document = s.ref.id()
		}
	case policy.KeyPolicy:
		g.Account, g.Document = s.KeyAccount, s.key
	case policy.ResourceControlPolicy:
		g.Account, g.Document = s.SecretAccount, ""
		if s.Action == decryptAction {
			g.Account = s.KeyAccount
		}
	case policy.ServiceControlPolicy, policy.EndpointPolicy, policy.NoKind:
		g.Document = ""
	}
	if s.Denial.PolicyARN != "" {
		g.Document = s.Denial.PolicyARN
	}
	return g
}

// decrypt is the half of the KMS permission that the caller's account gives. The
// service calls kms:Decrypt as the caller, which must be allowed on the key's
// ARN (Secrets Manager User Guide, auth-and-access_examples_cross).
func (s suspect) decrypt(kind policy.Kind) Grant {
	g := s.at(kind)
	g.Explanation = "it may lack kms:Decrypt on the " + s.keyNoun()
	if s.Denial.Kind != policy.NoKind {
		g.Explanation = "no statement allows kms:Decrypt on the " + s.keyNoun()
	}
	statement := policy.Statement{
		Effect:    policy.Allow,
		Action:    policy.Strings(decryptAction),
		Resource:  policy.Strings(s.key),
		Condition: s.viaService(),
	}
	if s.key == "" {
		if s.secret == "" {
			return g
		}
		// Narrow enough without the key's ARN: only this secret's ciphertext.
		statement.Resource = policy.Strings(fmt.Sprintf("arn:%s:kms:%s:*:key/*", policy.Partition(s.Region), s.Region))
		statement.Condition = s.throughSecret()
	}
	if kind == policy.EndpointPolicy {
		if s.Role == "" {
			return g
		}
		statement.Principal = principal(s.Role)
	}
	g.Statement = &statement
	return g
}

func (s suspect) keyNoun() string {
	switch {
	case s.oldKey:
		return "KMS key that the secret had when this version was written; or write a new version, which is under its key of today"
	case s.service == "":
		return "key"
	default:
		return s.noun() + "'s KMS key"
	}
}

// keyPolicy is the half that the key's account gives.
func (s suspect) keyPolicy() Grant {
	g := s.at(policy.KeyPolicy)
	g.Explanation = "it may not let the caller in"
	if s.Denial.Kind != policy.NoKind {
		g.Explanation = "it does not let the caller in"
	}
	switch {
	case s.key != "":
	case s.oldKey:
		g.Explanation += "; it is the policy of the key that the secret had when this version was written"
	case s.service == SecretsManager:
		g.Explanation += "; aws secretsmanager describe-secret shows the key, as KmsKeyId, to whoever may see it"
	default:
		g.Explanation += "; aws ssm describe-parameters shows the key, as KeyId, to whoever may see it"
	}
	if s.Role == "" || s.service != "" && s.secret == "" {
		return g
	}
	g.Statement = &policy.Statement{
		Effect:    policy.Allow,
		Principal: principal(s.Role),
		Action:    policy.Strings(decryptAction),
		Resource:  policy.Strings("*"), // in a key policy: that key
		Condition: s.throughSecret(),
	}
	return g
}

// throughSecret limits a use of the key to the decryption of this secret by
// its service, or of what has this encryption context.
func (s suspect) throughSecret() policy.Condition {
	condition := s.viaService()
	if len(s.context) == 0 {
		return condition
	}
	if strings.Contains(s.secret, "?") {
		return append(condition, policy.ConditionOperator{Operator: "StringLike", Keys: s.context})
	}
	if len(condition) == 0 {
		return policy.Condition{stringEquals(s.context...)}
	}
	return policy.Condition{stringEquals(append(condition[0].Keys, s.context...)...)}
}

// viaService limits a use of the key to the service; nothing for the caller
// itself.
func (s suspect) viaService() policy.Condition {
	if s.service == "" {
		return nil
	}
	host := string(s.service) + "." + s.Region + "." + policy.DNSSuffix(policy.Partition(s.Region))
	return policy.Condition{stringEquals(policy.ConditionKey{Key: "kms:ViaService", Values: policy.Strings(host)})}
}

func stringEquals(keys ...policy.ConditionKey) policy.ConditionOperator {
	return policy.ConditionOperator{Operator: "StringEquals", Keys: keys}
}

func principal(arn string) policy.Principal {
	return policy.Principal{Entries: []policy.PrincipalEntry{{Type: policy.PrincipalAWS, Values: policy.Strings(arn)}}}
}
