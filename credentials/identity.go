package credentials

import "time"

// Identity is who the credentials make the pod, as STS said when it issued
// them; learning it costs no call. It holds no secret.
type Identity struct {
	Source Source
	// AccessKeyID is the public half of the access key.
	AccessKeyID string
	// Account is the twelve-digit account. For environment keys it is
	// AWS_ACCOUNT_ID, which may be empty.
	Account string
	// ARN of the role session (arn:aws:sts::<account>:assumed-role/<role>/<session>);
	// empty for environment keys, as is all that follows.
	ARN string
	// RoleARN is the role that was asked for, with its path.
	RoleARN string
	// RoleID is the role's unique id (AROA…), which changes when a role is
	// deleted and made again.
	RoleID string
	// SessionName is the last part of ARN.
	SessionName string
	// Issuer, Subject and Audience are those of the token that STS verified.
	Issuer   string
	Subject  string
	Audience string
	// Expires is when the credentials end; zero if they do not.
	Expires time.Time
}
