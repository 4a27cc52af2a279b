package credentialstest

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// The names in a projected volume (Kubernetes, pkg/volume/util, AtomicWriter).
const (
	tokenName = "token"
	dataName  = "..data"
	nextName  = "..data_tmp"
)

// TokenFile is a projected token on disk, laid out and rotated as the kubelet
// does it: the file is a symlink through ..data into a directory that a rename
// replaces. Whoever reads its path sees the old token or the new, never half of
// one; whoever holds it open keeps the old. It is safe for concurrent use.
type TokenFile struct {
	dir string

	mu      sync.Mutex
	current string // the directory behind ..data
}

// NewTokenFile writes token under dir, which is made if it does not exist, and
// returns the file. One dir takes one file.
func NewTokenFile(dir, token string) (*TokenFile, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("credentialstest: token file: %w", err)
	}
	f := &TokenFile{dir: dir}
	if err := os.Symlink(filepath.Join(dataName, tokenName), f.Path()); err != nil {
		return nil, fmt.Errorf("credentialstest: token file: %w", err)
	}
	if err := f.Rotate(token); err != nil {
		return nil, err
	}
	return f, nil
}

// Path is what AWS_WEB_IDENTITY_TOKEN_FILE would name.
func (f *TokenFile) Path() string { return filepath.Join(f.dir, tokenName) }

// Rotate replaces the token atomically. The token may be any text, to see what
// comes of a bad one.
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
	if err := os.WriteFile(filepath.Join(next, tokenName), []byte(token), 0o600); err != nil {
		return "", err
	}
	link := filepath.Join(f.dir, nextName)
	if err := os.Symlink(filepath.Base(next), link); err != nil {
		return "", err
	}
	return next, os.Rename(link, filepath.Join(f.dir, dataName))
}
