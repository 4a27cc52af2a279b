package credentialstest

import "github.com/irsakit/irsa/policy"

// World describes the clusters and accounts of a fake. It is data: build it,
// change it, marshal it; the same JSON is what examples/fakeaws reads.
type World struct {
	// Seed makes the ids that the fake makes up repeatable, those of access keys
	// included. Zero is a seed like any other.
	Seed     uint64    `json:"seed,omitempty"`
	Clusters []Cluster `json:"clusters"`
	Accounts []Account `json:"accounts"`
}

// Cluster is a Kubernetes cluster's token issuer.
type Cluster struct {
	Name string `json:"name"`
	// Account is where the cluster runs. Empty: nowhere in particular, and then
	// there are no associations.
	Account string `json:"account,omitempty"`
	// Region of the cluster. Empty: the one in an EKS issuer's host.
	Region string `json:"region,omitempty"`
	// Issuer is the https URL in the tokens' iss claim.
	Issuer string `json:"issuer"`
	// Algorithm is RS256, as EKS uses, or ES256, which is quicker to make keys
	// for. Empty is ES256.
	Algorithm string `json:"algorithm,omitempty"`
	// Associations are those of EKS Pod Identity.
	Associations []Association `json:"podIdentityAssociations,omitempty"`
}

// Association gives a service account a role by EKS Pod Identity.
type Association struct {
	Namespace      string `json:"namespace"`
	ServiceAccount string `json:"serviceAccount"`
	RoleARN        string `json:"roleArn"` // in the cluster's account
	// TargetRoleARN is a role that EKS assumes next, in any account. Empty: none.
	TargetRoleARN string `json:"targetRoleArn,omitempty"`
	// ExternalID is passed with the target role. Empty: the one that EKS makes.
	ExternalID string `json:"externalId,omitempty"`
	// DisableSessionTags leaves the session without its six tags.
	DisableSessionTags bool `json:"disableSessionTags,omitempty"`
	// Policy is a session policy; it takes DisableSessionTags. Nil: none.
	Policy *policy.Document `json:"policy,omitempty"`
}

// Account is the identity half of an AWS account.
type Account struct {
	ID string `json:"id"` // twelve digits
	// Partition is "aws", "aws-cn" or another. Empty is "aws".
	Partition     string     `json:"partition,omitempty"`
	OIDCProviders []Provider `json:"oidcProviders,omitempty"`
	Users         []User     `json:"users,omitempty"`
	Roles         []Role     `json:"roles,omitempty"`
	// ManagedPolicies, under their ARNs, are those that a call may name as
	// session policies beside those attached to a role or user of the account.
	ManagedPolicies []Policy `json:"managedPolicies,omitempty"`
	// SCPs and RCPs are the policies of the account's organization by level,
	// root first. Nil: no organization.
	SCPs [][]Policy `json:"serviceControlPolicies,omitempty"`
	RCPs [][]Policy `json:"resourceControlPolicies,omitempty"`
}

// Provider is an IAM OIDC identity provider.
type Provider struct {
	URL string `json:"url"` // the cluster's issuer
	// ClientIDs are the audiences it takes. Empty is sts.amazonaws.com.
	ClientIDs []string `json:"clientIds,omitempty"`
}

// Policy is a document under a name (inline) or an ARN (managed).
type Policy struct {
	Name     string           `json:"name"`
	Document *policy.Document `json:"document"`
}

// User is an IAM user with one access key.
type User struct {
	Name            string   `json:"name"`
	AccessKeyID     string   `json:"accessKeyId"`
	SecretAccessKey string   `json:"secretAccessKey"`
	Policies        []Policy `json:"policies,omitempty"`
	Boundary        *Policy  `json:"permissionsBoundary,omitempty"`
}

// Role is an IAM role.
type Role struct {
	Name string `json:"name"`
	// Path begins and ends with a slash. Empty is "/".
	Path string `json:"path,omitempty"`
	// UniqueID is AROA…. Empty: made up.
	UniqueID string           `json:"uniqueId,omitempty"`
	Trust    *policy.Document `json:"trustPolicy"`
	Policies []Policy         `json:"policies,omitempty"`
	Boundary *Policy          `json:"permissionsBoundary,omitempty"`
	// MaxDuration is in seconds. Zero is 3600.
	MaxDuration int `json:"maxSessionDuration,omitempty"`
}
