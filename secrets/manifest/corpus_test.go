package manifest_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/manifest"
)

// section is a part of a case in txtar form: "-- NAME --" and what follows, up
// to the next. One newline at its end is not part of it.
type section struct {
	name string
	data []byte
}

// kind is the first word of the name, and words are the others.
func (s section) kind() (kind string, words []string) {
	f := strings.Fields(s.name)
	return f[0], f[1:]
}

// archive splits a case; the text before the first section is its header.
func archive(t testing.TB, file string) (header string, sections []section) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var at *section
	for line := range bytes.Lines(data) {
		text := strings.TrimSuffix(string(line), "\n")
		name, ok := strings.CutPrefix(text, "-- ")
		name, ends := strings.CutSuffix(name, " --")
		switch {
		case ok && ends:
			sections = append(sections, section{name: name})
			at = &sections[len(sections)-1]
		case at == nil:
			header += text + "\n"
		default:
			at.data = append(at.data, line...)
		}
	}
	for i := range sections {
		sections[i].data = bytes.TrimSuffix(sections[i].data, []byte("\n"))
	}
	return header, sections
}

// testcase is a case of the corpus.
type testcase struct {
	opts     manifest.Options
	inputs   []manifest.Input
	source   *source
	files    map[string]string // "OUTPUT/PATH MODE" to content
	expected map[string]string // sections with one thing: warnings, accesses, refresh, …
	gone     bool              // some of what the manifests name may not be there
}

func readCase(t testing.TB, file string) testcase {
	t.Helper()
	header, sections := archive(t, file)
	c := testcase{
		opts:   manifest.Options{Namespace: "shop", ServiceAccount: "orders", Region: "eu-west-1"},
		source: &source{}, files: map[string]string{}, expected: map[string]string{},
	}
	for line := range strings.Lines(header) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		switch {
		case !ok || strings.Contains(key, " "): // a remark
		case key == "namespace":
			c.opts.Namespace = strings.Trim(value, `"`)
		case key == "account":
			c.opts.ServiceAccount = strings.Trim(value, `"`)
		case key == "region":
			c.opts.Region = strings.Trim(value, `"`)
		case key == "lenient":
			c.opts.Lenient = value == "true"
		case key == "gone":
			c.gone = value == "true"
		default:
			t.Fatalf("%s: unknown header %q", file, key)
		}
	}
	for _, s := range sections {
		switch kind, words := s.kind(); kind {
		case "manifest":
			c.inputs = append(c.inputs, manifest.Input{Name: words[0], Data: append(s.data, '\n')})
		case "secret", "parameter":
			c.source.add(t, kind, words, s.data)
		case "file":
			c.files[strings.Join(words, " ")] = string(s.data)
		case "warnings", "accesses", "refresh", "fails":
			c.expected[kind] = string(s.data)
		default:
			t.Fatalf("%s: unknown section %q", file, s.name)
		}
	}
	return c
}

// add keeps a secret or parameter: NAME and settings KEY=VALUE.
func (s *source) add(t testing.TB, kind string, words []string, data []byte) {
	t.Helper()
	h := held{service: secrets.SecretsManager, region: "eu-west-1", name: words[0], tags: map[string]string{}}
	if kind == "parameter" {
		h.service = secrets.ParameterStore
	}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		switch {
		case key == "base64":
			var err error
			if data, err = base64.StdEncoding.AppendDecode(nil, bytes.TrimSpace(data)); err != nil {
				t.Fatal(err)
			}
		case key == "region":
			h.region = value
		case key == "account":
			h.account = value
		case key == "stage":
			h.stage = value
		case key == "version":
			h.version = value
		case key == "fails":
			h.err = map[string]error{"unavailable": secrets.ErrUnavailable, "denied": secrets.ErrDenied, "deleted": secrets.ErrDeleted}[value]
		case strings.HasPrefix(key, "tag."):
			h.tags[strings.TrimPrefix(key, "tag.")] = value
		default:
			t.Fatalf("unknown setting %q", word)
		}
	}
	h.value = string(data)
	s.held = append(s.held, h)
}

// TestCorpus renders each case of testdata/corpus and compares all that it says.
func TestCorpus(t *testing.T) {
	t.Parallel()
	cases, err := filepath.Glob("testdata/corpus/*.txtar")
	if err != nil || len(cases) < 30 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			readCase(t, file).run(t)
		})
	}
}

func (c testcase) run(t *testing.T) {
	set, err := manifest.Parse(c.inputs, c.opts)
	if err != nil {
		t.Fatal(err)
	}
	var warnings, accesses, refresh []string
	for _, w := range set.Warnings {
		warnings = append(warnings, w.String())
	}
	readers := map[string]manifest.Reader{}
	for _, a := range set.Accesses {
		accesses = append(accesses, describe(a))
		readers[a.Name] = c.source.store(t, a.Region)
	}
	got, failures := map[string]string{}, []string{}
	for _, out := range set.Outputs {
		refresh = append(refresh, fmt.Sprintf("%s %s", out.Name, out.Refresh))
		files, err := out.Render(t.Context(), readers)
		if err != nil {
			failures = append(failures, err.Error())
		}
		for _, f := range files {
			name := out.Name + "/" + f.Path
			if f.Mode != 0 {
				name += " " + strconv.FormatUint(uint64(f.Mode&fs.ModePerm), 8)
			}
			got[name] = f.Data.Reveal()
		}
		if err == nil {
			c.expect(t, out, files)
		}
	}
	if diff := cmp.Diff(c.files, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for name, lines := range map[string][]string{"warnings": warnings, "accesses": accesses, "refresh": refresh, "fails": failures} {
		want, ok := c.expected[name]
		if name == "accesses" || name == "refresh" {
			if !ok {
				continue
			}
		}
		if diff := cmp.Diff(want, strings.Join(lines, "\n")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// expect compares the files with those that were to be expected. Only what is gone
// may be missing, and only keys that AWS has may come on top.
func (c testcase) expect(t *testing.T, out *manifest.Output, files []manifest.File) {
	t.Helper()
	expected, open := out.Expected()
	names := func(files []manifest.File) (names []string) {
		for _, f := range files {
			names = append(names, fmt.Sprintf("%s %o", f.Path, f.Mode))
		}
		return names
	}
	want, got := names(expected), names(files)
	isGone := func(name string) bool { return c.gone && !slices.Contains(got, name) }
	isMore := func(name string) bool { return open && !slices.Contains(want, name) }
	want, got = slices.DeleteFunc(slices.Clone(want), isGone), slices.DeleteFunc(slices.Clone(got), isMore)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: expected files (-expected +rendered):\n%s", out.Name, diff)
	}
}

// describe writes an Access in a line.
func describe(a *manifest.Access) string {
	var text strings.Builder
	text.WriteString(a.Name + " " + a.Region)
	if a.MaxAttempts > 0 || a.RetryInterval > 0 {
		text.WriteString(fmt.Sprintf(" retry=%dx%v", a.MaxAttempts, a.RetryInterval))
	}
	for _, h := range a.Hops {
		text.WriteString(" " + h.RoleARN)
		if h.ExternalID != "" {
			text.WriteString(" externalID=" + h.ExternalID)
		}
		var tags []string
		for key, value := range h.Tags {
			tags = append(tags, key+"="+value)
		}
		slices.Sort(tags)
		for _, tag := range tags {
			text.WriteString(" tag:" + tag)
		}
		if len(h.TransitiveTagKeys) > 0 {
			text.WriteString(" transitive:" + strings.Join(h.TransitiveTagKeys, ","))
		}
	}
	return text.String()
}
