package secrets_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
)

// fetchOne reads one reference from a source.
func fetchOne(t *testing.T, source secrets.Source, ref string) (secrets.Value, error) {
	t.Helper()
	parsed, err := secrets.ParseRef(ref)
	if err != nil {
		t.Fatal(err)
	}
	r := source.Fetch(t.Context(), []secrets.Ref{parsed})[0]
	return r.Value, r.Err
}

// TestStandIns checks under which references static secrets and files are found.
func TestStandIns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"prod", "app"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "key"), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for what, source := range map[string]secrets.Source{
		"static": secrets.Static(map[string]string{"prod/key": "prod", "app/key": "app"}),
		"files":  secrets.Files(dir),
	} {
		for ref, want := range map[string]string{
			"prod/key": "prod",
			"arn:aws:secretsmanager:eu-west-1:222233334444:secret:prod/key-AbCdEf": "prod",
			"arn:aws:secretsmanager:eu-west-1:222233334444:secret:prod/key":        "prod",
			"arn:aws:ssm:eu-west-1:222233334444:parameter/app/key":                 "app",
			"ssm:/app/key":                      "app",
			"prod/key#a":                        "prod",
			"prod/key?version_stage=AWSCURRENT": "prod",
		} {
			v, err := fetchOne(t, source, ref)
			if err != nil || v.Reveal() != want || v.Version() == "" {
				t.Errorf("%s, %q: %q: %v", what, ref, v.Reveal(), err)
			}
		}
		for _, ref := range []string{"key", "prod", "prod/key-AbCdEf", "prod/key?version_stage=AWSPENDING", "ssm:/app/key:3"} {
			if _, err := fetchOne(t, source, ref); err == nil || !errors.Is(err, secrets.ErrNotFound) && ref != "prod" || !strings.Contains(err.Error(), ref) {
				t.Errorf("%s, %q: %v", what, ref, err)
			}
		}
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	source := secrets.Files(dir)
	write("s", marker)
	first, err := fetchOne(t, source, "s")
	if err != nil || first.Reveal() != marker {
		t.Fatalf("%v", err)
	}
	if other, err := fetchOne(t, secrets.Files(dir), "s"); err != nil || other.Version() == first.Version() {
		t.Errorf("a version can be computed from the content: %v", err)
	}

	// As the kubelet swaps a volume.
	for i, text := range []string{"one", "two"} {
		generation := "..generation" + text
		if err := os.Mkdir(filepath.Join(dir, generation), 0o755); err != nil {
			t.Fatal(err)
		}
		write(generation+"/token", text)
		next := filepath.Join(dir, "..next")
		if err := os.Symlink(generation, next); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := os.Symlink("..data/token", filepath.Join(dir, "token")); err != nil {
				t.Fatal(err)
			}
		}
		if v, err := fetchOne(t, source, "token"); err != nil || v.Reveal() != text {
			t.Errorf("swapped to %q: %v", text, err)
		}
	}

	write("large", strings.Repeat("x", 65537))
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte(marker), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for name, kind := range map[string]error{
		"absent": secrets.ErrNotFound, "large": secrets.ErrConfiguration, "link": secrets.ErrConfiguration, "..data": secrets.ErrConfiguration,
	} {
		_, err := fetchOne(t, source, name)
		if !errors.Is(err, kind) {
			t.Errorf("%s: %v, want %v", name, err, kind)
		}
		checkSilent(t, name, err.Error())
	}
	if _, err := fetchOne(t, secrets.Files(filepath.Join(dir, "nowhere")), "s"); !errors.Is(err, secrets.ErrConfiguration) {
		t.Errorf("without a directory: %v", err)
	}
}
