package policy

import "time"

// Context holds the request's condition keys. Names compare without regard to
// case; an empty slice is a key that is present with no values.
type Context map[string][]string

// Request is what is asked of AWS.
type Request struct {
	// Principal is who asks: a session ARN (arn:aws:sts::…:assumed-role/R/S),
	// a user ARN, an account root ARN, a service ("pods.eks.amazonaws.com"),
	// an OIDC provider ARN for AssumeRoleWithWebIdentity, or "*" for an
	// anonymous caller. To anything else no request is Allowed.
	Principal string
	// RoleARN is the role behind a session, with its path. Empty: derived from
	// Principal, without a path. If it is of another role than the session, no
	// request is Allowed. Only the path tells a service-linked role, which
	// guardrails of an organization leave alone.
	RoleARN string
	// PrincipalID is the unique id ("AROA…", "AIDA…"), if known.
	PrincipalID string
	// Action, e.g. "secretsmanager:GetSecretValue".
	Action string
	// Resource is the ARN acted on; "*" where the action takes none. The use of
	// a KMS key wants the key's, not that of an alias.
	Resource string
	// ResourceAccount owns the resource. Empty: taken from Resource; for "*",
	// the principal's. Some ARNs, such as an S3 bucket's, name no account; who
	// owns the resource is then not known, and a request that only the same
	// account would allow is Unknown. Where the ARN has "aws" for an account, the
	// caller's alone decides.
	ResourceAccount string
	// Context holds condition keys. Derived keys (aws:PrincipalArn and the
	// like) are filled in unless given.
	Context Context
	// Closed says that keys neither given nor derived are absent from the
	// request. Otherwise whether they are there is not known, and a decision
	// that depends on them is Unknown.
	Closed bool
	// Time is when the request is made, for aws:CurrentTime and
	// aws:EpochTime. Zero: now.
	Time time.Time
}
