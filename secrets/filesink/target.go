package filesink

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// target is the directory of a Sink, held open and locked.
type target struct {
	dir    string // absolute
	root   *os.Root
	handle *os.File // of the directory itself; it has the lock
	link   bool     // the name is a symbolic link
	open   bool     // everybody may write to it
}

// openTarget opens and locks dir, which it makes if there is none.
func openTarget(dir string, c Config) (_ *target, err error) {
	if dir == "" {
		return nil, &DirError{dir, "has no name"}
	}
	t := &target{}
	if t.dir, err = filepath.Abs(dir); err != nil {
		return nil, &WriteError{dir, err}
	}
	info, err := findOrMake(t.dir)
	if err != nil {
		return nil, &WriteError{t.dir, err}
	}
	t.link = info.Mode()&fs.ModeSymlink != 0
	switch {
	case t.link && !c.InsecureDir:
		return nil, &DirError{t.dir, "is a symbolic link; name what it leads to"}
	case !t.link && !info.IsDir():
		return nil, &DirError{t.dir, "is no directory"}
	}
	if err := t.hold(info, c); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// halfMade is the mode of a directory that was made and did not get its own yet.
// Whoever locks it gives it that, for whoever made it may have been killed or
// slower. On a directory of one user the sticky bit means nothing else.
const halfMade = fs.ModeSticky | 0o700

// findOrMake returns what dir is, without following it.
func findOrMake(dir string) (fs.FileInfo, error) {
	info, err := os.Lstat(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return info, err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, halfMade); err != nil && !errors.Is(err, fs.ErrExist) { // somebody else was faster
		return nil, err
	}
	return os.Lstat(dir)
}

// hold opens what info is of, makes sure that it is that, and locks it.
func (t *target) hold(info fs.FileInfo, c Config) (err error) {
	if t.root, err = os.OpenRoot(t.dir); err != nil {
		return &WriteError{t.dir, err}
	}
	if t.handle, err = t.root.Open("."); err != nil {
		return &WriteError{t.dir, err}
	}
	opened, err := t.handle.Stat()
	if err != nil {
		return &WriteError{t.dir, err}
	}
	if !t.link && !os.SameFile(info, opened) {
		return &DirError{t.dir, "became another one while it was opened"}
	}
	if t.open = opened.Mode().Perm()&0o002 != 0; t.open && !c.InsecureDir {
		return &DirError{t.dir, fmt.Sprintf("has mode %#o: everybody may write to it; name a new directory within it", opened.Mode().Perm())}
	}
	if err := lock(t.handle); err != nil {
		return &WriteError{t.dir, err}
	}
	if opened.Mode()&(fs.ModeSticky|fs.ModePerm) == halfMade {
		if err := seal(t.handle, c); err != nil {
			return &WriteError{t.dir, err}
		}
	}
	return nil
}

// close unlocks and closes the directory.
func (t *target) close() error {
	var errs []error
	if t.handle != nil {
		errs = append(errs, unlock(t.handle), t.handle.Close())
	}
	if t.root != nil {
		errs = append(errs, t.root.Close())
	}
	return errors.Join(errs...)
}

// warnings says what is not as it should be.
func (t *target) warnings() []string {
	var w []string
	if t.link {
		w = append(w, fmt.Sprintf("%q is a symbolic link", t.dir))
	}
	if t.open {
		w = append(w, fmt.Sprintf("everybody may write to %q", t.dir))
	}
	switch memory, known := inMemory(t.handle); {
	case !known:
		w = append(w, fmt.Sprintf("whether %q is in memory cannot be told: secrets may reach a disk", t.dir))
	case !memory:
		w = append(w, fmt.Sprintf("%q is not in memory (tmpfs): secrets reach a disk", t.dir))
	}
	return w
}
