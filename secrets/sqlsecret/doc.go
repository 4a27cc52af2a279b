// Package sqlsecret connects database/sql to a database whose password is a
// secret that rotates. It works with any driver and needs the standard library
// alone.
//
// A [Connector] logs each new connection in with what the secret holds at that
// moment, and rides out a rotation: when the database refuses a password, the
// connector reads the secret anew, tries the versions under rotation and, if it
// must, waits, as [secrets.UseWith] describes. To the application, some
// connections take longer.
//
//	login, err := secrets.Open[secrets.Login](ctx, store, "prod/db")
//	db := sql.OpenDB(sqlsecret.New(login, open, secrets.UseConfig{}))
//
// where open makes the driver's connector for a login. With pgx:
//
//	func open(l secrets.Login) (driver.Connector, error) {
//		config, err := pgx.ParseConfig("host=db.example.com dbname=app")
//		if err != nil {
//			return nil, err
//		}
//		config.User, config.Password = l.Username, l.Password.Reveal()
//		return stdlib.GetConnector(*config), nil
//	}
//
// With a driver that takes only a data source name, use [Open].
//
// # Pools
//
// Databases ask for the password at login alone. Connections that are open go on
// working when it changes, so the pool needs no attention, and those of the old
// version stay in it, idle or in use, for as long as any other. To have none
// outlive its password by much, set sql.DB.SetConnMaxLifetime. To be rid of the
// idle ones at once, as when a password has leaked, call sql.DB.SetMaxIdleConns
// with zero, then with the limit, when [secrets.Handle.Updated] says so.
//
// The connector hands out the driver's own connections. A wrapper could tell the
// pool which of them are of an old version, but would hide whatever else they
// can do, beginning with sql.Conn.Raw.
//
// While a connection waits for a rotation to end, it counts against
// sql.DB.SetMaxOpenConns, and the query that wants it waits until its own
// context ends. A login that was refused for another reason than a rotation is
// reported only after [secrets.UseConfig.Budget].
//
// # Errors
//
// Errors are those of [secrets.UseWith]; what the driver said is in an [*Error],
// which shows it only if it does not quote the password. Reach the driver's own
// error with errors.As, and mind that it may.
package sqlsecret
