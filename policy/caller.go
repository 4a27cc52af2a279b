package policy

import "strings"

// callerKind says what sort of principal makes the request.
type callerKind uint8

const (
	callerUnknown callerKind = iota // nothing that can be a principal
	callerAnonymous
	callerSession // of a role
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
	roleARN   string // of the role, or of the user who federated; "" if not supplied
	id        string
	// path and name of the role in roleARN
	ownPath, ownName string
}

// read understands the request's principal.
func (c *caller) read(req *Request) {
	c.arn, c.id = req.Principal, req.PrincipalID
	a, ok := splitARN(req.Principal)
	switch {
	case req.Principal == "*":
		c.kind = callerAnonymous
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
}

// readARN understands a principal's ARN (reference_identifiers).
func (c *caller) readARN(a ARN, req *Request) {
	c.partition, c.account = a.Partition, a.Account
	class, rest, _ := strings.Cut(a.Resource, "/")
	switch {
	case a.Service == "sts" && class == "assumed-role":
		c.kind, c.roleARN = callerSession, req.RoleARN
		c.role, c.session, _ = strings.Cut(rest, "/")
	case a.Service == "iam" && class == "role":
		// The role itself stands for any of its sessions.
		c.kind, c.role, c.roleARN = callerSession, lastElement(rest), req.Principal
	case a.Service == "iam" && class == "user":
		c.kind, c.name = callerUser, lastElement(rest)
	case a.Service == "iam" && class == "root":
		c.kind = callerRoot
	case a.Service == "sts" && class == "federated-user":
		c.kind, c.name, c.roleARN = callerFederatedUser, rest, req.RoleARN
	case a.Service == "iam" && (class == "oidc-provider" || class == "saml-provider"):
		c.kind = callerProvider
	}
	if own, ok := splitARN(c.roleARN); ok {
		path := strings.TrimPrefix(own.Resource, "role/")
		c.ownPath, c.ownName = dirOf(path), lastElement(path)
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

// hasName reports whether a policy can name the caller.
func (c *caller) hasName() bool { return c.kind != callerUnknown && c.kind != callerAnonymous }

// isMixedUp reports a session to which another role's ARN was supplied.
func (c *caller) isMixedUp() bool {
	if c.kind != callerSession || c.roleARN == "" {
		return false
	}
	own, _ := splitARN(c.roleARN)
	return own.Partition != c.partition || own.Account != c.account || !strings.EqualFold(c.ownName, c.role)
}

// isPerson reports whether identity policies, boundaries and session policies
// can limit the caller. They do not the root user (id_root-user).
func (c *caller) isPerson() bool { return c.hasIdentity() && c.kind != callerRoot }

// isServiceLinked reports a role that guardrails of an organization leave alone
// (orgs_manage_policies_scps, orgs_manage_policies_rcps).
func (c *caller) isServiceLinked() bool {
	return strings.HasPrefix(c.ownPath, serviceLinkedPath)
}

// serviceLinkedPath begins the path of every service-linked role (IAM User
// Guide, using-service-linked-roles).
const serviceLinkedPath = "aws-service-role/"

// principalARN is the value of aws:PrincipalArn: for a session the role's ARN.
// A session's own ARN does not tell the role's path.
func (c *caller) principalARN() string {
	switch {
	case c.kind != callerSession:
		return c.arn
	case c.roleARN != "":
		return c.roleARN
	}
	return "arn:" + c.partition + ":iam::" + c.account + ":role/" + c.role
}

func lastElement(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

func dirOf(path string) string { return path[:strings.LastIndexByte(path, '/')+1] }

// isBuiltinProvider recognises the identity providers that need no provider
// entity in IAM (reference_policies_elements_principal).
func isBuiltinProvider(s string) bool {
	switch s {
	case "accounts.google.com", "cognito-identity.amazonaws.com", "graph.facebook.com", "www.amazon.com":
		return true
	}
	return false
}
