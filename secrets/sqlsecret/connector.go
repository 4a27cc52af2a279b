package sqlsecret

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/irsakit/irsa/secrets"
)

// Connector is a driver.Connector for sql.OpenDB. Make it with [New]; it is safe
// for concurrent use.
type Connector struct {
	login *secrets.Handle[secrets.Login]
	open  func(secrets.Login) (driver.Connector, error)
	use   secrets.UseConfig
}

// New returns a Connector that logs in with login. It calls open for every
// connection, to make the driver's connector for one version of the login, and
// uses that once; open must be safe for concurrent use and should not wait. If
// c.Rejected is nil, [IsAuthenticationFailure] takes its place. What open makes is
// not closed, even if it is an io.Closer: closing that is up to open's owner.
//
// Keep login open for as long as the connector is in use. Its Close does not
// close connections.
func New(login *secrets.Handle[secrets.Login], open func(secrets.Login) (driver.Connector, error), c secrets.UseConfig) *Connector {
	if c.Rejected == nil {
		c.Rejected = IsAuthenticationFailure
	}
	return &Connector{login: login, open: open, use: c}
}

// Connect opens a connection. The error is an [*Error] if the database could not
// be reached or the login could not be used, wraps a [*secrets.RejectedError] if
// it was refused, or what keeps the secret from being used.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	var conn driver.Conn
	err := secrets.UseWith(ctx, c.login, c.use, func(l secrets.Login) error {
		connector, err := c.open(l)
		if err != nil {
			// It is about the form of what open was given, and likely to quote it.
			return newError(l, "", err)
		}
		conn, err = connector.Connect(ctx)
		return connectError(l, err)
	})
	if err != nil {
		return nil, withWords(err)
	}
	return conn, nil
}

// withWords appends to a refusal what the driver said, which secrets leaves out
// since it cannot tell whether that quotes the secret; an [*Error] does not.
func withWords(err error) error {
	if _, refused := errors.AsType[*secrets.RejectedError](err); !refused {
		return err
	}
	if said, ok := errors.AsType[*Error](err); ok {
		return fmt.Errorf("%w: %s", err, said)
	}
	return err
}

// Driver returns the driver behind the connector.
func (c *Connector) Driver() driver.Driver {
	l, err := c.login.Load()
	if err != nil {
		return noDriver{err}
	}
	connector, err := c.open(l)
	if err != nil {
		return noDriver{newError(l, "", err)}
	}
	return connector.Driver()
}

// noDriver stands for a driver that could not be asked for.
type noDriver struct{ err error }

// Open returns the reason.
func (d noDriver) Open(string) (driver.Conn, error) { return nil, d.err }

// Open returns a function for [New] that hands d the data source name that dsn
// makes of a login.
func Open(d driver.Driver, dsn func(secrets.Login) string) func(secrets.Login) (driver.Connector, error) {
	return func(l secrets.Login) (driver.Connector, error) {
		name := dsn(l)
		if d, ok := d.(driver.DriverContext); ok {
			return d.OpenConnector(name)
		}
		return dsnConnector{d, func() string { return name }}, nil
	}
}

// dsnConnector is the connector of a driver that has none.
type dsnConnector struct {
	driver driver.Driver
	dsn    func() string // a closure does not print
}

func (c dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn()) }
func (c dsnConnector) Driver() driver.Driver                        { return c.driver }
