package sqlsecret_test

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// TestMain runs the tests without the AWS settings of whoever runs them.
func TestMain(m *testing.M) {
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "AWS_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
	goleak.VerifyTestMain(m)
}

// database is a server that knows one password, and its driver.
type database struct {
	mu       sync.Mutex
	password string
	down     error
	logins   int // accepted
	refused  int
}

// stateError is an error as drivers for PostgreSQL have it.
type stateError struct{ state, text string }

func (e *stateError) Error() string    { return e.text }
func (e *stateError) SQLState() string { return e.state }

// Open logs in with a data source name, which is the password.
func (d *database) Open(name string) (driver.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.down != nil:
		return nil, d.down
	case name != d.password:
		d.refused++
		return nil, &stateError{"28P01", "password authentication failed for user app"}
	}
	d.logins++
	return conn{}, nil
}

// set is what a rotation does to the database.
func (d *database) set(_, pending string) error {
	var login struct{ Password string }
	err := json.Unmarshal([]byte(pending), &login)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.password = login.Password
	return err
}

type conn struct{}

func (conn) Ping(context.Context) error          { return nil }
func (conn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("no statements here") }
func (conn) Close() error                        { return nil }
func (conn) Begin() (driver.Tx, error)           { return nil, errors.New("no transactions here") }

// contextDriver is a driver that makes connectors.
type contextDriver struct {
	*database
	connectors int
}

func (d *contextDriver) OpenConnector(name string) (driver.Connector, error) {
	d.connectors++
	return &connector{d, name}, nil
}

type connector struct {
	driver *contextDriver
	name   string
}

func (c *connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.name) }
func (c *connector) Driver() driver.Driver                        { return c.driver }

func password(l secrets.Login) string { return l.Password.Reveal() }

// start returns a fake, a handle on the story's secret, and a database with its
// password.
func start(t *testing.T) (*secretstest.AWS, *secrets.Handle[secrets.Login], *database) {
	t.Helper()
	fake, err := secretstest.New(secretstest.Story())
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := secrets.New(t.Context(), cfg, secrets.Config{})
	if err != nil {
		t.Fatal(err)
	}
	login, err := secrets.Open[secrets.Login](t.Context(), store, secretstest.StorySecretARN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(login.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	return fake, login, &database{password: password(login.Value())}
}
