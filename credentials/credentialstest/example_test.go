package credentialstest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

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

// newPod makes the pod of the examples below; a test would use t.TempDir().
func newPod(opts *credentialstest.PodOptions) (*credentialstest.Pod, func()) {
	dir, err := os.MkdirTemp("", "pod")
	if err != nil {
		log.Fatal(err)
	}
	pod, err := credentialstest.NewPod(dir, opts)
	if err != nil {
		log.Fatal(err)
	}
	return pod, func() { os.RemoveAll(dir) }
}

// STS throttles the first call, the connection of the second breaks, and the
// program under test gets its credentials all the same.
func ExampleAWS_Inject() {
	pod, remove := newPod(nil)
	defer remove()
	webIdentity := credentialstest.When{Operation: "AssumeRoleWithWebIdentity", Times: 1}
	pod.AWS.Inject(webIdentity, credentialstest.Throttled())
	pod.AWS.Inject(webIdentity, credentialstest.ConnectionReset())

	ctx := context.Background()
	provider, err := credentials.New(ctx, pod.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer provider.Close()
	_, err = provider.Retrieve(ctx)
	fmt.Println("error:", err)
	for _, call := range pod.AWS.Calls() {
		fmt.Printf("%s fault=%v code=%q\n", call.Operation, call.Fault, call.ErrorCode)
	}
	// Output:
	// error: <nil>
	// AssumeRoleWithWebIdentity fault=true code="Throttling"
	// AssumeRoleWithWebIdentity fault=true code=""
	// AssumeRoleWithWebIdentity fault=false code=""
}

// A function decides: every role of one account is denied.
func ExampleAWS_InjectFunc() {
	pod, remove := newPod(nil)
	defer remove()
	pod.AWS.InjectFunc(func(c credentialstest.Call) credentialstest.Fault {
		if strings.HasPrefix(c.Resource, "arn:aws:iam::111122223333:") {
			return credentialstest.Denied()
		}
		return credentialstest.Fault{}
	})
	ctx := context.Background()
	provider, err := credentials.New(ctx, pod.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer provider.Close()
	_, err = provider.Retrieve(ctx)
	fmt.Println(errors.Is(err, credentials.ErrDenied))
	// Output:
	// true
}

// The environment of a pod with EKS Pod Identity.
func ExamplePod_Environ() {
	pod, remove := newPod(&credentialstest.PodOptions{PodIdentity: true})
	defer remove()
	fmt.Println(pod.Environ()["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
	// Output:
	// http://169.254.170.23/v1/credentials
}

// A node whose metadata service answers, for a program that runs as the node.
func ExampleAWS_NewIMDS() {
	aws, err := credentialstest.New(credentialstest.PodWorld())
	if err != nil {
		log.Fatal(err)
	}
	node := aws.NewIMDS(credentialstest.Node{RoleARN: credentialstest.NodeRoleARN})
	metadata := imds.New(imds.Options{HTTPClient: node.HTTPClient()})
	info, err := metadata.GetInstanceIdentityDocument(context.Background(), nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(info.AccountID, info.Region)
	// Output:
	// 111122223333 eu-west-1
}
