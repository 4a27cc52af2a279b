package redaction_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/irsakit/irsa/internal/testutil/redaction"
)

const secret = "MARKER-s3cr3t-7f1e"

// recorder is a T that takes down what is wrong.
type recorder struct{ said []string }

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, v ...any) {
	r.said = append(r.said, fmt.Sprintf(format, v...))
}

// said returns what Check says of v.
func said(v any) []string {
	r := new(recorder)
	redaction.Check(r, "it", v, secret)
	return r.said
}

// closed keeps its secret.
type closed struct{ get func() string }

func (closed) Format(s fmt.State, _ rune)   { _, _ = io.WriteString(s, "[redacted]") }
func (closed) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// The types below leak in one way each.
type (
	methods struct{ text string } // hides it by methods, which fmt does not call on hidden fields
	asText  struct{ closed }
	asGob   struct{ closed }
	asXML   struct {
		Data []byte `json:"-"`
	}
	asError string
)

func (methods) Format(s fmt.State, _ rune)   { _, _ = io.WriteString(s, "[redacted]") }
func (methods) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }
func (asText) MarshalText() ([]byte, error)  { return []byte(secret), nil }
func (asGob) GobEncode() ([]byte, error)     { return []byte(secret), nil }
func (asError) Error() string                { return "harmless" }

func TestCheckFinds(t *testing.T) {
	t.Parallel()
	text := secret
	for name, test := range map[string]struct {
		leak any
		how  string // is in what is said
	}{
		"a string":        {secret, "under %v"},
		"bytes":           {[]byte(secret), "under %d"},
		"a part":          {secret[3:12], "under %v"},
		"a hidden string": {methods{secret}, "in a hidden field"},
		"by pointer":      {&methods{secret}, "what it points to in a hidden field"},
		"text":            {asText{}, "as text"},
		"gob":             {asGob{}, "as gob"},
		"XML":             {asXML{[]byte(secret)}, "as XML"},
		"base64":          {base64.StdEncoding.EncodeToString([]byte("x" + secret)), "under %s"},
		"base64, shifted": {base64.RawURLEncoding.EncodeToString([]byte("xy" + secret)), "under %s"},
		"hexadecimal":     {fmt.Sprintf("%X", secret), "under %s"},
		"an error":        {asError(secret), "under %d"},
		"a field":         {struct{ inner *string }{&text}, ""},
	} {
		got := strings.Join(said(test.leak), "\n")
		if !strings.Contains(got, test.how) || test.how == "" && got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := said(closed{func() string { return secret }}); got != nil {
		t.Errorf("of one that keeps its secret: %q", got)
	}
	if got := said(nil); got != nil {
		t.Errorf("of nil: %q", got)
	}
	r := new(recorder)
	if redaction.CheckText(r, "text", "harmless", secret); r.said != nil {
		t.Errorf("of harmless text: %q", r.said)
	}
	if redaction.CheckText(r, "text", "it is "+secret[5:], secret); len(r.said) != 1 {
		t.Errorf("of other text: %q", r.said)
	}
}

// Shape is exported by the package that TestCheckTypes has of one file.
type Shape struct{ get func() string }

// Round is an implementation of an interface of that package.
type Round struct{}

func TestCheckTypes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := "package p\n\ntype (\n\tShape struct{ get func() string }\n\tinner int\n\tShaper interface{ Shape() }\n)\n\nfunc F() {}\n"
	for name, text := range map[string]string{"p.go": source, "p_test.go": "package p\n\ntype Tested int\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept := Shape{func() string { return secret }}
	for name, test := range map[string]struct {
		table redaction.Table
		want  []string // in what is said; as many
	}{
		"complete":    {redaction.Table{"Shape": redaction.Samples{kept, &kept}, "Shaper": redaction.Samples{Round{}}}, nil},
		"reason":      {redaction.Table{"Shape": "is for show", "Shaper": redaction.Samples{Round{}}}, nil},
		"new type":    {redaction.Table{"Shape": redaction.Samples{kept}}, []string{"Shaper is exported"}},
		"type gone":   {redaction.Table{"Shape": redaction.Samples{kept}, "Shaper": "x", "Old": "x"}, []string{"the table has Old"}},
		"other type":  {redaction.Table{"Shape": redaction.Samples{Round{}}, "Shaper": "x"}, []string{"a sample of Shape is a Round"}},
		"nil":         {redaction.Table{"Shape": redaction.Samples{nil}, "Shaper": "x"}, []string{"a sample of Shape is a nil"}},
		"no samples":  {redaction.Table{"Shape": redaction.Samples{}, "Shaper": "x"}, []string{"Shape has neither"}},
		"empty words": {redaction.Table{"Shape": "", "Shaper": "x"}, []string{"Shape has neither"}},
	} {
		r := new(recorder)
		redaction.CheckTypes(r, dir, test.table, secret)
		if len(r.said) != len(test.want) {
			t.Errorf("%s: %q", name, r.said)
			continue
		}
		for i, want := range test.want {
			if !strings.Contains(r.said[i], want) {
				t.Errorf("%s: %q, want %q", name, r.said[i], want)
			}
		}
	}
	for _, text := range []string{"", "package"} {
		empty := t.TempDir()
		if text != "" {
			if err := os.WriteFile(filepath.Join(empty, "p.go"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r := new(recorder)
		if redaction.CheckTypes(r, empty, nil, secret); len(r.said) != 1 {
			t.Errorf("of %q: %q", text, r.said)
		}
	}
}
