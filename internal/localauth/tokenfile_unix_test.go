//go:build unix

package localauth_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/irsakit/irsa/internal/localauth"
)

const text = "the-text-of-the-file"

// write makes a file whose mode no umask has a say in.
func write(path, text string, mode fs.FileMode) error {
	return errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chmod(path, mode))
}

func TestMake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "token")
	if err := localauth.Make(path); err != nil {
		t.Fatal(err)
	}
	made, err := localauth.Read(path)
	if err != nil || !regexp.MustCompile(`^[0-9a-f]{64}$`).Match(made) {
		t.Errorf("made %d bytes: %v", len(made), err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode() != 0o440 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	then := time.Unix(1_000_000_000, 0)
	if err := os.Chtimes(dir, then, then); err != nil {
		t.Fatal(err)
	}
	if err := localauth.Make(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dir); err != nil || !info.ModTime().Equal(then) {
		t.Errorf("a directory is written that may be for reading only: %v", err)
	}
	if again, err := localauth.ReadNamed(path); err != nil || !bytes.Equal(again, made) {
		t.Errorf("there is another the second time: %v", err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%d files are left: %v", len(files), err)
	}
	other := filepath.Join(dir, "other")
	if err := localauth.Make(other); err != nil {
		t.Fatal(err)
	}
	if got, err := localauth.Read(other); err != nil || bytes.Equal(got, made) {
		t.Errorf("two files have one token: %v", err)
	}
}

// Of several that make the file at once, each finds the same token there from
// then on, and so do their clients.
func TestMakeAtOnce(t *testing.T) {
	t.Parallel()
	for range 20 {
		dir := t.TempDir()
		path := filepath.Join(dir, "token")
		seen := make([][]byte, 8)
		var made sync.WaitGroup
		for i := range seen {
			made.Go(func() {
				err := localauth.Make(path)
				if err == nil {
					seen[i], err = localauth.Read(path)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		made.Wait()
		for _, token := range seen {
			if len(token) != 64 || !bytes.Equal(token, seen[0]) {
				t.Fatal("the token of one has given way to that of another")
			}
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
			t.Errorf("%d files are left: %v", len(files), err)
		}
	}
}

// Make leaves alone what is there, whatever it is.
func TestMakeNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "target"), link); err != nil {
		t.Fatal(err)
	}
	if err := localauth.Make(link); err != nil {
		t.Error(err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%d files: %v", len(files), err)
	}
	if err := localauth.Make(filepath.Join(dir, "no", "token")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no directory: %v", err)
	}
	if err := write(filepath.Join(dir, "file"), "", 0o600); err != nil {
		t.Fatal(err)
	}
	if err := localauth.Make(filepath.Join(dir, "file", "token")); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("a file for a directory: %v", err)
	}
}

// TestFiles covers what is taken by those that answer for a file and by those
// to whom it is named.
func TestFiles(t *testing.T) {
	t.Parallel()
	file := func(text string, mode fs.FileMode) func(string) error {
		return func(path string) error { return write(path, text, mode) }
	}
	linked := func(text string, mode fs.FileMode) func(string) error {
		return func(path string) error {
			return errors.Join(write(path+".target", text, mode), os.Symlink(path+".target", path))
		}
	}
	for name, test := range map[string]struct {
		make       func(path string) error
		own, named string // why not; "" is that it is taken
	}{
		"good":              {file(text, 0o440), "", ""},
		"the owner's":       {file(text, 0o600), "", ""},
		"readable to all":   {file(text, 0o444), "", ""},
		"of the group":      {file(text, 0o460), "can be written by its group", ""},
		"of everyone":       {file(text, 0o602), "can be written by everyone", "can be written by everyone"},
		"of group and all":  {file(text, 0o666), "can be written by everyone", "can be written by everyone"},
		"a long one":        {file(strings.Repeat("x", 16<<10), 0o440), "", ""},
		"too long":          {file(strings.Repeat("x", 16<<10+1), 0o440), "longer than 16384 bytes", "longer than 16384 bytes"},
		"a directory":       {func(p string) error { return os.Mkdir(p, 0o700) }, "not a regular file", "not a regular file"},
		"a pipe":            {func(p string) error { return syscall.Mkfifo(p, 0o600) }, "not a regular file", "not a regular file"},
		"a device":          {func(p string) error { return os.Symlink(os.DevNull, p) }, "symbolic link", "not a regular file"},
		"a link":            {linked(text, 0o400), "symbolic link", ""},
		"a link to a bad":   {linked(text, 0o606), "symbolic link", "can be written by everyone"},
		"a link to nothing": {func(p string) error { return os.Symlink(p+".target", p) }, "symbolic link", "no such file"},
		"nothing":           {func(string) error { return nil }, "no such file", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "token")
			if err := test.make(path); err != nil {
				t.Fatal(err)
			}
			for how, try := range map[string]struct {
				read func(string) ([]byte, error)
				want string
			}{"Read": {localauth.Read, test.own}, "ReadNamed": {localauth.ReadNamed, test.named}} {
				got, err := try.read(path)
				_, refused := errors.AsType[*localauth.FileError](err)
				switch {
				case try.want == "":
					if want, _ := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
						t.Errorf("%s: %d bytes, %v", how, len(got), err)
					}
				case got != nil || err == nil || !strings.Contains(err.Error(), try.want):
					t.Errorf("%s: %v, want one with %q", how, err, try.want)
				case refused == errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), text):
					t.Errorf("%s: %T: %v", how, err, err)
				}
			}
		})
	}
}

// A file that another user has put there is not taken for ours.
func TestFileOfAnother(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	if err := write(path, text, 0o400); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Skip("takes root: ", err)
	}
	if _, err := localauth.Read(path); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
		t.Errorf("own: %v", err)
	}
	if _, err := localauth.ReadNamed(path); err != nil {
		t.Errorf("whoever names the file trusts it: %v", err)
	}
}

// What takes the file's place between the look at it and its opening is not taken
// for it, and a pipe is not waited for.
func TestSwapped(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make       func(path string) error
		own, named bool // taken
	}{
		"another good one": {func(p string) error { return write(p, text, 0o440) }, true, true},
		"a link":           {func(p string) error { return errors.Join(write(p+".target", text, 0o400), os.Symlink(p+".target", p)) }, false, true},
		"everyone's":       {func(p string) error { return write(p, text, 0o666) }, false, false},
		"a pipe":           {func(p string) error { return syscall.Mkfifo(p, 0o600) }, false, false},
		"a directory":      {func(p string) error { return os.Mkdir(p, 0o700) }, false, false},
		"nothing":          {func(string) error { return nil }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for how, try := range map[string]struct {
				read func(func(), string) ([]byte, error)
				want bool
			}{"Read": {localauth.ReadAfter, test.own}, "ReadNamed": {localauth.ReadNamedAfter, test.named}} {
				path := filepath.Join(t.TempDir(), "token")
				if err := write(path, "the first text", 0o400); err != nil {
					t.Fatal(err)
				}
				got, err := try.read(func() {
					if err := errors.Join(os.Remove(path), test.make(path)); err != nil {
						t.Error(err)
					}
				}, path)
				if (err == nil) != try.want || err == nil && string(got) != text {
					t.Errorf("%s: %d bytes, %v", how, len(got), err)
				}
			}
		})
	}
}
