package credentials_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// A pod learns who it is. On EKS, credentials.Config{} takes the place of
// pod.Config().
func Example() {
	dir, err := os.MkdirTemp("", "pod")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	pod, err := credentialstest.NewPod(dir, nil)
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	provider, err := credentials.New(ctx, pod.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer provider.Close()
	if _, err := provider.Retrieve(ctx); err != nil {
		log.Fatal(err)
	}
	id, _ := provider.Identity()
	fmt.Println(id.Subject)
	fmt.Println("is", id.ARN)
	// Output:
	// system:serviceaccount:testnamespace:testapp
	// is arn:aws:sts::111122223333:assumed-role/pod-role/testnamespace.testapp.testapp-0
}

func ExampleLoadConfig() {
	dir, err := os.MkdirTemp("", "pod")
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
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(aws.ToString(out.Account), aws.ToString(out.Arn))
	// Output:
	// 111122223333 arn:aws:sts::111122223333:assumed-role/pod-role/testnamespace.testapp.testapp-0
}

// A role that does not trust the service account: the error says which document
// of which account lacks which statement.
func ExampleAssumeRoleError() {
	dir, err := os.MkdirTemp("", "pod")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	pod, err := credentialstest.NewPod(dir, &credentialstest.PodOptions{
		Token: credentialstest.TokenRequest{ServiceAccount: "newapp"},
	})
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	provider, err := credentials.New(ctx, pod.Config())
	if err != nil {
		log.Fatal(err)
	}
	defer provider.Close()
	_, err = provider.Retrieve(ctx)
	if e, ok := errors.AsType[*credentials.AssumeRoleError](err); ok && errors.Is(err, credentials.ErrDenied) {
		fmt.Println(e.Code, "in account", e.Fault.Account)
		fmt.Println("change the", e.Fault.Kind, "of", e.Fault.Document)
		fmt.Println(e.Fault.Statement)
	}
	// Output:
	// AccessDenied in account 111122223333
	// change the role trust policy of arn:aws:iam::111122223333:role/pod-role
	// {
	//   "Effect": "Allow",
	//   "Principal": {
	//     "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	//   },
	//   "Action": "sts:AssumeRoleWithWebIdentity",
	//   "Condition": {
	//     "StringEquals": {
	//       "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:aud": "sts.amazonaws.com",
	//       "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub": "system:serviceaccount:testnamespace:newapp"
	//     }
	//   }
	// }
}
