package policy

import (
	"slices"
	"strconv"
)

// explain fills in all of the result but the decision.
func (e *evaluation) explain() {
	for _, s := range e.sides() {
		state := e.state(s)
		if s.attached || s.unknown || state != NotApplicable {
			e.result.Checks = append(e.result.Checks, e.check(s, state))
		}
		e.addReasons(s)
		e.addMissing(s, state)
		e.addNear(s, state)
		e.addUnsettled(s, state)
	}
}

// check reports a side, naming the document at fault if one is.
func (e *evaluation) check(s *side, state CheckState) Check {
	c := Check{Kind: s.kind, Account: s.account, State: state}
	var fault *Policy
	switch state {
	case Denied:
		fault = s.verdicts[slices.IndexFunc(s.verdicts, denies)].policy
	case NotGranted:
		fault = s.toEdit(slices.Index(s.byLevel, no))
	}
	if fault != nil {
		c.Policy, c.Account = fault.Name, orElse(fault.Account, s.account)
	}
	return c
}

func denies(f verdict) bool { return f.statement.Effect == Deny && f.match == yes }

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
	case s.deny == maybe || allow == maybe && (needed || e.result.Decision == Unknown):
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
		f := &s.verdicts[i]
		isDeny := f.statement.Effect == Deny
		var bears bool
		switch e.result.Decision {
		case ExplicitlyDenied:
			bears = isDeny && f.match == yes
		case Unknown:
			bears = f.match != no
		default:
			bears = !isDeny && f.match == yes
		}
		if bears {
			e.result.Reasons = append(e.result.Reasons, Reason{Place: e.place(s, f), Effect: f.statement.Effect, Grant: f.grant})
		}
		if e.result.Decision == ImplicitlyDenied && isDeny && f.match == maybe {
			e.remark(e.place(s, f).label() + " may deny as well")
		}
	}
}

// addUnsettled lists what would settle an open decision.
func (e *evaluation) addUnsettled(s *side, state CheckState) {
	if e.result.Decision != Unknown || state != NotKnown {
		return
	}
	if s.unknown {
		e.unsettled(s.kind.String())
	}
	for _, f := range s.verdicts {
		if f.match != maybe {
			continue
		}
		for _, key := range f.keys {
			e.unsettled(key)
		}
	}
}

func (e *evaluation) unsettled(what string) {
	if !slices.Contains(e.result.Unsettled, what) {
		e.result.Unsettled = append(e.result.Unsettled, what)
	}
}

// place says where a statement is.
func (e *evaluation) place(s *side, f *verdict) Place {
	return Place{
		Kind:     s.kind,
		Account:  orElse(f.policy.Account, s.account),
		Policy:   f.policy.Name,
		Index:    f.index,
		Sid:      f.statement.Sid,
		Pointer:  f.pointer(),
		Position: f.statement.Position(),
	}
}

// pointer is the JSON pointer (RFC 6901) to the statement.
func (f *verdict) pointer() string {
	if f.policy.Document.single {
		return "/Statement"
	}
	return "/Statement/" + strconv.Itoa(f.index)
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
