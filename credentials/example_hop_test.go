package credentials_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
)

// A pod goes on to a role of another account, which asks for an external id,
// and takes no other identity than that one.
func ExampleHop() {
	const reader = "arn:aws:iam::222233334444:role/reader"
	world := credentialstest.PodWorld()
	world.Accounts[0].Roles[0].Policies = []credentialstest.Policy{{Name: "hop", Document: policy.MustParse(`{
		"Version": "2012-10-17",
		"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "` + reader + `"}]
	}`)}}
	world.Accounts = append(world.Accounts, credentialstest.Account{ID: "222233334444", Roles: []credentialstest.Role{{
		Name: "reader",
		Trust: policy.MustParse(`{
			"Version": "2012-10-17",
			"Statement": [{
				"Effect": "Allow",
				"Principal": {"AWS": "` + credentialstest.PodRoleARN + `"},
				"Action": "sts:AssumeRole",
				"Condition": {"StringEquals": {"sts:ExternalId": "tenant-7"}}
			}]
		}`),
	}}})
	dir, err := os.MkdirTemp("", "pod")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	pod, err := credentialstest.NewPod(dir, &credentialstest.PodOptions{World: &world})
	if err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	cfg := pod.Config() // on EKS: credentials.Config{}
	cfg.Hops = []credentials.Hop{{RoleARN: reader, ExternalID: "tenant-7"}}
	cfg.Expect = credentials.Expect{RoleARN: reader}
	provider, err := credentials.New(ctx, cfg)
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
	// is arn:aws:sts::222233334444:assumed-role/reader/testnamespace.testapp.testapp-0
}
