package policy

import (
	"slices"
	"strconv"
)

// explain fills in all of the result but the decision.
func (e *evaluation) explain() {
	e.remarkRequest()
	if what := e.obscurity(); what != "" && e.trace.result.Decision == Unknown {
		e.unsettled(what)
	}
	for _, s := range e.sides() {
		state := e.state(s)
		if s.attached || s.unknown || state != NotApplicable {
			e.trace.result.Checks = append(e.trace.result.Checks, e.check(s, state))
		}
		e.addReasons(s)
		e.addMissing(s, state)
		e.addNear(s, state)
		e.addUnsettled(s, state)
	}
}

// remarkRequest notes what is odd about the request.
func (e *evaluation) remarkRequest() {
	if given := e.req.ResourceAccount; given != "" && given != e.resourceAccount {
		e.remark("the resource's ARN names account " + e.resourceAccount + ", not " + given)
	}
	if e.foreignPartition() {
		e.remark("partitions " + e.who.partition + " and " + e.target.Partition + " do not trust each other")
	}
	if e.cannotAssume() {
		e.remark("STS lets neither the root user of an account nor an anonymous caller assume a role")
	}
	if e.crossAccount() && e.identity.allow == no && slices.ContainsFunc(e.resource.verdicts, allowsByGrant) {
		e.remark("AWS does not document whether a KMS grant spares a principal of another account its identity-based policy; " +
			"taken against the caller")
	}
}

func allowsByGrant(v verdict) bool { return v.level == notALevel && v.match != no }

// check reports a side, naming the document at fault if one is.
func (e *evaluation) check(s *side, state CheckState) Check {
	c := Check{Kind: s.kind, Account: s.account, State: state}
	var fault *Policy
	switch state {
	case Denied:
		fault = &s.verdicts[slices.IndexFunc(s.verdicts, denies)].of.policy
	case NotGranted:
		fault = s.toEdit(slices.Index(s.byLevel, no))
	}
	if fault != nil {
		c.Policy, c.Account = fault.Name, orElse(fault.Account, s.account)
	}
	return c
}

func denies(v verdict) bool { return v.deny && v.match == yes }

// state condenses a side. A grant that is absent counts only where it is
// needed: either side can let in a caller of the same account.
func (e *evaluation) state(s *side) CheckState {
	allow, needed := s.allow, e.needed(s)
	if s == &e.resource {
		allow = s.anyGrant()
	}
	switch {
	case s.deny == yes:
		return Denied
	case needed && allow == no:
		return NotGranted
	case s.deny == maybe || allow == maybe && (needed || e.trace.result.Decision == Unknown):
		return NotKnown
	case allow == yes && s.attached:
		return Passed
	}
	return NotApplicable
}

// needed reports whether the request fails unless the side allows it.
func (e *evaluation) needed(s *side) bool {
	bypass := no
	if e.who.hasIdentity() && !e.crossAccount() {
		bypass = e.resource.direct
	}
	switch s.kind {
	case e.resourceKind:
		return e.crossAccount() || e.governed() || !e.who.hasIdentity()
	case IdentityPolicy:
		if !e.crossAccount() {
			bypass = max(bypass, e.resource.role)
		}
		return s.attached && bypass != yes
	case PermissionsBoundary, SessionPolicy:
		return s.attached && bypass != yes
	}
	return s.attached
}

// addReasons lists the statements that led to the decision: what denies, or
// else what allows; when something is left open, also what may do either.
func (e *evaluation) addReasons(s *side) {
	for i := range s.verdicts {
		v := &s.verdicts[i]
		var bears bool
		switch e.trace.result.Decision {
		case ExplicitlyDenied:
			bears = v.deny && v.match == yes
		case Unknown:
			bears = v.match != no
		default:
			bears = !v.deny && v.match == yes
		}
		if bears {
			e.trace.result.Reasons = append(e.trace.result.Reasons, Reason{Place: e.place(s, v), Effect: v.statement.Effect, Grant: v.grant})
			e.trace.from.reasons = append(e.trace.from.reasons, v.of.policy.Document)
		}
		if e.trace.result.Decision == ImplicitlyDenied && v.deny && v.match == maybe {
			e.remark(e.place(s, v).label() + " may deny as well")
		}
	}
}

// addUnsettled lists what would settle an open decision.
func (e *evaluation) addUnsettled(s *side, state CheckState) {
	if e.trace.result.Decision != Unknown || state != NotKnown {
		return
	}
	if s.unknown {
		e.unsettled(s.kind.String())
	}
	for _, v := range s.verdicts {
		if v.match != maybe {
			continue
		}
		for _, key := range v.keys {
			e.unsettled(key)
		}
	}
}

func (e *evaluation) unsettled(what string) {
	if !slices.Contains(e.trace.result.Unsettled, what) {
		e.trace.result.Unsettled = append(e.trace.result.Unsettled, what)
	}
}

// place says where a statement is.
func (e *evaluation) place(s *side, v *verdict) Place {
	return Place{
		Kind:     s.kind,
		Account:  orElse(v.of.policy.Account, s.account),
		Policy:   v.of.policy.Name,
		Index:    v.index,
		Sid:      v.statement.Sid,
		Pointer:  v.pointer(),
		Position: v.statement.Position(),
	}
}

// pointer is the JSON pointer (RFC 6901) to the statement.
func (v *verdict) pointer() string {
	switch {
	case v.level == notALevel:
		return "" // a grant is no document
	case v.of.policy.Document.single:
		return "/Statement"
	}
	return "/Statement/" + strconv.Itoa(v.index)
}

// label names the place in a note.
func (p Place) label() string {
	text := p.Kind.String()
	if p.Policy != "" {
		text += " " + strconv.Quote(p.Policy)
	}
	return text + ", statement " + strconv.Itoa(p.Index)
}

func orElse(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
