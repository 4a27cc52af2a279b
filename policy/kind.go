package policy

import (
	"fmt"
	"slices"
)

// Kind says what a document is, or which other configuration is meant, when a
// report names what to change.
type Kind uint8

// The kinds of policy, then the three things in the chain from token to
// secret that are no policy but can be wrong as well.
const (
	NoKind                Kind = iota
	IdentityPolicy             // permissions of a role or user
	ResourcePolicy             // of a secret, a bucket, a parameter, …
	KeyPolicy                  // of a KMS key
	TrustPolicy                // of a role
	PermissionsBoundary        // of a role or user
	SessionPolicy              // passed when the role was assumed
	ServiceControlPolicy       // of the principal's organization
	ResourceControlPolicy      // of the resource's organization
	EndpointPolicy             // of a VPC endpoint
	ServiceAccountToken        // the projected token of the pod
	IdentityProvider           // the IAM OIDC provider of the cluster
	SecretReference            // the name or ARN that the application asks for
)

// kindNames holds the phrase and the text form of each kind.
var kindNames = [...]struct{ phrase, text string }{
	NoKind:                {"policy", ""},
	IdentityPolicy:        {"identity-based policy", "identity-policy"},
	ResourcePolicy:        {"resource-based policy", "resource-policy"},
	KeyPolicy:             {"key policy", "key-policy"},
	TrustPolicy:           {"role trust policy", "trust-policy"},
	PermissionsBoundary:   {"permissions boundary", "permissions-boundary"},
	SessionPolicy:         {"session policy", "session-policy"},
	ServiceControlPolicy:  {"service control policy", "service-control-policy"},
	ResourceControlPolicy: {"resource control policy", "resource-control-policy"},
	EndpointPolicy:        {"VPC endpoint policy", "endpoint-policy"},
	ServiceAccountToken:   {"service account token", "service-account-token"},
	IdentityProvider:      {"OIDC identity provider", "identity-provider"},
	SecretReference:       {"secret reference", "secret-reference"},
}

// String names the kind as AWS's denial messages do ("identity-based policy",
// "role trust policy", …). [NoKind] is "policy".
func (k Kind) String() string {
	if int(k) >= len(kindNames) {
		return fmt.Sprintf("Kind(%d)", uint8(k))
	}
	return kindNames[k].phrase
}

// MarshalText returns the kind as reports in JSON spell it: the constant's
// name in lower case with hyphens, such as "trust-policy". [NoKind] is the
// empty text. A number that is no Kind is an error.
func (k Kind) MarshalText() ([]byte, error) {
	if int(k) >= len(kindNames) {
		return nil, fmt.Errorf("policy: no kind has the number %d", uint8(k))
	}
	return []byte(kindNames[k].text), nil
}

// UnmarshalText reads what [Kind.MarshalText] writes.
func (k *Kind) UnmarshalText(text []byte) error {
	i := slices.IndexFunc(kindNames[:], func(n struct{ phrase, text string }) bool {
		return n.text == string(text)
	})
	if i < 0 {
		return fmt.Errorf("policy: no kind is called %q", clip(string(text)))
	}
	*k = Kind(i)
	return nil
}
