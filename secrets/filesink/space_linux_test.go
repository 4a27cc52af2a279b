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

// A full file system leaves the old set in place and nothing of the new one.
func TestNoSpace(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "small")
	must(t, os.Mkdir(dir, 0o755))
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=100k,mode=755"); err != nil {
		t.Skipf("no file system to fill: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(dir, 0)) })
	sink := open(t, dir, filesink.Config{Linger: -1})
	if got := sink.Warnings(); len(got) != 0 {
		t.Errorf("warnings for tmpfs: %q", got)
	}
	want := map[string]string{"a": "1"}
	write(t, sink, want)
	big := strings.Repeat("x", 64<<10)
	changed, err := sink.Write(t.Context(), files(map[string]string{"a": big, "b": big}))
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
}
