package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// A login that may fall into a rotation. Only the function knows what the
// database says to a wrong password; it says so with Rejected.
func ExampleUse() {
	ctx := context.Background()
	login, done := exampleLogin(ctx)
	defer done()

	err := secrets.Use(ctx, login, func(l secrets.Login) error {
		err := connect(l.Addr(), l.Username, l.Password.Reveal())
		if errors.Is(err, errWrongPassword) {
			return secrets.Rejected(err)
		}
		return err
	})
	fmt.Println(err)
	// Output:
	// connected to db.example:5432 as app
	// <nil>
}

// The errors of one's own driver, told in one place; and no waiting.
func ExampleUseWith() {
	ctx := context.Background()
	login, done := exampleLogin(ctx)
	defer done()

	config := secrets.UseConfig{
		Rejected: func(err error) bool { return errors.Is(err, errWrongPassword) },
		Budget:   -1,
	}
	err := secrets.UseWith(ctx, login, config, func(l secrets.Login) error {
		return connect(l.Addr(), l.Username, "something else")
	})
	if rejected, ok := errors.AsType[*secrets.RejectedError](err); ok {
		for _, a := range rejected.Attempts {
			fmt.Println(a.Stage, a.Version, errors.Is(a.Err, secrets.ErrNotFound))
		}
	}
	// Output:
	// AWSCURRENT a1b2c3d4-5678-90ab-cdef-EXAMPLE11111 false
	// AWSPENDING  true
	// AWSPREVIOUS  true
}

func exampleLogin(ctx context.Context) (*secrets.Handle[secrets.Login], func()) {
	podConfig, done := examplePod(exampleDatabase())
	cfg, err := credentials.LoadConfig(ctx, podConfig)
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
	return login, func() {
		if err := errors.Join(login.Close(), store.Close()); err != nil {
			log.Fatal(err)
		}
		done()
	}
}
