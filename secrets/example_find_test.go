package secrets_test

import (
	"context"
	"fmt"
	"log"
	"regexp"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// A program that serves many tenants finds their secrets when it starts, by path
// and by tag, and reads them together.
func ExampleStore_Find() {
	ctx := context.Background()
	source := secretstest.NewSource(map[string]string{
		"tenants/acme/db": "acme's", "tenants/acme/api": "x", "tenants/globex/db": "globex's", "tenants/initech/db": "initech's",
	})
	source.SetTags("tenants/acme/db", map[string]string{"stage": "live"})
	source.SetTags("tenants/globex/db", map[string]string{"stage": "live"})
	store, err := secrets.NewWithSource(ctx, source, secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	refs, err := store.Find(ctx, secrets.Query{
		Path: "tenants/",
		Name: regexp.MustCompile("/db$"),
		Tags: map[string]string{"stage": "live"},
	})
	if err != nil {
		log.Fatal(err)
	}
	values, err := store.GetAll(ctx, refs...)
	if err != nil {
		log.Fatal(err)
	}
	for _, ref := range refs {
		fmt.Println(ref, "has", len(values[ref].Reveal()), "bytes")
	}
	// Output:
	// tenants/acme/db has 6 bytes
	// tenants/globex/db has 8 bytes
}

// What is written about a secret in its tags can be read beside it.
func ExampleStore_Tags() {
	ctx := context.Background()
	source := secretstest.NewSource(map[string]string{"prod/db": "x"})
	source.SetTags("prod/db", map[string]string{"owner": "team-data"})
	store, err := secrets.NewWithSource(ctx, source, secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	tags, err := store.Tags(ctx, "prod/db")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tags["owner"])
	// Output: team-data
}
