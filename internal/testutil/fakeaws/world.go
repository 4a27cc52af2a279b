// Package fakeaws is the wire-level fake AWS behind credentialstest and
// secretstest: accounts, OIDC providers, roles, secrets, parameters and keys,
// served over the real protocols and guarded by package policy.
package fakeaws

import (
	"time"

	"github.com/irsakit/irsa/policy"
)

// World is the JSON description from which a fake is made. The public fakes
// marshal their own types to it, and examples/fakeaws reads it from a file.
// [New] refuses members that are not here, names that AWS would refuse or that
// come twice, and roles without a trust policy.
type World struct {
	// Seed makes unique ids, access keys and version ids repeatable. Zero is
	// one like any other.
	Seed     uint64     `json:"seed,omitempty"`
	Clusters []*Cluster `json:"clusters"`
	Accounts []*Account `json:"accounts"`
}

// Cluster is a Kubernetes cluster's token issuer.
type Cluster struct {
	Name      string `json:"name"`
	Account   string `json:"account,omitempty"`   // runs the cluster; needed for associations
	Region    string `json:"region,omitempty"`    // default: that in an EKS issuer's host
	Issuer    string `json:"issuer"`              // https URL, as in the token's iss
	Algorithm string `json:"algorithm,omitempty"` // RS256 or ES256 (default: ES256, quick to make)
	// Associations are those of EKS Pod Identity.
	Associations []Association `json:"podIdentityAssociations,omitempty"`
}

// Association gives a service account a role by EKS Pod Identity (EKS API
// Reference, CreatePodIdentityAssociation).
type Association struct {
	Namespace          string           `json:"namespace"`
	ServiceAccount     string           `json:"serviceAccount"`
	RoleARN            string           `json:"roleArn"`
	TargetRoleARN      string           `json:"targetRoleArn,omitempty"`
	ExternalID         string           `json:"externalId,omitempty"` // for the target role; default: EKS's
	DisableSessionTags bool             `json:"disableSessionTags,omitempty"`
	Policy             *policy.Document `json:"policy,omitempty"` // session policy
}

// Account is one AWS account.
type Account struct {
	ID            string         `json:"id"`
	Partition     string         `json:"partition,omitempty"` // default "aws"
	OIDCProviders []OIDCProvider `json:"oidcProviders,omitempty"`
	Users         []*User        `json:"users,omitempty"`
	Roles         []*Role        `json:"roles,omitempty"`
	// ManagedPolicies, under their ARNs, are those that a call may name as
	// session policies beside those attached to a role or user of the account.
	ManagedPolicies []NamedPolicy `json:"managedPolicies,omitempty"`
	Secrets         []*Secret     `json:"secrets,omitempty"`
	Parameters      []*Parameter  `json:"parameters,omitempty"`
	Keys            []*Key        `json:"keys,omitempty"`
	// SCPs and RCPs by level, root first.
	SCPs [][]NamedPolicy `json:"serviceControlPolicies,omitempty"`
	RCPs [][]NamedPolicy `json:"resourceControlPolicies,omitempty"`
}

// OIDCProvider is an IAM OIDC identity provider of an account.
type OIDCProvider struct {
	URL       string   `json:"url"`
	ClientIDs []string `json:"clientIds,omitempty"` // default: sts.amazonaws.com
}

// NamedPolicy is a document under a name (inline) or an ARN (managed).
type NamedPolicy struct {
	Name     string           `json:"name"`
	Document *policy.Document `json:"document"`
}

// User is an IAM user with one access key.
type User struct {
	Name            string        `json:"name"`
	AccessKeyID     string        `json:"accessKeyId"`
	SecretAccessKey string        `json:"secretAccessKey"`
	Policies        []NamedPolicy `json:"policies,omitempty"`
	Boundary        *NamedPolicy  `json:"permissionsBoundary,omitempty"`
}

// Role is an IAM role.
type Role struct {
	Name        string           `json:"name"`
	Path        string           `json:"path,omitempty"`     // default "/"
	UniqueID    string           `json:"uniqueId,omitempty"` // AROA…; derived from the seed if empty
	Trust       *policy.Document `json:"trustPolicy"`
	Policies    []NamedPolicy    `json:"policies,omitempty"`
	Boundary    *NamedPolicy     `json:"permissionsBoundary,omitempty"`
	MaxDuration int              `json:"maxSessionDuration,omitempty"` // seconds; default 3600
}

// Secret is a secret in Secrets Manager.
type Secret struct {
	Name     string           `json:"name"`
	Region   string           `json:"region"`
	Suffix   string           `json:"suffix,omitempty"`   // six characters; derived from the seed if empty
	KeyID    string           `json:"kmsKeyId,omitempty"` // key ARN; "" is aws/secretsmanager
	Policy   *policy.Document `json:"resourcePolicy,omitempty"`
	Versions []*Version       `json:"versions,omitempty"`
	// DeletedDate, if set, is when deletion was scheduled.
	DeletedDate *time.Time        `json:"deletedDate,omitempty"`
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// Version is one version of a secret; String or Binary is set, or neither for
// an AWSPENDING version that has no value yet.
type Version struct {
	ID      string     `json:"id,omitempty"` // UUID; derived from the seed if empty
	String  *string    `json:"string,omitempty"`
	Binary  []byte     `json:"binary,omitempty"` // base64
	Stages  []string   `json:"stages,omitempty"` // default for a lone version: AWSCURRENT
	Created *time.Time `json:"created,omitempty"`
}

// Parameter is a parameter of Parameter Store.
type Parameter struct {
	Name    string   `json:"name"`
	Region  string   `json:"region"`
	Type    string   `json:"type,omitempty"` // String (default), StringList, SecureString
	Value   string   `json:"value"`
	KeyID   string   `json:"keyId,omitempty"` // for SecureString; "" is aws/ssm
	Version int64    `json:"version,omitempty"`
	Labels  []string `json:"labels,omitempty"`
	// Modified is when the value was set; default: when the fake starts.
	Modified *time.Time        `json:"modified,omitempty"`
	Tags     map[string]string `json:"tags,omitempty"`
}

// Key is a KMS key.
type Key struct {
	ID       string           `json:"id"` // UUID
	Region   string           `json:"region"`
	Aliases  []string         `json:"aliases,omitempty"` // "alias/name"
	Policy   *policy.Document `json:"policy,omitempty"`  // default: the default key policy (root statement)
	Disabled bool             `json:"disabled,omitempty"`
}
