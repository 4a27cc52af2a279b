package filesink_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/filesink"
)

// open opens a Sink that is closed when the test ends.
func open(t *testing.T, dir string, c filesink.Config) *filesink.Sink {
	t.Helper()
	sink, err := filesink.Open(dir, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sink.Close(); err != nil {
			t.Error(err)
		}
	})
	return sink
}

// write writes contents by path, and reports whether that changed anything.
func write(t *testing.T, sink *filesink.Sink, contents map[string]string) bool {
	t.Helper()
	changed, err := sink.Write(t.Context(), files(contents))
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func files(contents map[string]string) []filesink.File {
	var list []filesink.File
	for _, path := range slices.Sorted(maps.Keys(contents)) {
		list = append(list, filesink.File{Path: path, Data: value(contents[path])})
	}
	return list
}

func value(s string) secrets.Value { return secrets.NewValue([]byte(s), secrets.Meta{Name: "test"}) }

// visible returns the contents of all files that an application sees in dir: by
// names that do not begin with dots, links followed.
func visible(t *testing.T, dir string) map[string]string {
	t.Helper()
	seen := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "..") {
			collect(t, dir, e.Name(), seen)
		}
	}
	return seen
}

func collect(t *testing.T, dir, path string, seen map[string]string) {
	t.Helper()
	at := filepath.Join(dir, path)
	info, err := os.Stat(at)
	if err != nil {
		t.Fatal(err)
	}
	if !info.IsDir() {
		data, err := os.ReadFile(at)
		if err != nil {
			t.Fatal(err)
		}
		seen[path] = string(data)
		return
	}
	entries, err := os.ReadDir(at)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		collect(t, dir, path+"/"+e.Name(), seen)
	}
}

func checkVisible(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, visible(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// hidden returns the names in dir that begin with two dots, but for ..data.
func hidden(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "..") && e.Name() != "..data" {
			names = append(names, e.Name())
		}
	}
	return names
}

// data returns the name of the directory behind ..data.
func data(t *testing.T, dir string) string {
	t.Helper()
	name, err := os.Readlink(filepath.Join(dir, "..data"))
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// must fails the test for what prepares it.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newDir is a directory that does not exist yet.
func newDir(t *testing.T) string { return filepath.Join(t.TempDir(), "sink") }

func exists(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Lstat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}
