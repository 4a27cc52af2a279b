//go:build unix

package filesink_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/filesink"
)

func Example() {
	parent, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(parent)
	ctx := context.Background()
	store, err := secrets.NewWithSource(ctx, secrets.Static(map[string]string{"prod/db": "s3cret"}), secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	password, err := store.Get(ctx, "prod/db")
	if err != nil {
		log.Fatal(err)
	}

	dir := filepath.Join(parent, "app") // in a pod: in an emptyDir with medium Memory
	sink, err := filesink.Open(dir, filesink.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer sink.Close()
	set := []filesink.File{{Path: "db/password", Data: password}}
	for range 2 {
		changed, err := sink.Write(ctx, set)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("changed:", changed)
	}
	content, err := os.ReadFile(filepath.Join(dir, "db/password"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", content)
	// Output:
	// changed: true
	// changed: false
	// s3cret
}

func ExampleNotifier() {
	done := make(chan struct{})
	hook := filesink.HookFunc(func(context.Context) error {
		fmt.Println("the server reloads its certificate")
		close(done)
		return nil
	})
	n, err := filesink.NewNotifier(hook, filesink.NotifyConfig{}) // or filesink.Signal{Process: "nginx"}
	if err != nil {
		log.Fatal(err)
	}
	defer n.Close()
	n.Notify()
	<-done
	// Output: the server reloads its certificate
}
