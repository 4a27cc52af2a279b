package credentials

import (
	"context"
	"errors"
)

// source gets credentials from where they come. Only one fetch runs at a time.
type source interface {
	// fetch makes as many attempts as ctx and the answers allow.
	fetch(context.Context) (*grant, error)
}

// digester is a source whose credentials come from a file that somebody
// renews: a changed digest is a reason to ask again at once.
type digester interface {
	digest() (string, error)
}

// terminal reports whether asking again would give the same error, by the
// classes on which the AWS SDKs agree. All else is passing.
func terminal(err error) bool {
	e, ok := errors.AsType[interface {
		error
		isTerminal() bool
	}](err)
	return ok && e.isTerminal()
}
