package localauth

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// tokenMode lets the owner and the group read: in a pod with fsGroup all
	// containers are in the group.
	tokenMode = 0o440
	// maxFile is the longest token file: a session token of STS has some
	// kilobytes.
	maxFile = 16 << 10
)

// FileError is a token file that is not to be trusted. It contains nothing of the
// file.
type FileError struct {
	// Problem and Remedy are in words that follow the file's name.
	Problem, Remedy string
}

// Error says both.
func (e *FileError) Error() string { return e.Problem + "; " + e.Remedy }

// Make sees to it that there is a file at path: if there is nothing, it writes a
// token of 32 random bytes, in hexadecimal and without a line break, which SDKs
// and shells treat each in their own way. The file appears with all that is in
// it. Of several that make it at once the first wins, so that no client is left
// with the token of another. The error is the operating system's.
func Make(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".token-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // the other name of the file, if all went well
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails
	_, err = io.WriteString(f, hex.EncodeToString(raw))
	if err = errors.Join(err, f.Chmod(tokenMode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Link(f.Name(), path); errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// Read returns what is in a file that this program answers for, such as one that
// [Make] has made. It must be a regular one and no link, for whoever can write to
// the volume could otherwise make the token any file whose text is known; and be
// this process's or root's, with nobody else to write it. The error is a
// [*FileError] or the operating system's.
func Read(path string) ([]byte, error) { return own.read(path) }

// ReadNamed returns what is in a file that somebody names who answers for it, and
// follows links, since volumes of the kubelet hold such. It must be a regular
// file that not everybody can write. The errors are those of [Read].
func ReadNamed(path string) ([]byte, error) { return named.read(path) }

// reader is a way to read a file.
type reader struct {
	stat  func(path string) (fs.FileInfo, error)
	flag  int // beside noWait
	check func(fs.FileInfo) error
}

var (
	own   = reader{os.Lstat, noFollow, checkOwn}
	named = reader{os.Stat, 0, check}
)

// read looks at the file before it opens it, which may have effects, and at what
// it has opened, since another may have taken its place by then.
func (r reader) read(path string) ([]byte, error) {
	info, err := r.stat(path)
	if err != nil {
		return nil, err
	}
	if err := r.check(info); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|noWait|r.flag, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	if err := r.check(info); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxFile:
		return nil, &FileError{fmt.Sprintf("is longer than %d bytes", maxFile), another}
	}
	return text, nil
}

// another is what can be done about most files.
const another = "remove it, and a new one is made at the next start"

func check(info fs.FileInfo) error {
	switch mode := info.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return &FileError{"is a symbolic link", "name the file itself, or give a token from a Kubernetes Secret in the environment"}
	case !mode.IsRegular():
		return &FileError{"is not a regular file", another}
	case mode.Perm()&0o002 != 0:
		return &FileError{"can be written by everyone", another}
	}
	return nil
}

func checkOwn(info fs.FileInfo) error {
	switch err := check(info); {
	case err != nil:
		return err
	case info.Mode().Perm()&0o020 != 0:
		return &FileError{"can be written by its group", another}
	case !owned(info):
		return &FileError{"belongs to another user", another}
	}
	return nil
}
