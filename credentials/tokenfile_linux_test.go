package credentials

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestUnreadableToken reads a file of mode 0000, on a thread without root's
// power to read everything.
func TestUnreadableToken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "token")
	if err := os.WriteFile(path, []byte("secret"), 0); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		openParents(t, dir)
	}
	done := make(chan error)
	go func() {
		// The thread ends with the goroutine, for it is never unlocked.
		runtime.LockOSThread()
		if os.Getuid() == 0 {
			const nobody = 65534
			if _, _, errno := syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0); errno != 0 {
				done <- errno
				return
			}
		}
		_, _, err := readToken(path)
		done <- err
	}()
	err := <-done
	e, ok := errors.AsType[*TokenError](err)
	if !ok || e.Problem != TokenUnreadable || !errors.Is(err, os.ErrPermission) || !errors.Is(err, ErrIdentity) {
		t.Fatalf("error %v, want a token that cannot be read", err)
	}
	for _, part := range []string{path, "mode 0000", "owned by uid", "runs as uid", "fsGroup"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error lacks %q: %v", part, err)
		}
	}
}

// openParents lets other users pass through a test's directories.
func openParents(t *testing.T, dir string) {
	t.Helper()
	for parent := filepath.Dir(dir); strings.HasPrefix(parent, os.TempDir()) && parent != os.TempDir(); parent = filepath.Dir(parent) {
		if err := os.Chmod(parent, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}
