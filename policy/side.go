package policy

import "strings"

// side is one guardrail or one side of a grant, with all its statements.
type side struct {
	kind     Kind
	account  string     // whose documents these are
	levels   [][]Policy // each must allow; most kinds have one
	verdicts []verdict
	byLevel  []truth // what each level allows
	attached bool    // there is something to evaluate, or to miss
	unknown  bool    // there may be more than was supplied

	allow truth // of all levels together; yes for a guardrail that is not attached
	deny  truth
	// The classes of grant, on the resource's side.
	direct, role, delegation truth
}

// verdict is what became of one statement.
type verdict struct {
	policy    *Policy
	statement *Statement
	level     int
	index     int

	principal, action, resource, condition truth
	match                                  truth // of all four
	grant                                  GrantClass
	keys                                   []string // on which a maybe depends
}

// judgeAll evaluates every statement of every side that bears on the caller.
func (e *evaluation) judgeAll() {
	known := e.who.hasIdentity()
	person := known && e.who.kind != callerRoot
	linked := strings.Contains(e.who.roleARN, ":role/aws-service-role/")
	e.rcp = e.judge(ResourceControlPolicy, e.set.RCPs, e.underRCP() && !linked)
	e.scp = e.judge(ServiceControlPolicy, e.set.SCPs, known && !linked)
	e.endpoint = e.judge(EndpointPolicy, oneLevel(e.set.Endpoint), true)
	e.resource = e.judgeResource()
	e.identity = e.judge(IdentityPolicy, [][]Policy{e.set.Identity}, person)
	e.boundary = e.judge(PermissionsBoundary, eachItsLevel(e.set.Boundaries), person)
	e.session = e.judge(SessionPolicy, oneLevel(e.set.Session), person)
	if e.who.kind == callerFederatedUser && !e.session.attached && !e.session.unknown {
		// GetFederationToken without a session policy gives a session that only
		// resource-based policies can let in (access_policies#policies_session).
		e.session = e.judge(SessionPolicy, [][]Policy{nil}, true)
	}
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

func (e *evaluation) judgeResource() side {
	kind := e.resourceKind
	if e.set.Resource != nil {
		return e.judge(kind, [][]Policy{{*e.set.Resource}}, true)
	}
	s := e.judge(kind, nil, true)
	// Every key and every role has a policy: one not supplied is unknown
	// (KMS Developer Guide, key-policies).
	if e.governed() && !s.unknown {
		s.unknown = true
		s.allow, s.deny, s.direct = maybe, maybe, maybe
	}
	return s
}

// judge evaluates the documents of one kind. Where the kind does not apply to
// the caller, its documents say nothing.
func (e *evaluation) judge(kind Kind, levels [][]Policy, applies bool) side {
	s := side{kind: kind, account: e.accountOf(kind), allow: yes}
	if !applies {
		return s
	}
	s.levels, s.attached, s.unknown = levels, len(levels) > 0, e.isUnknown(kind)
	for i, level := range levels {
		allow := truthOf(kind == ResourceControlPolicy) // RCPFullAWSAccess cannot be detached
		for j := range level {
			allow = max(allow, e.judgePolicy(&s, &level[j], i))
		}
		s.byLevel = append(s.byLevel, allow)
		s.allow = min(s.allow, allow)
	}
	if s.unknown {
		s.doubt()
	}
	return s
}

// doubt accounts for documents of the kind that were not supplied.
func (s *side) doubt() {
	s.deny = max(s.deny, maybe)
	s.direct = max(s.direct, maybe)
	if !s.attached || s.allow == no {
		s.allow = maybe
	}
}

// judgePolicy evaluates one document and returns what it allows.
func (e *evaluation) judgePolicy(s *side, p *Policy, level int) truth {
	allow := no
	if p.Document == nil {
		return allow
	}
	for i := range p.Document.Statements {
		f := verdict{policy: p, statement: &p.Document.Statements[i], level: level, index: i}
		e.judgeStatement(s, &f)
		s.verdicts = append(s.verdicts, f)
		if f.statement.Effect == Deny {
			s.deny = max(s.deny, f.match)
			continue
		}
		allow = max(allow, f.match)
		s.record(f.grant, f.match)
	}
	return allow
}

func (s *side) record(class GrantClass, match truth) {
	switch class {
	case DirectGrant:
		s.direct = max(s.direct, match)
	case RoleGrant:
		s.role = max(s.role, match)
	case DelegationGrant:
		s.delegation = max(s.delegation, match)
	}
}

// anyGrant is the resource's word, however it names the caller.
func (s *side) anyGrant() truth { return max(s.direct, s.role, s.delegation) }

// judgeStatement matches a statement, element by element.
func (e *evaluation) judgeStatement(s *side, f *verdict) {
	st, version := f.statement, f.policy.Document.Version
	if problem := refused(st, s.kind); problem != "" {
		e.remark(e.place(s, f).label() + " counts for nothing: " + problem)
		return
	}
	e.keys, e.notes = nil, nil
	f.principal = yes
	if hasPrincipal(s.kind) {
		f.principal, f.grant = e.matchPrincipal(st)
	}
	f.action = matchAction(st, e.req.Action)
	f.resource = e.matchResource(st, version, s.kind)
	f.condition = e.matchCondition(st, version)
	f.match = min(f.principal, f.action, f.resource, f.condition)
	f.keys = e.keys
	if f.match != no || f.misses() == 1 {
		for _, note := range e.notes {
			e.remark(note)
		}
	}
}

// misses counts the elements that do not match.
func (f *verdict) misses() int {
	n := 0
	for _, t := range [...]truth{f.principal, f.action, f.resource, f.condition} {
		if t == no {
			n++
		}
	}
	return n
}

// hasPrincipal reports whether documents of the kind say whom they are about.
func hasPrincipal(k Kind) bool {
	switch k {
	case ResourcePolicy, KeyPolicy, TrustPolicy, ResourceControlPolicy, EndpointPolicy:
		return true
	}
	return false
}

// refused says why IAM would not have accepted the statement
// (reference_policies_grammar).
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
	case k == TrustPolicy && (s.Resource.List != nil || s.NotResource.List != nil):
		return "a role trust policy has no Resource"
	}
	return ""
}

// accountOf says in which account documents of the kind hang.
func (e *evaluation) accountOf(k Kind) string {
	switch k {
	case ResourcePolicy, KeyPolicy, TrustPolicy, ResourceControlPolicy:
		return e.resourceAccount
	}
	return e.who.account
}

// underRCP reports whether resource control policies apply to the request
// (AWS Organizations User Guide, orgs_manage_policies_rcps).
func (e *evaluation) underRCP() bool {
	if strings.EqualFold(e.req.Action, "kms:RetireGrant") {
		return false
	}
	service, _, _ := strings.Cut(strings.ToLower(e.req.Action), ":")
	if rcpServices[service] {
		return true
	}
	if len(e.set.RCPs) > 0 {
		e.remark("resource control policies are taken not to cover the service " + service)
	}
	return false
}

// rcpServices are the services that resource control policies cover. AWS adds
// to them from time to time.
var rcpServices = map[string]bool{
	"s3": true, "sts": true, "kms": true, "sqs": true, "secretsmanager": true,
	"dynamodb": true, "ecr": true, "aoss": true,
}
