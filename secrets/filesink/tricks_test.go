//go:build unix

package filesink_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/filesink"
)

// Directories that Open must not take.
func TestRefusedDirectories(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		make     func(t *testing.T, dir string)
		want     string
		insecure bool // Config.InsecureDir lets it pass
	}{
		"symbolic link": {func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir+"-real", 0o755))
			must(t, os.Symlink(dir+"-real", dir))
		}, "symbolic link", true},
		"for everybody": {func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir, 0o755))
			must(t, os.Chmod(dir, 0o777))
		}, "everybody may write", true},
		"for everybody, sticky": {func(t *testing.T, dir string) {
			must(t, os.Mkdir(dir, 0o755))
			must(t, os.Chmod(dir, 0o777|os.ModeSticky))
		}, "everybody may write", true},
		"file": {func(t *testing.T, dir string) { must(t, os.WriteFile(dir, nil, 0o600)) }, "no directory", false},
		"link that leads nowhere": {func(t *testing.T, dir string) {
			must(t, os.Symlink(dir+"-real", dir))
		}, "symbolic link", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			test.make(t, dir)
			_, err := filesink.Open(dir+"/", filesink.Config{})
			if d, ok := errors.AsType[*filesink.DirError](err); !ok || d.Dir != dir || !errors.Is(err, secrets.ErrConfiguration) {
				t.Fatalf("%#v", err)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q, want %q", err, test.want)
			}
			sink, err := filesink.Open(dir, filesink.Config{InsecureDir: true})
			if (err == nil) != test.insecure {
				t.Errorf("insecure: %v", err)
			}
			if err == nil {
				if w := strings.Join(sink.Warnings(), "\n"); !strings.Contains(w, test.want) {
					t.Errorf("warnings %q, want %q", w, test.want)
				}
				write(t, sink, map[string]string{"a": "1"})
				must(t, sink.Close())
			}
		})
	}
	if _, err := filesink.Open("", filesink.Config{}); !errors.Is(err, secrets.ErrConfiguration) {
		t.Errorf("no directory: %v", err)
	}
}

// The mode of a directory that was there is the business of whoever made it.
func TestModeOfDirectoryStays(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o700, 0o750 | os.ModeSticky, 0o775 | os.ModeSetgid} {
		dir := newDir(t)
		must(t, os.Mkdir(dir, 0o700))
		must(t, os.Chmod(dir, mode))
		write(t, open(t, dir, filesink.Config{}), map[string]string{"a": "1"})
		if info, err := os.Stat(dir); err != nil || info.Mode() != mode|os.ModeDir {
			t.Errorf("%v, %v; want %v", info.Mode(), err, mode)
		}
	}
}

// A group may write, as the group of a pod with fsGroup does.
func TestDirectoryOfGroup(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	must(t, os.Mkdir(dir, 0o755))
	must(t, os.Chmod(dir, 0o775|os.ModeSetgid))
	write(t, open(t, dir, filesink.Config{}), map[string]string{"a": "1"})
}

// What somebody with access to the directory may do to have files elsewhere
// written, read or removed. Whatever comes of the Write, the neighbour stays as
// it was.
func TestTricks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		trick func(t *testing.T, dir, neighbour string)
		want  string // in the error; empty: it is written
	}{
		"..data leads to the neighbour":      {func(t *testing.T, dir, n string) { relink(t, dir, n, false) }, ""},
		"..data leads there by dots":         {func(t *testing.T, dir, n string) { relink(t, dir, "../neighbour", false) }, ""},
		"..data is named as if it were fine": {func(t *testing.T, dir, n string) { relink(t, dir, "..2026_01_01_00_00_00.1/../../neighbour", false) }, ""},
		"..data_tmp leads to the neighbour":  {func(t *testing.T, dir, n string) { must(t, os.Symlink(n, dir+"/..data_tmp")) }, ""},
		"..link_tmp leads to the neighbour":  {func(t *testing.T, dir, n string) { must(t, os.Symlink(n, dir+"/..link_tmp")) }, ""},
		"a name leads to the neighbour":      {func(t *testing.T, dir, n string) { must(t, os.Remove(dir+"/a")); must(t, os.Symlink(n, dir+"/a")) }, ""},
		"a name leads to its file":           {func(t *testing.T, dir, n string) { must(t, os.Symlink(n+"/a", dir+"/new")) }, ""},
		"a stale one is a link":              {func(t *testing.T, dir, n string) { must(t, os.Symlink(n, dir+"/..2026_01_01_00_00_00.1")) }, ""},
		"a stale one has a link": {func(t *testing.T, dir, n string) {
			must(t, os.Mkdir(dir+"/..2026_01_01_00_00_00.1", 0o755))
			must(t, os.Symlink(n, dir+"/..2026_01_01_00_00_00.1/x"))
		}, ""},
		"the current one is a link": {func(t *testing.T, dir, n string) {
			gen := dir + "/" + data(t, dir)
			must(t, os.Rename(gen, gen+"9"))
			must(t, os.Symlink(n, gen))
		}, ""},
		"a directory in it is a link": {func(t *testing.T, dir, n string) {
			must(t, os.RemoveAll(dir+"/..data/b"))
			must(t, os.Symlink(n, dir+"/..data/b"))
		}, ""},
		"a file in it is a link": {func(t *testing.T, dir, n string) {
			must(t, os.Remove(dir+"/..data/a"))
			must(t, os.Symlink(n+"/a", dir+"/..data/a"))
		}, ""},
		"the directory was moved":              {func(t *testing.T, dir, n string) { must(t, os.Rename(dir, dir+"-moved")); must(t, os.Symlink(n, dir)) }, ""},
		"a name is a file":                     {func(t *testing.T, dir, n string) { must(t, os.WriteFile(dir+"/new", nil, 0o600)) }, `"new"`},
		"a name is a directory":                {func(t *testing.T, dir, n string) { must(t, os.Mkdir(dir+"/new", 0o700)) }, `"new"`},
		"a name is a hard link to a neighbour": {func(t *testing.T, dir, n string) { must(t, os.Link(n+"/a", dir+"/new")) }, `"new"`},
		"..data is a directory": {func(t *testing.T, dir, n string) {
			must(t, os.Remove(dir+"/..data"))
			must(t, os.Mkdir(dir+"/..data", 0o700))
		}, "..data"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			neighbour := filepath.Join(filepath.Dir(dir), "neighbour")
			must(t, os.MkdirAll(neighbour+"/b", 0o755))
			must(t, os.WriteFile(neighbour+"/a", []byte("mine"), 0o640))
			must(t, os.WriteFile(neighbour+"/b/c", []byte("mine"), 0o640))
			before := describe(t, neighbour)

			sink := open(t, dir, filesink.Config{Linger: -1})
			write(t, sink, map[string]string{"a": "1", "b/c": "2"})
			test.trick(t, dir, neighbour)
			want := map[string]string{"a": "1", "b/c": "2", "new": "3"}
			_, err := sink.Write(t.Context(), files(want))
			if after := describe(t, neighbour); after != before {
				t.Errorf("the neighbour was\n%s\nand is\n%s", before, after)
			}
			if test.want != "" {
				if _, ok := errors.AsType[*filesink.DirError](err); !ok || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				if _, ok := errors.AsType[*filesink.WriteError](err); ok {
					t.Errorf("%v is what the operating system refused", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			at := dir
			if exists(t, dir+"-moved") {
				at = dir + "-moved"
			}
			checkVisible(t, at, want)
			if got := hidden(t, at); len(got) != 1 {
				t.Errorf("left: %q", got)
			}
		})
	}
}

// describe tells all of a directory that a trick could change.
func describe(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		must(t, err)
		b.WriteString(path + " " + info.Mode().String())
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			must(t, err)
			b.WriteString(" " + string(content))
		}
		b.WriteString("\n")
		return nil
	}))
	return b.String()
}
