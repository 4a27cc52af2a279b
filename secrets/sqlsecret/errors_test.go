package sqlsecret_test

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
	"github.com/irsakit/irsa/secrets/sqlsecret"
)

// textError is an error that prints under every verb, and has no method that
// could keep it from that.
type textError string

func (e textError) Error() string { return string(e) }

// Whatever a driver says about the password does not show, as a whole or in
// part, under any verb; what else it says does.
func TestRedaction(t *testing.T) {
	t.Parallel()
	const marker = "s3cr3t/w0rd#7f1e:x"
	tests := map[string]struct {
		openErr, connectErr error
		shown               string
	}{
		"harmless":          {connectErr: textError("connection refused"), shown: "connection refused"},
		"quoted":            {connectErr: textError("bad dsn: user=app password=" + marker)},
		"quoted in part":    {connectErr: textError(`invalid port ":7f1e:x" after host`)},
		"escaped":           {connectErr: textError("cannot parse postgres://app:" + url.QueryEscape(marker) + "@db")},
		"of the factory":    {openErr: textError("unknown option in password=" + marker)},
		"refused":           {connectErr: secrets.Rejected(textError("not with " + marker))},
		"refused, harmless": {connectErr: secrets.Rejected(textError("authentication failed")), shown: "authentication failed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake, login, _ := start(t)
			if _, err := fake.PutSecretValue(secretstest.StorySecretARN, secretstest.Version{
				String: new(`{"username":"app","password":"` + marker + `","host":"db.example.com"}`),
			}); err != nil {
				t.Fatal(err)
			}
			_ = secrets.UseWith(t.Context(), login, secrets.UseConfig{Budget: -1, CurrentOnly: true}, func(secrets.Login) error {
				return secrets.Rejected(errors.New("behind"))
			})
			if password(login.Value()) != marker {
				t.Fatal("the handle is behind")
			}
			c := sqlsecret.New(login, func(secrets.Login) (driver.Connector, error) {
				return failing{test.connectErr}, test.openErr
			}, secrets.UseConfig{Budget: -1, CurrentOnly: true})
			_, err := c.Connect(t.Context())
			if err == nil {
				t.Fatal("connected")
			}
			if _, ok := errors.AsType[textError](err); !ok {
				t.Error("the driver's error cannot be reached")
			}
			if !strings.Contains(err.Error(), "app@db.example.com") || !strings.Contains(err.Error(), test.shown) {
				t.Errorf("it does not say enough: %v", err)
			}
			checkHidden(t, err, marker)
		})
	}
}

func checkHidden(t *testing.T, err error, marker string) {
	t.Helper()
	own, ok := errors.AsType[*sqlsecret.Error](err)
	if !ok {
		t.Fatalf("no Error in %T", err)
	}
	for _, e := range []any{err, own, *own, struct{ err error }{own}, []any{own}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			text := fmt.Sprintf(verb, e)
			for i := range len(marker) - 3 {
				if strings.Contains(text, marker[i:i+4]) {
					t.Fatalf("%s of %T shows some of the password", verb, e)
				}
			}
		}
		if text, _ := json.Marshal(e); strings.Contains(string(text), marker) {
			t.Errorf("JSON of %T shows the password", e)
		}
	}
}

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
