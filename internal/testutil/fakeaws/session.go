package fakeaws

import (
	"strings"
	"time"

	"github.com/irsakit/irsa/policy"
)

// session is a verified principal: an IAM user with a long-term key or a role
// session that STS issued. It is immutable.
type session struct {
	arn     string // "arn:aws:iam::A:user/U" or "arn:aws:sts::A:assumed-role/R/S"
	account string
	user    string // name of the user; "" for a role session
	role    string // name of the role; "" for a user
	name    string // role session name
	// principalID is "AROA…" of the role or "AIDA…" of the user. A role that
	// was made anew under its old name has another: its sessions of before
	// have no policies.
	principalID string

	accessKeyID, secretAccessKey, token string
	issued, expires                     time.Time // zero for a user

	// context are the condition keys that the session carries for its life:
	// aws:FederatedProvider, aws:SourceIdentity, aws:PrincipalTag/….
	context    policy.Context
	transitive []string        // keys of tags that pass on to the next role
	policies   []policy.Policy // session policies; nil: none
}

// userID is the UserId of GetCallerIdentity and aws:userid.
func (s *session) userID() string {
	if s.role == "" {
		return s.principalID
	}
	return s.principalID + ":" + s.name
}

// isIn reports whether the session is of a partition: none knows another's.
func (s *session) isIn(partition string) bool {
	return strings.HasPrefix(s.arn, "arn:"+partition+":")
}

// expired reports whether temporary credentials have ended.
func (s *session) expired(now time.Time) bool {
	return !s.expires.IsZero() && !now.Before(s.expires)
}
