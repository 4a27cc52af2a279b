package main

import (
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// The lookups below find the story's documents in the scene's world. They
// panic where the story lacks one: that is a mistake in this program.

func (s *scene) account(id string) *secretstest.Account {
	for i := range s.world.Accounts {
		if s.world.Accounts[i].ID == id {
			return &s.world.Accounts[i]
		}
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

// defaultKeyPolicy is what KMS gives a key that is made without a policy.
func defaultKeyPolicy() *policy.Document {
	return policy.MustParse(`{"Version": "2012-10-17", "Statement": [{
		"Sid": "Enable IAM User Permissions", "Effect": "Allow",
		"Principal": {"AWS": "arn:aws:iam::333344445555:root"}, "Action": "kms:*", "Resource": "*"}]}`)
}
