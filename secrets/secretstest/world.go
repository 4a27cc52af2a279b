package secretstest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
)

// World describes the clusters and accounts of a fake. It is data: build it,
// change it, marshal it; the same JSON is what examples/fakeaws reads.
type World struct {
	// Seed makes the ids that the fake makes up repeatable, those of access keys
	// included. Zero is a seed like any other.
	Seed     uint64                    `json:"seed,omitempty"`
	Clusters []credentialstest.Cluster `json:"clusters"`
	Accounts []Account                 `json:"accounts"`
}

// UnmarshalJSON refuses members that a World does not have and members that come
// twice. Its errors name the place, such as accounts[0].roles[1].trustPolicy, and
// quote no value.
func (w *World) UnmarshalJSON(data []byte) error {
	if _, err := fakeaws.Decode(data); err != nil {
		return fmt.Errorf("secretstest: %w", err)
	}
	type plain World // without this method
	return json.Unmarshal(data, (*plain)(w))
}

// Account returns the account with the given id, for changing it in place, or
// nil if the world has none.
func (w *World) Account(id string) *Account {
	for i := range w.Accounts {
		if w.Accounts[i].ID == id {
			return &w.Accounts[i]
		}
	}
	return nil
}

// Account is an AWS account with its identities and its secrets.
type Account struct {
	credentialstest.Account
	Secrets    []Secret    `json:"secrets,omitempty"`
	Parameters []Parameter `json:"parameters,omitempty"`
	Keys       []Key       `json:"keys,omitempty"`
}

// Role returns the role with the given name, for changing it in place, or nil
// if the account has none.
func (a *Account) Role(name string) *credentialstest.Role {
	for i := range a.Roles {
		if a.Roles[i].Name == name {
			return &a.Roles[i]
		}
	}
	return nil
}

// Secret is a secret in Secrets Manager.
type Secret struct {
	Name   string `json:"name"`
	Region string `json:"region"`
	// Suffix is the six characters that Secrets Manager adds to the name in the
	// ARN. Empty: made up when the fake starts.
	Suffix string `json:"suffix,omitempty"`
	// KeyID is the ARN of the KMS key. Empty is the account's
	// aws/secretsmanager.
	KeyID string `json:"kmsKeyId,omitempty"`
	// Policy is the resource policy. Nil: none.
	Policy   *policy.Document `json:"resourcePolicy,omitempty"`
	Versions []Version        `json:"versions,omitempty"`
	// DeletedDate, if set, is when deletion was scheduled.
	DeletedDate *time.Time `json:"deletedDate,omitempty"`
	// Description is what ListSecrets can filter by and shows.
	Description string            `json:"description,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
}

// Version is one version of a secret. String or Binary is set; neither is a
// version under rotation that has no value yet.
type Version struct {
	// ID is a UUID. Empty: made up.
	ID     string  `json:"id,omitempty"`
	String *string `json:"string,omitempty"`
	Binary []byte  `json:"binary,omitempty"`
	// Stages are the staging labels. Empty on a secret's only version:
	// AWSCURRENT.
	Stages  []string   `json:"stages,omitempty"`
	Created *time.Time `json:"created,omitempty"`
}

// Parameter is a parameter of Parameter Store.
type Parameter struct {
	Name   string `json:"name"`
	Region string `json:"region"`
	// Type is String, StringList or SecureString. Empty: String.
	Type  string `json:"type,omitempty"`
	Value string `json:"value"`
	// KeyID is the KMS key of a SecureString. Empty is the account's aws/ssm.
	KeyID   string   `json:"keyId,omitempty"`
	Version int64    `json:"version,omitempty"`
	Labels  []string `json:"labels,omitempty"`
	// Modified is when the value was set. Nil: when the fake starts.
	Modified *time.Time        `json:"modified,omitempty"`
	Tags     map[string]string `json:"tags,omitempty"`
}

// Key is a KMS key.
type Key struct {
	ID      string   `json:"id"` // a UUID
	Region  string   `json:"region"`
	Aliases []string `json:"aliases,omitempty"` // "alias/name"
	// Policy is the key policy. Nil: the default, which leaves the decision to
	// the identity policies of the key's account.
	Policy   *policy.Document `json:"policy,omitempty"`
	Disabled bool             `json:"disabled,omitempty"`
}
