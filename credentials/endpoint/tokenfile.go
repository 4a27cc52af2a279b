package endpoint

import (
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// tokenMode lets the owner and the group read: in a pod with fsGroup all
// containers are in the group.
const tokenMode = 0o440

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
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := mint(path); err != nil {
			return Token{}, &TokenFileError{Path: path, Problem: "cannot be written: " + reason(err), err: err}
		}
	}
	t := Token{func() (digest, error) { return readToken(path) }}
	if _, err := t.digest(); err != nil {
		return Token{}, err
	}
	return t, nil
}

// mint writes a new token. Of two servers that do so at once, the last wins, and
// both read it.
func mint(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".token-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = io.WriteString(f, rand.Text())
	if err = errors.Join(err, f.Chmod(tokenMode), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// readToken returns the digest of the token in a file.
func readToken(path string) (digest, error) {
	f, err := openToken(path)
	if err != nil {
		return digest{}, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxToken+1))
	if err != nil {
		return digest{}, unreadable(path, err)
	}
	if problem := tokenProblem(string(text)); problem != "" {
		return digest{}, &TokenFileError{Path: path, Problem: problem, Remedy: "remove it, and a new one is made at the next start"}
	}
	return sha256.Sum256(text), nil
}

// openToken opens a file that can be trusted. Links are refused: whoever can
// write to the volume could otherwise make the token any file whose text is
// known.
func openToken(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	if err := checkFile(path, info); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0)
	if err != nil {
		return nil, unreadable(path, err)
	}
	// Another may have taken its place by now.
	if info, err = f.Stat(); err == nil {
		err = checkFile(path, info)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func checkFile(path string, info fs.FileInfo) error {
	e := &TokenFileError{Path: path}
	switch mode := info.Mode(); {
	case mode&fs.ModeSymlink != 0:
		e.Problem, e.Remedy = "is a symbolic link", "name the file itself; a token from a Kubernetes Secret can be given in the environment"
	case !mode.IsRegular():
		e.Problem = "is not a regular file"
	case mode.Perm()&0o002 != 0:
		e.Problem, e.Remedy = "can be written by everyone", "remove it, and a new one is made at the next start"
	case !trusted(info):
		e.Problem, e.Remedy = "belongs to another user", "remove it, and a new one is made at the next start"
	default:
		return nil
	}
	return e
}

func unreadable(path string, err error) error {
	return &TokenFileError{Path: path, Problem: "cannot be read: " + reason(err), err: err}
}

// reason is the operating system's word for an error, without the path.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}
