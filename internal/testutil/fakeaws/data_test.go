package fakeaws_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
)

// The three accounts: the pod's, the secret's, the key's.
const (
	region     = "eu-west-1"
	accountA   = "111122223333"
	accountB   = "222233334444"
	accountC   = "333344445555"
	podRole    = "arn:aws:iam::111122223333:role/pod-role"
	podSession = "arn:aws:sts::111122223333:assumed-role/pod-role/test"
	theSecret  = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
	theKey     = "arn:aws:kms:eu-west-1:333344445555:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	ownKeyID   = "aaaaaaaa-12ab-34cd-56ef-1234567890ab"
	ownKey     = "arn:aws:kms:eu-west-1:111122223333:key/" + ownKeyID
	otherKey   = "arn:aws:kms:eu-west-1:111122223333:key/bbbbbbbb-12ab-34cd-56ef-1234567890ab"
	offKey     = "arn:aws:kms:eu-west-1:111122223333:key/dddddddd-12ab-34cd-56ef-1234567890ab"
	ownSecret  = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"
	ownParam   = "arn:aws:ssm:eu-west-1:111122223333:parameter"
	// marker is in every value that must not show.
	marker = "hunter2"
)

const issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"

const trustPolicy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow",
	"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"},
	"Action":"sts:AssumeRoleWithWebIdentity"}}`

// podPolicy allows all that the tests read; they take away from it.
const podPolicy = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Action":["secretsmanager:GetSecretValue","secretsmanager:DescribeSecret"],"Resource":["` + theSecret + `","arn:aws:secretsmanager:*:111122223333:secret:*","arn:aws:secretsmanager:eu-west-1:222233334444:secret:default-key-AbCdEf"]},
	{"Effect":"Allow","Action":["secretsmanager:BatchGetSecretValue","secretsmanager:ListSecrets"],"Resource":"*"},
	{"Effect":"Allow","Action":"kms:Decrypt","Resource":"` + theKey + `"},
	{"Effect":"Allow","Action":"kms:*","Resource":"arn:aws:kms:*:111122223333:key/*"},
	{"Effect":"Allow","Action":"ssm:Get*","Resource":"arn:aws:ssm:*:111122223333:parameter/*"}]}`

const secretPolicy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow",
	"Principal":{"AWS":"` + podRole + `"},"Action":["secretsmanager:GetSecretValue","secretsmanager:DescribeSecret"],"Resource":"*"}}`

const keyPolicy = `{"Version":"2012-10-17","Statement":[
	{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::333344445555:root"},"Action":"kms:*","Resource":"*"},
	{"Effect":"Allow","Principal":{"AWS":"` + podRole + `"},"Action":"kms:Decrypt","Resource":"*",
	 "Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.eu-west-1.amazonaws.com",
		"kms:CallerAccount":"111122223333","kms:EncryptionContext:SecretARN":"` + theSecret + `"},
	 "ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["SecretARN","SecretVersionId"]}}}]}`

// dataWorld is the world of the tests of the services that hold data.
func dataWorld() *fakeaws.World {
	return &fakeaws.World{
		Seed:     1,
		Clusters: []*fakeaws.Cluster{{Name: "main", Account: accountA, Issuer: issuer}},
		Accounts: []*fakeaws.Account{
			{
				ID:            accountA,
				OIDCProviders: []fakeaws.OIDCProvider{{URL: issuer}},
				Roles: []*fakeaws.Role{{
					Name: "pod-role", Trust: policy.MustParse(trustPolicy),
					Policies: []fakeaws.NamedPolicy{{Name: "read", Document: policy.MustParse(podPolicy)}},
				}},
				Secrets:    ownSecrets(),
				Parameters: ownParameters(),
				Keys: []*fakeaws.Key{
					{ID: ownKeyID, Region: region, Aliases: []string{"alias/app"}},
					{ID: otherKey[len(otherKey)-36:], Region: region},
					{ID: offKey[len(offKey)-36:], Region: region, Disabled: true},
				},
			},
			{
				ID: accountB,
				Secrets: []*fakeaws.Secret{
					{
						Name: "testsecret", Suffix: "AbCdEf", Region: region, KeyID: theKey,
						Policy:   policy.MustParse(secretPolicy),
						Versions: []*fakeaws.Version{{String: new(marker)}},
					},
					{
						Name: "default-key", Suffix: "AbCdEf", Region: region,
						Policy:   policy.MustParse(secretPolicy),
						Versions: []*fakeaws.Version{{String: new(marker)}},
					},
				},
			},
			{
				ID:   accountC,
				Keys: []*fakeaws.Key{{ID: theKey[len(theKey)-36:], Region: region, Policy: policy.MustParse(keyPolicy)}},
			},
		},
	}
}

var deletedOn = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// The version ids of prod/db.
const (
	currentID  = "cccccccc-0000-4000-8000-000000000001"
	previousID = "cccccccc-0000-4000-8000-000000000002"
	pendingID  = "cccccccc-0000-4000-8000-000000000003"
)

func ownSecrets() []*fakeaws.Secret {
	return []*fakeaws.Secret{
		{
			Name: "prod/db", Suffix: "AbCdEf", Region: region, Tags: map[string]string{"team": "data", "app": "db"},
			Versions: []*fakeaws.Version{
				{ID: currentID, String: new("current " + marker), Stages: []string{"AWSCURRENT"}},
				{ID: previousID, String: new("previous " + marker), Stages: []string{"AWSPREVIOUS"}},
				{ID: pendingID, Stages: []string{"AWSPENDING"}},
			},
		},
		{Name: "binary", Suffix: "AbCdEf", Region: region, Versions: []*fakeaws.Version{{Binary: []byte{0, 1, 255}}}},
		{Name: "own-key", Suffix: "AbCdEf", Region: region, KeyID: ownKey, Versions: []*fakeaws.Version{{String: new(marker)}}},
		{Name: "disabled-key", Suffix: "AbCdEf", Region: region, KeyID: offKey, Versions: []*fakeaws.Version{{String: new(marker)}}},
		{Name: "lost-key", Suffix: "AbCdEf", Region: region, KeyID: ownKey[:len(ownKey)-36] + unknownKeyID, Versions: []*fakeaws.Version{{String: new(marker)}}},
		{Name: "my-secret", Suffix: "AbCdEf", Region: region, Versions: []*fakeaws.Version{{String: new(marker)}}},
		{
			Name: "deleted", Suffix: "AbCdEf", Region: region, DeletedDate: new(deletedOn),
			Versions: []*fakeaws.Version{{String: new(marker)}},
		},
	}
}

func ownParameters() []*fakeaws.Parameter {
	return []*fakeaws.Parameter{
		{Name: "/app/host", Region: region, Value: "localhost", Version: 3, Labels: []string{"live"}},
		{Name: "/app/hosts", Region: region, Type: "StringList", Value: "a,b"},
		{Name: "/app/db/password", Region: region, Type: "SecureString", Value: marker},
		{Name: "/app/db/own-key", Region: region, Type: "SecureString", Value: marker, KeyID: ownKey},
		{Name: "/sealed/c-key", Region: region, Type: "SecureString", Value: marker, KeyID: theKey},
		{Name: "/sealed/disabled", Region: region, Type: "SecureString", Value: marker, KeyID: offKey},
		{Name: "plain", Region: region, Value: "plain"},
	}
}

// fake is a running fake with the pod's credentials.
type fake struct {
	*fakeaws.AWS
	credentials aws.CredentialsProvider
}

// startData starts the world after the changes and assumes pod-role.
func startData(t *testing.T, change ...func(*fakeaws.World)) *fake {
	t.Helper()
	world := dataWorld()
	for _, f := range change {
		f(world)
	}
	description, err := json.Marshal(world)
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{}
	if f.AWS, err = fakeaws.New(description); err != nil {
		t.Fatal(err)
	}
	token, err := f.MintToken(fakeaws.TokenSpec{Namespace: "testnamespace", ServiceAccount: "testapp"})
	if err != nil {
		t.Fatal(err)
	}
	f.credentials = aws.AnonymousCredentials{}
	out, err := sts.NewFromConfig(f.config(region)).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: new(podRole), RoleSessionName: new("test"), WebIdentityToken: &token,
	})
	if err != nil {
		t.Fatal(err)
	}
	f.credentials = credentials.NewStaticCredentialsProvider(
		*out.Credentials.AccessKeyId, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
	return f
}

func (f *fake) config(region string) aws.Config {
	return aws.Config{
		Region:           region,
		Credentials:      f.credentials,
		HTTPClient:       &http.Client{Transport: f.Transport()},
		RetryMaxAttempts: 1,
	}
}

func (f *fake) secrets() *secretsmanager.Client {
	return secretsmanager.NewFromConfig(f.config(region))
}
func (f *fake) parameters() *ssm.Client { return ssm.NewFromConfig(f.config(region)) }
func (f *fake) keys() *kms.Client       { return kms.NewFromConfig(f.config(region)) }

// role changes pod-role's policy.
func role(document string) func(*fakeaws.World) {
	return func(w *fakeaws.World) { w.Accounts[0].Roles[0].Policies[0].Document = policy.MustParse(document) }
}

// allow is a policy of one statement.
func allow(actions, resources string) string {
	return `{"Version":"2012-10-17","Statement":[` + allowStatement(actions, resources) + `]}`
}

func allowStatement(actions, resources string) string {
	return `{"Effect":"Allow","Action":` + actions + `,"Resource":` + resources + `}`
}

// failure is an error as a client sees it.
type failure struct{ Code, Message string }

// failureOf is the service's error in err; zero if there is none.
func failureOf(err error) failure {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return failure{e.ErrorCode(), e.ErrorMessage()}
	}
	if err != nil {
		return failure{Message: err.Error()}
	}
	return failure{}
}

// denied is the refusal of pod-role.
func denied(action, resource, reason string) failure {
	return failure{"AccessDeniedException", "User: " + podSession + " is not authorized to perform: " + action +
		" on resource: " + resource + " " + reason}
}

const (
	noIdentity = "because no identity-based policy allows the "
	noResource = "because no resource-based policy allows the "
)
