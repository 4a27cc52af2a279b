package sqlsecret_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
	"github.com/irsakit/irsa/secrets/sqlsecret"
)

// A pool that logs in with a secret. With pgx, the function that New takes
// returns stdlib.GetConnector of a configuration; here the driver is made up,
// and so is AWS.
func Example() {
	ctx := context.Background()
	store, done := exampleStore(ctx)
	defer done()
	login, err := secrets.Open[secrets.Login](ctx, store, secretstest.StorySecretARN)
	if err != nil {
		log.Fatal(err)
	}
	defer login.Close()

	open := func(l secrets.Login) (driver.Connector, error) {
		fmt.Println("connecting as", l.Username)
		return exampleDriver{}.OpenConnector("user=" + l.Username + " password=" + l.Password.Reveal())
	}
	db := sql.OpenDB(sqlsecret.New(login, open, secrets.UseConfig{}))
	defer db.Close()
	fmt.Println(db.PingContext(ctx))
	// Output:
	// connecting as app
	// <nil>
}

// For a driver that takes a data source name only. What it says about a
// malformed one is likely to quote it, and is withheld.
func ExampleOpen() {
	ctx := context.Background()
	store, done := exampleStore(ctx)
	defer done()
	login, err := secrets.Open[secrets.Login](ctx, store, secretstest.StorySecretARN)
	if err != nil {
		log.Fatal(err)
	}
	defer login.Close()

	dsn := func(l secrets.Login) string { return "malformed:" + l.Password.Reveal() }
	db := sql.OpenDB(sqlsecret.New(login, sqlsecret.Open(exampleDriver{}, dsn), secrets.UseConfig{}))
	defer db.Close()
	fmt.Println(db.PingContext(ctx))
	// Output:
	// sqlsecret: connect app@: *errors.errorString, whose words are withheld as they may quote the password
}

// exampleDriver takes names that begin with a user.
type exampleDriver struct{}

func (d exampleDriver) Open(string) (driver.Conn, error) { return conn{}, nil }

func (d exampleDriver) OpenConnector(name string) (driver.Connector, error) {
	if name[:5] != "user=" {
		return nil, errors.New("cannot parse " + name)
	}
	return &connector{driver: &contextDriver{database: &database{password: name}}, name: name}, nil
}

func exampleStore(ctx context.Context) (*secrets.Store, func()) {
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
	return store, func() {
		if err := errors.Join(store.Close(), os.RemoveAll(dir)); err != nil {
			log.Fatal(err)
		}
	}
}
