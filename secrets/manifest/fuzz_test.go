package manifest_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/manifest"
)

// anything answers every request with the same text, and finds two secrets.
type anything struct{ text string }

func (r anything) GetAll(_ context.Context, refs ...string) (map[string]secrets.Value, error) {
	values := map[string]secrets.Value{}
	for _, ref := range refs {
		values[ref] = secrets.NewValue([]byte(r.text), secrets.Meta{})
	}
	return values, nil
}

func (anything) Find(_ context.Context, q secrets.Query) ([]string, error) {
	return []string{q.Ref("/a").String(), q.Ref("/b/c").String()}, nil
}

func (anything) Tags(context.Context, string) (map[string]string, error) {
	return map[string]string{"a": "b"}, nil
}

// FuzzParse checks that no manifest and no secret does harm: errors have a place
// in the file, and files stay in their directory, each once.
func FuzzParse(f *testing.F) {
	cases, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range cases {
		for _, in := range readCase(f, file).inputs {
			f.Add(in.Data, `{"a": {"b": "c"}, "username": "x"}`)
		}
	}
	f.Add([]byte(secret(someData)), "plain")
	f.Add([]byte("a: &a [*a]\n---\n\n---\n<<: {b: c}\n"), "")
	f.Fuzz(func(t *testing.T, data []byte, text string) {
		opts := manifest.Options{Namespace: "shop", ServiceAccount: "orders", Region: "eu-west-1"}
		set, err := manifest.Parse([]manifest.Input{{Name: "f", Data: data}}, opts)
		if err != nil {
			checkErrors(t, err, bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r"))+2)
			return
		}
		readers := map[string]manifest.Reader{}
		for _, a := range set.Accesses {
			readers[a.Name] = anything{text}
		}
		for _, out := range set.Outputs {
			files, err := out.Render(t.Context(), readers)
			if err != nil && files != nil {
				t.Errorf("files and %v", err)
			}
			seen := map[string]bool{}
			for _, f := range files {
				if seen[f.Path] || !filepath.IsLocal(f.Path) || strings.HasPrefix(f.Path, "..") || f.Mode&^0o777 != 0 {
					t.Errorf("the file %q, %v", f.Path, f.Mode)
				}
				seen[f.Path] = true
			}
		}
	})
}

func checkErrors(t *testing.T, err error, lines int) {
	t.Helper()
	if !errors.Is(err, secrets.ErrConfiguration) {
		t.Errorf("%v is no ErrConfiguration", err)
	}
	for _, bad := range fieldErrors(t, err) {
		if bad.Line < 1 || bad.Line > lines || bad.Column < 1 || bad.Problem == "" {
			t.Errorf("%d:%d of %d: %v", bad.Line, bad.Column, lines, bad)
		}
	}
}
