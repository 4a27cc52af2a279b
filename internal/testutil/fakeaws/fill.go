package fakeaws

import (
	"cmp"
	"time"

	"github.com/irsakit/irsa/policy"
)

// fill gives everything that the description leaves out what AWS would give
// it. Ids come from the seed and the resource's name.
func (a *AWS) fill(w *World) {
	for _, c := range w.Clusters {
		c.Algorithm = cmp.Or(c.Algorithm, "ES256")
		c.Region = cmp.Or(c.Region, issuerRegion(c.Issuer))
	}
	for _, account := range w.Accounts {
		account.Partition = cmp.Or(account.Partition, "aws")
		for i := range account.OIDCProviders {
			if p := &account.OIDCProviders[i]; p.ClientIDs == nil {
				p.ClientIDs = []string{defaultAudience}
			}
		}
		for _, r := range account.Roles {
			r.Path = cmp.Or(r.Path, "/")
			r.MaxDuration = cmp.Or(r.MaxDuration, 3600)
			if r.UniqueID == "" {
				r.UniqueID = letters(a.ids.derive("role", account.ID, r.Name), "AROA", 17, upperAlphanumeric)
			}
		}
		a.fillData(account)
	}
}

// fillData does what fill does for what the account stores.
func (a *AWS) fillData(account *Account) {
	for _, s := range account.Secrets {
		if s.Suffix == "" {
			s.Suffix = letters(a.ids.derive("secret", account.ID, s.Region, s.Name), "", 6, alphanumeric)
		}
		source := a.ids.derive("versions", account.ID, s.Region, s.Name)
		for _, v := range s.Versions {
			if v.ID == "" {
				v.ID = uuid(source)
			}
			if v.Created == nil {
				v.Created = new(time.Now())
			}
			if len(s.Versions) == 1 && v.Stages == nil {
				v.Stages = []string{"AWSCURRENT"}
			}
		}
	}
	for _, p := range account.Parameters {
		p.Type = cmp.Or(p.Type, "String")
		p.Version = cmp.Or(p.Version, 1)
		if p.Modified == nil {
			p.Modified = new(time.Now())
		}
	}
	for _, k := range account.Keys {
		if k.Policy == nil {
			k.Policy = DefaultKeyPolicy(account.Partition, account.ID)
		}
	}
}

// DefaultKeyPolicy is the policy of a key for which none is given: it lets the
// account's identity policies decide (KMS Developer Guide, key-policy-default).
func DefaultKeyPolicy(partition, account string) *policy.Document {
	return &policy.Document{
		Version: policy.Version2012,
		ID:      "key-default-1",
		Statements: []policy.Statement{{
			Sid:       "Enable IAM User Permissions",
			Effect:    policy.Allow,
			Principal: awsPrincipal("arn:" + partition + ":iam::" + account + ":root"),
			Action:    policy.Strings("kms:*"),
			Resource:  policy.Strings("*"),
		}},
	}
}
