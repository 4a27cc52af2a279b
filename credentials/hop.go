package credentials

import (
	"time"

	"github.com/irsakit/irsa/policy"
)

// Hop is a role that is assumed with the credentials before it. What STS would
// refuse of it in any case is a [*ConfigError] of [New].
type Hop struct {
	// RoleARN is required.
	RoleARN string
	// SessionName, [\w+=,.@-]{2,64}. Empty: the name of the session before; if
	// that has none, as environment keys, [Config.SessionName] or the host's
	// name, which is the pod's.
	SessionName string
	// ExternalID that the role's trust policy asks for, [\w+=,.@:/-]{2,1224}.
	// Empty: not sent.
	ExternalID string
	// Duration of the session. A session that is itself assumed from a role is
	// given an hour at most (IAM User Guide, "Role chaining"); more is cut down
	// to that and reported, as is more than the role allows. Zero: one hour.
	Duration time.Duration
	// SourceIdentity, [\w+=,.@-]{2,64}, is set for good: no later hop can change
	// it. It takes sts:SetSourceIdentity. Empty: that of an earlier hop.
	SourceIdentity string
	// Tags of the session, up to 50, and which of them later hops inherit. An
	// inherited tag must not be given again. Tags take sts:TagSession.
	Tags              map[string]string
	TransitiveTagKeys []string
	// SessionPolicy and PolicyARNs narrow the session: up to ten managed policies
	// of the role's account or AWS's, 2,048 characters together. Nil: no
	// narrowing.
	SessionPolicy *policy.Document
	PolicyARNs    []string
	// Region whose STS is asked, and no other. Empty: [Config.Region], then
	// [Config.FallbackRegions].
	Region string
}
