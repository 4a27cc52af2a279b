package credentials

import (
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/irsakit/irsa/policy"
)

// answer is what STS gives for a role.
type answer struct {
	creds *types.Credentials
	user  *types.AssumedRoleUser
}

// check refuses an answer that is none: without keys, or with keys that have
// expired already.
func (a answer) check(now time.Time) error {
	c := a.creds
	switch {
	case c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" || c.Expiration == nil:
		return errors.New("the answer lacks credentials")
	case !c.Expiration.After(now):
		return errors.New("the answer's credentials have expired already; compare this machine's clock")
	}
	return nil
}

// checkRole refuses a session of another role than the one asked for. Field is
// where that was set. A stand-in for STS may leave out whose session it is.
func (a answer) checkRole(field string, role policy.ARN) error {
	got := a.sessionARN()
	if got == "" || isSessionOf(got, role) {
		return nil
	}
	return &MismatchError{Field: field, Want: role.String(), Got: got}
}

func (a answer) sessionARN() string {
	if a.user == nil {
		return ""
	}
	return aws.ToString(a.user.Arn)
}

// grant makes a grant of an answer that passed. id has what the answer does not
// say.
func (a answer) grant(id Identity, role policy.ARN, now time.Time) *grant {
	id.AccessKeyID = *a.creds.AccessKeyId
	id.Expires = *a.creds.Expiration
	id.RoleARN = role.String()
	id.ARN = a.sessionARN()
	id.Account, id.RoleID, id.SessionName = "", "", ""
	if a.user != nil {
		id.RoleID, id.SessionName, _ = strings.Cut(aws.ToString(a.user.AssumedRoleId), ":")
	}
	if session, ok := parseSession(id.ARN); ok {
		id.Account, id.SessionName = session.account, session.name
	}
	g := &grant{
		creds: aws.Credentials{
			AccessKeyID:     id.AccessKeyID,
			SecretAccessKey: *a.creds.SecretAccessKey,
			SessionToken:    aws.ToString(a.creds.SessionToken),
			Source:          string(id.Source),
			CanExpire:       true,
			Expires:         id.Expires,
			AccountID:       role.Account,
		},
		identity: id,
	}
	return g
}

// roleSession is the ARN of a role session, taken apart
// (arn:aws:sts::<account>:assumed-role/<role>/<name>).
type roleSession struct{ partition, account, role, name string }

func parseSession(text string) (roleSession, bool) {
	arn, err := policy.ParseARN(text)
	rest, ok := strings.CutPrefix(arn.Resource, "assumed-role/")
	role, name, found := strings.Cut(rest, "/")
	if err != nil || !ok || !found || arn.Service != "sts" {
		return roleSession{}, false
	}
	return roleSession{arn.Partition, arn.Account, role, name}, true
}

// isSessionOf reports whether a session is of the role. STS leaves the role's
// path out of a session's ARN; in an account no two roles have names that
// differ by case only (IAM User Guide, reference_iam-quotas).
func isSessionOf(session string, role policy.ARN) bool {
	s, ok := parseSession(session)
	return ok && s.partition == role.Partition && s.account == role.Account && strings.EqualFold(s.role, roleName(role))
}

// lifetime is a duration as STS wants it; nil leaves it to STS.
func lifetime(d time.Duration) *int32 {
	if d == 0 {
		return nil
	}
	return new(int32(d / time.Second))
}
