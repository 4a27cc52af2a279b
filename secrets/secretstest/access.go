package secretstest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
)

// SecretAccess gathers from w the documents that decide whether a pod can read
// a secret, for [policy.SecretAccess.Evaluate]: the offline answer to what the
// fake answers over the wire.
//
// The role and the secret are looked up by roleARN and secretID, which is a
// name or ARN as the application has it; region is that of its client. A
// secretID that leads nowhere takes the secret of that name in another Region
// or account, so that the report can say that the reference is wrong. A secret
// without Suffix takes the one in secretID, else six zeros. It is an error if w
// has no such role, or no secret of that name anywhere.
func (w World) SecretAccess(token policy.Claims, roleARN, secretID, region string) (policy.SecretAccess, error) {
	arn, err := policy.ParseARN(roleARN)
	if err != nil {
		return policy.SecretAccess{}, fmt.Errorf("secretstest: role: %w", err)
	}
	account := w.Account(arn.Account)
	var role *credentialstest.Role
	if account != nil {
		role = account.Role(arn.Resource[strings.LastIndexByte(arn.Resource, '/')+1:])
	}
	if role == nil {
		return policy.SecretAccess{}, fmt.Errorf("secretstest: the world has no role %q", roleARN)
	}
	found, ok := w.findSecret(secretID, account.ID, region)
	if !ok {
		return policy.SecretAccess{}, fmt.Errorf("secretstest: the world has no secret like %q", secretID)
	}
	key := w.findKey(found.secret.KeyID)
	return policy.SecretAccess{
		Claims:     token,
		Providers:  account.providers(arn.Partition),
		Role:       account.policyRole(roleARN, role),
		Request:    secretID,
		Region:     region,
		Secret:     policy.Secret{ARN: found.arn, Policy: found.secret.Policy, KeyARN: key.ARN},
		Key:        key,
		Guardrails: w.guardrails(),
		Closed:     true, // the fake knows of no other condition keys
	}, nil
}

// placedSecret is a secret with its complete ARN.
type placedSecret struct {
	secret *Secret
	arn    string
}

// findSecret returns the secret that id denotes for a client in account and
// region, else the most similar one of the same name.
func (w World) findSecret(id, account, region string) (placedSecret, bool) {
	ref := id
	if arn, err := policy.ParseARN(id); err == nil {
		account, region = arn.Account, arn.Region
		ref = strings.TrimPrefix(arn.Resource, "secret:")
	}
	var best placedSecret
	bestRank := 0
	for i := range w.Accounts {
		a := &w.Accounts[i]
		for j := range a.Secrets {
			s := &a.Secrets[j]
			suffix, ok := s.matches(ref)
			if !ok {
				continue
			}
			rank := 1
			if a.ID == account {
				rank += 2
			}
			if s.Region == region {
				rank++
			}
			if rank > bestRank {
				bestRank = rank
				best = placedSecret{secret: s, arn: a.secretARN(s, suffix)}
			}
		}
	}
	return best, bestRank > 0
}

// matches reports whether ref is the secret's name, with or without the six
// random characters, and returns those characters as far as they are known.
func (s *Secret) matches(ref string) (suffix string, ok bool) {
	if ref == s.Name {
		return s.Suffix, true
	}
	suffix, ok = strings.CutPrefix(ref, s.Name+"-")
	if !ok || len(suffix) != 6 || (s.Suffix != "" && s.Suffix != suffix) {
		return "", false
	}
	return suffix, true
}

func (a *Account) secretARN(s *Secret, suffix string) string {
	return policy.ARN{
		Partition: cmp.Or(a.Partition, "aws"),
		Service:   "secretsmanager",
		Region:    s.Region,
		Account:   a.ID,
		Resource:  "secret:" + s.Name + "-" + cmp.Or(suffix, "000000"),
	}.String()
}

// findKey returns the key that a secret records, by its own ARN or that of an
// alias. A key without policy is as the fake makes it, with the default one; of
// a key that is not there, nothing but the ARN is known.
func (w World) findKey(recorded string) policy.Key {
	arn, err := policy.ParseARN(recorded)
	if err != nil {
		return policy.Key{ARN: recorded}
	}
	if account := w.Account(arn.Account); account != nil {
		for _, k := range account.Keys {
			if k.Region == arn.Region && (arn.Resource == "key/"+k.ID || slices.Contains(k.Aliases, arn.Resource)) {
				arn.Resource = "key/" + k.ID
				return policy.Key{ARN: arn.String(), Policy: cmp.Or(k.Policy, fakeaws.DefaultKeyPolicy(arn.Partition, arn.Account))}
			}
		}
	}
	return policy.Key{ARN: recorded}
}

func (w World) guardrails() map[string]policy.Guardrails {
	all := make(map[string]policy.Guardrails, len(w.Accounts))
	for _, a := range w.Accounts {
		all[a.ID] = policy.Guardrails{
			SCPs: levels(policy.ServiceControlPolicy, a.ID, a.SCPs),
			RCPs: levels(policy.ResourceControlPolicy, a.ID, a.RCPs),
		}
	}
	return all
}

func levels(kind policy.Kind, account string, in [][]credentialstest.Policy) [][]policy.Policy {
	if in == nil {
		return nil
	}
	out := make([][]policy.Policy, len(in))
	for i, level := range in {
		for _, p := range level {
			out[i] = append(out[i], policy.Policy{Kind: kind, Account: account, Name: p.Name, Document: p.Document})
		}
	}
	return out
}

func (a *Account) providers(partition string) []policy.OIDCProvider {
	out := make([]policy.OIDCProvider, len(a.OIDCProviders))
	for i, p := range a.OIDCProviders {
		host := strings.TrimPrefix(p.URL, "https://")
		clients := p.ClientIDs
		if len(clients) == 0 {
			clients = []string{"sts.amazonaws.com"} // as the fake does
		}
		out[i] = policy.OIDCProvider{
			ARN:       "arn:" + partition + ":iam::" + a.ID + ":oidc-provider/" + host,
			URL:       p.URL,
			ClientIDs: clients,
		}
	}
	return out
}

func (a *Account) policyRole(arn string, r *credentialstest.Role) policy.Role {
	role := policy.Role{ARN: arn, UniqueID: r.UniqueID, Trust: r.Trust}
	for _, p := range r.Policies {
		role.Policies = append(role.Policies, policy.Policy{
			Kind: policy.IdentityPolicy, Account: a.ID, Name: policyName(r.Name, p.Name), Document: p.Document,
		})
	}
	if b := r.Boundary; b != nil {
		role.Boundary = &policy.Policy{
			Kind: policy.PermissionsBoundary, Account: a.ID, Name: b.Name, Document: b.Document,
		}
	}
	return role
}

// policyName is how reports name a role's policy: a managed policy by its ARN,
// an inline one after its role.
func policyName(role, name string) string {
	if strings.HasPrefix(name, "arn:") {
		return name
	}
	return role + "/" + name
}
