package secretstest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

func TestSource(t *testing.T) {
	t.Parallel()
	secretstest.TestSource(t, memory(func(s *secretstest.Source) secrets.Source { return s }))
}

// memory is a harness for a [secretstest.Source] in some wrapping.
func memory(wrap func(*secretstest.Source) secrets.Source) secretstest.Harness {
	return secretstest.Harness{New: func(_ context.Context, _ string, held map[string]string) (*secretstest.Subject, error) {
		source := secretstest.NewSource(held)
		return &secretstest.Subject{
			Source: wrap(source),
			Put: func(name, value string) error {
				source.Put(name, value)
				return nil
			},
			Fail: func(name string, kind error) func() {
				source.Fail(name, kind)
				return func() { source.Fail(name, nil) }
			},
		}, nil
	}}
}

func TestStatic(t *testing.T) {
	t.Parallel()
	secretstest.TestSource(t, secretstest.Harness{New: func(_ context.Context, _ string, held map[string]string) (*secretstest.Subject, error) {
		return &secretstest.Subject{Source: secrets.Static(held)}, nil
	}})
}

func TestFiles(t *testing.T) {
	t.Parallel()
	secretstest.TestSource(t, secretstest.Harness{New: func(_ context.Context, dir string, held map[string]string) (*secretstest.Subject, error) {
		put := func(name, value string) error {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			return os.WriteFile(path, []byte(value), 0o600)
		}
		for name, value := range held {
			if err := put(name, value); err != nil {
				return nil, err
			}
		}
		return &secretstest.Subject{
			Source: secrets.Files(dir),
			Ref:    func(name string) string { return "ssm:/" + name },
			Put:    put,
			Fail: func(name string, kind error) func() {
				if !errors.Is(kind, secrets.ErrNotFound) {
					return nil
				}
				path := filepath.Join(dir, name)
				if err := os.Rename(path, path+".away"); err != nil {
					return nil
				}
				return func() { _ = os.Rename(path+".away", path) }
			},
		}, nil
	}})
}

// A test of code that takes a Store: three lines stand in for AWS.
func ExampleNewSource() {
	ctx := context.Background()
	source := secretstest.NewSource(map[string]string{"prod/db": `{"username":"app","password":"first"}`})
	store, err := secrets.NewWithSource(ctx, source, secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	login, err := secrets.Open[secrets.Login](ctx, store, "prod/db")
	if err != nil {
		log.Fatal(err)
	}
	defer login.Close()
	fmt.Println(login.Value().Username, login.Value().Password.Reveal())

	source.Put("prod/db", `{"username":"app","password":"second"}`)
	if _, err := store.Refresh(ctx, "prod/db"); err != nil { // not to wait for the TTL
		log.Fatal(err)
	}
	<-login.Updated()
	fmt.Println(login.Value().Username, login.Value().Password.Reveal())
	// Output:
	// app first
	// app second
}

// What the code under test makes of a refusal.
func ExampleSource_Fail() {
	ctx := context.Background()
	source := secretstest.NewSource(map[string]string{"prod/db": "x"})
	source.Fail("prod/db", secrets.ErrDenied)
	store, err := secrets.NewWithSource(ctx, source, secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	_, err = store.Get(ctx, "prod/db")
	fmt.Println(errors.Is(err, secrets.ErrDenied), err)
	// Output:
	// true secretstest: secret "prod/db": secrets: access denied
}

// A backend of one's own proves itself in a few lines.
func ExampleTestSource() {
	test := func(t *testing.T) { // func TestMySource(t *testing.T) in a test file
		secretstest.TestSource(t, secretstest.Harness{
			New: func(_ context.Context, _ string, held map[string]string) (*secretstest.Subject, error) {
				return &secretstest.Subject{Source: secrets.Static(held)}, nil
			},
		})
	}
	_ = test
}
