package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// Secrets that the program cannot do without are read before it starts. Every
// one that is missing is named.
func ExampleNewWithSource() {
	source := secrets.Static(map[string]string{"prod/api-key": "for development"})
	_, err := secrets.NewWithSource(context.Background(), source, secrets.Config{
		Preload: []string{"prod/api-key", "prod/db", "prod/signing"},
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, secrets.ErrNotFound))
	// Output:
	// secrets: read "prod/db": the static secrets, 1 of them, have no such name
	// secrets: read "prod/signing": the static secrets, 1 of them, have no such name
	// true
}

// One secret, whenever it is needed: from memory but for the first time.
func ExampleStore_Get() {
	store, _ := exampleStore()
	defer store.Close()

	password, err := store.Get(context.Background(), "prod/db#password")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(password, "of", password.Name())
	fmt.Println(password.Reveal())
	// Output:
	// [redacted] of prod/db
	// first
}

// Many at once, in as few calls as there can be. What can be had is there, also
// if something is missing.
func ExampleStore_GetAll() {
	store, _ := exampleStore()
	defer store.Close()

	values, err := store.GetAll(context.Background(), "prod/db#username", "prod/signing", "prod/none")
	for _, ref := range slices.Sorted(maps.Keys(values)) {
		fmt.Println(ref, values[ref].Version())
	}
	fmt.Println(errors.Is(err, secrets.ErrNotFound))
	// Output:
	// prod/db#username version-1
	// prod/signing version-1
	// true
}

// Reading a secret now, however fresh it is, and learning what that brought.
func ExampleStore_Refresh() {
	store, source := exampleStore()
	defer store.Close()
	ctx := context.Background()

	if _, err := store.Get(ctx, "prod/signing"); err != nil {
		log.Fatal(err)
	}
	source.Put("prod/signing", "second key")
	outcome, err := store.Refresh(ctx, "prod/signing")
	fmt.Println(outcome.Changed, outcome.Old, outcome.New, err)
	// Output:
	// true version-1 version-2 <nil>
}

// Something else has said that the secret has changed: an event of Secrets
// Manager on a queue, or a signal.
func ExampleStore_Invalidate() {
	store, source := exampleStore()
	defer store.Close()

	key, err := secrets.Open[string](context.Background(), store, "prod/signing")
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	source.Put("prod/signing", "second key")

	store.Invalidate("prod/signing") // does not wait
	<-key.Updated()
	fmt.Println(key.Value())
	// Output:
	// second key
}

// What a health check asks: is it there, how good is it, and if it could not be
// refreshed, why. No call is made for it.
func ExampleStore_Status() {
	store, source := exampleStore()
	defer store.Close()
	ctx := context.Background()

	show := func() {
		status, ok := store.Status("prod/db")
		fmt.Println(ok, status.State, status.Version, errors.Is(status.Err, secrets.ErrUnavailable))
	}
	show()
	if _, err := store.Get(ctx, "prod/db"); err != nil {
		log.Fatal(err)
	}
	show()
	source.Fail("prod/db", secrets.ErrUnavailable)
	_, _ = store.Refresh(ctx, "prod/db")
	show() // still served, until MaxStale
	// Output:
	// false absent  false
	// true fresh version-1 false
	// true stale version-1 true
}

// All that the Store holds, for a page or a metric.
func ExampleStore_Statuses() {
	store, _ := exampleStore()
	defer store.Close()

	if _, err := store.GetAll(context.Background(), "prod/signing", "prod/db#username", "prod/db#port"); err != nil {
		log.Fatal(err)
	}
	for _, status := range store.Statuses() {
		fmt.Println(status.Ref, status.State, time.Since(status.Read) < time.Minute)
	}
	// Output:
	// prod/db fresh true
	// prod/signing fresh true
}

// A metric or a log entry for each secret that is fetched.
func ExampleConfig_onFetch() {
	source := secrets.Static(map[string]string{"prod/db": `{"username":"app","password":"x"}`})
	heard := make(chan secrets.Fetched, 1)
	ctx := context.Background()
	store, err := secrets.NewWithSource(ctx, source, secrets.Config{
		OnFetch: func(f secrets.Fetched) { heard <- f },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	if _, err := store.Get(ctx, "prod/db#password"); err != nil {
		log.Fatal(err)
	}
	f := <-heard
	fmt.Println(f.Ref, f.Version, f.Changed, f.Err)
	// Output:
	// prod/db static true <nil>
}

// A source of one's own. Its errors say what kind they are; secretstest.TestSource
// tells whether it keeps to the rules.
func ExampleSourceFunc() {
	vault := map[string]string{"prod/api-key": "key"}
	source := secrets.SourceFunc(func(_ context.Context, ref secrets.Ref) (secrets.Value, error) {
		value, ok := vault[ref.Name]
		if !ok {
			return secrets.Value{}, fmt.Errorf("vault: %q: %w", ref.Name, secrets.ErrNotFound)
		}
		return secrets.NewValue([]byte(value), secrets.Meta{Name: ref.Name, Version: "1"}), nil
	})
	ctx := context.Background()
	store, err := secrets.NewWithSource(ctx, source, secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	value, err := store.Get(ctx, "prod/api-key")
	fmt.Println(value.Reveal(), err)
	_, err = store.Get(ctx, "prod/other")
	fmt.Println(err)
	// Output:
	// key <nil>
	// vault: "prod/other": secrets: not found
}

// Secrets in files: a mounted volume, or a folder on the developer's machine.
func ExampleFiles() {
	dir, err := os.MkdirTemp("", "secrets")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "api-key"), []byte("from a file"), 0o600); err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	store, err := secrets.NewWithSource(ctx, secrets.Files(dir), secrets.Config{TTL: time.Second})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	value, err := store.Get(ctx, "api-key")
	fmt.Println(value.Reveal(), err)
	// Output:
	// from a file <nil>
}
