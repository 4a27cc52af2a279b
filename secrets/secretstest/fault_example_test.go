package secretstest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// An outage in the middle of a test: what is held goes on being served, and the
// Store says so.
func ExampleAWS_Inject() {
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
	cfg.RetryMaxAttempts = 1
	store, err := secrets.New(ctx, cfg, secrets.Config{Preload: []string{secretstest.StorySecretARN}})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	mend := fake.Inject(credentialstest.When{Service: "secretsmanager"}, credentialstest.Unavailable())
	_, err = store.Refresh(ctx, secretstest.StorySecretARN)
	fmt.Println("down:  ", errors.Is(err, secrets.ErrUnavailable))
	value, err := store.Get(ctx, secretstest.StorySecretARN)
	status, _ := store.Status(secretstest.StorySecretARN)
	fmt.Println("served:", value.Reveal() == secretstest.StorySecretString, err, status.State)

	mend()
	fmt.Println("calls: ", fake.CallCount("secretsmanager", "GetSecretValue"))
	// Output:
	// down:   true
	// served: true <nil> stale
	// calls:  2
}
