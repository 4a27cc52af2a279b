package policy

// side is one guardrail or one side of a grant, with what its statements say.
type side struct {
	kind     Kind
	account  string // whose documents these are
	levels   levels
	grants   levels // of a KMS key
	attached bool   // there is something to evaluate, or to miss
	unknown  bool   // there may be more than was supplied

	allow truth // of all levels together; yes for a guardrail that is not attached
	deny  truth
	// The classes of grant, on the resource's side.
	direct, role, delegation truth

	// Only with a trace.
	verdicts []verdict
	byLevel  []truth // what each level allows
}

// verdict is what became of one statement.
type verdict struct {
	*rule
	level int

	principal, action, resource, condition truth
	match                                  truth // of all four
	grant                                  GrantClass
	keys                                   []string // on which a maybe depends
}

// noPolicy is the level of a kind that must allow where there is no policy.
var noPolicy = levels{nil}

// judgeSides evaluates every side, as far as it bears on the caller.
func (e *evaluation) judgeSides() {
	set, person := e.set, e.who.isPerson()
	identity, session := set.identity, set.session
	if len(identity) == 0 {
		identity = noPolicy
	}
	if e.who.kind == callerFederatedUser && len(session) == 0 && !set.isUnknown(SessionPolicy) {
		// GetFederationToken without a session policy gives a session that only
		// resource-based policies can let in (access_policies#policies_session).
		session = noPolicy
	}
	e.judgeSide(&e.rcp, ResourceControlPolicy, set.rcp, e.underRCP())
	e.judgeSide(&e.scp, ServiceControlPolicy, set.scp, e.who.hasIdentity() && !e.who.isServiceLinked())
	e.judgeSide(&e.endpoint, EndpointPolicy, set.endpoint, true)
	e.judgeResource()
	e.judgeSide(&e.identity, IdentityPolicy, identity, person)
	e.judgeSide(&e.boundary, PermissionsBoundary, set.boundary, person)
	e.judgeSide(&e.session, SessionPolicy, session, person)
}

// judgeResource evaluates the resource's policy, and a key's grants with it.
func (e *evaluation) judgeResource() {
	s := &e.resource
	if e.resourceKind == KeyPolicy {
		s.grants = e.set.grants
	}
	e.judgeSide(s, e.resourceKind, e.set.resource, true)
	// Every key and every role has a policy: one not supplied is unknown
	// (KMS Developer Guide, key-policies).
	if e.governed() && !s.attached {
		s.unknown = true
		s.doubt()
	}
}

// judgeSide evaluates the documents of one kind. Where the kind does not apply
// to the caller, its documents say nothing.
func (e *evaluation) judgeSide(s *side, kind Kind, docs levels, applies bool) {
	s.kind, s.account, s.allow = kind, e.accountOf(kind), yes
	if !applies {
		return
	}
	s.levels, s.attached, s.unknown = docs, len(docs) > 0, e.set.isUnknown(kind)
	for i, level := range docs {
		allow := e.judgeLevel(s, level, i)
		if kind == ResourceControlPolicy {
			allow = yes // RCPFullAWSAccess cannot be detached
		}
		s.allow = min(s.allow, allow)
		if e.trace != nil {
			s.byLevel = append(s.byLevel, allow)
		}
	}
	for _, grants := range s.grants {
		e.judgeLevel(s, grants, notALevel)
	}
	if s.unknown {
		s.doubt()
	}
}

// notALevel marks the statements that stand for grants: nobody can edit them.
const notALevel = -1

// doubt accounts for documents of the kind that were not supplied.
func (s *side) doubt() {
	s.deny = max(s.deny, maybe)
	s.direct = max(s.direct, maybe)
	if !s.attached || s.allow == no {
		s.allow = maybe
	}
}

// judgeLevel evaluates the documents of a level and returns what they allow.
func (e *evaluation) judgeLevel(s *side, level []ruleSet, number int) truth {
	allow := no
	for i := range level {
		rules := level[i].rules
		for j := range rules {
			v := verdict{rule: &rules[j], level: number}
			e.judgeRule(s, &v)
			allow = max(allow, s.record(&v))
			if e.trace != nil {
				s.verdicts = append(s.verdicts, v)
			}
		}
	}
	return allow
}

// record adds what a statement says, and returns what it allows.
func (s *side) record(v *verdict) truth {
	if v.deny {
		s.deny = max(s.deny, v.match)
		return no
	}
	switch v.grant {
	case DirectGrant:
		s.direct = max(s.direct, v.match)
	case RoleGrant:
		s.role = max(s.role, v.match)
	case DelegationGrant:
		s.delegation = max(s.delegation, v.match)
	}
	return v.match
}

// anyGrant is the resource's word, however it names the caller.
func (s *side) anyGrant() truth { return max(s.direct, s.role, s.delegation) }

// judgeRule matches a statement, element by element. Without a trace it stops
// at the first that does not match; the others cannot change that.
func (e *evaluation) judgeRule(s *side, v *verdict) {
	if problem := v.refusedAs(s.kind); problem != "" {
		if e.trace != nil {
			e.remark(e.place(s, v).label() + " counts for nothing: " + problem)
		}
		return
	}
	e.forget()
	if v.action = v.matchAction(e.req.Action); e.isSettled(v.action) {
		return
	}
	v.principal = yes
	if hasPrincipal(s.kind) {
		if v.principal, v.grant = e.matchPrincipal(v.rule); e.isSettled(v.principal) {
			return
		}
	}
	if v.resource = e.matchResource(v.rule, s.kind); e.isSettled(v.resource) {
		return
	}
	v.condition = e.matchCondition(v.rule)
	v.match = min(v.principal, v.action, v.resource, v.condition)
	if s.kind == ResourceControlPolicy && v.match == yes && v.deny {
		e.doubtRCP(v)
	}
	e.remember(v)
}

// isSettled reports that a statement need not be followed further.
func (e *evaluation) isSettled(element truth) bool { return element == no && e.trace == nil }

// doubtRCP leaves a Deny open where AWS may not apply it.
func (e *evaluation) doubtRCP(v *verdict) {
	if doubt := e.rcpDoubt(); doubt != "" {
		v.match = maybe
		e.note("it is not known ", doubt, ", so their Deny may count or not")
		e.unsettle(doubt)
	}
}

// misses counts the elements that do not match.
func (v *verdict) misses() int {
	n := 0
	for _, t := range [...]truth{v.principal, v.action, v.resource, v.condition} {
		if t == no {
			n++
		}
	}
	return n
}

// accountOf says in which account documents of the kind hang.
func (e *evaluation) accountOf(k Kind) string {
	switch k {
	case ResourcePolicy, KeyPolicy, TrustPolicy, ResourceControlPolicy:
		return e.resourceAccount
	}
	return e.who.account
}
