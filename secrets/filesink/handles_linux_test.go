package filesink_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets/filesink"
)

// handles are the names below dir that this process has open.
func handles(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	var names []string
	for _, e := range entries {
		if name, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil && strings.HasPrefix(name, dir) {
			names = append(names, name)
		}
	}
	return names
}

// Nothing stays open but what a Sink needs, and nothing after Close.
func TestHandles(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	sink := open(t, dir, filesink.Config{Linger: -1})
	before := len(handles(t, dir))
	for _, content := range []string{"1", "2", "2", "3"} {
		write(t, sink, map[string]string{"a/b": content})
	}
	must(t, os.WriteFile(dir+"/taken", nil, 0o600))
	if _, err := sink.Write(t.Context(), files(map[string]string{"taken": "1"})); err == nil {
		t.Error("no error")
	}
	if _, err := filesink.Open(dir, filesink.Config{}); err == nil {
		t.Error("no error for a second one")
	}
	if got := handles(t, dir); len(got) != before {
		t.Errorf("open: %q", got)
	}
	must(t, sink.Close())
	if got := handles(t, dir); len(got) != 0 {
		t.Errorf("open after Close: %q", got)
	}
}
