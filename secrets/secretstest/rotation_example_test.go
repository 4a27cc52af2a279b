package secretstest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// A login in the middle of a rotation: the database has the new password, but
// AWSCURRENT is still the old one.
func ExampleAWS_Rotation() {
	ctx := context.Background()
	fake, login, done := exampleLogin(ctx)
	defer done()

	password := login.Value().Password.Reveal() // as the database has it
	rotation := fake.Rotation(secretstest.StorySecretARN, secretstest.RotationConfig{
		Set: func(_, pending string) error {
			var l struct{ Password string }
			err := json.Unmarshal([]byte(pending), &l)
			password = l.Password
			return err
		},
	})
	logIn := func() error {
		return secrets.Use(ctx, login, func(l secrets.Login) error {
			if l.Password.Reveal() != password {
				return secrets.Rejected(errors.New("password authentication failed"))
			}
			return nil
		})
	}

	if err := rotation.Until(secretstest.SetSecret); err != nil {
		log.Fatal(err)
	}
	fmt.Println("rotating: ", logIn())
	if err := rotation.Run(); err != nil { // the steps that are left
		log.Fatal(err)
	}
	fmt.Println("rotated:  ", logIn())
	// Output:
	// rotating:  <nil>
	// rotated:   <nil>
}

// exampleLogin opens the secret of the story.
func exampleLogin(ctx context.Context) (*secretstest.AWS, *secrets.Handle[secrets.Login], func()) {
	dir, err := os.MkdirTemp("", "pod")
	if err != nil {
		log.Fatal(err)
	}
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
	login, err := secrets.Open[secrets.Login](ctx, store, secretstest.StorySecretARN)
	if err != nil {
		log.Fatal(err)
	}
	return fake, login, func() {
		if err := errors.Join(login.Close(), store.Close(), os.RemoveAll(dir)); err != nil {
			log.Fatal(err)
		}
	}
}
