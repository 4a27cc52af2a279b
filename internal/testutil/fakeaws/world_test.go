package fakeaws_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"go.uber.org/goleak"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

const (
	home        = "eu-west-1"
	mainIssuer  = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	otherIssuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/0000000000000000000000000000FFFF"
	appRole     = "arn:aws:iam::111122223333:role/apps/pod-role"
	hopRole     = "arn:aws:iam::222233334444:role/hop"

	userKey, userSecret = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

// identities is a world of two clusters and two accounts. The pod's role in A
// may assume a role in B, which wants an external id, and may do little else.
const identities = `{
  "clusters": [
    {"name": "main", "account": "111122223333", "issuer": "` + mainIssuer + `"},
    {"name": "other", "issuer": "` + otherIssuer + `", "algorithm": "RS256"}
  ],
  "accounts": [
    {
      "id": "111122223333",
      "oidcProviders": [{"url": "` + mainIssuer + `"}],
      "users": [{"name": "alice", "accessKeyId": "` + userKey + `", "secretAccessKey": "` + userSecret + `"}],
      "roles": [
        {
          "name": "pod-role", "path": "/apps/",
          "trustPolicy": {"Version": "2012-10-17", "Statement": [
            {
              "Effect": "Allow",
              "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},
              "Action": "sts:AssumeRoleWithWebIdentity",
              "Condition": {"StringEquals": {
                "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:aud": "sts.amazonaws.com",
                "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub": "system:serviceaccount:testnamespace:testapp"
              }}
            }
          ]},
          "policies": [{"name": "hop", "document": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], "Resource": "` + hopRole + `"},
            {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:open-AbCdEf"}
          ]}}]
        }
      ],
      "secrets": [
        {"name": "open", "region": "eu-west-1", "suffix": "AbCdEf", "versions": [{"string": "open sesame"}]},
        {"name": "shut", "region": "eu-west-1", "suffix": "AbCdEf", "versions": [{"string": "shut sesame"}]}
      ]
    },
    {
      "id": "222233334444",
      "roles": [
        {
          "name": "hop", "uniqueId": "AROAHOPHOPHOPHOPHOPHO", "maxSessionDuration": 7200,
          "trustPolicy": {"Version": "2012-10-17", "Statement": [
            {
              "Effect": "Allow",
              "Principal": {"AWS": "` + appRole + `"},
              "Action": "sts:AssumeRole",
              "Condition": {"StringEquals": {"sts:ExternalId": "4711"}}
            },
            {"Effect": "Allow", "Principal": {"AWS": "` + appRole + `"}, "Action": ["sts:TagSession", "sts:SetSourceIdentity"]}
          ]}
        }
      ]
    }
  ]
}`

// start makes a fake of the world.
func start(t *testing.T, world string) *fakeaws.AWS {
	t.Helper()
	fake, err := fakeaws.New([]byte(world))
	if err != nil {
		t.Fatal(err)
	}
	return fake
}

// mint makes a token for the service account of the pod's role.
func mint(t *testing.T, fake *fakeaws.AWS) string {
	t.Helper()
	return mintFor(t, fake, fakeaws.TokenSpec{})
}

// mintFor makes a token; an empty namespace is the pod's.
func mintFor(t *testing.T, fake *fakeaws.AWS, spec fakeaws.TokenSpec) string {
	t.Helper()
	if spec.Namespace == "" {
		spec.Namespace, spec.ServiceAccount, spec.Pod = "testnamespace", "testapp", "testapp-0"
	}
	token, err := fake.MintToken(spec)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// inMemory configures SDK clients to reach the fake without network.
func inMemory(fake *fakeaws.AWS) aws.Config {
	return aws.Config{
		Region:           home,
		HTTPClient:       &http.Client{Transport: fake.Transport()},
		Credentials:      aws.AnonymousCredentials{},
		RetryMaxAttempts: 1,
	}
}

// loopback configures SDK clients to reach the fake over a listener.
func loopback(t *testing.T, fake *fakeaws.AWS) aws.Config {
	t.Helper()
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	cfg := inMemory(fake)
	cfg.HTTPClient = server.Client()
	cfg.BaseEndpoint = &server.URL
	return cfg
}

// with returns the configuration with static credentials.
func with(cfg aws.Config, id, secret, token string) aws.Config {
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}, nil
	})
	return cfg
}

// exchange turns a token into the session of the pod's role.
func exchange(t *testing.T, cfg aws.Config, token string) aws.Config {
	t.Helper()
	out, err := sts.NewFromConfig(cfg).AssumeRoleWithWebIdentity(t.Context(), webIdentity(token))
	if err != nil {
		t.Fatal(err)
	}
	return with(cfg, *out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
}

func webIdentity(token string) *sts.AssumeRoleWithWebIdentityInput {
	return &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: new(appRole), RoleSessionName: new("testapp"), WebIdentityToken: &token,
	}
}
