package filesink_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/irsakit/irsa/secrets/filesink"
)

// small is a new directory in a file system of its own, in memory.
func small(t *testing.T, options string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "small")
	must(t, os.Mkdir(dir, 0o755))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=755,"+options); err != nil {
		t.Skipf("no file system to fill: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(dir, 0)) })
	return dir
}

// A full file system leaves the old set in place and nothing of the new one.
func TestNoSpace(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 64<<10)
	tests := map[string]struct {
		options string
		next    map[string]string
	}{
		"bytes":  {"size=100k", map[string]string{"a": big, "b": big}},
		"inodes": {"nr_inodes=10", map[string]string{"a": "2", "b": "2", "c": "2", "d": "2", "e": "2"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := small(t, test.options)
			sink := open(t, dir, filesink.Config{Linger: -1})
			if got := sink.Warnings(); len(got) != 0 {
				t.Errorf("warnings for tmpfs: %q", got)
			}
			want := map[string]string{"a": "1"}
			write(t, sink, want)
			changed, err := sink.Write(t.Context(), files(test.next))
			if changed || !errors.Is(err, syscall.ENOSPC) {
				t.Errorf("changed %v, error %v", changed, err)
			}
			checkVisible(t, dir, want)
			if got := hidden(t, dir); len(got) != 1 {
				t.Errorf("left: %q", got)
			}
			if !write(t, sink, map[string]string{"a": "2"}) {
				t.Error("no change once there is space")
			}
		})
	}
}

// What a killed writer left behind does not take the room for good.
func TestNoSpaceForLeftovers(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 50<<10)
	tests := map[string]map[string]string{
		"of the first set":    nil,
		"of a set that stays": {"a": "1"},
	}
	for name, before := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := small(t, "size=100k")
			if before != nil {
				sink := open(t, dir, filesink.Config{})
				write(t, sink, before)
				must(t, sink.Close())
			}
			must(t, os.Mkdir(dir+"/..2999_01_01_00_00_00.000000000", 0o700))
			must(t, os.WriteFile(dir+"/..2999_01_01_00_00_00.000000000/a", []byte(big), 0o600))
			write(t, open(t, dir, filesink.Config{}), map[string]string{"a": big})
			checkVisible(t, dir, map[string]string{"a": big})
		})
	}
}
