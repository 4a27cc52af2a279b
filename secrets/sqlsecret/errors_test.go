package sqlsecret_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"

	"github.com/irsakit/irsa/secrets/sqlsecret"
)

// failing is a connector that cannot connect.
type failing struct{ err error }

func (f failing) Connect(context.Context) (driver.Conn, error) { return nil, f.err }
func (f failing) Driver() driver.Driver                        { return nil }

type numberError int32

func (e numberError) Error() string         { return "mssql: login error" }
func (e numberError) SQLErrorNumber() int32 { return int32(e) }

func TestIsAuthenticationFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want bool
	}{
		"nil":                            {nil, false},
		"any":                            {errors.New("connection refused"), false},
		"PostgreSQL, password":           {&stateError{"28P01", ""}, true},
		"PostgreSQL, authorization":      {&stateError{"28000", ""}, true},
		"PostgreSQL, too many":           {&stateError{"53300", ""}, false},
		"PostgreSQL, wrapped":            {fmt.Errorf("connect: %w", &stateError{"28P01", ""}), true},
		"SQL Server, login":              {numberError(18456), true},
		"SQL Server, deadlock":           {numberError(1205), false},
		"MySQL, access denied":           {errors.New("Error 1045 (28000): Access denied for user 'app'@'h' (using password: YES)"), true},
		"MySQL, access denied, formerly": {errors.New("Error 1045: Access denied for user 'app'@'h' (using password: YES)"), true},
		"MySQL, wrapped":                 {fmt.Errorf("connect: %w", errors.New("Error 1045 (28000): Access denied")), true},
		"MySQL, duplicate key":           {errors.New("Error 1062 (23000): Duplicate entry 'Error 1045 '"), false},
	}
	for name, test := range tests {
		if got := sqlsecret.IsAuthenticationFailure(test.err); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
