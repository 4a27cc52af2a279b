package policy

import (
	"slices"
	"strings"
)

// Permissions generates the permissions policy of the pod's role: reading each
// secret, decrypting with the customer managed keys on behalf of Secrets
// Manager, and assuming the target role (Secrets Manager User Guide,
// auth-and-access_iam-policies and auth-and-access_examples_cross). It takes
// RoleAccount and Secrets or TargetRoleARN.
//
// For a key of the role's own account whose policy lacks the root statement it
// has nothing, since it would have no effect.
func (i IRSA) Permissions() (*Document, error) {
	d := newDraft(i)
	d.account()
	secrets := d.secrets()
	var statements []Statement
	if len(secrets) > 0 {
		statements = append(statements, Statement{Effect: Allow, Action: Strings(d.secretActions()...), Resource: Strings(distinct(secretARNs(secrets))...)})
	}
	if actions := d.unlimitedActions(); actions != nil {
		statements = append(statements, Statement{Effect: Allow, Action: Strings(actions...), Resource: Strings("*")})
	}
	statements = append(statements, d.decrypt(secrets)...)
	if d.TargetRoleARN != "" {
		statements = append(statements, Statement{
			Effect: Allow, Action: Strings("sts:AssumeRole", "sts:TagSession"), Resource: Strings(d.targetRole()),
		})
	}
	if statements == nil && len(d.Secrets) == 0 {
		d.reject("Secrets", "", "empty; write what the role is to read, or a TargetRoleARN")
	}
	return d.document(statements...)
}

// secretActions are what the role may do with each secret.
func (d *draft) secretActions() []string {
	actions := []string{"secretsmanager:GetSecretValue"}
	if d.DescribeSecret {
		actions = append(actions, "secretsmanager:DescribeSecret")
	}
	if d.Write {
		actions = append(actions, "secretsmanager:PutSecretValue")
	}
	return actions
}

// unlimitedActions are those for which IAM knows no resource (Service
// Authorization Reference, list_awssecretsmanager).
func (d *draft) unlimitedActions() []string {
	var actions []string
	if d.Batch {
		actions = append(actions, "secretsmanager:BatchGetSecretValue")
	}
	if d.ListSecrets {
		actions = append(actions, "secretsmanager:ListSecrets")
	}
	return actions
}

// keyActions are what Secrets Manager does with a key in the role's name
// (Secrets Manager User Guide, security-encryption).
func (d *draft) keyActions() []string {
	if d.Write {
		return []string{"kms:Decrypt", "kms:GenerateDataKey"}
	}
	return []string{"kms:Decrypt"}
}

// decrypt lets the role use the keys for which its policies count.
func (d *draft) decrypt(secrets []grantedSecret) []Statement {
	var keys, hosts []string
	for _, s := range secrets {
		if s.key == (ARN{}) || s.key.Account == d.RoleAccount && s.rootless {
			continue
		}
		keys = append(keys, s.key.String())
		hosts = append(hosts, secretsManagerHost(s.arn))
	}
	if keys == nil {
		return nil
	}
	return []Statement{{
		Effect: Allow, Action: Strings(d.keyActions()...), Resource: Strings(distinct(keys)...),
		Condition: conditionOf(keyTest{"StringEquals", "kms:ViaService", distinct(hosts)}),
	}}
}

// targetRole is the ARN of the role that the pod's role assumes.
func (d *draft) targetRole() string {
	a, err := ParseARN(d.TargetRoleARN)
	path, isRole := strings.CutPrefix(a.Resource, "role")
	if err != nil || !isRole || a.Service != "iam" || !isAccount(a.Account) ||
		!rolePaths().MatchString(dirOf(path)) || !roleNames().MatchString(lastElement(path)) {
		d.reject("TargetRoleARN", d.TargetRoleARN, "not the ARN of a role; write arn:…:iam::…:role/… with the role's path and name")
	}
	return d.TargetRoleARN
}

// SecretPolicies generates the resource policies of the secrets that are not
// in the role's account, one each and by the secret's ARN; nil if there are
// none. A secret has one policy: where it has one already, add the statement
// to it. It takes RoleAccount, RoleName and Secrets.
func (i IRSA) SecretPolicies() ([]Policy, error) {
	d := newDraft(i)
	role := d.roleARN()
	var policies []Policy
	for _, arn := range distinct(secretARNs(d.secrets())) {
		if account := accountOf(arn); account != d.RoleAccount {
			doc := &Document{Version: Version2012, Statements: []Statement{{
				Effect: Allow, Principal: principalOf(PrincipalAWS, role),
				Action: Strings(d.secretActions()...), Resource: Strings("*"), // in a secret's policy: that secret
			}}}
			policies = append(policies, Policy{Kind: ResourcePolicy, Account: account, Name: arn, Document: doc})
		}
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return policies, nil
}

// KeyStatements generates the statements for the policies of the keys that
// must let the role in themselves: those of other accounts, and those whose
// policy lacks the root statement. It limits the role to decrypting its
// secrets through Secrets Manager, of every version (Secrets Manager User
// Guide, security-encryption). It takes RoleAccount, RoleName and Secrets.
func (i IRSA) KeyStatements() ([]KeyStatement, error) {
	d := newDraft(i)
	role := d.roleARN()
	var statements []KeyStatement
	secrets := d.secrets()
	for j, s := range secrets {
		own := s.key.Account == d.RoleAccount && !s.rootless
		sameKey := func(o grantedSecret) bool { return o.key == s.key }
		if s.key == (ARN{}) || own || slices.ContainsFunc(secrets[:j], sameKey) {
			continue
		}
		users := slices.DeleteFunc(slices.Clone(secrets), func(o grantedSecret) bool { return !sameKey(o) })
		statements = append(statements, KeyStatement{
			Account: s.key.Account, KeyARN: s.key.String(),
			Statement: Statement{
				Effect: Allow, Principal: principalOf(PrincipalAWS, role),
				Action: Strings(d.keyActions()...), Resource: Strings("*"), // in a key policy: that key
				Condition: throughSecrets(users),
			},
		})
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return statements, nil
}

// throughSecrets limits the use of a key to the secrets, which are all in the
// key's Region, and to Secrets Manager.
func throughSecrets(secrets []grantedSecret) Condition {
	operator := "StringEquals"
	if slices.ContainsFunc(secrets, func(s grantedSecret) bool { return s.pattern }) {
		operator = "StringLike"
	}
	return conditionOf(
		keyTest{"StringEquals", "kms:ViaService", []string{secretsManagerHost(secrets[0].arn)}},
		keyTest{operator, "kms:EncryptionContext:SecretARN", secretARNs(secrets)},
	)
}

func secretARNs(secrets []grantedSecret) []string {
	arns := make([]string, len(secrets))
	for i, s := range secrets {
		arns[i] = s.arn.String()
	}
	return arns
}

// distinct returns the strings once each, in the order of their first
// occurrence.
func distinct(list []string) []string {
	var once []string
	for _, s := range list {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}

// keyTest is one key of a Condition with its operator.
type keyTest struct {
	operator, key string
	values        []string
}

// conditionOf makes a Condition of tests, those of one operator together.
func conditionOf(tests ...keyTest) Condition {
	var c Condition
	for _, t := range tests {
		key := ConditionKey{Key: t.key, Values: Strings(t.values...)}
		i := slices.IndexFunc(c, func(op ConditionOperator) bool { return op.Operator == t.operator })
		if i < 0 {
			c = append(c, ConditionOperator{Operator: t.operator, Keys: []ConditionKey{key}})
			continue
		}
		c[i].Keys = append(c[i].Keys, key)
	}
	return c
}

// principalOf names one principal.
func principalOf(kind, value string) Principal {
	return Principal{Entries: []PrincipalEntry{{Type: kind, Values: Strings(value)}}}
}
