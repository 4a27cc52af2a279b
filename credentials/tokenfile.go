package credentials

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// readToken reads and parses the token file. It opens the file anew every time,
// because the kubelet swaps a symlink in its path.
func readToken(path string) (raw string, t Token, err error) {
	raw, err = readTokenFile(path)
	if err != nil {
		return "", Token{}, err
	}
	t, err = ParseTokenUnverified(raw)
	if e, ok := errors.AsType[*TokenError](err); ok {
		e.Path = path
		return "", Token{}, e
	}
	return raw, t, nil
}

// settling is how long a file that is being written gets to be complete. The
// kubelet's swap is atomic, save that a reader between the two directories may
// find the old one gone; other writers are not.
const settling = 50 * time.Millisecond

// readSettled is readToken with a second look at a file that is not there, or
// holds no token.
func readSettled(ctx context.Context, path string) (raw string, t Token, err error) {
	raw, t, err = readToken(path)
	e, ok := errors.AsType[*TokenError](err)
	if !ok {
		return raw, t, err
	}
	switch e.Problem {
	case TokenMissing, TokenEmpty, TokenMalformed:
		if sleep(ctx, settling) {
			return readToken(path)
		}
	}
	return raw, t, err
}

// digestOf tells one token from another.
func digestOf(raw string) string {
	sum := sha256.Sum256([]byte(raw))
	return hex.EncodeToString(sum[:])
}

func readTokenFile(path string) (string, error) {
	// Stat first, since opening a named pipe would wait for its writer.
	info, err := os.Stat(path)
	if err != nil {
		return "", fileError(path, nil, err)
	}
	if !info.Mode().IsRegular() {
		return "", &TokenError{Path: path, Problem: TokenNotRegular, Detail: "it is " + fileType(info.Mode())}
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fileError(path, info, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxToken+1))
	if err != nil {
		return "", fileError(path, info, err)
	}
	return strings.TrimSpace(string(data)), nil
}

// fileError says why a file cannot be read. The three usual reasons want three
// different cures.
func fileError(path string, info fs.FileInfo, err error) error {
	e := &TokenError{Path: path, Problem: TokenUnreadable, err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Problem = TokenMissing
		e.Remedy = "the pod lacks the projected volume that belongs to its variables, or runs where it is not mounted; recreate the pod"
	case errors.Is(err, fs.ErrPermission):
		e.Detail = "permission denied"
		if info != nil {
			e.Detail += fmt.Sprintf(": mode %04o%s", info.Mode().Perm(), owner(info))
		}
		e.Detail += fmt.Sprintf(", this process runs as uid %d, gid %d", os.Getuid(), os.Getgid())
		e.Remedy = "set securityContext.fsGroup in the pod spec, and the kubelet makes the token readable to that group"
	default:
		e.Detail = reason(err)
	}
	return e
}

// reason is the operating system's word for an error, without the path.
func reason(err error) string {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err.Error()
	}
	return err.Error()
}

func fileType(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}
