package filesink

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// The names of the scheme (Kubernetes, pkg/volume/util, AtomicWriter). With nine
// digits behind the point the order of generations is that of their names.
const (
	dataName = "..data"
	nextName = "..data_tmp"
	layout   = "..2006_01_02_15_04_05.000000000"
)

// isGeneration tells the names of generations, the kubelet's included, whose
// digits behind the point are random.
func isGeneration(name string) bool {
	second, digits, found := strings.Cut(strings.TrimPrefix(name, ".."), ".")
	_, err := time.Parse("2006_01_02_15_04_05", second)
	return err == nil && found && strings.HasPrefix(name, "..") &&
		digits != "" && strings.Trim(digits, "0123456789") == ""
}

// current returns the name of the generation that readers see; empty if none.
func (t *target) current() (string, error) {
	info, err := t.root.Lstat(dataName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case info.Mode()&fs.ModeSymlink == 0:
		return "", &DirError{t.dir, "holds ..data, which is no symbolic link; remove it"}
	}
	name, err := t.root.Readlink(dataName)
	if err != nil || !isGeneration(name) {
		return "", err
	}
	info, err = t.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return "", nil // it is lost; the next set takes its place
	}
	return name, err
}

// generate writes a set into a new directory and returns its name, which comes
// after current in order.
func (t *target) generate(ctx context.Context, current string, s set, c Config) (name string, err error) {
	name, err = t.mkdir(current)
	if err != nil {
		return "", err
	}
	// From here on by its handle, whatever its name comes to mean.
	gen, err := t.root.OpenRoot(name)
	if err == nil {
		err = errors.Join(s.write(ctx, gen, c), gen.Close())
	}
	if err != nil {
		return "", errors.Join(err, t.root.RemoveAll(name))
	}
	return name, nil
}

// write writes a set into an empty directory.
func (s set) write(ctx context.Context, gen *os.Root, c Config) error {
	dirs := s.directories()
	for _, dir := range dirs {
		if err := gen.Mkdir(dir, 0o700); err != nil {
			return err
		}
	}
	for _, path := range s.paths() {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("write %q: %w", path, err)
		}
		if err := writeFile(gen, s.files[path], c); err != nil {
			return err
		}
	}
	for _, dir := range slices.Backward(dirs) {
		if err := sealIn(gen, dir, c); err != nil {
			return err
		}
	}
	return sealIn(gen, ".", c)
}

// mkdir makes a directory for a generation.
func (t *target) mkdir(current string) (string, error) {
	at := time.Now().UTC()
	if last, err := time.Parse(layout, current); err == nil && !at.After(last) {
		at = last.Add(1) // the clock was put back
	}
	name := at.Format(layout)
	return name, t.root.Mkdir(name, 0o700)
}

// writeFile writes a file that nobody but the writer can open before it is
// complete.
func writeFile(gen *os.Root, f File, c Config) error {
	out, err := gen.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	data := f.Data.RevealBytes()
	defer clear(data)
	_, err = out.Write(data)
	uid, gid := c.owner()
	for _, step := range []func() error{
		func() error { return out.Chmod(f.Mode) }, // before it is another's, whose mode takes one more capability
		func() error { return chown(out, uid, gid) },
		out.Sync,
	} {
		if err == nil {
			err = step()
		}
	}
	return errors.Join(err, out.Close())
}

// chown gives f away, unless both are -1.
func chown(f *os.File, uid, gid int) error {
	if uid < 0 && gid < 0 {
		return nil
	}
	return f.Chown(uid, gid)
}

// sealIn is seal by name.
func sealIn(gen *os.Root, dir string, c Config) error {
	d, err := gen.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(seal(d, c), d.Close())
}

// seal gives a directory, which is complete, its group and mode. It stays the
// writer's own: only its owner can remove what is in it. A set-group-id bit that
// it has from the directory it is in stays too.
func seal(d *os.File, c Config) error {
	info, err := d.Stat()
	if err != nil {
		return err
	}
	_, gid := c.owner()
	if err := chown(d, -1, gid); err != nil {
		return err
	}
	if err := d.Chmod(c.dirMode() | info.Mode()&fs.ModeSetgid); err != nil {
		return err
	}
	return d.Sync()
}

// swap has readers see a generation from now on.
func (t *target) swap(generation string) error {
	if err := t.root.Symlink(generation, nextName); err != nil {
		return err
	}
	if err := t.root.Rename(nextName, dataName); err != nil {
		return errors.Join(err, t.root.Remove(nextName))
	}
	// Not durable yet is no reason to take it back.
	_ = t.handle.Sync()
	return nil
}

// holds reports whether a generation is what generate would make of a set, and
// false for known if it may not be read.
func (t *target) holds(generation string, s set, c Config) (same, known bool) {
	gen, err := t.root.OpenRoot(generation)
	if err != nil {
		return false, true
	}
	defer gen.Close()
	seen := 0
	err = fs.WalkDir(gen.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		seen++
		return s.compare(gen, path, info, c)
	})
	if err != nil {
		return false, !errors.Is(err, fs.ErrPermission)
	}
	return seen == len(s.files)+len(s.dirs)+1, true
}

// errDiffers ends a comparison.
var errDiffers = errors.New("differs")

// compare returns an error unless what is at path belongs there.
func (s set) compare(gen *os.Root, path string, info fs.FileInfo, c Config) error {
	uid, gid := c.owner()
	f, isFile := s.files[path]
	switch {
	case isFile && info.Mode() == f.Mode && owned(info, uid, gid):
	case info.IsDir() && (path == "." || s.dirs[path]) && info.Mode().Perm() == c.dirMode() && owned(info, -1, gid):
		return nil
	default:
		return errDiffers
	}
	want := f.Data.RevealBytes()
	defer clear(want)
	if info.Size() != int64(len(want)) {
		return errDiffers
	}
	got, err := gen.ReadFile(path)
	defer clear(got)
	if err == nil && !bytes.Equal(got, want) {
		err = errDiffers
	}
	return err
}
