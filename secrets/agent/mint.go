package agent

import (
	"errors"
	"fmt"
	"strings"

	"github.com/irsakit/irsa/internal/localauth"
)

// ReadToken returns the Token in a file, white space around it left out. It
// follows symbolic links, since the kubelet mounts secrets as such, and is read
// once. The error wraps that of reading; one that says that there is no file is
// fs.ErrNotExist, and it may be time for [MintToken]. A file that anybody may
// write is an error.
func ReadToken(path string) (Token, error) {
	text, err := localauth.ReadNamed(path)
	if err != nil {
		return Token{}, tokenFileError("read", path, err)
	}
	return tokenOf(path, text)
}

// MintToken returns the Token in the file at path; if there is none it makes one,
// of 32 random bytes in hexadecimal, readable to owner and group, for clients in
// the same pod: path is in a volume in memory that they share, and their group is
// the pod's fsGroup. The file appears with all that is in it. One that is there
// is used again, so that a restart does not leave clients with a token that is
// none; it must be a file, not a symbolic link, that is the caller's own or
// root's and that nobody else may write.
func MintToken(path string) (Token, error) {
	var text []byte
	err := localauth.Make(path)
	if err == nil {
		text, err = localauth.Read(path)
	}
	if err != nil {
		return Token{}, tokenFileError("mint", path, err)
	}
	return tokenOf(path, text)
}

// tokenOf is the Token that a file holds.
func tokenOf(path string, text []byte) (Token, error) {
	value := strings.TrimSpace(string(text))
	if problem := tokenProblem(value); problem != "" {
		return Token{}, &ConfigError{tokenFile(path), "has a token that " + problem}
	}
	return NewToken(value)
}

func tokenFileError(verb, path string, err error) error {
	if e, ok := errors.AsType[*localauth.FileError](err); ok {
		return &ConfigError{tokenFile(path), e.Error()}
	}
	return fmt.Errorf("agent: %s token: %w", verb, err)
}

func tokenFile(path string) string { return fmt.Sprintf("token file %q", path) }
