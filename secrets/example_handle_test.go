package secrets_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"log"
	"sync/atomic"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// exampleStore stands in for secrets.New(ctx, cfg, secrets.Config{}).
func exampleStore() (*secrets.Store, *secretstest.Source) {
	source := secretstest.NewSource(map[string]string{
		"prod/db":      `{"engine":"postgres","username":"app","password":"first","host":"db.example","port":5432,"dbname":"orders"}`,
		"prod/signing": "first key",
	})
	store, err := secrets.NewWithSource(context.Background(), source, secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	return store, source
}

// A typed handle: decoded once, read by one atomic load, always up to date.
func ExampleOpen() {
	store, _ := exampleStore()
	defer store.Close()
	ctx := context.Background()

	login, err := secrets.Open[secrets.Login](ctx, store, "prod/db")
	if err != nil {
		log.Fatal(err)
	}
	defer login.Close()
	password, err := secrets.Open[string](ctx, store, "prod/db#password")
	if err != nil {
		log.Fatal(err)
	}
	defer password.Close()

	fmt.Println(login.Value()) // as often as need be
	fmt.Println(len(password.Value()), "bytes, version", password.Version())
	// Output:
	// app@db.example:5432/orders
	// 5 bytes, version version-1
}

// A handle that decodes by a function of its own.
func ExampleOpenFunc() {
	store, _ := exampleStore()
	defer store.Close()

	signer, err := secrets.OpenFunc(context.Background(), store, "prod/signing", func(v secrets.Value) (func() hash.Hash, error) {
		key := v.RevealBytes()
		if len(key) < 8 {
			return nil, errors.New("the key is too short")
		}
		return func() hash.Hash { return hmac.New(sha256.New, key) }, nil
	})
	if err != nil {
		log.Fatal(err)
	}
	defer signer.Close()
	fmt.Println(signer.Value()().Size(), "bytes of signature")
	// Output:
	// 32 bytes of signature
}

// What a refusal does to a handle: the secret is no longer given out.
func ExampleHandle_Load() {
	store, source := exampleStore()
	defer store.Close()
	ctx := context.Background()

	password, err := secrets.Open[string](ctx, store, "prod/db#password")
	if err != nil {
		log.Fatal(err)
	}
	defer password.Close()
	source.Fail("prod/db", secrets.ErrDenied)
	_, _ = store.Refresh(ctx, "prod/db") // or when the TTL has passed
	<-password.Updated()

	_, err = password.Load()
	fmt.Printf("%q %t\n", password.Value(), errors.Is(err, secrets.ErrDenied))
	// Output:
	// "" true
}

// Every version of a secret, as it comes.
func ExampleWatch() {
	store, source := exampleStore()
	defer store.Close()
	ctx := context.Background()

	for value, err := range secrets.Watch(ctx, store, "prod/signing") {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(value.Version(), value)
		if value.Version() == "version-2" {
			break
		}
		source.Put("prod/signing", "second key")
		if _, err := store.Refresh(ctx, "prod/signing"); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// version-1 [redacted]
	// version-2 [redacted]
}

// connections stands in for a connection pool, such as *sql.DB.
type connections struct{ dsn string }

func (c *connections) Close() error {
	fmt.Println("closed")
	return nil
}

// Something that is built from a secret, and anew when it changes.
func ExampleUpdater() {
	store, _ := exampleStore()
	defer store.Close()
	ctx := context.Background()

	login, err := secrets.Open[secrets.Login](ctx, store, "prod/db")
	if err != nil {
		log.Fatal(err)
	}
	defer login.Close()
	pool, err := secrets.NewUpdater(ctx, login, func(_ context.Context, l secrets.Login) (*connections, error) {
		return &connections{dsn: l.Engine + "://" + l.String()}, nil // with l.Password.Reveal()
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(pool.Value().dsn)
	if err := pool.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// postgres://app@db.example:5432/orders
	// closed
}

// Settings names secrets in tags.
type Settings struct {
	Listen   string
	Database struct {
		User     string        `secret:"prod/db#username"`
		Password secrets.Value `secret:"prod/db#password"`
		Port     int           `secret:"prod/db#port"`
	}
	SigningKey []byte `secret:"prod/signing"`
}

// All settings at once: one fetch, and one error that names every field.
func ExampleStore_Load() {
	store, _ := exampleStore()
	defer store.Close()

	settings := Settings{Listen: ":8080"}
	if err := store.Load(context.Background(), &settings); err != nil {
		log.Fatal(err)
	}
	fmt.Println(settings.Listen, settings.Database)
	// Output:
	// :8080 {app [redacted] 5432}
}

// Settings that follow their secrets, for readers without locks.
func ExampleLoadAndWatch() {
	store, source := exampleStore()
	defer store.Close()
	ctx := context.Background()

	var current atomic.Pointer[Settings]
	changed := make(chan struct{})
	first := &Settings{Listen: ":8080"}
	stop, err := secrets.LoadAndWatch(ctx, store, first, func(next *Settings, err error) {
		if err != nil {
			log.Println(err) // the latest settings stay
			return
		}
		current.Store(next)
		close(changed)
	})
	if err != nil {
		log.Fatal(err)
	}
	defer stop()
	current.Store(first)

	source.Put("prod/signing", "second key")
	if _, err := store.Refresh(ctx, "prod/signing"); err != nil {
		log.Fatal(err)
	}
	<-changed
	fmt.Printf("%s, then %s\n", first.SigningKey, current.Load().SigningKey)
	// Output:
	// first key, then second key
}

// A Store without AWS, for development; see also secrets.Files.
func ExampleStatic() {
	ctx := context.Background()
	store, err := secrets.NewWithSource(ctx, secrets.Static(map[string]string{"prod/api-key": "for development"}), secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	value, err := store.Get(ctx, "prod/api-key")
	fmt.Println(value.Reveal(), err)
	// Output:
	// for development <nil>
}
