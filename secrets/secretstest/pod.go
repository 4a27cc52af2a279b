package secretstest

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// Pod says as which pod to run. Except for Dir, zero fields are those of the pod
// in [Story].
type Pod struct {
	// Dir is where the projected token is written, such as t.TempDir().
	Dir string
	// Token describes the projected token.
	Token credentialstest.TokenRequest
	// RoleARN is the role that the pod's service account is annotated with.
	RoleARN string
	// Region is the cluster's Region.
	Region string
}

// CredentialsConfig mints a token, writes it under p.Dir as the kubelet does,
// and returns what the environment of the pod would tell package credentials.
func (a *AWS) CredentialsConfig(p Pod) (credentials.Config, error) {
	if p.Dir == "" {
		return credentials.Config{}, errors.New("secretstest: Pod.Dir is empty: it says where the token is written")
	}
	p.Token.Namespace = cmp.Or(p.Token.Namespace, StoryNamespace)
	p.Token.ServiceAccount = cmp.Or(p.Token.ServiceAccount, StoryServiceAccount)
	token, err := a.Token(p.Token)
	if err != nil {
		return credentials.Config{}, fmt.Errorf("secretstest: %w", err)
	}
	file, err := credentialstest.NewTokenFile(p.Dir, token)
	if err != nil {
		return credentials.Config{}, fmt.Errorf("secretstest: %w", err)
	}
	return credentials.Config{
		Region:     cmp.Or(p.Region, StoryRegion),
		RoleARN:    cmp.Or(p.RoleARN, StoryRoleARN),
		TokenFile:  file.Path(),
		HTTPClient: a.HTTPClient(),
	}, nil
}

// LoadConfig returns an aws.Config as code in the pod would load it, from
// [AWS.CredentialsConfig]: the credentials come from the token through the
// fake's STS when they are first needed, and no call is made before.
//
// The provider in it refreshes them until it is closed; credentials.FromConfig
// finds it.
func (a *AWS) LoadConfig(ctx context.Context, p Pod) (aws.Config, error) {
	cfg, err := a.CredentialsConfig(p)
	if err != nil {
		return aws.Config{}, err
	}
	return credentials.LoadConfig(ctx, cfg)
}
