package sqlsecret

import (
	"errors"
	"strings"
)

// sqlState is an error with an SQLSTATE; those of pgx and lib/pq have it.
type sqlState interface {
	error
	SQLState() string
}

// serverNumber is an error of Microsoft's driver for SQL Server.
type serverNumber interface {
	error
	SQLErrorNumber() int32
}

// IsAuthenticationFailure reports whether a database says with err that it does
// not accept a login. It knows SQLSTATE class 28 (invalid authorization) of any
// error with a method SQLState, as those of the drivers for PostgreSQL have,
// error 18456 of SQL Server, and error 1045 of MySQL and MariaDB, which
// go-sql-driver/mysql tells in its text.
func IsAuthenticationFailure(err error) bool {
	if e, ok := errors.AsType[sqlState](err); ok {
		return strings.HasPrefix(e.SQLState(), "28")
	}
	if e, ok := errors.AsType[serverNumber](err); ok {
		return e.SQLErrorNumber() == 18456 // Login failed for user
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if strings.HasPrefix(err.Error(), "Error 1045 ") || strings.HasPrefix(err.Error(), "Error 1045:") {
			return true
		}
	}
	return false
}
