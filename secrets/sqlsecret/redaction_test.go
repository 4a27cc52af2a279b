package sqlsecret_test

import (
	"database/sql/driver"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/irsakit/irsa/internal/testutil/redaction"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
	"github.com/irsakit/irsa/secrets/sqlsecret"
)

const marker = "s3cr3t/w0rd#7f1e:x"

// textError is an error that prints under every verb, and has no method that
// could keep it from that.
type textError string

func (e textError) Error() string { return string(e) }

// marked has a handle on a login whose password is the marker.
func marked(t *testing.T) *secrets.Handle[secrets.Login] {
	t.Helper()
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
	return login
}

// windows are the parts of the marker of which none may show.
func windows() (parts []string) {
	for i := range len(marker) - 3 {
		parts = append(parts, marker[i:i+4])
	}
	return parts
}

// TestRedaction prints every type that the package exports. It is to be taught
// each new one.
func TestRedaction(t *testing.T) {
	t.Parallel()
	login := marked(t)
	failing := sqlsecret.New(login, sqlsecret.Open(&database{down: textError("no " + marker)}, password), secrets.UseConfig{})
	_, err := failing.Connect(t.Context())
	quoting, ok := errors.AsType[*sqlsecret.Error](err)
	if !ok {
		t.Fatalf("no Error in %v", err)
	}
	named, err := sqlsecret.Open(&database{}, password)(login.Value())
	if err != nil {
		t.Fatal(err)
	}
	redaction.Check(t, "a connector of a data source name", named, windows()...)
	redaction.CheckTypes(t, ".", redaction.Table{
		"Connector": redaction.Samples{failing, sqlsecret.New(login, sqlsecret.Open(&database{}, password), secrets.UseConfig{})},
		"Error":     redaction.Samples{quoting},
	}, windows()...)
}

// Whatever a driver says about the password does not show, as a whole or in
// part, in any way; what else it says does.
func TestWordsOfDrivers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		openErr, connectErr error
		shown               string
	}{
		"harmless":          {connectErr: textError("connection refused"), shown: "connection refused"},
		"quoted":            {connectErr: textError("bad dsn: user=app password=" + marker)},
		"quoted in part":    {connectErr: textError(`invalid port ":7f1e:x" after host`)},
		"escaped":           {connectErr: textError("cannot parse postgres://app:" + url.QueryEscape(marker) + "@db")},
		"of net/url":        {connectErr: parseError("postgres://app:" + marker + "@db:port/")},
		"of the factory":    {openErr: textError("unknown option in password=" + marker)},
		"refused":           {connectErr: secrets.Rejected(textError("not with " + marker))},
		"refused, harmless": {connectErr: secrets.Rejected(textError("authentication failed")), shown: "authentication failed"},
		"refused by state":  {connectErr: &stateError{"28P01", "not with " + marker}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			open := func(secrets.Login) (driver.Connector, error) { return failing{test.connectErr}, test.openErr }
			c := sqlsecret.New(marked(t), open, secrets.UseConfig{Budget: -1, CurrentOnly: true})
			_, err := c.Connect(t.Context())
			own, ok := errors.AsType[*sqlsecret.Error](err)
			if !ok {
				t.Fatalf("no Error in %v", err)
			}
			for _, cause := range []error{test.openErr, test.connectErr} {
				if cause != nil && !errors.Is(err, cause) {
					t.Error("the driver's error cannot be reached")
				}
			}
			if !strings.Contains(err.Error(), "app@db.example.com") || !strings.Contains(err.Error(), test.shown) {
				t.Errorf("it does not say enough: %v", err)
			}
			redaction.Check(t, "the error", err, windows()...)
			redaction.Check(t, "the Error in it", own, windows()...)
			if rejected, ok := errors.AsType[*secrets.RejectedError](err); ok {
				redaction.Check(t, "the RejectedError in it", rejected, windows()...)
				redaction.Check(t, "its attempts", rejected.Attempts, windows()...)
			}
			if test.openErr != nil {
				_, err = c.Driver().Open("x")
				redaction.Check(t, "the error of the driver that could not be had", err, windows()...)
			}
		})
	}
}

// parseError is what net/url says of text that is no URL: it quotes it.
func parseError(text string) error {
	_, err := url.Parse(text)
	return err
}
