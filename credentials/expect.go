package credentials

import (
	"fmt"

	"github.com/irsakit/irsa/policy"
)

// Expect pins the identity. Each field that is set is compared with what STS
// answers, and credentials of anyone else are never published: that is a
// [*MismatchError]. The zero Expect takes anyone.
type Expect struct {
	// Account is the twelve-digit account of the last session.
	Account string
	// RoleARN is the role of the last session, with its path. STS leaves paths
	// out of what it answers, so the path itself is not compared.
	RoleARN string
	// Subject of the token that STS verified
	// (system:serviceaccount:<namespace>:<name>), or EKS for Pod Identity. Other
	// sources have none.
	Subject string
}

// check checks the form of what is expected.
func (e Expect) check() error {
	if e.Account != "" && !accountID().MatchString(e.Account) {
		return &ConfigError{
			Field:   "Config.Expect.Account",
			Problem: fmt.Sprintf("%q is not an account", e.Account),
			Remedy:  "write its twelve digits",
		}
	}
	if e.Subject != "" {
		if _, _, ok := serviceAccount(e.Subject); !ok {
			return &ConfigError{
				Field:   "Config.Expect.Subject",
				Problem: fmt.Sprintf("%q is not a service account", e.Subject),
				Remedy:  "write system:serviceaccount:<namespace>:<name>",
			}
		}
	}
	if e.RoleARN == "" {
		return nil
	}
	role, err := parseRoleARN(setting{"Config.Expect.RoleARN", e.RoleARN})
	if err == nil && e.Account != "" && e.Account != role.Account {
		return &ConfigError{
			Field:   "Config.Expect.Account",
			Problem: fmt.Sprintf("%q is not that of Config.Expect.RoleARN, %s", e.Account, role.Account),
			Remedy:  "leave it out: the role's ARN has its account",
		}
	}
	return err
}

// compare returns a [*MismatchError] for an identity that is not the expected
// one. What STS did not say does not match.
func (e Expect) compare(id Identity) error {
	if e.Account != "" && e.Account != id.Account {
		return &MismatchError{Field: "Config.Expect.Account", Want: e.Account, Got: id.Account}
	}
	if e.RoleARN != "" {
		if role, err := policy.ParseARN(e.RoleARN); err != nil || !isSessionOf(id.ARN, role) {
			return &MismatchError{Field: "Config.Expect.RoleARN", Want: e.RoleARN, Got: id.ARN}
		}
	}
	if e.Subject != "" && e.Subject != id.Subject {
		return &MismatchError{Field: "Config.Expect.Subject", Want: e.Subject, Got: id.Subject}
	}
	return nil
}
