package policy

import "fmt"

// Decision is the outcome of an evaluation. The zero Decision is an implicit
// deny.
type Decision uint8

// The outcomes. Unknown means that something which was not supplied would
// decide.
const (
	ImplicitlyDenied Decision = iota
	ExplicitlyDenied
	Allowed
	Unknown
)

var decisionNames = [...]string{"ImplicitlyDenied", "ExplicitlyDenied", "Allowed", "Unknown"}

// String returns the constant's name, as in "ImplicitlyDenied".
func (d Decision) String() string { return nameOf(decisionNames[:], uint8(d)) }

// MarshalText returns the constant's name. It never fails.
func (d Decision) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// GrantClass says how a resource-based policy names the principal, which
// decides what else must agree (IAM User Guide,
// reference_policies_evaluation-logic).
type GrantClass uint8

// The classes of grant.
const (
	NoGrant         GrantClass = iota
	DirectGrant                // the session, the user or everyone
	RoleGrant                  // the role of the session
	DelegationGrant            // the account: an identity policy must allow too
)

var grantNames = [...]string{"none", "direct", "role", "delegation"}

// String returns "none", "direct", "role" or "delegation".
func (g GrantClass) String() string { return nameOf(grantNames[:], uint8(g)) }

// MarshalText returns the same text as [GrantClass.String]. It never fails.
func (g GrantClass) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// CheckState is what one guardrail or side of the evaluation said.
type CheckState uint8

// The states of a check.
const (
	NotApplicable CheckState = iota // nothing is attached, or nothing is needed from it
	Passed
	NotGranted // no statement allows
	Denied     // a statement denies
	NotKnown   // not supplied, or it depends on what was not supplied
)

var stateNames = [...]string{"not-applicable", "passed", "not-granted", "denied", "not-known"}

// String returns the state in lower case with hyphens, as in "not-granted".
func (s CheckState) String() string { return nameOf(stateNames[:], uint8(s)) }

// MarshalText returns the same text as [CheckState.String]. It never fails.
func (s CheckState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

func nameOf(names []string, i uint8) string {
	if int(i) >= len(names) {
		return fmt.Sprintf("%d", i)
	}
	return names[i]
}
