package manifest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/manifest"
)

// parse reads one manifest that is right.
func parse(t testing.TB, text string) *manifest.Set {
	t.Helper()
	opts := manifest.Options{Namespace: "shop", ServiceAccount: "orders"}
	set, err := manifest.Parse([]manifest.Input{{Name: "a.yaml", Data: []byte(text)}}, opts)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// hold is a source with secrets of Secrets Manager in eu-west-1.
func hold(secretsByName map[string]string) *source {
	s := &source{}
	for name, value := range secretsByName {
		s.held = append(s.held, held{service: secrets.SecretsManager, region: "eu-west-1", name: name, value: value})
	}
	return s
}

// readers has a Store of s for each Access.
func (s *source) readers(t testing.TB, set *manifest.Set) map[string]manifest.Reader {
	t.Helper()
	readers := map[string]manifest.Reader{}
	for _, a := range set.Accesses {
		readers[a.Name] = s.store(t, a.Region)
	}
	return readers
}

// What was fetched and does not fit gives no file at all, and an error about the
// field that asks, without the value.
func TestUnfit(t *testing.T) {
	t.Parallel()
	const marker = "plantedvalue"
	held := hold(map[string]string{
		"text": marker, "json": `{"` + marker + `": 1, "s": "` + marker + `", "n": 5, "b": true, "l": ["` + marker + `"], "o": {}, "z": null, "nul": "\u0000` + marker + `"}`,
		"twice": `{"a": "` + marker + `", "a": 2}`, "deep": strings.Repeat("[", 200) + strings.Repeat("]", 200), "latin": "\xff" + marker,
		"x/" + marker: `{"m": "` + marker + `"}`, "x/other": `{"m": 1}`, "null": "null", "list": `["` + marker + `"]`, "keys": `{"a/b": 1, "a_b": 2}`,
		"slash": `{"` + marker + `/x": "1"}`,
	})
	jmes := func(path string) string {
		return object("      - objectName: json\n        objectType: secretsmanager\n        jmesPath:\n          - path: " + path + "\n            objectAlias: out\n")
	}
	data := func(remoteRef string) string {
		return secret("  data:\n    - {secretKey: out, remoteRef: {" + remoteRef + "}}\n")
	}
	dataFrom := func(entry string) string { return secret("  dataFrom:\n    - " + entry + "\n") }
	for name, test := range map[string]struct{ manifest, want string }{
		"jmesPath, nothing":         {jmes("missing"), "a.yaml:13:19: SecretProviderClass class: spec.parameters.objects[0].jmesPath[0].path leads to nothing"},
		"jmesPath, null":            {jmes("z"), "leads to nothing in the object"},
		"jmesPath, a number":        {jmes("\"n\""), "leads to a number in the object, and must lead to text; to_string(…) makes text of it"},
		"jmesPath, a boolean":       {jmes("b"), "leads to a boolean"},
		"jmesPath, a list":          {jmes("l"), "leads to a list"},
		"jmesPath, an object":       {jmes("o"), "leads to an object"},
		"jmesPath, a function":      {jmes("abs(s)"), "calls a function that does not take what the object has there"},
		"jmesPath, a call of it":    {jmes("'@(n)'"), "cannot be searched for in the object"},
		"jmesPath of text":          {strings.ReplaceAll(jmes("a"), "objectName: json", "objectName: text"), "is given, and the object is not JSON"},
		"jmesPath of ambiguity":     {strings.ReplaceAll(jmes("a"), "objectName: json", "objectName: twice"), "has a member twice"},
		"property of text":          {data("key: text, property: a"), "a.yaml:17:57: ExternalSecret secret: spec.data[0].remoteRef.property is given, and the secret is not JSON"},
		"property, nothing":         {data("key: json, property: a"), "leads to nothing in the secret"},
		"property of deep JSON":     {data("key: deep, property: '0'"), "is nested deeper than 128 levels"},
		"property of no text":       {data("key: latin, property: a"), "is not UTF-8"},
		"no base64":                 {data("key: json, property: l, decodingStrategy: Base64"), "remoteRef.decodingStrategy is Base64, and the value is not written in it"},
		"no base64 of URLs":         {data("key: json, property: l, decodingStrategy: Base64URL"), "is Base64URL"},
		"null byte":                 {data("key: json, property: nul, nullBytePolicy: Fail"), "remoteRef.nullBytePolicy is Fail, and the value has a null byte"},
		"extract of text":           {dataFrom("extract: {key: text}"), "spec.dataFrom[0].extract is not JSON"},
		"extract of null":           {dataFrom("extract: {key: 'null'}"), "is JSON's null"},
		"extract of a list":         {dataFrom("extract: {key: list}"), "is JSON, but no object"},
		"extract, collision":        {dataFrom("extract: {key: keys}"), "makes one key of two"},
		"extract, property of text": {dataFrom("extract: {key: text, property: a}"), "extract.property is given"},
		"extract, null byte":        {dataFrom("extract: {key: json, nullBytePolicy: Fail}"), "is Fail"},
		"rewrite, collision":        {dataFrom("{extract: {key: json}, rewrite: [{regexp: {source: '.+', target: same}}]}"), "spec.dataFrom[0].rewrite[0] makes one key of two"},
		"rewrite, transform":        {dataFrom("{extract: {key: json}, rewrite: [{transform: {template: '{{ .key }}'}}]}"), "rewrite[0].transform.template uses .key"},
		"rewrite to no key":         {dataFrom("{extract: {key: keys}, rewrite: [{regexp: {source: b, target: c}}]}"), "has a key with other characters"},
		"merge of text":             {dataFrom("{find: {path: te}, rewrite: [{merge: {}}]}"), "merges values of which one is not JSON"},
		"merge, conflict":           {dataFrom("{find: {path: x/}, rewrite: [{merge: {}}]}"), "merges values of which two have one member"},
		"merge, priority":           {dataFrom("{find: {path: x/}, rewrite: [{merge: {priority: [none], conflictPolicy: Ignore}}]}"), `has the priority "none"`},
		"find, no key":              {dataFrom("{extract: {key: slash}, rewrite: [{regexp: {source: nothing, target: ''}}]}"), "has a key with other characters"},
		"literal, no YAML":          {tmpl("      templateFrom: [{literal: '{{ .k }}: ['}]\n"), "templateFrom[0].literal does not render to YAML that is one map of text"},
		"literal, a number":         {tmpl("      templateFrom: [{literal: 'a: 1'}]\n"), "does not render to YAML"},
		"literal, a list":           {tmpl("      templateFrom: [{literal: '- a'}]\n"), "does not render to YAML"},
		"literal, two":              {tmpl("      templateFrom: [{literal: \"a: b\\n---\\nc: d\"}]\n"), "does not render to YAML"},
		"literal, key":              {tmpl("      templateFrom: [{literal: '../{{ .k }}: a'}]\n"), "renders to a key that no file can have"},
		"literal, base64":           {tmpl("      templateFrom: [{literal: 'a: \"{{ .k }}!\"', valuesDecodingStrategy: Base64}]\n"), "valuesDecodingStrategy is Base64"},
		"literal, missing":          {tmpl("      templateFrom: [{literal: 'a: {{ .no }}'}]\n"), "uses .no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := parse(t, strings.ReplaceAll(test.manifest, "remoteRef: {key: k}", "remoteRef: {key: text}"))
			files, err := set.Outputs[0].Render(t.Context(), held.readers(t, set))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%v; want %q", err, test.want)
			}
			bad, ok := errors.AsType[*manifest.RenderError](err)
			if !ok || files != nil || !errors.Is(err, secrets.ErrDecode) || bad.Line == 0 {
				t.Errorf("%d files, %#v", len(files), err)
			}
			for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%x"} {
				if text := fmt.Sprintf(verb, err); strings.Contains(text, marker) || strings.Contains(text, fmt.Sprintf("%x", marker)) {
					t.Errorf("%s shows the value: %s", verb, text)
				}
			}
		})
	}
}

// emptyReader answers without error and without values.
type emptyReader struct{ found []string }

func (emptyReader) GetAll(context.Context, ...string) (map[string]secrets.Value, error) {
	return nil, nil
}
func (r emptyReader) Find(context.Context, secrets.Query) ([]string, error) { return r.found, nil }
func (emptyReader) Tags(context.Context, string) (map[string]string, error) {
	return nil, secrets.ErrDenied
}

// A Reader that does not keep to its contract must not pass for secrets that are
// gone, or empty.
func TestReaders(t *testing.T) {
	t.Parallel()
	found := secret("  dataFrom: [{find: {path: a}}]\n")
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprintf("a%d", i)
	}
	gone := "  target: {deletionPolicy: Delete}\n"
	for name, test := range map[string]struct {
		manifest string
		reader   manifest.Reader
		want     string
		kind     error
	}{
		"no reader":          {secret(someData), nil, `there is no Reader for the Access "SecretStore shop/store"`, secrets.ErrConfiguration},
		"no reader to find":  {found, nil, "there is no Reader", secrets.ErrConfiguration},
		"no value":           {secret(someData), emptyReader{}, "service unavailable", secrets.ErrUnavailable},
		"no value, and gone": {secret(someData + gone), emptyReader{}, "service unavailable", secrets.ErrUnavailable},
		"no tags":            {secret("  data: [{secretKey: k, remoteRef: {key: k, metadataPolicy: Fetch}}]\n"), emptyReader{}, "access denied", secrets.ErrDenied},
		"too many found":     {found, emptyReader{found: many}, "finds 1001 secrets; 1000 is the limit", secrets.ErrDecode},
		"nonsense found":     {found, emptyReader{found: []string{"a b"}}, "reference", secrets.ErrConfiguration},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := parse(t, test.manifest)
			readers := map[string]manifest.Reader{}
			if test.reader != nil {
				readers[set.Accesses[0].Name] = test.reader
			}
			files, err := set.Outputs[0].Render(t.Context(), readers)
			if files != nil || !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%d files, %v", len(files), err)
			}
		})
	}
}

// Render is a function of the manifest and the secrets, whoever else calls it.
func TestRenderIsConcurrent(t *testing.T) {
	t.Parallel()
	c := readCase(t, "testdata/corpus/eso-application-config.txtar")
	set, err := manifest.Parse(c.inputs, c.opts)
	if err != nil {
		t.Fatal(err)
	}
	readers := c.source.readers(t, set)
	results := make(chan string, 16)
	for range cap(results) {
		go func() {
			files, err := set.Outputs[0].Render(t.Context(), readers)
			var text strings.Builder
			text.WriteString(fmt.Sprint(err))
			for _, f := range files {
				text.WriteString(f.Path + f.Data.Reveal())
			}
			results <- text.String()
		}()
	}
	first := <-results
	for range cap(results) - 1 {
		if other := <-results; other != first {
			t.Errorf("%q and %q", first, other)
		}
	}
}

// asked notes what it is asked for, and has nothing.
type asked struct {
	emptyReader
	mu   sync.Mutex
	refs []string
}

func (a *asked) GetAll(_ context.Context, refs ...string) (map[string]secrets.Value, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refs = append(a.refs, refs...)
	return nil, secrets.ErrUnavailable
}

// A replica, which has the name of the secret, is left to the Store, which knows
// whether it lags behind. All else is asked for afterwards.
func TestFailoverReferences(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:secretsmanager:%s:111122223333:secret:a-AbCdEf"
	local, remote := fmt.Sprintf(arn, "eu-west-1"), fmt.Sprintf(arn, "eu-central-1")
	for name, test := range map[string]struct {
		object string
		want   []string
	}{
		"replica":               {"{objectName: a, objectType: secretsmanager}", []string{"a?replica_regions=eu-central-1"}},
		"replica by name":       {"{objectName: a, objectType: secretsmanager, objectAlias: b, failoverObject: {objectName: a}}", []string{"a?replica_regions=eu-central-1"}},
		"replica by ARN":        {"{objectName: '" + local + "', objectAlias: b, failoverObject: {objectName: '" + remote + "'}}", []string{local + "?replica_regions=eu-central-1"}},
		"replica, other stage":  {"{objectName: a, objectType: secretsmanager, objectAlias: b, failoverObject: {objectName: a, objectVersionLabel: OLD}}", []string{"a", "a", "a?region=eu-central-1&version_stage=OLD"}},
		"other name":            {"{objectName: a, objectType: secretsmanager, objectAlias: b, failoverObject: {objectName: c}}", []string{"a", "a", "c?region=eu-central-1"}},
		"other ARN":             {"{objectName: a, objectType: secretsmanager, objectAlias: b, failoverObject: {objectName: '" + remote + "'}}", []string{"a", "a", remote}},
		"parameter":             {"{objectName: /a, objectType: ssmparameter}", []string{"ssm:/a", "ssm:/a", "ssm:/a?region=eu-central-1"}},
		"parameter, other name": {"{objectName: /a, objectType: ssmparameter, objectAlias: b, failoverObject: {objectName: /c, objectVersionLabel: l}}", []string{"ssm:/a", "ssm:/a", "ssm:/c:l?region=eu-central-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := parse(t, object("      - "+test.object+"\n"))
			reader := &asked{}
			_, err := set.Outputs[0].Render(t.Context(), map[string]manifest.Reader{set.Accesses[0].Name: reader})
			if !errors.Is(err, secrets.ErrUnavailable) {
				t.Error(err)
			}
			if diff := cmp.Diff(test.want, reader.refs); diff != "" {
				t.Errorf("references (-want +got):\n%s", diff)
			}
		})
	}
}

// Of members that come twice that of the last key stays, each time anew.
func TestMergeOrder(t *testing.T) {
	t.Parallel()
	set := parse(t, secret("  dataFrom: [{find: {path: layers/}, rewrite: [{merge: {conflictPolicy: Ignore}}]}]\n"))
	readers := hold(map[string]string{"layers/a": `{"k": "a"}`, "layers/b": `{"k": "b"}`, "layers/c": `{"k": "c"}`}).readers(t, set)
	for range 30 {
		files, err := set.Outputs[0].Render(t.Context(), readers)
		if err != nil || len(files) != 1 || files[0].Data.Reveal() != "c" {
			t.Fatalf("%d files, %v", len(files), err)
		}
	}
}
