//go:build unix

package agent_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
)

func TestMintToken(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	if _, err := agent.ReadToken(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	first, err := agent.MintToken(path)
	if err != nil {
		t.Fatal(err)
	}
	value, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).Match(value) {
		t.Errorf("a token of %d bytes in another form", len(value))
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o440 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	same := token(t, string(value))
	again, err := agent.MintToken(path)
	if err != nil || !agent.SameToken(first, same) || !agent.SameToken(again, same) {
		t.Errorf("the token is not that of the file, or is another the second time: %v", err)
	}
	if read, err := agent.ReadToken(path); err != nil || !agent.SameToken(read, same) {
		t.Errorf("ReadToken gives another: %v", err)
	}
	if names, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(names) > 0 {
		t.Errorf("left behind: %q, %v", names, err)
	}
}

// TestTokenFiles covers the files that are not taken.
func TestTokenFiles(t *testing.T) {
	t.Parallel()
	type file struct {
		make       func(path string) error
		mint, read string // why not; "" is that it is taken
	}
	write := func(data string, mode fs.FileMode) func(string) error {
		return func(path string) error {
			return errors.Join(os.WriteFile(path, []byte(data), 0o600), os.Chmod(path, mode))
		}
	}
	for name, f := range map[string]file{
		"good":             {write("tok", 0o440), "", ""},
		"with a newline":   {write("tok\n", 0o600), "", ""},
		"empty":            {write("", 0o440), "is empty", "is empty"},
		"white space":      {write(" \n", 0o440), "is empty", "is empty"},
		"two lines":        {write("tok\nmore", 0o440), "control character", "control character"},
		"written by group": {write("tok", 0o460), "can be written by its group", ""},
		"written by all":   {write("tok", 0o602), "can be written by everyone", "can be written by everyone"},
		"a link": {func(p string) error {
			return errors.Join(os.WriteFile(p+".target", []byte("tok"), 0o400), os.Symlink(p+".target", p))
		}, "is a symbolic link", ""},
		"no directory for it": {func(p string) error { return os.Remove(filepath.Dir(p)) }, "no such file", "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "sub", "token")
			if err := errors.Join(os.Mkdir(filepath.Dir(path), 0o700), f.make(path)); err != nil {
				t.Fatal(err)
			}
			for what, do := range map[string]struct {
				get  func(string) (agent.Token, error)
				want string
			}{"MintToken": {agent.MintToken, f.mint}, "ReadToken": {agent.ReadToken, f.read}} {
				got, err := do.get(path)
				switch {
				case do.want == "":
					if err != nil || !agent.SameToken(got, token(t, tok)) {
						t.Errorf("%s: not taken: %v", what, err)
					}
				case err == nil || !strings.Contains(err.Error(), do.want) || !strings.Contains(err.Error(), filepath.Dir(path)):
					t.Errorf("%s: %v, want one of the file with %q", what, err, do.want)
				case errors.Is(err, secrets.ErrConfiguration) == errors.Is(err, fs.ErrNotExist):
					t.Errorf("%s: of the wrong class: %v", what, err)
				}
			}
		})
	}
}
