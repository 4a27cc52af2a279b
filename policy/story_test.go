package policy_test

import (
	"strings"
	"time"

	"github.com/irsakit/irsa/policy"
)

// The three-account story: a pod's role in one account, its secret in a
// second, the key in a third.
const (
	storyIssuerName = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	storyIssuer     = "https://" + storyIssuerName
	storyProvider   = "arn:aws:iam::" + roleAccount + ":oidc-provider/" + storyIssuerName
	storySubject    = "system:serviceaccount:testnamespace:testapp"
	storyAudience   = "sts.amazonaws.com"

	roleAccount   = "111122223333"
	secretAccount = "222233334444"
	keyAccount    = "333344445555"

	storyRole   = "arn:aws:iam::" + roleAccount + ":role/pod-role"
	storySecret = "arn:aws:secretsmanager:eu-west-1:" + secretAccount + ":secret:testsecret-AbCdEf"
	storyKey    = "arn:aws:kms:eu-west-1:" + keyAccount + ":key/1234abcd-12ab-34cd-56ef-1234567890ab"

	readPolicy    = "pod-role/read-secret"
	decryptPolicy = "pod-role/decrypt-secret"
	storyBoundary = "arn:aws:iam::" + roleAccount + ":policy/app-boundary"
)

var storyTime = time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)

const (
	trustText = `{
		"Version": "2012-10-17",
		"Statement": [{
			"Effect": "Allow",
			"Principal": {"Federated": "` + storyProvider + `"},
			"Action": "sts:AssumeRoleWithWebIdentity",
			"Condition": {"StringEquals": {
				"` + storyIssuerName + `:aud": "sts.amazonaws.com",
				"` + storyIssuerName + `:sub": "system:serviceaccount:testnamespace:testapp"
			}}
		}]
	}`
	readText = `{
		"Version": "2012-10-17",
		"Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "` + storySecret + `"}]
	}`
	decryptText = `{
		"Version": "2012-10-17",
		"Statement": [{
			"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "` + storyKey + `",
			"Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
		}]
	}`
	boundaryText = `{
		"Version": "2012-10-17",
		"Statement": [{"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "kms:Decrypt"], "Resource": "*"}]
	}`
	secretText = `{
		"Version": "2012-10-17",
		"Statement": [{
			"Effect": "Allow", "Principal": {"AWS": "` + storyRole + `"},
			"Action": "secretsmanager:GetSecretValue", "Resource": "*"
		}]
	}`
	keyText = `{
		"Version": "2012-10-17",
		"Statement": [
			{
				"Sid": "Administration", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::` + keyAccount + `:root"},
				"Action": "kms:*", "Resource": "*"
			},
			{
				"Sid": "PodRole", "Effect": "Allow", "Principal": {"AWS": "` + storyRole + `"},
				"Action": "kms:Decrypt", "Resource": "*",
				"Condition": {"StringEquals": {
					"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com",
					"kms:EncryptionContext:SecretARN": "` + storySecret + `"
				}}
			}
		]
	}`
	fullAccessText = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}`
	// rcpAccessText is AWS's own RCPFullAWSAccess.
	rcpAccessText = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}`
)

func named(name, text string) policy.Policy {
	return policy.Policy{Name: name, Document: policy.MustParse(text)}
}

// story returns the whole story, in order. Every call returns documents of its
// own.
func story() policy.SecretAccess {
	boundary := named(storyBoundary, boundaryText)
	guardrails := func() policy.Guardrails {
		return policy.Guardrails{
			SCPs: [][]policy.Policy{{named("FullAWSAccess", fullAccessText)}, {named("scp-ou", fullAccessText)}},
			RCPs: [][]policy.Policy{{named("RCPFullAWSAccess", rcpAccessText)}},
		}
	}
	return policy.SecretAccess{
		Claims: policy.Claims{
			Issuer: storyIssuer, Subject: storySubject, Audience: []string{storyAudience},
			IssuedAt: storyTime.Add(-time.Hour), NotBefore: storyTime.Add(-time.Hour), Expiry: storyTime.Add(time.Hour),
		},
		Providers: []policy.OIDCProvider{{ARN: storyProvider, URL: storyIssuerName, ClientIDs: []string{storyAudience}}},
		Role: policy.Role{
			ARN: storyRole, UniqueID: "AROACURRENTROLEEXAMPL", Trust: policy.MustParse(trustText),
			Policies: []policy.Policy{named(readPolicy, readText), named(decryptPolicy, decryptText)},
			Boundary: &boundary,
		},
		SessionName: "testapp",
		Region:      "eu-west-1",
		Secret:      policy.Secret{ARN: storySecret, Policy: policy.MustParse(secretText), KeyARN: storyKey},
		Key:         policy.Key{ARN: storyKey, Policy: policy.MustParse(keyText)},
		Guardrails: map[string]policy.Guardrails{
			roleAccount: guardrails(), secretAccount: guardrails(), keyAccount: guardrails(),
		},
		Time: storyTime,
	}
}

// edited returns the document with a piece of its JSON replaced, as a slip of
// the hand would. A mutation that finds nothing to replace tests nothing.
func edited(text, from, to string) *policy.Document {
	if !strings.Contains(text, from) {
		panic("nothing to replace: " + from)
	}
	return policy.MustParse(strings.ReplaceAll(text, from, to))
}

// document finds the document that a fault is about, nil if it is none of
// a's.
func document(a *policy.SecretAccess, f policy.Fault) **policy.Document {
	switch f.Kind {
	case policy.TrustPolicy:
		return &a.Role.Trust
	case policy.ResourcePolicy:
		return &a.Secret.Policy
	case policy.KeyPolicy:
		return &a.Key.Policy
	case policy.IdentityPolicy:
		if p := findPolicy(a.Role.Policies, f.Document); p != nil {
			return p
		}
		a.Role.Policies = append(a.Role.Policies, policy.Policy{Name: f.Document})
		return &a.Role.Policies[len(a.Role.Policies)-1].Document
	case policy.PermissionsBoundary:
		return &a.Role.Boundary.Document
	case policy.SessionPolicy:
		return findPolicy(a.Session, f.Document)
	case policy.EndpointPolicy:
		return findPolicy(a.Endpoint, f.Document)
	case policy.ServiceControlPolicy:
		for _, level := range a.Guardrails[f.Account].SCPs {
			if p := findPolicy(level, f.Document); p != nil {
				return p
			}
		}
	}
	return nil
}

func findPolicy(policies []policy.Policy, name string) **policy.Document {
	for i := range policies {
		if policies[i].Name == name {
			return &policies[i].Document
		}
	}
	return nil
}
