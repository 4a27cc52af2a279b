package secrets

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// maxSecret is the size that Secrets Manager bounds a secret to, in bytes.
const maxSecret = 65536

// Files returns a [Source] of the files under dir, for development and for
// secrets that are mounted as a volume: the secret "prod/db" is the file
// dir/prod/db, byte for byte, a newline at its end included. Names go together
// with references as in [Static], and so do types. A new version is told by the content, so that
// a file may be edited, renamed over, or swapped by symbolic link, as the kubelet
// does it; replace files by renaming, since one that is written in place may be
// read half written. No path leads out of dir, be it by symbolic link.
//
// A file that does not exist is [ErrNotFound], one that may not be read or is
// too large for a secret [ErrConfiguration]. The Source is safe for concurrent
// use and keeps nothing.
func Files(dir string) Source {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return files{dir: dir, SourceFunc: func(ctx context.Context, ref Ref) (Value, error) {
		if err := ctx.Err(); err != nil {
			return Value{}, fmt.Errorf("secrets: read %q: %w", ref, err)
		}
		return readFile(dir, key, ref)
	}}
}

// files is a Source of the files below a directory.
type files struct {
	SourceFunc
	dir string
}

// Find implements [Finder].
func (f files) Find(ctx context.Context, q Query) ([]Ref, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, fileError(q.all(), err)
	}
	defer root.Close()
	names, err := filesIn(ctx, root)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("secrets: find %q: %w", q, ctx.Err())
	case err != nil:
		return nil, fileError(q.all(), err)
	}
	return found(q, slices.Values(names)), nil
}

// Tags implements [Finder].
func (f files) Tags(ctx context.Context, ref Ref) (map[string]string, error) {
	return untagged(ctx, f, ref)
}

// filesIn returns the paths of the files below root. What begins with two dots is
// where the kubelet keeps the versions of a volume; the files that are to be seen
// are links into it.
func filesIn(ctx context.Context, root *os.Root) ([]string, error) {
	var names []string
	err := fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case strings.HasPrefix(entry.Name(), "..") && entry.IsDir():
			return fs.SkipDir
		case strings.HasPrefix(entry.Name(), "..") || entry.IsDir():
			return nil
		}
		if info, err := root.Stat(path); err == nil && info.Mode().IsRegular() {
			names = append(names, path)
		}
		return nil
	})
	return names, err
}

// readFile reads the file that ref names. Its version is a digest of the content
// under a key that nobody knows, for a plain one would give away short secrets.
func readFile(dir string, key []byte, ref Ref) (Value, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Value{}, fileError(ref, err)
	}
	defer root.Close()
	for _, name := range standIns(ref) {
		if strings.HasPrefix(name, "/") {
			continue
		}
		data, err := readIn(root, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Value{}, fileError(ref, err)
		}
		mac := hmac.New(sha256.New, key)
		mac.Write(data)
		version := hex.EncodeToString(mac.Sum(nil)[:16])
		return newValue(&payload{data: data, name: name, version: version, stages: []string{current}}).typed(ref), nil
	}
	return Value{}, absent(ref, "there is no such file")
}

func readIn(root *os.Root, name string) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err == nil && len(data) > maxSecret {
		err = &fs.PathError{Op: "read", Path: name, Err: fmt.Errorf("file has more than %d bytes", maxSecret)}
	}
	return data, err
}

// fileError is the error for a file or directory that cannot be read.
func fileError(ref Ref, err error) error {
	return &ReadError{Ref: ref.String(), Operation: "Fetch", Problem: err.Error(), kind: ErrConfiguration, err: err}
}
