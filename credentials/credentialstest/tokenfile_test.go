package credentialstest_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials/credentialstest"
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTokenFile(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "for", "it")
	file, err := credentialstest.NewTokenFile(dir, "first")
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, file.Path()); got != "first" {
		t.Errorf("token %q", got)
	}
	// The layout of a projected volume.
	for path, want := range map[string]string{"token": "..data/token"} {
		if got, err := os.Readlink(filepath.Join(dir, path)); err != nil || got != want {
			t.Errorf("%s points to %q, %v", path, got, err)
		}
	}
	before, err := os.Readlink(filepath.Join(dir, "..data"))
	if err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(file.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()

	if err := file.Rotate("second"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, file.Path()); got != "second" {
		t.Errorf("token %q", got)
	}
	if held, err := io.ReadAll(open); err != nil || string(held) != "first" {
		t.Errorf("an open descriptor reads %q, %v", held, err)
	}
	if after, err := os.Readlink(filepath.Join(dir, "..data")); err != nil || after == before {
		t.Errorf("..data still points to %q, %v", after, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimRight(e.Name(), "0123456789"))
	}
	if diff := cmp.Diff([]string{"..data", "..generation-", "token"}, names); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

// Readers see one token or the other.
func TestRotateIsAtomic(t *testing.T) {
	t.Parallel()
	first, second := strings.Repeat("a", 4096), strings.Repeat("b", 4096)
	file, err := credentialstest.NewTokenFile(t.TempDir(), first)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				// A reader that resolved ..data before the swap may find the
				// old directory gone, as with the kubelet.
				data, err := os.ReadFile(file.Path())
				if err == nil && string(data) != first && string(data) != second {
					t.Errorf("read %d bytes of neither token", len(data))
				}
			}
		})
	}
	for i := range 200 {
		if err := file.Rotate([]string{first, second}[i%2]); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	wg.Wait()
}

func TestTokenFileErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, err := credentialstest.NewTokenFile(dir, "first")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := credentialstest.NewTokenFile(dir, "second"); err == nil {
		t.Error("two files in one directory")
	}
	if _, err := credentialstest.NewTokenFile(filepath.Join(file.Path(), "below"), "x"); err == nil {
		t.Error("a file below a file")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := file.Rotate("second"); err == nil {
		t.Error("rotated in a directory that is gone")
	}
}
