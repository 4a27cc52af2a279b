package policy

import (
	"slices"
	"strings"
	"time"
)

// Evaluate decides what AWS would decide. It never fails: what it is not told
// makes the decision Unknown, never Allowed. Every statement is evaluated,
// also when the decision is already certain, since the explanation wants all.
// It is safe for concurrent use as long as nobody changes the documents.
//
// The rules are those of the IAM User Guide,
// reference_policies_evaluation-logic and
// reference_policies_evaluation-logic-cross-account.
func Evaluate(req Request, set Set) Result {
	e := newEvaluation(&req, &set)
	e.judgeAll()
	e.decide()
	e.explain()
	return e.result
}

// evaluation is one evaluation under way.
type evaluation struct {
	req *Request
	set *Set
	who caller

	target          ARN // of the resource, where it is an ARN
	resourceAccount string
	resourceKind    Kind

	identity, boundary, session, scp, rcp, endpoint, resource side

	// What the statement at hand depends on and what is contested in it.
	keys  []string
	notes []string

	result Result
}

func newEvaluation(req *Request, set *Set) *evaluation {
	e := &evaluation{req: req, set: set, who: newCaller(req)}
	e.target, _ = splitARN(req.Resource)
	e.resourceAccount = e.accountOfResource()
	e.resourceKind = e.kindOfResource()
	return e
}

// accountOfResource takes the account from the resource's ARN where it has
// one.
func (e *evaluation) accountOfResource() string {
	switch {
	case e.target.Account != "":
		if given := e.req.ResourceAccount; given != "" && given != e.target.Account {
			e.remark("the resource's ARN names account " + e.target.Account + ", not " + given)
		}
		return e.target.Account
	case e.req.ResourceAccount != "":
		return e.req.ResourceAccount
	}
	return e.who.account
}

// kindOfResource says what sort of policy hangs on the resource.
func (e *evaluation) kindOfResource() Kind {
	attached := NoKind
	if e.set.Resource != nil {
		attached = e.set.Resource.Kind
	}
	role := e.target.Service == "iam" && strings.HasPrefix(e.target.Resource, "role/")
	key := e.target.Service == "kms" && strings.HasPrefix(e.target.Resource, "key/")
	switch {
	case attached == TrustPolicy || role && isService(e.req.Action, "sts"):
		return TrustPolicy
	case attached == KeyPolicy || key && isService(e.req.Action, "kms"):
		return KeyPolicy
	}
	return ResourcePolicy
}

// isService reports whether the action belongs to the service.
func isService(action, service string) bool {
	prefix, _, _ := strings.Cut(action, ":")
	return strings.EqualFold(prefix, service)
}

func (e *evaluation) now() time.Time {
	if e.req.Time.IsZero() {
		return time.Now()
	}
	return e.req.Time
}

// crossAccount reports whether caller and resource belong to two accounts, so
// that both must allow.
func (e *evaluation) crossAccount() bool {
	return e.who.hasIdentity() && e.who.account != e.resourceAccount
}

// governed reports whether the resource's own policy has the last word in its
// account: identity policies count only if it lets the account in (KMS
// Developer Guide, key-policy-default, and for roles
// reference_policies_evaluation-logic).
func (e *evaluation) governed() bool {
	return e.resourceKind == KeyPolicy || e.resourceKind == TrustPolicy
}

// foreignPartition reports a caller of one partition and a resource of
// another; they never trust each other.
func (e *evaluation) foreignPartition() bool {
	return e.who.partition != "" && e.target.Partition != "" && e.who.partition != e.target.Partition
}

// isUnknown reports whether the caller declared a kind not known. A key policy
// and a trust policy are resource-based policies too.
func (e *evaluation) isUnknown(k Kind) bool {
	if k == KeyPolicy || k == TrustPolicy {
		return slices.Contains(e.set.Unknown, k) || slices.Contains(e.set.Unknown, ResourcePolicy)
	}
	return slices.Contains(e.set.Unknown, k)
}

// decide combines what the sides say. Combining three values by min and max
// equals deciding twice, once with every open question against the caller
// and once in favour, because no side counts negatively.
func (e *evaluation) decide() {
	grant := min(e.grant(), e.scp.allow, e.rcp.allow, e.endpoint.allow)
	if e.foreignPartition() {
		grant = no
		e.remark("partitions " + e.who.partition + " and " + e.target.Partition + " do not trust each other")
	}
	deny := no
	for _, s := range e.sides() {
		deny = max(deny, s.deny)
	}
	switch {
	case deny == yes:
		e.result.Decision = ExplicitlyDenied
	case grant == no:
		e.result.Decision = ImplicitlyDenied
	case grant == yes && deny == no:
		e.result.Decision = Allowed
	default:
		e.result.Decision = Unknown
	}
}

// grant combines identity, boundary, session and resource policy.
func (e *evaluation) grant() truth {
	r := &e.resource
	limits := min(e.boundary.allow, e.session.allow)
	identity := min(e.identity.allow, limits)
	switch {
	case !e.who.hasIdentity():
		return r.anyGrant()
	case e.crossAccount():
		return min(r.anyGrant(), identity)
	case e.governed():
		return max(r.direct, min(r.role, limits), min(r.delegation, identity))
	}
	return max(r.direct, min(r.role, limits), identity)
}

// sides lists the sides in the order in which the checks are reported: that
// of AWS's flow chart, but in a cross-account request the caller's account
// comes first, as AWS evaluates it (…evaluation-logic-cross-account). KMS
// looks at the key policy first in either case.
func (e *evaluation) sides() []*side {
	if e.crossAccount() && e.resourceKind != KeyPolicy {
		return []*side{&e.rcp, &e.scp, &e.endpoint, &e.identity, &e.boundary, &e.session, &e.resource}
	}
	return []*side{&e.rcp, &e.scp, &e.endpoint, &e.resource, &e.identity, &e.boundary, &e.session}
}

// contest resolves a rule on which AWS's documentation is silent: against the
// caller, with a note.
func (e *evaluation) contest(effect Effect, what string) truth {
	e.note("AWS does not document the effect of " + what + "; taken against the caller")
	return truthOf(effect == Deny)
}

func (e *evaluation) note(text string) { e.notes = append(e.notes, text) }

func (e *evaluation) unsettle(what string) { e.keys = append(e.keys, what) }

// remark adds a note to the result.
func (e *evaluation) remark(text string) {
	if !slices.Contains(e.result.Notes, text) {
		e.result.Notes = append(e.result.Notes, text)
	}
}
