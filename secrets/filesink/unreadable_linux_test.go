package filesink_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/irsakit/irsa/secrets/filesink"
)

// nobody is a user that is not root.
const nobody = 65534

// A writer that may not read what it wrote still knows what that was, and does
// not write it again.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "filesink") // which others may enter
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	if os.Geteuid() == 0 {
		must(t, os.Chown(dir, nobody, nobody))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if os.Geteuid() == 0 {
			// Root can read everything, so this thread, which ends with the goroutine,
			// does without (setfsuid(2)).
			runtime.LockOSThread()
			_, _, _ = syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0)
		}
		writeUnreadable(t, dir)
	}()
	<-done
}

func writeUnreadable(t *testing.T, dir string) {
	sink, err := filesink.Open(dir, filesink.Config{Mode: 0o040})
	if err != nil {
		t.Error(err)
		return
	}
	defer sink.Close()
	for _, step := range []struct {
		contents map[string]string
		mode     fs.FileMode // of the last one; zero: as of the Sink
		changed  bool
	}{
		{map[string]string{"a": "1", "b": "2"}, 0, true},
		{map[string]string{"a": "1", "b": "2"}, 0, false},
		{map[string]string{"a": "1", "b": "2"}, 0o060, true},
		{map[string]string{"a": "1"}, 0, true},
		{map[string]string{"a": "2"}, 0, true},
		{map[string]string{"b": "2"}, 0, true},
		{map[string]string{"b": "2"}, 0, false},
	} {
		list := files(step.contents)
		list[len(list)-1].Mode = step.mode
		changed, err := sink.Write(t.Context(), list)
		if err != nil || changed != step.changed {
			t.Errorf("%v: changed %v, %v", step.contents, changed, err)
		}
		entries, err := os.ReadDir(filepath.Join(dir, "..data"))
		if err != nil || len(entries) != len(list) {
			t.Errorf("%v: there is %v, %v", step.contents, entries, err)
		}
	}
	if _, err := os.ReadFile(filepath.Join(dir, "b")); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("it can read after all: %v", err)
	}
}
