package credentialstest

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// The names in a projected volume (Kubernetes, pkg/volume/util, AtomicWriter).
const (
	dataName = "..data"
	nextName = "..data_tmp"
)

// TokenFile is a projected token on disk, laid out and rotated as the kubelet
// does it: the file is a symlink through ..data into a directory that a rename
// replaces. Whoever reads its path sees the old token or the new, never half of
// one; whoever holds it open keeps the old. It is safe for concurrent use.
type TokenFile struct {
	dir, name string

	mu      sync.Mutex
	current string // the directory behind ..data
}

// NewTokenFile writes token under dir, which is made if it does not exist, and
// returns the file. One dir takes one file.
func NewTokenFile(dir, token string) (*TokenFile, error) {
	return newTokenFile(dir, webIdentityName, token)
}

func newTokenFile(dir, name, token string) (*TokenFile, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("credentialstest: token file: %w", err)
	}
	f := &TokenFile{dir: dir, name: name}
	if err := os.Symlink(filepath.Join(dataName, name), f.Path()); err != nil {
		return nil, fmt.Errorf("credentialstest: token file: %w", err)
	}
	if err := f.Rotate(token); err != nil {
		return nil, err
	}
	return f, nil
}

// Path is what AWS_WEB_IDENTITY_TOKEN_FILE would name.
func (f *TokenFile) Path() string { return filepath.Join(f.dir, f.name) }

// Rotate replaces the token atomically. The token may be any text, also none, to
// see what comes of a bad one. It mends what Remove and Chmod have done.
func (f *TokenFile) Rotate(token string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	next, err := f.write(token)
	if err != nil {
		return fmt.Errorf("credentialstest: rotate token: %w", err)
	}
	if f.current != "" {
		if err := os.RemoveAll(f.current); err != nil {
			return fmt.Errorf("credentialstest: rotate token: %w", err)
		}
	}
	f.current = next
	return nil
}

// write puts token into a new directory and ..data onto that.
func (f *TokenFile) write(token string) (string, error) {
	next, err := os.MkdirTemp(f.dir, "..generation-")
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(next, f.name), []byte(token), 0o600); err != nil {
		return "", err
	}
	link := filepath.Join(f.dir, nextName)
	if err := os.Symlink(filepath.Base(next), link); err != nil {
		return "", err
	}
	return next, os.Rename(link, filepath.Join(f.dir, dataName))
}

// Remove takes the token away, as a volume that was not mounted: there is no
// such file until the next Rotate.
func (f *TokenFile) Remove() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := os.Remove(filepath.Join(f.dir, dataName)); err != nil {
		return fmt.Errorf("credentialstest: remove token: %w", err)
	}
	return nil
}

// Chmod changes the mode of the token until the next Rotate, such as to 0, which
// nobody but root can read.
func (f *TokenFile) Chmod(mode os.FileMode) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := os.Chmod(filepath.Join(f.current, f.name), mode); err != nil {
		return fmt.Errorf("credentialstest: token file: %w", err)
	}
	return nil
}

// SubPath makes the file at path what a subPath mount of the token is: the token
// of this moment, which no rotation reaches.
func (f *TokenFile) SubPath(path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := os.Link(filepath.Join(f.current, f.name), path); err != nil {
		return fmt.Errorf("credentialstest: subPath mount: %w", err)
	}
	return nil
}
