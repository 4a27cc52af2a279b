package endpoint_test

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/endpoint"
)

func TestStaticToken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ token, problem string }{
		"good":          {password, ""},
		"with a scheme": {"Bearer " + password, ""},
		"empty":         {"", "is empty"},
		"line":          {password + "\n", "line break"},
		"short":         {"fifteen-letters", "shorter than 16"},
		"long":          {strings.Repeat("x", 4097), "longer than 4096"},
		"space before":  {" " + password, "space"},
		"space after":   {password + " ", "space"},
		"line inside":   {password + "\r\nX-Evil: 1", "printable ASCII"},
		"shortest":      {"sixteen--letters", ""},
		"longest":       {strings.Repeat("~", 4096), ""},
		"delete":        {password + "\x7f", "printable ASCII"},
		"not ASCII":     {password + "é", "printable ASCII"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := endpoint.StaticToken(test.token)
			if test.problem == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, credentials.ErrConfiguration) || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("error %v, want %q", err, test.problem)
			}
			if test.token != "" && strings.Contains(err.Error(), test.token) {
				t.Error("the error shows the token")
			}
		})
	}
}

// fileServer serves a session to those who have the token of a file.
func fileServer(t *testing.T, path string) *endpoint.Server {
	t.Helper()
	token, err := endpoint.FileToken(path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := endpoint.New(endpoint.Config{Provider: stub{creds: lasting(time.Hour)}, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// status asks with a token.
func status(t *testing.T, s *endpoint.Server, token string) int {
	t.Helper()
	r := newRequest(t.Context(), endpoint.PathCredentials)
	r.Header.Set("Authorization", token)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code
}

func TestFileToken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "token")
	s := fileServer(t, path)
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode(); mode != 0o440 {
		t.Errorf("mode %v", mode)
	}
	minted, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(minted) != 64 || strings.ContainsAny(string(minted), "\r\n ") {
		t.Errorf("minted %d bytes", len(minted))
	}
	if got := status(t, s, string(minted)); got != http.StatusOK {
		t.Errorf("status %d with the token of the file", got)
	}
	again := fileServer(t, path)
	if got := status(t, again, string(minted)); got != http.StatusOK {
		t.Errorf("status %d with the token of before the restart", got)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%d files are left: %v", len(files), err)
	}

	// Whoever replaces the file changes the token.
	if err := os.Rename(writeFile(t, "new", password, 0o440), path); err != nil {
		t.Fatal(err)
	}
	if got := status(t, s, string(minted)); got != http.StatusUnauthorized {
		t.Errorf("status %d with the old token", got)
	}
	if got := status(t, s, password); got != http.StatusOK {
		t.Errorf("status %d with the new token", got)
	}
}

func TestFileTokenRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		make    func(t *testing.T) string
		problem string
		is      error
	}{
		"link to a good one": {func(t *testing.T) string { return link(t, writeFile(t, "token", password, 0o440)) }, "is a symbolic link", nil},
		"link to nothing":    {func(t *testing.T) string { return link(t, filepath.Join(t.TempDir(), "nothing")) }, "is a symbolic link", nil},
		"directory":          {func(t *testing.T) string { return t.TempDir() }, "is not a regular file", nil},
		"the group's":        {func(t *testing.T) string { return writeFile(t, "token", password, 0o460) }, "can be written by its group", nil},
		"everyone's":         {func(t *testing.T) string { return writeFile(t, "token", password, 0o666) }, "can be written by everyone", nil},
		"empty":              {func(t *testing.T) string { return writeFile(t, "token", "", 0o440) }, "is empty", nil},
		"with a line break":  {func(t *testing.T) string { return writeFile(t, "token", password+"\n", 0o440) }, "line break", nil},
		"huge":               {func(t *testing.T) string { return writeFile(t, "token", strings.Repeat("x", 1<<20), 0o440) }, "longer than", nil},
		"a file's child":     {func(t *testing.T) string { return filepath.Join(writeFile(t, "file", "", 0o600), "token") }, "cannot be written: not a directory", nil},
		"no directory":       {func(t *testing.T) string { return filepath.Join(t.TempDir(), "no", "token") }, "cannot be written: no such file", fs.ErrNotExist},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := test.make(t)
			_, err := endpoint.FileToken(path)
			e, ok := errors.AsType[*endpoint.TokenFileError](err)
			if !ok || !strings.Contains(e.Problem, test.problem) || e.Path != path || !errors.Is(err, credentials.ErrConfiguration) {
				t.Fatalf("error %v, want %q", err, test.problem)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("not %v: %v", test.is, err)
			}
			if strings.Contains(err.Error(), password) {
				t.Error("the error shows the token")
			}
		})
	}
}

// A file that is replaced by a link while the server runs lets nobody in.
func TestFileTokenReplaced(t *testing.T) {
	t.Parallel()
	path := writeFile(t, "token", password, 0o440)
	s := fileServer(t, path)
	known := writeFile(t, "known", "known-to-the-attacker", 0o444)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(known, path); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"known-to-the-attacker", password, ""} {
		if got := status(t, s, token); got != http.StatusInternalServerError {
			t.Errorf("status %d with token %q", got, token)
		}
	}
}

func link(t *testing.T, to string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
	return path
}
