package secretstest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// A test of code that reads secrets: the fake, the configuration of a pod, and
// the code under test.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "pod") // t.TempDir() in a test
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	fake, err := secretstest.New(secretstest.Story())
	if err != nil {
		log.Fatal(err)
	}
	cfg, err := fake.LoadConfig(ctx, secretstest.Pod{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	store, err := secrets.New(ctx, cfg, secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	value, err := store.Get(ctx, secretstest.StorySecretARN)
	fmt.Println(value.Reveal() == secretstest.StorySecretString, err)
	for _, c := range fake.Calls() {
		fmt.Println(c.Service, c.Operation, "in account", c.Account)
	}
	// Output:
	// true <nil>
	// sts AssumeRoleWithWebIdentity in account 111122223333
	// secretsmanager GetSecretValue in account 222233334444
	// kms Decrypt in account 333344445555
}

// Any client of the SDK takes the configuration, and meets AWS's own refusals.
func ExampleAWS_LoadConfig() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "pod")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	world := secretstest.Story()
	world.Account(secretstest.StoryKeyAccount).Keys[0].Policy = nil // the default key policy
	fake, err := secretstest.New(world)
	if err != nil {
		log.Fatal(err)
	}
	cfg, err := fake.LoadConfig(ctx, secretstest.Pod{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	_, err = secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{
		SecretId: aws.String(secretstest.StorySecretARN),
	})
	fmt.Println(err != nil)
	for _, c := range fake.Calls() {
		if c.ErrorCode != "" {
			fmt.Println(c.Service, c.Operation, c.ErrorCode)
		}
	}
	// Output:
	// true
	// secretsmanager GetSecretValue AccessDeniedException
	// kms Decrypt AccessDeniedException
}

// A rotation, seen from the application.
func ExampleAWS_PutSecretValue() {
	fake, err := secretstest.New(secretstest.Story())
	if err != nil {
		log.Fatal(err)
	}
	_, err = fake.PutSecretValue(secretstest.StorySecretARN, secretstest.Version{
		ID:     "a1b2c3d4-5678-90ab-cdef-EXAMPLE33333",
		String: aws.String(`{"username":"app","password":"tr0ub4dor"}`),
	})
	fmt.Println(err)
	// Output:
	// <nil>
}

// The fake's own documents, asked offline.
func ExampleWorld_SecretAccess() {
	world := secretstest.Story()
	world.Account(secretstest.StorySecretAccount).Secrets[0].Policy = nil
	access, err := world.SecretAccess(storyClaims(), secretstest.StoryRoleARN, secretstest.StorySecretARN, secretstest.StoryRegion)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range access.Evaluate().Faults {
		fmt.Println(f.Kind, "in account", f.Account)
	}
	// Output:
	// resource-based policy in account 222233334444
}

// A world is data.
func ExampleWorld() {
	world := secretstest.World{Accounts: []secretstest.Account{{
		Secrets: []secretstest.Secret{{Name: "db", Region: "eu-west-1", Versions: []secretstest.Version{{String: aws.String("x")}}}},
	}}}
	world.Accounts[0].ID = "111122223333"
	text, err := json.Marshal(world.Accounts)
	fmt.Println(string(text), err)
	// Output:
	// [{"id":"111122223333","secrets":[{"name":"db","region":"eu-west-1","versions":[{"string":"x"}]}]}] <nil>
}
