package tfplan

import (
	"strings"

	"github.com/irsakit/irsa/policy"
)

// secret gathers the documents of a secret of the plan.
func (b *builder) secret(r *resource) (policy.Secret, policy.Key) {
	arn, ok := b.attribute(r, "arn")
	if !ok {
		b.fail("the name of %s is not known before apply", r.address)
	}
	b.where[arn] = append(b.where[arn], r)
	s := policy.Secret{ARN: arn, Policy: b.secretPolicy(r, arn)}
	key := b.key(r)
	s.KeyARN = key.ARN
	return s, key
}

// secretPolicy returns the secret's resource policy, nil if there is none.
func (b *builder) secretPolicy(r *resource, arn string) *policy.Document {
	for _, p := range b.plan.of("aws_secretsmanager_secret_policy") {
		does, may := b.leads(p, "secret_arn", r, "arn", "id")
		if does {
			b.where[arn] = append(b.where[arn], p)
			return b.policy(p, "policy", policy.ResourcePolicy, arn).Document
		}
		if may {
			return b.anything(policy.ResourcePolicy, p.address+".secret_arn")
		}
	}
	if r.mode == "data" || !r.exists || r.configured("policy") || !b.policyDeleted(r) {
		return b.document(r, "policy", policy.ResourcePolicy)
	}
	return nil
}

// policyDeleted reports whether the plan takes the policy off the secret, which
// the secret as it is still has.
func (b *builder) policyDeleted(r *resource) bool {
	for _, p := range b.plan.deleted {
		if p.kind == "aws_secretsmanager_secret_policy" && p.text("secret_arn") == r.text("arn") {
			return true
		}
	}
	return false
}

// unknownKey is the ARN of a key that the plan does not tell.
const unknownKey = "not known before apply"

// key returns the key that a secret is encrypted with. The zero Key is the
// account's own aws/secretsmanager.
func (b *builder) key(secret *resource) policy.Key {
	const attr = "kms_key_id"
	if v, ok := secret.values[attr].(string); ok && (v == "" || v == "alias/aws/secretsmanager") {
		return policy.Key{}
	}
	if secret.values[attr] == nil && !secret.isOpen(attr) {
		return policy.Key{}
	}
	if alias := b.target(secret, attr, "aws_kms_alias", "arn", "name", "id"); alias != nil {
		return b.keyOf(alias, "target_key_id")
	}
	return b.keyOf(secret, attr)
}

// keyOf returns the key that an attribute of r leads to.
func (b *builder) keyOf(r *resource, attr string) policy.Key {
	if key := b.target(r, attr, "aws_kms_key", "arn", "key_id"); key != nil && key.mode == "managed" {
		arn, _ := b.attribute(key, "arn")
		return policy.Key{ARN: arn, Policy: b.keyPolicy(key, arn), Grants: b.grants(key)}
	}
	value, ok := b.attribute(r, attr)
	if !ok {
		b.leaveOpen(r.address + "." + attr)
		return policy.Key{ARN: unknownKey}
	}
	if !strings.HasPrefix(value, "arn:") {
		prefix := "key/"
		if strings.HasPrefix(value, "alias/") {
			prefix = ""
		}
		value = b.arn(r, "kms", b.region(r), prefix+value)
	}
	doc := b.options.Policies[value]
	if doc == nil {
		b.leaveOpen("the policy of the key " + value)
	}
	return policy.Key{ARN: value, Policy: doc}
}

// keyPolicy returns the policy of a key of the plan.
func (b *builder) keyPolicy(key *resource, arn string) *policy.Document {
	for _, p := range b.plan.of("aws_kms_key_policy") {
		does, may := b.leads(p, "key_id", key, "key_id", "id", "arn")
		if does {
			b.where[arn] = append(b.where[arn], p)
			return b.policy(p, "policy", policy.KeyPolicy, arn).Document
		}
		if may {
			return b.anything(policy.KeyPolicy, p.address+".key_id")
		}
	}
	b.where[arn] = append(b.where[arn], key)
	if doc := b.document(key, "policy", policy.KeyPolicy); doc != nil {
		return doc
	}
	if key.exists {
		return b.anything(policy.KeyPolicy, key.address+".policy")
	}
	return policy.DefaultKeyPolicy(policy.Partition(b.region(key)), b.account(key))
}
