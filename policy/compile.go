package policy

import "slices"

// Compiled is a [Set] made ready to be evaluated many times: patterns are
// split, operators, keys and principals resolved, variables found, values
// parsed. Make one with [Compile]; the zero Compiled is that of the zero Set,
// in which nothing allows.
//
// It is safe for concurrent use, and holds as long as nobody changes the
// documents that it was made of.
type Compiled struct {
	identity, boundary, session, scp, rcp, endpoint, resource levels

	resourceKind Kind   // what the resource's policy says that it is
	grants       levels // of a KMS key, as key policies
	unknown      []Kind

	// The condition keys that the documents mention, and where to find each by
	// its folded name. Bit n of lengths says that such a name has n bytes,
	// modulo 64.
	keys    []keyName
	index   map[string]int
	lengths uint64
}

// Compile prepares the set. It takes longer than an evaluation does, so that
// it pays from the second request on.
func Compile(set Set) *Compiled {
	c := compiler{set: &Compiled{index: map[string]int{}, unknown: slices.Clone(set.Unknown)}}
	out := c.set
	out.identity = c.levels(IdentityPolicy, oneLevel(set.Identity))
	out.boundary = c.levels(PermissionsBoundary, eachItsLevel(set.Boundaries))
	out.session = c.levels(SessionPolicy, oneLevel(set.Session))
	out.scp = c.levels(ServiceControlPolicy, set.SCPs)
	out.rcp = c.levels(ResourceControlPolicy, set.RCPs)
	out.endpoint = c.levels(EndpointPolicy, oneLevel(set.Endpoint))
	if set.Resource != nil {
		out.resourceKind = set.Resource.Kind
		out.resource = c.levels(ResourcePolicy, [][]Policy{{*set.Resource}})
	}
	out.grants = c.levels(KeyPolicy, grantPolicies(set.Grants))
	return out
}

func oneLevel(p []Policy) [][]Policy {
	if len(p) == 0 {
		return nil
	}
	return [][]Policy{p}
}

// eachItsLevel makes every policy a level, so that all must allow.
func eachItsLevel(p []Policy) [][]Policy {
	levels := make([][]Policy, len(p))
	for i := range p {
		levels[i] = p[i : i+1]
	}
	return levels
}

// levels are all documents of a kind. Each level must allow; most kinds have
// one.
type levels [][]ruleSet

// ruleSet is a document.
type ruleSet struct {
	policy Policy
	rules  []rule
}

// rule is a statement.
type rule struct {
	of        *ruleSet
	statement *Statement
	index     int
	version   string
	problem   string // why IAM would not have accepted it; then it counts for nothing
	deny      bool

	notPrincipal, notAction, notResource bool

	principals principals
	actions    []glob
	resources  []text
	tests      []test
}

// compiler compiles the documents of a set.
type compiler struct {
	set     *Compiled
	version string // of the document at hand
}

// isUnknown reports whether the kind was declared not known. A key policy and
// a trust policy are resource-based policies too.
func (c *Compiled) isUnknown(k Kind) bool {
	if k == KeyPolicy || k == TrustPolicy {
		return slices.Contains(c.unknown, k) || slices.Contains(c.unknown, ResourcePolicy)
	}
	return slices.Contains(c.unknown, k)
}

func (c *compiler) levels(kind Kind, policies [][]Policy) levels {
	out := make(levels, len(policies))
	for i, level := range policies {
		out[i] = make([]ruleSet, len(level))
		for j := range level {
			c.ruleSet(&out[i][j], &level[j], kind)
		}
	}
	return out
}

func (c *compiler) ruleSet(out *ruleSet, p *Policy, kind Kind) {
	out.policy = *p
	if p.Document == nil {
		c.set.unknown = append(c.set.unknown, kind)
		return
	}
	c.version = p.Document.Version
	out.rules = make([]rule, len(p.Document.Statements))
	for i := range out.rules {
		out.rules[i] = c.rule(&p.Document.Statements[i], kind)
		out.rules[i].of, out.rules[i].index = out, i
	}
}

func (c *compiler) rule(s *Statement, kind Kind) rule {
	r := rule{statement: s, version: c.version, problem: refused(s, kind), deny: s.Effect == Deny}
	if r.problem != "" {
		return r
	}
	principal, action, resource := s.Principal, s.Action, s.Resource
	if r.notPrincipal = !isAbsent(s.NotPrincipal); r.notPrincipal {
		principal = s.NotPrincipal
	}
	if r.notAction = len(s.NotAction.List) > 0; r.notAction {
		action = s.NotAction
	}
	if r.notResource = len(s.NotResource.List) > 0; r.notResource {
		resource = s.NotResource
	}
	r.principals = newPrincipals(principal)
	r.actions = make([]glob, len(action.List))
	for i, v := range action.List {
		r.actions[i] = newGlob(v.Text)
	}
	r.resources = make([]text, len(resource.List))
	for i, v := range resource.List {
		r.resources[i] = c.resource(v.Text)
	}
	r.tests = c.tests(s.Condition)
	return r
}

// key returns the index of a condition key.
func (c *compiler) key(name string) int {
	var buf [patternBuffer]byte
	folded := foldKey(buf[:0], name)
	if i, ok := c.set.index[string(folded)]; ok {
		return i
	}
	i := len(c.set.keys)
	c.set.keys = append(c.set.keys, keyName{written: name, folded: string(folded)})
	c.set.index[string(folded)] = i
	c.set.lengths |= 1 << (len(folded) % 64)
	return i
}

// hasPrincipal reports whether documents of the kind say whom they are about.
func hasPrincipal(k Kind) bool {
	switch k {
	case ResourcePolicy, KeyPolicy, TrustPolicy, ResourceControlPolicy, EndpointPolicy:
		return true
	}
	return false
}

// refused says why IAM would not have accepted the statement in a document of
// the kind (reference_policies_grammar).
func refused(s *Statement, k Kind) string {
	switch {
	case len(s.Unknown) > 0:
		return "IAM knows no element " + s.Unknown[0].Name
	case s.Effect != Allow && s.Effect != Deny:
		return "Effect is neither Allow nor Deny"
	case s.Action.List != nil && s.NotAction.List != nil:
		return "it has both Action and NotAction"
	case s.Resource.List != nil && s.NotResource.List != nil:
		return "it has both Resource and NotResource"
	case !isAbsent(s.Principal) && !isAbsent(s.NotPrincipal):
		return "it has both Principal and NotPrincipal"
	case !hasPrincipal(k) && !(isAbsent(s.Principal) && isAbsent(s.NotPrincipal)):
		return "a policy of this kind has no Principal"
	}
	return ""
}

// refusedAs is refused for what depends on the resource that the document hangs
// on, which only the request tells.
func (r *rule) refusedAs(k Kind) string {
	if r.problem == "" && k == TrustPolicy && (r.statement.Resource.List != nil || r.statement.NotResource.List != nil) {
		return "a role trust policy has no Resource"
	}
	return r.problem
}
