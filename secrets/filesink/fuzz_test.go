//go:build unix

package filesink_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/filesink"
)

// Of any two paths, either is refused as configuration and nothing happens, or
// both are there to be read, below the directory and nowhere else.
func FuzzPaths(f *testing.F) {
	for _, seed := range [][2]string{
		{"a", "b"},
		{"a", "a"},
		{"a", "a/b"},
		{"a/b", "a-b"},
		{"../x", "a"},
		{"/etc/passwd", "a"},
		{"..data/x", "a"},
		{"a/../../b", "a"},
		{"a//b", "a/b"},
		{"./a", "a"},
		{"a\x00", "b"},
		{"\xff", "b"},
		{strings.Repeat("n", 256), "a"},
		{strings.Repeat("n/", 2000) + "n", "a"},
		{"..2026_01_01_00_00_00.1", "a"},
		{"a\n", "ü"},
	} {
		f.Add(seed[0], seed[1])
	}
	outer := f.TempDir()
	dir := filepath.Join(outer, "sink")
	sink, err := filesink.Open(dir, filesink.Config{Linger: -1})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := sink.Close(); err != nil {
			f.Error(err)
		}
	})
	f.Fuzz(func(t *testing.T, one, two string) {
		_, err := sink.Write(t.Context(), nil)
		must(t, err)
		want := map[string]string{one: "1", two: "2"}
		_, err = sink.Write(t.Context(), []filesink.File{{Path: one, Data: value("1")}, {Path: two, Data: value("2")}})
		entries, readErr := os.ReadDir(outer)
		must(t, readErr)
		if !slices.EqualFunc(entries, []string{"sink"}, func(e fs.DirEntry, name string) bool { return e.Name() == name }) {
			t.Fatalf("beside the directory: %v", entries)
		}
		if err != nil {
			if !errors.Is(err, secrets.ErrConfiguration) {
				t.Errorf("%q and %q: %v", one, two, err)
			}
			want = map[string]string{}
		}
		for p := range want {
			if path.Clean(p) != p || path.IsAbs(p) {
				t.Errorf("%q was taken", p)
			}
		}
		checkVisible(t, dir, want)
	})
}
