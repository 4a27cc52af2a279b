package main

import (
	"context"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials"
)

// cache is a way to keep credentials.
type cache struct {
	name string
	// open makes a pod's provider and what ends it.
	open func(context.Context, credentials.Config) (aws.CredentialsProvider, io.Closer, error)
}

// caches are the ways that are compared.
var caches = []cache{
	{"this library", openOurs},
	{"aws.CredentialsCache", openSDK},
}

func openOurs(ctx context.Context, cfg credentials.Config) (aws.CredentialsProvider, io.Closer, error) {
	p, err := credentials.New(ctx, cfg)
	return p, p, err
}

// openSDK is what config.LoadDefaultConfig makes of the same settings.
func openSDK(_ context.Context, cfg credentials.Config) (aws.CredentialsProvider, io.Closer, error) {
	client := sts.New(sts.Options{Region: cfg.Region, HTTPClient: cfg.HTTPClient})
	provider := stscreds.NewWebIdentityRoleProvider(client, cfg.RoleARN, stscreds.IdentityTokenFile(cfg.TokenFile))
	return aws.NewCredentialsCache(provider), io.NopCloser(nil), nil
}
