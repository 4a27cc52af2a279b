package main

import (
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// The lookups below find the story's documents in the scene's world. They
// panic where the story lacks one: that is a mistake in this program.

func (s *scene) account(id string) *secretstest.Account {
	if a := s.world.Account(id); a != nil {
		return a
	}
	panic("the story has no account " + id)
}

func (s *scene) role() *credentialstest.Role {
	return &s.account(clusterAccount).Roles[0]
}

func (s *scene) rolePolicy(name string) *policy.Document {
	for _, p := range s.role().Policies {
		if p.Name == name {
			return p.Document
		}
	}
	panic("the role has no policy " + name)
}

func (s *scene) secret() *secretstest.Secret { return &s.account(secretAccount).Secrets[0] }

func (s *scene) key() *secretstest.Key { return &s.account(keyAccount).Keys[0] }

func namedPolicy(name, document string) credentialstest.Policy {
	return credentialstest.Policy{Name: name, Document: policy.MustParse(document)}
}
