package filesink

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// linkName is for links that take the place of others.
const linkName = "..link_tmp"

// failed gives an error of the operating system its type.
func (t *target) failed(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*DirError](err); ok {
		return err
	}
	return &WriteError{t.dir, err}
}

// checkNames makes sure, before anything is done, that no name is taken by a file
// or directory. A link in the way is replaced.
func (t *target) checkNames(tops []string) error {
	for _, top := range tops {
		info, err := t.root.Lstat(top)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return t.failed(err)
		case info.Mode()&fs.ModeSymlink == 0:
			return &DirError{t.dir, fmt.Sprintf("has a %q of another origin; remove it or write elsewhere", top)}
		}
	}
	return nil
}

// show has exactly the names in tops lead into ..data, and returns whether it had
// to do anything. It comes behind the swap, so that no link ever leads nowhere
// for somebody who saw it appear.
func (t *target) show(tops []string) (changed bool, err error) {
	for _, top := range tops {
		done, err := t.lead(top)
		if err != nil {
			return changed, err
		}
		changed = changed || done
	}
	entries, err := fs.ReadDir(t.root.FS(), ".")
	if err != nil {
		return changed, err
	}
	for _, e := range entries {
		name := e.Name()
		if e.Type() != fs.ModeSymlink || strings.HasPrefix(name, "..") || slices.Contains(tops, name) {
			continue
		}
		if to, err := t.root.Readlink(name); err != nil || to != path.Join(dataName, name) {
			continue // not ours
		}
		if err := t.root.Remove(name); err != nil {
			return changed, err
		}
		changed = true
	}
	return changed, nil
}

// lead makes one name lead into ..data.
func (t *target) lead(top string) (changed bool, err error) {
	want := path.Join(dataName, top)
	to, err := t.root.Readlink(top)
	switch {
	case err == nil && to == want:
		return false, nil
	case errors.Is(err, fs.ErrNotExist):
		return true, t.root.Symlink(want, top)
	case err != nil:
		return false, err
	}
	if err := t.root.RemoveAll(linkName); err != nil {
		return false, err
	}
	if err := t.root.Symlink(want, linkName); err != nil {
		return false, err
	}
	return true, t.root.Rename(linkName, top)
}
