package policy

import "strings"

// principals is a compiled Principal or NotPrincipal element.
type principals struct {
	everyone bool // the bare "*"
	list     []principal
}

// principal is one value in it.
type principal struct {
	class principalClass
	value string
	// What the value says, if it is an account's or a role's.
	partition, account, path, name string
}

// principalClass says what a value under Principal stands for.
type principalClass uint8

const (
	principalNobody principalClass = iota // a type that IAM does not have
	principalEveryone
	principalAccount // partition is empty for 12 digits
	principalRole
	principalID    // the unique id of a role or user
	principalExact // any other ARN
	principalFederated
	principalService
	principalCanonical
)

// newPrincipals compiles the element
// (reference_policies_elements_principal).
func newPrincipals(p Principal) principals {
	compiled := principals{everyone: p.Any}
	for _, entry := range p.Entries {
		for _, v := range entry.Values.List {
			compiled.list = append(compiled.list, newPrincipal(entry.Type, v.Text))
		}
	}
	return compiled
}

func newPrincipal(entryType, value string) principal {
	switch entryType {
	case PrincipalAWS:
		return newAWSPrincipal(value)
	case PrincipalFederated:
		return principal{class: principalFederated, value: value}
	case PrincipalService:
		return principal{class: principalService, value: value}
	case PrincipalCanonical:
		return principal{class: principalCanonical, value: value}
	}
	return principal{value: value}
}

// newAWSPrincipal compiles a value under "AWS". Wildcards other than the lone
// * are literal, and groups and providers are no principals.
func newAWSPrincipal(value string) principal {
	p := principal{class: principalExact, value: value}
	a, ok := splitARN(value)
	path, isRole := strings.CutPrefix(a.Resource, "role/")
	isIAM := ok && a.Service == "iam" && a.Region == ""
	switch {
	case value == "*":
		p.class = principalEveryone
	case isAccount(value):
		p.class, p.account = principalAccount, value
	case isUniqueID(value):
		p.class = principalID
	case isIAM && a.Resource == "root":
		p.class, p.partition, p.account = principalAccount, a.Partition, a.Account
	case isIAM && isRole:
		p.class, p.partition, p.account = principalRole, a.Partition, a.Account
		p.path, p.name = dirOf(path), lastElement(path)
	}
	return p
}

// isUniqueID recognises the unique ids of roles and users
// (reference_identifiers, "Understanding unique ID prefixes").
func isUniqueID(s string) bool {
	return strings.HasPrefix(s, "AROA") || strings.HasPrefix(s, "AIDA")
}

func isAbsent(p Principal) bool { return !p.Any && p.Entries == nil }

// matchPrincipal decides Principal or NotPrincipal, and says how it names the
// caller.
func (e *evaluation) matchPrincipal(r *rule) (truth, GrantClass) {
	listed := e.who.grant(&r.principals)
	switch {
	case !r.notPrincipal:
		return truthOf(listed != NoGrant), listed
	case r.deny:
		return e.deniesOthers(r, listed), DirectGrant
	}
	return truthOf(listed == NoGrant), DirectGrant
}

// deniesOthers decides Deny with NotPrincipal: it spares a session whose own
// or whose role's ARN is listed, and AWS may want the account listed as well.
// It spares nobody who has a permissions boundary
// (reference_policies_elements_notprincipal).
func (e *evaluation) deniesOthers(r *rule, listed GrantClass) truth {
	switch {
	case listed == NoGrant:
		return yes
	case !e.who.hasIdentity():
		return no
	case len(e.set.boundary) > 0:
		return yes
	case listed == DelegationGrant && e.who.kind != callerRoot:
		return yes
	case e.set.isUnknown(PermissionsBoundary):
		e.unsettle(PermissionsBoundary.String())
		return maybe
	case !e.who.accountListed(&r.principals):
		return e.contest(r, "NotPrincipal without the account's ARN", "", "")
	}
	return no
}

// grant returns the strongest way in which p names the caller.
func (c *caller) grant(p *principals) GrantClass {
	if p.everyone {
		return DirectGrant
	}
	best := NoGrant
	for i := range p.list {
		best = stronger(best, c.grantOf(&p.list[i]))
	}
	return best
}

// stronger orders direct before role before delegation.
func stronger(a, b GrantClass) GrantClass {
	switch {
	case a == NoGrant:
		return b
	case b == NoGrant:
		return a
	}
	return min(a, b)
}

func (c *caller) grantOf(p *principal) GrantClass {
	switch p.class {
	case principalEveryone:
		return DirectGrant
	case principalFederated:
		return grantIf(c.kind == callerProvider && p.value == c.arn, DirectGrant)
	case principalService:
		return grantIf(c.kind == callerService && p.value == c.arn, DirectGrant)
	case principalCanonical:
		return grantIf(c.id != "" && p.value == c.id, DirectGrant)
	}
	if !c.hasIdentity() {
		return NoGrant
	}
	switch p.class {
	case principalAccount:
		return grantIf(c.isAccount(p), DelegationGrant)
	case principalID:
		return c.grantID(p.value)
	case principalRole:
		if c.kind == callerSession {
			return grantIf(c.isRole(p), RoleGrant)
		}
		return c.grantFederated(p.value)
	case principalExact:
		if p.value == c.arn && (c.kind != callerSession || c.session != "") {
			return DirectGrant
		}
		return c.grantFederated(p.value)
	}
	return NoGrant
}

func grantIf(b bool, class GrantClass) GrantClass {
	if b {
		return class
	}
	return NoGrant
}

// grantFederated compares with the ARN of whoever federated.
func (c *caller) grantFederated(value string) GrantClass {
	return grantIf(c.kind == callerFederatedUser && value == c.roleARN && value != "", RoleGrant)
}

// grantID compares with a unique id, which IAM leaves in a policy when the
// role or user whose ARN it held has been deleted.
func (c *caller) grantID(value string) GrantClass {
	switch {
	case value != c.id:
		return NoGrant
	case c.kind == callerSession:
		return RoleGrant
	}
	return DirectGrant
}

func (c *caller) accountListed(p *principals) bool {
	for i := range p.list {
		entry := &p.list[i]
		if entry.class == principalEveryone || entry.class == principalAccount && c.isAccount(entry) {
			return true
		}
	}
	return p.everyone
}

// isAccount reports whether p is the caller's account, as 12 digits or as root
// ARN.
func (c *caller) isAccount(p *principal) bool {
	return p.account == c.account && (p.partition == "" || p.partition == c.partition)
}

// isRole reports whether p is the ARN of the session's role. A session ARN
// carries no path, so unless the role's ARN is known, the last element has to
// do: role names are unique in an account without regard to case
// (reference_iam-quotas).
func (c *caller) isRole(p *principal) bool {
	switch {
	case p.partition != c.partition || p.account != c.account:
		return false
	case c.roleARN == "":
		return strings.EqualFold(p.name, c.role)
	}
	return p.path == c.ownPath && strings.EqualFold(p.name, c.ownName)
}
