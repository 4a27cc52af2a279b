package secretstest

import (
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
)

// What the world of [Story] holds.
const (
	StoryRegion         = "eu-west-1"
	StoryIssuer         = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	StoryClusterAccount = "111122223333"
	StorySecretAccount  = "222233334444"
	StoryKeyAccount     = "333344445555"
	StoryNamespace      = "testnamespace"
	StoryServiceAccount = "testapp"
	StoryRoleARN        = "arn:aws:iam::111122223333:role/pod-role"
	StoryRoleID         = "AROADBQP57FF2AEXAMPLE"
	StorySecretARN      = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
	StorySecretString   = `{"username":"app","password":"correct-horse-battery-staple"}`
	StoryKeyARN         = "arn:aws:kms:eu-west-1:333344445555:key/1234abcd-12ab-34cd-56ef-1234567890ab"

	// The cluster account has a few things of its own, which the pod may use
	// by name.
	StoryAppSecretName        = "appsecret"
	StoryAppSecretARN         = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:appsecret-GhIjKl"
	StoryParameterName        = "/testapp/loglevel"
	StoryParameterValue       = "info"
	StorySecureParameterName  = "/testapp/apikey"
	StorySecureParameterValue = "a-very-secret-api-key"
	StoryAppKeyAlias          = "alias/testapp"
	StoryAppKeyARN            = "arn:aws:kms:eu-west-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
)

// Story returns the three-account world of the documentation: the pod
// testnamespace/testapp in account A, its secret in B, the secret's key in C.
// The constants name what is in it. Each call returns a world of its own, to
// change at will.
//
// One trust and four grants let the pod read the secret: the trust policy of
// pod-role; its inline policies read-secret and decrypt-secret; the secret's
// resource policy; the key's policy. A permissions boundary and a service
// control policy stand above them and allow it. The pod may also describe the
// secret: it need not to read it, but so it can tell which key refuses.
func Story() World {
	return World{
		Clusters: []credentialstest.Cluster{{
			Name:    "testcluster",
			Account: StoryClusterAccount,
			Issuer:  StoryIssuer,
		}},
		Accounts: []Account{storyClusterAccount(), storySecretAccount(), storyKeyAccount()},
	}
}

func storyClusterAccount() Account {
	return Account{
		Account: credentialstest.Account{
			ID: StoryClusterAccount,
			OIDCProviders: []credentialstest.Provider{{
				URL:       StoryIssuer,
				ClientIDs: []string{"sts.amazonaws.com"},
			}},
			Roles: []credentialstest.Role{storyRole()},
			SCPs: [][]credentialstest.Policy{{{
				Name:     "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess",
				Document: policy.MustParse(fullAWSAccess),
			}}},
		},
		Secrets: []Secret{{
			Name:     StoryAppSecretName,
			Region:   StoryRegion,
			Suffix:   "GhIjKl",
			Versions: []Version{{ID: "a1b2c3d4-5678-90ab-cdef-EXAMPLE22222", String: new("session-signing-key")}},
		}},
		Parameters: []Parameter{
			{Name: StoryParameterName, Region: StoryRegion, Value: StoryParameterValue},
			{Name: StorySecureParameterName, Region: StoryRegion, Type: "SecureString", Value: StorySecureParameterValue},
		},
		Keys: []Key{{
			ID:      "0987dcba-09fe-87dc-65ba-ab0987654321",
			Region:  StoryRegion,
			Aliases: []string{StoryAppKeyAlias},
		}},
	}
}

func storyRole() credentialstest.Role {
	return credentialstest.Role{
		Name:     "pod-role",
		UniqueID: StoryRoleID,
		Trust:    policy.MustParse(podRoleTrust),
		Policies: []credentialstest.Policy{
			{Name: "read-secret", Document: policy.MustParse(readSecret)},
			{Name: "decrypt-secret", Document: policy.MustParse(decryptSecret)},
			{Name: "own-account", Document: policy.MustParse(ownAccount)},
		},
		Boundary: &credentialstest.Policy{
			Name:     "arn:aws:iam::111122223333:policy/app-boundary",
			Document: policy.MustParse(appBoundary),
		},
	}
}

func storySecretAccount() Account {
	return Account{
		Account: credentialstest.Account{ID: StorySecretAccount},
		Secrets: []Secret{{
			Name:     "testsecret",
			Region:   StoryRegion,
			Suffix:   "AbCdEf",
			KeyID:    StoryKeyARN,
			Policy:   policy.MustParse(secretPolicy),
			Versions: []Version{{ID: "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111", String: new(StorySecretString)}},
		}},
	}
}

func storyKeyAccount() Account {
	return Account{
		Account: credentialstest.Account{ID: StoryKeyAccount},
		Keys: []Key{{
			ID:     "1234abcd-12ab-34cd-56ef-1234567890ab",
			Region: StoryRegion,
			Policy: policy.MustParse(keyPolicy),
		}},
	}
}

// The documents, as one would paste them into the IAM console.
const (
	podRoleTrust = `{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {"StringEquals": {
      "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:aud": "sts.amazonaws.com",
      "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub": "system:serviceaccount:testnamespace:testapp"
    }}
  }]
}`
	readSecret = `{
  "Version": "2012-10-17",
  "Statement": [{
    "Sid": "ReadSecret",
    "Effect": "Allow",
    "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
    "Resource": "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
  }]
}`
	decryptSecret = `{
  "Version": "2012-10-17",
  "Statement": [{
    "Sid": "DecryptSecret",
    "Effect": "Allow",
    "Action": "kms:Decrypt",
    "Resource": "arn:aws:kms:eu-west-1:333344445555:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
  }]
}`
	ownAccount = `{
  "Version": "2012-10-17",
  "Statement": [{
    "Sid": "ReadOwnSecret",
    "Effect": "Allow",
    "Action": "secretsmanager:GetSecretValue",
    "Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:appsecret-GhIjKl"
  }, {
    "Sid": "ReadOwnParameters",
    "Effect": "Allow",
    "Action": ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
    "Resource": ["arn:aws:ssm:eu-west-1:111122223333:parameter/testapp", "arn:aws:ssm:eu-west-1:111122223333:parameter/testapp/*"]
  }, {
    "Sid": "UseOwnKey",
    "Effect": "Allow",
    "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
    "Resource": "arn:aws:kms:eu-west-1:111122223333:key/0987dcba-09fe-87dc-65ba-ab0987654321"
  }]
}`
	appBoundary = `{
  "Version": "2012-10-17",
  "Statement": [{
    "Sid": "AppsUseSecretsAndKeys",
    "Effect": "Allow",
    "Action": ["secretsmanager:*", "ssm:GetParameter*", "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey", "kms:DescribeKey"],
    "Resource": "*"
  }]
}`
	fullAWSAccess = `{
  "Version": "2012-10-17",
  "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
}`
	secretPolicy = `{
  "Version": "2012-10-17",
  "Statement": [{
    "Sid": "AllowPodRole",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:role/pod-role"},
    "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
    "Resource": "*"
  }]
}`
	keyPolicy = `{
  "Version": "2012-10-17",
  "Statement": [{
    "Sid": "EnableIAMPolicies",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::333344445555:root"},
    "Action": "kms:*",
    "Resource": "*"
  }, {
    "Sid": "AllowPodRoleThroughSecretsManager",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::111122223333:role/pod-role"},
    "Action": "kms:Decrypt",
    "Resource": "*",
    "Condition": {"StringEquals": {
      "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com",
      "kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
    }}
  }]
}`
)
