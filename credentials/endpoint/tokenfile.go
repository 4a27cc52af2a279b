package endpoint

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"

	"github.com/irsakit/irsa/internal/localauth"
)

// FileToken is the token in a file, which clients name in
// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE. A file that is there is used as it is,
// so that clients outlive a restart of the server; else a random token is
// written, atomically and with mode 0440. It is read anew for each request, as
// the SDKs do: whoever replaces it changes the token for both sides.
//
// The file must be a regular one, not a link to one, that belongs to this
// process's user or to root and that nobody else can write; the text must be a
// token as for [StaticToken], without a line break at the end. The error is a
// [*TokenFileError].
func FileToken(path string) (Token, error) {
	if err := localauth.Make(path); err != nil {
		return Token{}, &TokenFileError{Path: path, Problem: "cannot be written: " + reason(err), err: err}
	}
	t := Token{func() (digest, error) { return readToken(path) }}
	if _, err := t.digest(); err != nil {
		return Token{}, err
	}
	return t, nil
}

// readToken returns the digest of the token in a file.
func readToken(path string) (digest, error) {
	text, err := localauth.Read(path)
	if err != nil {
		return digest{}, unreadable(path, err)
	}
	if problem := tokenProblem(string(text)); problem != "" {
		return digest{}, &TokenFileError{Path: path, Problem: problem, Remedy: "remove it, and a new one is made at the next start"}
	}
	return sha256.Sum256(text), nil
}

func unreadable(path string, err error) error {
	if e, ok := errors.AsType[*localauth.FileError](err); ok {
		return &TokenFileError{Path: path, Problem: e.Problem, Remedy: e.Remedy}
	}
	return &TokenFileError{Path: path, Problem: "cannot be read: " + reason(err), err: err}
}

// reason is the operating system's word for an error, without the paths.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
