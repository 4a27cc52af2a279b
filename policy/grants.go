package policy

import (
	"maps"
	"slices"
	"strings"
)

// Grant is a grant of a KMS key: the third source of permission beside the key
// policy and identity-based policies. A grant allows and never denies; a Deny
// in any policy overrides it (KMS Developer Guide, grants).
//
// In the key's account a grant to a user, a role or a session needs no
// identity-based policy, as if the key policy named the grantee. One to an
// account leaves the choice to the identity-based policies of that account.
// Whether a grant spares a principal of another account its identity-based
// policy AWS does not say, and here it does not.
type Grant struct {
	// Name is what reports call it: its id, or a name.
	Name string
	// Grantee is the ARN of the grantee principal: a role, a session, a user or
	// an account; or a service ("rds.amazonaws.com").
	Grantee string
	// Operations are those that the grant allows, without the service:
	// "Decrypt", "GenerateDataKey", …
	Operations []string
	// EncryptionContextEquals and EncryptionContextSubset are constraints on
	// the request's encryption context: that it is these pairs and no other,
	// and that it has them all. Nil and empty do not constrain. Keys compare
	// without regard to case. Constraints hold for operations that take an
	// encryption context (KMS API reference, GrantConstraints). For CreateGrant
	// they ask that the new grant has a constraint as well; that it is as
	// strict is not checked.
	EncryptionContextEquals map[string]string
	EncryptionContextSubset map[string]string
}

// constrained are the operations that take an encryption context.
var constrained = []string{
	"Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
	"GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
}

// grantPolicies writes each grant as the key policy that it amounts to.
func grantPolicies(grants []Grant) [][]Policy {
	policies := make([]Policy, len(grants))
	for i := range grants {
		name := strings.TrimSpace("KMS grant " + grants[i].Name)
		policies[i] = Policy{Kind: KeyPolicy, Name: name, Document: grants[i].document()}
	}
	return oneLevel(policies)
}

// document has one statement for each way in which the constraints apply.
func (g *Grant) document() *Document {
	tests := g.tests()
	byCondition := []struct {
		condition Condition
		has       func(operation string) bool
	}{
		{tests, func(op string) bool { return slices.Contains(constrained, op) }},
		{g.testsOfNewGrant(), func(op string) bool { return op == "CreateGrant" }},
		{nil, func(op string) bool { return op != "CreateGrant" && !slices.Contains(constrained, op) }},
	}
	var d Document
	for _, by := range byCondition {
		var actions []string
		for _, op := range g.Operations {
			if by.has(op) {
				actions = append(actions, "kms:"+op)
			}
		}
		if actions != nil {
			d.Statements = append(d.Statements, Statement{
				Effect: Allow, Principal: g.principal(), Action: Strings(actions...), Resource: Strings("*"), Condition: by.condition,
			})
		}
	}
	return &d
}

func (g *Grant) principal() Principal {
	if g.Grantee == "*" {
		return Principal{Entries: []PrincipalEntry{}} // KMS takes no wildcard
	}
	kind := PrincipalAWS
	if !strings.HasPrefix(g.Grantee, "arn:") && strings.Contains(g.Grantee, ".") {
		kind = PrincipalService
	}
	return Principal{Entries: []PrincipalEntry{{Type: kind, Values: Strings(g.Grantee)}}}
}

// tests writes the constraints as conditions.
func (g *Grant) tests() Condition {
	var keys []ConditionKey
	for _, pairs := range []map[string]string{g.EncryptionContextSubset, g.EncryptionContextEquals} {
		for _, key := range slices.Sorted(maps.Keys(pairs)) {
			keys = append(keys, ConditionKey{Key: encryptionContext + key, Values: Strings(pairs[key])})
		}
	}
	if keys == nil {
		return nil
	}
	c := Condition{{Operator: "StringEquals", Keys: keys}}
	if len(g.EncryptionContextEquals) > 0 {
		all := Strings(slices.Sorted(maps.Keys(g.EncryptionContextEquals))...)
		c = append(c, ConditionOperator{
			Operator: "ForAllValues:StringEqualsIgnoreCase",
			Keys:     []ConditionKey{{Key: "kms:EncryptionContextKeys", Values: all}},
		})
	}
	return c
}

// testsOfNewGrant asks for a constraint of the new grant where this one has
// one: the same exact one, or either.
func (g *Grant) testsOfNewGrant() Condition {
	var kinds []string
	switch {
	case len(g.EncryptionContextEquals) > 0:
		kinds = []string{"EncryptionContextEquals"}
	case len(g.EncryptionContextSubset) > 0:
		kinds = []string{"EncryptionContextEquals", "EncryptionContextSubset"}
	default:
		return nil
	}
	return Condition{{Operator: "StringEquals", Keys: []ConditionKey{{Key: "kms:GrantConstraintType", Values: Strings(kinds...)}}}}
}
