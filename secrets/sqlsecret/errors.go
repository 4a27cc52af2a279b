package sqlsecret

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/irsakit/irsa/secrets"
)

// Error is what a driver said when it was to connect. It unwraps to the driver's
// own error, which may quote the password; Error itself, under every verb of
// package fmt, does not.
type Error struct {
	Login string // user@host:port/dbname, without password

	words string       // the driver's; empty if they are withheld
	cause func() error // a closure does not print, not even in a copy of the Error
}

func newError(l secrets.Login, words string, err error) *Error {
	return &Error{Login: l.String(), words: words, cause: func() error { return err }}
}

// connectError returns err, of a connector's Connect, as an Error if it is one.
func connectError(l secrets.Login, err error) error {
	if err == nil {
		return nil
	}
	words := err.Error()
	if quotes(words, l.Password.Reveal()) {
		words = ""
	}
	return newError(l, words, err)
}

// Error returns the driver's words unless they might hold some of the password.
func (e *Error) Error() string {
	if e.words == "" {
		return fmt.Sprintf("sqlsecret: connect %s: %T, whose words are withheld as they may quote the password", e.Login, e.cause())
	}
	return fmt.Sprintf("sqlsecret: connect %s: %s", e.Login, e.words)
}

// Format prints the text of Error under every verb, so that none prints
// fields.
func (e *Error) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, e.Error()) }

// Unwrap returns the driver's error.
func (e *Error) Unwrap() error { return e.cause() }

// quotes reports whether text has four bytes in a row of a secret, as it is or
// escaped for a URL: parsers quote parts of what they cannot read, too. A
// shorter secret counts only whole.
func quotes(text, secret string) bool {
	const run = 4
	for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
		for i := 0; i == 0 || i+run <= len(form); i++ {
			if part := form[i:min(i+run, len(form))]; part != "" && strings.Contains(text, part) {
				return true
			}
		}
	}
	return false
}
