package agent

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxTokenFile is the longest token file: a session token of STS has some
// kilobytes.
const maxTokenFile = 16 << 10

// ReadToken returns the Token in a file, white space around it left out. It
// follows symbolic links, since the kubelet mounts secrets as such, and is read
// once. The error wraps that of reading; one that says that there is no file is
// fs.ErrNotExist, and it may be time for [MintToken]. A file that anybody may
// write is an error.
func ReadToken(path string) (Token, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Token{}, fmt.Errorf("agent: read token: %w", err)
	}
	return readToken(path, info)
}

// MintToken returns the Token in the file at path; if there is none it makes one,
// of 32 random bytes in hexadecimal, readable to owner and group, for clients in
// the same pod: path is in a volume in memory that they share, and their group is
// the pod's fsGroup. The file appears with all that is in it. One that is there
// is used again, so that a restart does not leave clients with a token that is
// none; it must be a file, not a symbolic link, that is the caller's own or
// root's and that nobody else may write.
func MintToken(path string) (Token, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := mint(path); err != nil && !errors.Is(err, fs.ErrExist) {
			return Token{}, fmt.Errorf("agent: mint token: %w", err)
		}
		info, err = os.Lstat(path)
	}
	if err != nil {
		return Token{}, fmt.Errorf("agent: mint token: %w", err)
	}
	if info.Mode().IsRegular() && (info.Mode().Perm()&0o020 != 0 || !owned(info)) {
		return Token{}, tokenFileError(path, "may be written by others")
	}
	return readToken(path, info)
}

// readToken reads the file that info is of, and no other.
func readToken(path string, info fs.FileInfo) (Token, error) {
	switch {
	case !info.Mode().IsRegular():
		return Token{}, tokenFileError(path, "is no regular file")
	case info.Mode().Perm()&0o002 != 0:
		return Token{}, tokenFileError(path, "may be written by anybody")
	}
	f, err := os.Open(path)
	if err != nil {
		return Token{}, fmt.Errorf("agent: read token: %w", err)
	}
	defer f.Close()
	if now, err := f.Stat(); err != nil || !os.SameFile(info, now) {
		return Token{}, tokenFileError(path, "was replaced while it was read")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxTokenFile+1))
	defer clear(data)
	switch {
	case err != nil:
		return Token{}, fmt.Errorf("agent: read token: %w", err)
	case len(data) > maxTokenFile:
		return Token{}, tokenFileError(path, "is too long")
	}
	value := strings.TrimSpace(string(data))
	if problem := tokenProblem(value); problem != "" {
		return Token{}, tokenFileError(path, "has a token that "+problem)
	}
	return NewToken(value)
}

func tokenFileError(path, problem string) error {
	return &ConfigError{fmt.Sprintf("token file %q", path), problem}
}

// mint writes a token to a new file and puts it in its place, unless there is
// one by then.
func mint(path string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".token-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(f.Name())) }()
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)                           // never fails
	_, err = f.WriteString(hex.EncodeToString(raw)) // without a newline, which not every client would trim
	if err = errors.Join(err, f.Chmod(0o440), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
