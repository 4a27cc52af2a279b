//go:build unix

package endpoint_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/irsakit/irsa/credentials/endpoint"
)

// A pipe would be waited for until somebody writes into it.
func TestFileTokenPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := endpoint.FileToken(path)
	if e, ok := errors.AsType[*endpoint.TokenFileError](err); !ok || e.Problem != "is not a regular file" {
		t.Errorf("error %v", err)
	}
}

// A file that another user has put there is not taken for ours.
func TestFileTokenOfAnother(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	path := writeFile(t, "token", password, 0o440)
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Fatal(err)
	}
	_, err := endpoint.FileToken(path)
	if e, ok := errors.AsType[*endpoint.TokenFileError](err); !ok || e.Problem != "belongs to another user" {
		t.Errorf("error %v", err)
	}
}
