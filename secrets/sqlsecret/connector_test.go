package sqlsecret_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
	"github.com/irsakit/irsa/secrets/sqlsecret"
)

// pool opens a pool and closes it with the test.
func pool(t *testing.T, c driver.Connector) *sql.DB {
	t.Helper()
	db := sql.OpenDB(c)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// connect opens a connection that db does not have yet.
func connect(t *testing.T, db *sql.DB) {
	t.Helper()
	c, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
}

// New connections are made at every step of two rotations, with drivers of both
// kinds; the connections before go on working.
func TestRotation(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(*database) driver.Driver{
		"data source name": func(d *database) driver.Driver { return d },
		"connector":        func(d *database) driver.Driver { return &contextDriver{database: d} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake, login, d := start(t)
				wrapped := wrap(d)
				db := pool(t, sqlsecret.New(login, sqlsecret.Open(wrapped, password), secrets.UseConfig{}))
				rotation := fake.Rotation(secretstest.StorySecretARN, secretstest.RotationConfig{Set: d.set})
				connect(t, db)
				for range 2 * secretstest.FinishSecret {
					if _, err := rotation.Step(); err != nil {
						t.Fatal(err)
					}
					connect(t, db)
					time.Sleep(2 * time.Second)
				}
				if d.logins != 11 {
					t.Errorf("%d connections, want 11", d.logins)
				}
				// A handle that is behind costs one attempt; one that is up to date
				// in the middle of a rotation costs one, once.
				if d.refused > 4 {
					t.Errorf("%d logins were refused", d.refused)
				}
				if db.Driver() != wrapped {
					t.Errorf("the driver is a %T", db.Driver())
				}
			})
		})
	}
}

// Without a look at AWSPENDING, connecting takes until AWSCURRENT moves.
func TestCurrentOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake, login, d := start(t)
		db := pool(t, sqlsecret.New(login, sqlsecret.Open(d, password), secrets.UseConfig{CurrentOnly: true}))
		rotation := fake.Rotation(secretstest.StorySecretARN, secretstest.RotationConfig{Set: d.set})
		if err := rotation.Until(secretstest.SetSecret); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(20*time.Second, func() {
			if err := rotation.Run(); err != nil {
				t.Error(err)
			}
		})
		start := time.Now()
		connect(t, db)
		if took := time.Since(start); took < 20*time.Second || took > 30*time.Second {
			t.Errorf("took %v", took)
		}
		if d.refused != 1 {
			t.Errorf("%d logins were refused", d.refused)
		}
	})
}

// A caller who does not want to wait leaves with an error that says all.
func TestRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, login, d := start(t)
		d.password = "somebody has changed it by hand"
		db := pool(t, sqlsecret.New(login, sqlsecret.Open(d, password), secrets.UseConfig{}))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := db.Conn(ctx)
		if !errors.Is(err, secrets.ErrRejected) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if e, ok := errors.AsType[*stateError](err); !ok || e.state != "28P01" {
			t.Errorf("the driver's error is lost in %v", err)
		}
	})
}

// What is no refusal comes back at once, with the driver's error in it.
func TestDown(t *testing.T) {
	t.Parallel()
	_, login, d := start(t)
	d.down = driver.ErrBadConn
	c := sqlsecret.New(login, sqlsecret.Open(d, password), secrets.UseConfig{})
	_, err := c.Connect(t.Context())
	if _, ok := errors.AsType[*sqlsecret.Error](err); !ok || !errors.Is(err, driver.ErrBadConn) {
		t.Errorf("got %v", err)
	}
}

// The caller's own classifier takes the place of ours.
func TestClassifier(t *testing.T) {
	t.Parallel()
	fake, login, d := start(t)
	own := errors.New("go away")
	d.down = own
	calls := 0
	c := sqlsecret.New(login, sqlsecret.Open(d, password), secrets.UseConfig{
		Budget: -1,
		Rejected: func(err error) bool {
			calls++
			return errors.Is(err, own)
		},
	})
	if _, err := c.Connect(t.Context()); !errors.Is(err, secrets.ErrRejected) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
	if got := fake.CallCount("secretsmanager", "GetSecretValue"); got < 3 {
		t.Errorf("%d reads, want those of AWSCURRENT and the candidates", got)
	}
}

// Without a secret there is no driver to return, but an error instead.
func TestClosedHandle(t *testing.T) {
	t.Parallel()
	_, login, d := start(t)
	broken := errors.New("no such option")
	open := func(secrets.Login) (driver.Connector, error) { return nil, broken }
	if _, err := sqlsecret.New(login, open, secrets.UseConfig{}).Driver().Open(""); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	c := sqlsecret.New(login, sqlsecret.Open(d, password), secrets.UseConfig{})
	if err := login.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Connect(t.Context()); !errors.Is(err, secrets.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Driver().Open(""); !errors.Is(err, secrets.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
