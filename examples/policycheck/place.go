package main

import (
	"strconv"
	"strings"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// place says what of a world a finding is about.
type place struct {
	kind          policy.Kind
	account, name string
}

func placeOf(f policy.Finding) place { return place{f.Kind, f.Account, f.Policy} }

// places are the JSON pointers of all that a finding can be about.
type places map[place]string

func placesOf(w *secretstest.World) places {
	p := places{}
	for i := range w.Accounts {
		p.account(&w.Accounts[i], item("/accounts", i))
	}
	return p
}

func (p places) account(a *secretstest.Account, at string) {
	for i := range a.OIDCProviders {
		host := strings.TrimPrefix(a.OIDCProviders[i].URL, "https://")
		arn := policy.ARN{Partition: partition(a), Service: "iam", Account: a.ID, Resource: "oidc-provider/" + host}
		p[place{policy.IdentityProvider, a.ID, arn.String()}] = item(at+"/oidcProviders", i)
	}
	for i := range a.Roles {
		p.role(a, &a.Roles[i], item(at+"/roles", i))
	}
	for i := range a.Secrets {
		arn := secretARN(a, &a.Secrets[i])
		p[place{policy.SecretReference, a.ID, arn}] = item(at+"/secrets", i)
		p[place{policy.ResourcePolicy, a.ID, arn}] = item(at+"/secrets", i) + "/resourcePolicy"
	}
	for i, key := range a.Keys {
		arn := policy.ARN{Partition: partition(a), Service: "kms", Region: key.Region, Account: a.ID, Resource: "key/" + key.ID}
		if key.Policy != nil {
			p[place{policy.KeyPolicy, a.ID, arn.String()}] = item(at+"/keys", i) + "/policy"
		}
	}
	p.levels(a, policy.ServiceControlPolicy, a.SCPs, at+"/serviceControlPolicies")
	p.levels(a, policy.ResourceControlPolicy, a.RCPs, at+"/resourceControlPolicies")
}

func (p places) role(a *secretstest.Account, r *credentialstest.Role, at string) {
	p[place{policy.TrustPolicy, a.ID, roleARN(a, r)}] = at + "/trustPolicy"
	for i, held := range r.Policies {
		name := held.Name
		if !strings.HasPrefix(name, "arn:") {
			name = r.Name + "/" + name // as the world calls an inline policy
		}
		p[place{policy.IdentityPolicy, a.ID, name}] = item(at+"/policies", i) + "/document"
	}
	if r.Boundary != nil {
		p[place{policy.PermissionsBoundary, a.ID, r.Boundary.Name}] = at + "/permissionsBoundary/document"
	}
}

func (p places) levels(a *secretstest.Account, kind policy.Kind, levels [][]credentialstest.Policy, at string) {
	for i, level := range levels {
		for j, held := range level {
			p[place{kind, a.ID, held.Name}] = item(item(at, i), j) + "/document"
		}
	}
}

// item is the pointer of an element of an array.
func item(array string, i int) string { return array + "/" + strconv.Itoa(i) }
