package credentials

import "time"

// Identity is who the credentials make the pod, as STS said when it issued
// them; learning it costs no call. It holds no secret.
type Identity struct {
	// Source is where the chain began; hops do not change it.
	Source Source
	// AccessKeyID is the public half of the access key.
	AccessKeyID string
	// Account is the twelve-digit account. For environment keys it is
	// AWS_ACCOUNT_ID, which may be empty.
	Account string
	// ARN of the role session (arn:aws:sts::<account>:assumed-role/<role>/<session>).
	// It and all that follows, save Expires, is empty where the source does not
	// tell: environment keys, profiles without a role, container endpoints and the
	// instance profile do not. ARN, RoleID and SessionName are there all the same
	// if [Config.VerifyCaller] asks for them.
	ARN string
	// RoleARN is the role that was asked for, with its path.
	RoleARN string
	// RoleID is the role's unique id (AROA…), which changes when a role is
	// deleted and made again.
	RoleID string
	// SessionName is the last part of ARN.
	SessionName string
	// Issuer, Subject and Audience are those of the token that STS verified, or
	// EKS behind the agent of Pod Identity. Provider is the ARN of the IAM OIDC
	// provider that vouched for it, with STS alone. Hops keep them from the
	// session that they start from.
	Issuer   string
	Subject  string
	Audience string
	Provider string
	// SourceIdentity was set by a hop; all later sessions have it.
	SourceIdentity string
	// Region is the one whose STS answered: not the configured one if that did
	// not answer and a fallback did.
	Region string
	// Expires is when the credentials end; zero if they do not.
	Expires time.Time
}
