package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// The settings that matter most: how old a value may get before a read has it
// fetched behind its back, and how old while AWS cannot be reached.
func ExampleConfig() {
	cfg, fake, done := exampleAWS(secretstest.Story())
	defer done()
	ctx := context.Background()

	store, err := secrets.New(ctx, cfg, secrets.Config{
		TTL:      10 * time.Minute,
		MaxStale: 6 * time.Hour,
		Preload:  []string{"appsecret", "ssm:/testapp/loglevel", "ssm:/testapp/apikey"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	for _, c := range fake.Calls() {
		if c.Service != "kms" { // what the services ask on the pod's behalf
			fmt.Println(c.Service, c.Operation)
		}
	}
	// Unordered output:
	// sts AssumeRoleWithWebIdentity
	// secretsmanager GetSecretValue
	// ssm GetParameters
}

// Another account's secret through a role of that account. All reads there share
// one session, and go out in batches.
func ExampleConfig_roles() {
	const account = secretstest.StorySecretAccount
	world := secretstest.Story()
	exampleReader(&world, account)
	cfg, _, done := exampleAWS(world)
	defer done()
	ctx := context.Background()

	store, err := secrets.New(ctx, cfg, secrets.Config{
		Roles: map[string]credentials.Hop{
			account: {RoleARN: "arn:aws:iam::222233334444:role/reader", ExternalID: "x-42"},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	value, err := store.Get(ctx, "arn:aws:secretsmanager:eu-west-1:222233334444:secret:prod/db")
	fmt.Println(value.Name(), err)
	for _, session := range store.Stats().Sessions {
		fmt.Println(session.RoleARN)
	}
	// Output:
	// prod/db <nil>
	// arn:aws:iam::222233334444:role/reader
}

// A secret whose own Region does not answer is read from a replica.
func ExampleConfig_replicaRegions() {
	world := secretstest.Story()
	own := world.Account(secretstest.StoryClusterAccount)
	own.Role("pod-role").Policies[2].Document.Statements[0].Resource = policy.Strings("*")
	replica := own.Secrets[0]
	replica.Region = "eu-central-1"
	own.Secrets = append(own.Secrets, replica)
	cfg, fake, done := exampleAWS(world)
	defer done()
	ctx := context.Background()

	store, err := secrets.New(ctx, cfg, secrets.Config{ReplicaRegions: []string{"eu-central-1"}, Timeout: 2 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	fake.Inject(credentialstest.When{Service: "secretsmanager", Region: "eu-west-1"}, credentialstest.Hanging())
	value, err := store.Get(ctx, "appsecret")
	fmt.Println(value.ARN(), err)
	// Output:
	// arn:aws:secretsmanager:eu-central-1:111122223333:secret:appsecret-GhIjKl <nil>
}

// What the Store has asked of AWS, and about what that costs.
func ExampleStore_Stats() {
	cfg, _, done := exampleAWS(secretstest.Story())
	defer done()
	ctx := context.Background()
	store, err := secrets.New(ctx, cfg, secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	if _, err := store.GetAll(ctx, "appsecret", "ssm:/testapp/loglevel", "ssm:/testapp/apikey"); err != nil {
		log.Fatal(err)
	}
	for range 1000 {
		if _, err := store.Get(ctx, "appsecret"); err != nil {
			log.Fatal(err)
		}
	}
	stats := store.Stats()
	fmt.Println(stats.Entries, "secrets,", stats.Calls.SecretsManager, "and", stats.Calls.ParameterStore, "calls")
	fmt.Printf("$%.6f\n", stats.Calls.Cost())
	// Output:
	// 3 secrets, 1 and 1 calls
	// $0.000005
}

// A secret that the application holds itself, encrypted by KMS.
func ExampleDecrypter() {
	cfg, _, done := exampleAWS(secretstest.Story())
	defer done()
	ctx := context.Background()
	encryption := map[string]string{"app": "testapp"}
	encrypted, err := kms.NewFromConfig(cfg).Encrypt(ctx, &kms.EncryptInput{
		KeyId: aws.String(secretstest.StoryAppKeyARN), EncryptionContext: encryption, Plaintext: []byte("licence"),
	})
	if err != nil {
		log.Fatal(err)
	}

	decrypter, err := secrets.NewDecrypter(cfg, secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer decrypter.Close()
	ciphertext := secrets.Ciphertext{KeyID: secretstest.StoryAppKeyARN, Context: encryption, Blob: encrypted.CiphertextBlob}
	value, err := decrypter.Decrypt(ctx, ciphertext)
	fmt.Println(value.Reveal(), err)

	ciphertext.Context = nil // KMS wants it to the letter
	_, err = decrypter.Decrypt(ctx, ciphertext)
	fmt.Println(errors.Is(err, secrets.ErrDecryption))
	// Output:
	// licence <nil>
	// true
}

// exampleReader gives an account a secret and a role that may read it, for the
// story's pod to assume.
func exampleReader(w *secretstest.World, account string) {
	theirs := w.Account(account)
	theirs.Secrets = append(theirs.Secrets, secretstest.Secret{
		Name: "prod/db", Region: secretstest.StoryRegion, Suffix: "DbDbDb",
		Versions: []secretstest.Version{{String: aws.String(`{"username":"app","password":"x"}`)}},
	})
	theirs.Roles = append(theirs.Roles, credentialstest.Role{
		Name: "reader",
		Trust: policy.MustParse(`{"Version": "2012-10-17", "Statement": [{
			"Effect": "Allow", "Principal": {"AWS": "` + secretstest.StoryRoleARN + `"}, "Action": "sts:AssumeRole",
			"Condition": {"StringEquals": {"sts:ExternalId": "x-42"}}}]}`),
		Policies: []credentialstest.Policy{{Name: "read", Document: policy.MustParse(`{"Version": "2012-10-17", "Statement": [{
			"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]}`)}},
	})
	pod := w.Account(secretstest.StoryClusterAccount).Role("pod-role")
	pod.Boundary = nil
	pod.Policies = append(pod.Policies, credentialstest.Policy{Name: "hop", Document: policy.MustParse(`{
		"Version": "2012-10-17", "Statement": [{
			"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::` + account + `:role/reader"}]}`)})
}
