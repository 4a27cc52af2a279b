package policy

import "strings"

// callerKind says what sort of principal makes the request.
type callerKind uint8

const (
	callerAnonymous callerKind = iota
	callerSession              // of a role
	callerUser
	callerRoot
	callerFederatedUser
	callerService
	callerProvider // someone whom an identity provider vouches for
)

// caller is Request.Principal, understood.
type caller struct {
	kind      callerKind
	arn       string
	partition string
	account   string
	name      string // of the user or the federated user
	role      string // name of the role, without path
	session   string
	roleARN   string // of the role, or of the user who federated
	roleGiven bool   // roleARN was supplied, so its path is right
	id        string
}

func newCaller(req *Request) caller {
	c := caller{arn: req.Principal, id: req.PrincipalID}
	a, ok := splitARN(req.Principal)
	switch {
	case ok:
		c.readARN(a, req)
	case isAccount(req.Principal):
		c.kind, c.account = callerRoot, req.Principal
		c.partition = "aws"
		if r, ok := splitARN(req.Resource); ok {
			c.partition = r.Partition
		}
		c.arn = "arn:" + c.partition + ":iam::" + c.account + ":root"
	case isBuiltinProvider(req.Principal):
		c.kind = callerProvider
	case strings.Contains(req.Principal, "."):
		c.kind = callerService
	}
	return c
}

// readARN understands a principal's ARN (reference_identifiers).
func (c *caller) readARN(a ARN, req *Request) {
	c.partition, c.account = a.Partition, a.Account
	class, rest, _ := strings.Cut(a.Resource, "/")
	switch a.Service + ":" + class {
	case "sts:assumed-role":
		c.kind = callerSession
		c.role, c.session, _ = strings.Cut(rest, "/")
		c.roleARN, c.roleGiven = req.RoleARN, req.RoleARN != ""
		if !c.roleGiven {
			c.roleARN = "arn:" + a.Partition + ":iam::" + a.Account + ":role/" + c.role
		}
	case "iam:role":
		// The role itself stands for any of its sessions.
		c.kind, c.role, c.roleARN, c.roleGiven = callerSession, lastElement(rest), req.Principal, true
	case "iam:user":
		c.kind, c.name = callerUser, lastElement(rest)
	case "iam:root":
		c.kind = callerRoot
	case "sts:federated-user":
		c.kind, c.name, c.roleARN = callerFederatedUser, rest, req.RoleARN
	case "iam:oidc-provider", "iam:saml-provider":
		c.kind = callerProvider
	}
}

// hasIdentity reports whether identity policies and the guardrails of an
// account apply to the caller at all.
func (c *caller) hasIdentity() bool {
	switch c.kind {
	case callerSession, callerUser, callerRoot, callerFederatedUser:
		return true
	}
	return false
}

// principalARN is the value of aws:PrincipalArn: for a session the role's ARN.
func (c *caller) principalARN() string {
	if c.kind == callerSession {
		return c.roleARN
	}
	return c.arn
}

// matchPrincipal decides Principal or NotPrincipal, and says how it names the
// caller.
func (e *evaluation) matchPrincipal(s *Statement) (truth, GrantClass) {
	if isAbsent(s.NotPrincipal) {
		class := e.who.grant(s.Principal)
		return truthOf(class != NoGrant), class
	}
	listed := e.who.grant(s.NotPrincipal)
	if s.Effect == Deny {
		return e.deniesOthers(s, listed), DirectGrant
	}
	return truthOf(listed == NoGrant), DirectGrant
}

// deniesOthers decides Deny with NotPrincipal: it spares a session whose own
// or whose role's ARN is listed, and AWS may want the account listed as well.
// It spares nobody who has a permissions boundary
// (reference_policies_elements_notprincipal).
func (e *evaluation) deniesOthers(s *Statement, listed GrantClass) truth {
	switch {
	case listed == NoGrant:
		return yes
	case !e.who.hasIdentity():
		return no
	case len(e.set.Boundaries) > 0:
		return yes
	case listed == DelegationGrant && e.who.kind != callerRoot:
		return yes
	case e.isUnknown(PermissionsBoundary):
		e.unsettle(PermissionsBoundary.String())
		return maybe
	case !e.who.accountListed(s.NotPrincipal):
		return e.contest(s.Effect, "NotPrincipal without the account's ARN")
	}
	return no
}

func isAbsent(p Principal) bool { return !p.Any && p.Entries == nil }

// grant returns the strongest way in which p names the caller
// (reference_policies_elements_principal).
func (c *caller) grant(p Principal) GrantClass {
	if p.Any {
		return DirectGrant
	}
	best := NoGrant
	for _, entry := range p.Entries {
		for _, v := range entry.Values.List {
			best = stronger(best, c.grantOf(entry.Type, v.Text))
		}
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

func (c *caller) accountListed(p Principal) bool {
	for _, entry := range p.Entries {
		for _, v := range entry.Values.List {
			if entry.Type == PrincipalAWS && (v.Text == "*" || c.isAccount(v.Text)) {
				return true
			}
		}
	}
	return p.Any
}

func (c *caller) grantOf(entryType, value string) GrantClass {
	switch entryType {
	case PrincipalAWS:
		return c.grantAWS(value)
	case PrincipalFederated:
		return directIf(c.kind == callerProvider && value == c.arn)
	case PrincipalService:
		return directIf(c.kind == callerService && value == c.arn)
	case PrincipalCanonical:
		return directIf(c.id != "" && value == c.id)
	}
	return NoGrant
}

func directIf(b bool) GrantClass {
	if b {
		return DirectGrant
	}
	return NoGrant
}

// grantAWS compares with one value under "AWS". Wildcards other than the lone
// * are literal, and groups and providers are no principals.
func (c *caller) grantAWS(value string) GrantClass {
	switch {
	case value == "*":
		return DirectGrant
	case !c.hasIdentity():
		return NoGrant
	case c.isAccount(value):
		return DelegationGrant
	case isUniqueID(value):
		return c.grantID(value)
	case value == c.arn && c.kind != callerSession, value == c.arn && c.session != "":
		return DirectGrant
	case c.kind == callerSession && c.isRole(value):
		return RoleGrant
	case c.kind == callerFederatedUser && value == c.roleARN && value != "":
		return RoleGrant // the user who federated
	}
	return NoGrant
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

// isAccount reports whether value is the caller's account, as 12 digits or as
// root ARN.
func (c *caller) isAccount(value string) bool {
	return value == c.account || value == "arn:"+c.partition+":iam::"+c.account+":root"
}

// isRole reports whether value is the ARN of the session's role. A session
// ARN carries no path, so unless the role's ARN is known, the last element
// has to do: role names are unique in an account without regard to case
// (reference_iam-quotas).
func (c *caller) isRole(value string) bool {
	a, ok := splitARN(value)
	path, isRole := strings.CutPrefix(a.Resource, "role/")
	if !ok || !isRole || a.Service != "iam" || a.Region != "" || a.Partition != c.partition || a.Account != c.account {
		return false
	}
	if c.roleGiven {
		own, _ := splitARN(c.roleARN)
		ownPath := strings.TrimPrefix(own.Resource, "role/")
		return dirOf(path) == dirOf(ownPath) && strings.EqualFold(lastElement(path), lastElement(ownPath))
	}
	return strings.EqualFold(lastElement(path), c.role)
}

func lastElement(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func dirOf(path string) string { return path[:strings.LastIndexByte(path, '/')+1] }

// isUniqueID recognises the unique ids of roles and users
// (reference_identifiers, "Understanding unique ID prefixes").
func isUniqueID(s string) bool {
	return strings.HasPrefix(s, "AROA") || strings.HasPrefix(s, "AIDA")
}

// isBuiltinProvider recognises the identity providers that need no provider
// entity in IAM (reference_policies_elements_principal).
func isBuiltinProvider(s string) bool {
	switch s {
	case "accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com":
		return true
	}
	return false
}
