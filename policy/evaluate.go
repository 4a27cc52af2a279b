package policy

import (
	"strings"
	"time"
)

// Evaluate decides what AWS would decide. It never fails: what it is not told
// makes the decision Unknown, never Allowed. Every statement is evaluated,
// also when the decision is already certain, since the explanation wants all.
// It is safe for concurrent use as long as nobody changes the documents. For
// many requests against one set, see [Compile].
//
// The rules are those of the IAM User Guide,
// reference_policies_evaluation-logic and
// reference_policies_evaluation-logic-cross-account.
func Evaluate(req Request, set Set) Result { return Compile(set).Evaluate(req) }

// Evaluate is [Evaluate] against the set.
func (c *Compiled) Evaluate(req Request) Result { return c.explained(&req).result }

func (c *Compiled) explained(req *Request) *trace {
	e := evaluation{trace: &trace{}}
	e.judge(c, req)
	e.trace.result.Decision = e.decide()
	e.explain()
	return e.trace
}

// Decide returns the decision of [Compiled.Evaluate] without an explanation,
// and does not look further once it is certain. As a rule it allocates nothing.
// It does not change the request.
func (c *Compiled) Decide(req *Request) Decision {
	var e evaluation
	e.judge(c, req)
	return e.decide()
}

// evaluation is one evaluation under way.
type evaluation struct {
	set   *Compiled
	req   *Request
	who   caller
	given givenKeys

	target          ARN // of the resource, where it is an ARN
	resourceAccount string
	resourceKind    Kind

	identity, boundary, session, scp, rcp, endpoint, resource side

	trace *trace // nil: only the decision is wanted
}

// judge evaluates every side.
func (e *evaluation) judge(c *Compiled, req *Request) {
	e.set, e.req = c, req
	e.who.read(req)
	e.target, _ = splitARN(req.Resource)
	e.resourceAccount = e.accountOfResource()
	e.resourceKind = e.kindOfResource()
	e.given.bind(c, req.Context)
	e.judgeSides()
}

// accountOfResource takes the account from the resource's ARN where it has
// one.
func (e *evaluation) accountOfResource() string {
	switch {
	case e.target.Account != "":
		return e.target.Account
	case e.req.ResourceAccount != "":
		return e.req.ResourceAccount
	}
	return e.who.account
}

// kindOfResource says what sort of policy hangs on the resource.
func (e *evaluation) kindOfResource() Kind {
	role, key := e.isTarget("iam", "role/"), e.isTarget("kms", "key/")
	switch {
	case e.set.resourceKind == TrustPolicy || role && isService(e.req.Action, "sts") || takesRole(e.req.Action):
		return TrustPolicy
	case e.set.resourceKind == KeyPolicy || key && isService(e.req.Action, "kms") || takesKey(e.req.Action):
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
	return e.who.hasIdentity() && e.who.account != e.resourceAccount && !e.isAWSOwned()
}

// isAWSOwned reports a resource of AWS itself, such as a managed policy: its ARN
// has "aws" for an account. No account has a say in who uses it but the
// caller's, though aws:ResourceAccount is not the caller's account (IAM User
// Guide, access_policies_managed-vs-inline and
// resource_examples_iam_policies_resource_account).
func (e *evaluation) isAWSOwned() bool { return e.target.Account == "aws" }

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

// cannotAssume reports a caller to whom STS gives no role whatever the policies
// say: the root user of an account, and nobody in particular (AWS STS API
// Reference, AssumeRole).
func (e *evaluation) cannotAssume() bool {
	return strings.EqualFold(e.req.Action, actionAssumeRole) && (e.who.kind == callerRoot || e.who.kind == callerAnonymous)
}

// decide combines what the sides say. Combining three values by min and max
// equals deciding twice, once with every open question against the caller
// and once in favour, because no side counts negatively.
func (e *evaluation) decide() Decision {
	grant := min(e.grant(), e.scp.allow, e.rcp.allow, e.endpoint.allow)
	if e.foreignPartition() || e.cannotAssume() {
		grant = no
	}
	deny := max(e.rcp.deny, e.scp.deny, e.endpoint.deny, e.resource.deny, e.identity.deny, e.boundary.deny, e.session.deny)
	if grant == yes && e.obscurity() != "" {
		grant = maybe
	}
	switch {
	case deny == yes:
		return ExplicitlyDenied
	case grant == no:
		return ImplicitlyDenied
	case grant == yes && deny == no:
		return Allowed
	}
	return Unknown
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
		return e.grantAcross()
	case e.governed():
		return max(r.direct, min(r.role, limits), min(r.delegation, identity))
	}
	return max(r.direct, min(r.role, limits), identity)
}

// grantAcross is the grant where caller and resource belong to two accounts:
// what either has to allow.
func (e *evaluation) grantAcross() truth {
	return min(e.resource.anyGrant(), e.identity.allow, e.boundary.allow, e.session.allow)
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
