package secrets

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// suspects fills in e.Grants from AWS's sentence, with the ARNs of the secret and
// of its key as far as they are known.
func (e *AccessError) suspects(secretARN, keyARN string) {
	s := suspect{AccessError: e, key: keyARN}
	s.secret = cmp.Or(patternARN(secretARN), patternARN(e.Ref), s.patternOfName())
	e.Grants = s.grants()
}

// suspect knows all that a grant may have to name.
type suspect struct {
	*AccessError
	secret string // ARN, or a pattern for it; "" if only a name is known and no account
	key    string // ARN or ""
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
		Resource: "secret:" + s.Ref + "-??????",
	}.String()
}

func (s suspect) grants() []Grant {
	switch d := s.Denial; {
	case d.DefaultKey:
		return []Grant{s.defaultKey()}
	case d.KMS:
		return []Grant{s.identityDecrypt(), s.keyPolicy()}
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
	if hasSuffix(s.Ref) {
		text += "; a name is asked for without the six random characters of the ARN"
	}
	return Grant{
		Kind: policy.SecretReference, Account: s.RoleAccount, Document: fmt.Sprintf("%q", s.Ref),
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
	g.Explanation = fmt.Sprintf("no statement allows %s on this secret", s.Action)
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

// at names the document of a kind: whose it is and in which account.
func (s suspect) at(kind policy.Kind) Grant {
	g := Grant{Kind: kind, Account: s.RoleAccount, Document: s.Role}
	switch kind {
	case policy.ResourcePolicy:
		g.Account, g.Document = s.SecretAccount, s.secret
		if g.Document == "" || strings.Contains(g.Document, "?") {
			g.Document = s.Ref
		}
	case policy.ResourceControlPolicy:
		g.Account, g.Document = s.SecretAccount, ""
	case policy.ServiceControlPolicy, policy.EndpointPolicy, policy.NoKind:
		g.Document = ""
	}
	if s.Denial.PolicyARN != "" {
		g.Document = s.Denial.PolicyARN
	}
	return g
}

// identityDecrypt is the half of the KMS permission that the caller's account
// gives. Secrets Manager calls kms:Decrypt as the caller, which must be allowed
// on the key's ARN (Secrets Manager User Guide, auth-and-access_examples_cross).
func (s suspect) identityDecrypt() Grant {
	g := s.at(policy.IdentityPolicy)
	g.Explanation = "it may lack kms:Decrypt on the secret's KMS key"
	statement := policy.Statement{
		Effect:    policy.Allow,
		Action:    policy.Strings("kms:Decrypt"),
		Resource:  policy.Strings(s.key),
		Condition: policy.Condition{stringEquals(s.viaService())},
	}
	if s.key == "" {
		if s.secret == "" {
			return g
		}
		// Narrow enough without the key's ARN: only this secret's ciphertext.
		statement.Resource = policy.Strings(fmt.Sprintf("arn:%s:kms:%s:*:key/*", policy.Partition(s.Region), s.Region))
		statement.Condition = s.throughSecret()
	}
	g.Statement = &statement
	return g
}

// keyPolicy is the half that the key's account gives.
func (s suspect) keyPolicy() Grant {
	g := Grant{
		Kind: policy.KeyPolicy, Account: s.KeyAccount, Document: s.key,
		Explanation: "it may not let the caller in",
	}
	if s.key == "" {
		g.Explanation += "; aws secretsmanager describe-secret shows the key, as KmsKeyId, to whoever may see it"
	}
	if s.Role == "" || s.secret == "" {
		return g
	}
	g.Statement = &policy.Statement{
		Effect:    policy.Allow,
		Principal: principal(s.Role),
		Action:    policy.Strings("kms:Decrypt"),
		Resource:  policy.Strings("*"), // in a key policy: that key
		Condition: s.throughSecret(),
	}
	return g
}

// throughSecret limits a use of the key to the decryption of this secret by
// Secrets Manager.
func (s suspect) throughSecret() policy.Condition {
	encryption := policy.ConditionKey{Key: "kms:EncryptionContext:SecretARN", Values: policy.Strings(s.secret)}
	if strings.Contains(s.secret, "?") {
		return policy.Condition{
			stringEquals(s.viaService()),
			{Operator: "StringLike", Keys: []policy.ConditionKey{encryption}},
		}
	}
	return policy.Condition{stringEquals(s.viaService(), encryption)}
}

func (s suspect) viaService() policy.ConditionKey {
	host := "secretsmanager." + s.Region + "." + policy.DNSSuffix(policy.Partition(s.Region))
	return policy.ConditionKey{Key: "kms:ViaService", Values: policy.Strings(host)}
}

func stringEquals(keys ...policy.ConditionKey) policy.ConditionOperator {
	return policy.ConditionOperator{Operator: "StringEquals", Keys: keys}
}

func principal(arn string) policy.Principal {
	return policy.Principal{Entries: []policy.PrincipalEntry{{Type: policy.PrincipalAWS, Values: policy.Strings(arn)}}}
}
