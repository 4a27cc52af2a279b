package policy

import (
	"slices"
	"strings"
)

// addMissing lists the grants that a side lacks, each with the narrowest
// statement that supplies it.
func (e *evaluation) addMissing(s *side, state CheckState) {
	if state != NotGranted || e.suppliedElsewhere(s) || e.foreignPartition() || e.cannotAssume() || !e.who.hasName() {
		return
	}
	if len(s.byLevel) == 0 {
		e.miss(s, nil)
	}
	for level, allow := range s.byLevel {
		if allow == no {
			e.miss(s, s.toEdit(level))
		}
	}
}

func (e *evaluation) miss(s *side, p *Policy) {
	m := Missing{Kind: s.kind, Account: s.account, Statement: e.grantFor(s.kind, p)}
	var from *Document
	if p != nil {
		m.Policy, m.Account, from = p.Name, orElse(p.Account, s.account), p.Document
	}
	e.trace.result.Missing = append(e.trace.result.Missing, m)
	e.trace.from.missing = append(e.trace.from.missing, from)
}

// suppliedElsewhere reports that the statement to be added to the policy of a
// key or role makes the side's grant unnecessary: one that names the role
// needs no identity policy, one that names the user no boundary either.
func (e *evaluation) suppliedElsewhere(s *side) bool {
	if e.crossAccount() || !e.governed() || e.resource.anyGrant() != no {
		return false
	}
	switch s.kind {
	case IdentityPolicy:
		return true
	case PermissionsBoundary, SessionPolicy:
		return e.who.kind != callerSession
	}
	return false
}

// toEdit picks the document of a level to add a statement to: the one that
// nearly allows, else the first. Nobody can edit what AWS manages.
func (s *side) toEdit(level int) *Policy {
	if level < 0 || level >= len(s.levels) {
		return nil
	}
	for i := range s.verdicts {
		v := &s.verdicts[i]
		nearly := !v.deny && v.problem == "" && v.misses() == 1 && v.action != no
		if v.level == level && nearly && !isManaged(&v.of.policy) {
			return &v.of.policy
		}
	}
	for i := range s.levels[level] {
		if p := &s.levels[level][i].policy; !isManaged(p) {
			return p
		}
	}
	return nil
}

// isManaged reports an AWS managed policy, of IAM or of Organizations.
func isManaged(p *Policy) bool { return strings.Contains(p.Name, "::aws:policy/") }

// grantFor builds the statement that a document of the kind lacks: p, or one to
// be made.
func (e *evaluation) grantFor(k Kind, p *Policy) Statement {
	s := Statement{Effect: Allow, Action: Strings(e.req.Action)}
	if k != TrustPolicy {
		s.Resource = Strings(e.resourceFor(k, p))
	}
	if hasPrincipal(k) {
		s.Principal = e.who.narrowest()
	}
	if tests := e.testsFor(k); len(tests) > 0 {
		s.Condition = Condition{{Operator: "StringEquals", Keys: tests}}
	}
	if aud := e.audiences(); k == TrustPolicy && len(aud) > 1 {
		s.Condition = append(s.Condition, ConditionOperator{
			Operator: "ForAnyValue:StringEquals",
			Keys:     []ConditionKey{{Key: e.issuer() + ":aud", Values: e.quote(aud...)}},
		})
	}
	return s
}

// resourceFor names the resource: "*" where that means the resource which the
// policy hangs on, and where an organization sets the outer limit. A wildcard
// in the resource's own name, such as that of an S3 object, is not to become one
// of the policy: it is written as a literal, and where the language's older
// version has none, as the one character that it is.
func (e *evaluation) resourceFor(k Kind, p *Policy) string {
	own := k == KeyPolicy || k == ResourcePolicy && isService(e.req.Action, "secretsmanager")
	if own || k == ServiceControlPolicy {
		return "*"
	}
	switch {
	case e.req.Resource == "*": // of an action that takes no resource
		return "*"
	case p != nil && p.Document != nil && p.Document.Version != Version2012:
		return strings.ReplaceAll(e.req.Resource, "*", "?")
	}
	return literalWildcards.Replace(e.req.Resource)
}

var literalWildcards = strings.NewReplacer("*", "${*}", "?", "${?}", "${", "${$}{")

// narrowest names the caller: a session by its role, which outlives it.
func (c *caller) narrowest() Principal {
	kind, value := PrincipalAWS, c.arn
	switch c.kind {
	case callerSession:
		value = c.principalARN()
	case callerProvider:
		kind = PrincipalFederated
	case callerService:
		kind = PrincipalService
	}
	return Principal{Entries: []PrincipalEntry{{Type: kind, Values: Strings(value)}}}
}

// testsFor lists the keys to pin to the request's values.
func (e *evaluation) testsFor(k Kind) []ConditionKey {
	switch {
	case k == KeyPolicy:
		return e.pin("kms:ViaService", "kms:EncryptionContext:SecretARN")
	case k == IdentityPolicy && isService(e.req.Action, "kms"):
		return e.pin("kms:ViaService")
	case k != TrustPolicy:
		return nil
	case e.who.kind == callerProvider:
		return e.pin(e.issuer()+":aud", e.issuer()+":sub")
	case e.who.kind == callerService:
		return e.pin("aws:RequestTag/kubernetes-namespace", "aws:RequestTag/kubernetes-service-account")
	}
	return e.pin("sts:ExternalId")
}

// pin returns a test for each key to which the request gives one value.
func (e *evaluation) pin(keys ...string) []ConditionKey {
	var tests []ConditionKey
	for _, key := range keys {
		if values, times := e.req.Context.find(key); times == 1 && len(values) == 1 {
			tests = append(tests, ConditionKey{Key: key, Values: e.quote(values...)})
		}
	}
	return tests
}

// quote writes request values so that no policy variable appears in them.
func (e *evaluation) quote(values ...string) Values {
	quoted := slices.Clone(values)
	for i := range quoted {
		quoted[i] = strings.ReplaceAll(quoted[i], "${", "${$}{")
	}
	return Strings(quoted...)
}

// issuer is the prefix of the condition keys that carry a token's claims.
func (e *evaluation) issuer() string {
	if _, rest, ok := strings.Cut(e.who.arn, ":oidc-provider/"); ok {
		return rest
	}
	return e.who.arn
}

func (e *evaluation) audiences() []string {
	if e.who.kind != callerProvider {
		return nil
	}
	values, _ := e.req.Context.find(e.issuer() + ":aud")
	return values
}
