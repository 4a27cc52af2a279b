package credentialstest_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"os"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
)

func ExampleNewPod() {
	dir, err := os.MkdirTemp("", "pod") // t.TempDir() in a test
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	pod, err := credentialstest.NewPod(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	cfg, err := credentials.LoadConfig(ctx, pod.Config())
	if err != nil {
		log.Fatal(err)
	}
	creds, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("account", creds.AccountID)
	for _, call := range pod.AWS.Calls() {
		fmt.Println(call.Service, call.Operation, call.Region)
	}
	// Output:
	// account 111122223333
	// sts AssumeRoleWithWebIdentity eu-west-1
}

// A world of one's own, served on a port for SDKs in other processes.
func ExampleNew() {
	const issuer = "https://oidc.example/id/1"
	aws, err := credentialstest.New(credentialstest.World{
		Clusters: []credentialstest.Cluster{{Name: "test", Issuer: issuer}},
		Accounts: []credentialstest.Account{{
			ID:            "111122223333",
			OIDCProviders: []credentialstest.Provider{{URL: issuer}},
			Roles: []credentialstest.Role{{
				Name: "reader",
				Trust: policy.MustParse(`{"Version": "2012-10-17", "Statement": [{
					"Effect": "Allow",
					"Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.example/id/1"},
					"Action": "sts:AssumeRoleWithWebIdentity",
					"Condition": {"StringLike": {"oidc.example/id/1:sub": "system:serviceaccount:*:reader"}}
				}]}`),
			}},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(aws.Handler())
	defer server.Close()
	os.Setenv("AWS_ENDPOINT_URL", server.URL)
	defer os.Unsetenv("AWS_ENDPOINT_URL")

	dir, err := os.MkdirTemp("", "pod")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	token, err := aws.Token(credentialstest.TokenRequest{Namespace: "any", ServiceAccount: "reader"})
	if err != nil {
		log.Fatal(err)
	}
	file, err := credentialstest.NewTokenFile(dir, token)
	if err != nil {
		log.Fatal(err)
	}
	provider, err := credentials.New(context.Background(), credentials.Config{
		Region:    "eu-west-1",
		RoleARN:   "arn:aws:iam::111122223333:role/reader",
		TokenFile: file.Path(),
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := provider.Retrieve(context.Background()); err != nil {
		log.Fatal(err)
	}
	id, _ := provider.Identity()
	fmt.Println(id.ARN)
	// Output:
	// arn:aws:sts::111122223333:assumed-role/reader/any.reader
}
