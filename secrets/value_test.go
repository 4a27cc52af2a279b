package secrets_test

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
)

// checkSilent reports every trace of the marker in what was printed.
func checkSilent(t *testing.T, how, printed string) {
	t.Helper()
	decimal := strings.Trim(fmt.Sprint([]byte(marker)), "[]")
	for _, trace := range []string{
		marker, hex.EncodeToString([]byte(marker)), strings.ToUpper(hex.EncodeToString([]byte(marker))), decimal,
		fmt.Sprintf("% x", marker), strings.ReplaceAll(decimal, " ", ", "),
	} {
		if strings.Contains(printed, trace) {
			t.Errorf("%s shows the secret: %s", how, printed)
			return
		}
	}
}

// printAll prints v in every way there is.
func printAll(t *testing.T, what string, v any) {
	t.Helper()
	for _, verb := range []string{
		"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%t", "%c", "%U", "%e", "%p", "%T", "%b", "%o", "%10.3s", "%!",
	} {
		checkSilent(t, what+" under "+verb, fmt.Sprintf(verb, v))
	}
	checkSilent(t, what+" printed", fmt.Sprint(v)+fmt.Sprintln(v))
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		slog.New(handler(&b)).Info("x", "v", v, slog.Group("g", "v", v))
		checkSilent(t, what+" logged", b.String())
	}
	if text, err := json.Marshal(v); err == nil {
		checkSilent(t, what+" as JSON", string(text))
	}
	if text, err := xml.Marshal(v); err == nil {
		checkSilent(t, what+" as XML", string(text))
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(v); err == nil {
		checkSilent(t, what+" as gob", b.String())
	}
}

func TestValueIsNotPrinted(t *testing.T) {
	t.Parallel()
	v, err := get(t, goodAnswer)
	if err != nil {
		t.Fatal(err)
	}
	if v.Reveal() != marker {
		t.Fatal("the value is not what the test looks for")
	}
	type hidden struct {
		name  string
		value secrets.Value
	}
	type shown struct {
		Name  string
		Value secrets.Value
		inner hidden
		point *hidden
	}
	inner := hidden{"x", v}
	for what, x := range map[string]any{
		"a value":            v,
		"its pointer":        &v,
		"a hidden field":     inner,
		"a pointer to it":    &inner,
		"an exported field":  shown{"x", v, inner, &inner},
		"a slice":            []secrets.Value{v},
		"a map":              map[string]secrets.Value{"x": v},
		"a hidden slice":     struct{ v []secrets.Value }{[]secrets.Value{v}},
		"a hidden map":       struct{ v map[string]secrets.Value }{map[string]secrets.Value{"x": v}},
		"an interface":       struct{ v any }{v},
		"a pointer in a map": map[string]*secrets.Value{"x": &v},
	} {
		printAll(t, what, x)
	}
	text, err := json.Marshal(shown{Value: v})
	if err != nil || !strings.Contains(string(text), `"Value":"[redacted]"`) {
		t.Errorf("JSON: %s, %v", text, err)
	}
	if got := fmt.Sprintf("%v|%s|%d|%#v|%s", v, v, v, v, v.String()); got != strings.Repeat("[redacted]|", 4)+"[redacted]" {
		t.Errorf("printed: %s", got)
	}
	checkSilent(t, "a difference", cmp.Diff(v, secrets.Value{})+cmp.Diff(inner, hidden{}, cmp.AllowUnexported(hidden{})))
}

func TestStoreIsNotPrinted(t *testing.T) {
	t.Parallel()
	store := newStore(t, script(func(string) (int, string) { return 200, goodAnswer }).config(), secrets.Config{})
	if _, err := store.Get(t.Context(), "prod/db"); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		checkSilent(t, "a store under "+verb, fmt.Sprintf(verb, store))
	}
}

func TestValue(t *testing.T) {
	t.Parallel()
	v, err := get(t, goodAnswer)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := get(t, strings.Replace(goodAnswer, `"SecretString":"`+marker, `"SecretBinary":"AAH/`, 1))
	if err != nil {
		t.Fatal(err)
	}
	if v.ARN() != secretARN || v.Name() != "prod/db" || v.Version() != "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111" ||
		!v.Created().Equal(time.Unix(1.7e9, 0)) || !cmp.Equal(v.Stages(), []string{"AWSCURRENT"}) {
		t.Errorf("%s %s %s %v %v", v.ARN(), v.Name(), v.Version(), v.Created(), v.Stages())
	}
	if got := binary.RevealBytes(); !bytes.Equal(got, []byte{0, 1, 255}) || binary.Reveal() != "\x00\x01\xff" {
		t.Errorf("binary secret is %x", got)
	}
	if v.Equal(binary) || !v.Equal(v) || v.Equal(secrets.Value{}) || v.IsZero() {
		t.Error("values compare wrongly")
	}
	v.RevealBytes()[0]++
	v.Stages()[0] = "AWSPREVIOUS"
	if v.Reveal() != marker || v.Stages()[0] != "AWSCURRENT" {
		t.Error("a value has been changed through its copies")
	}
	var zero secrets.Value
	if !zero.IsZero() || zero.Reveal() != "" || zero.RevealBytes() != nil || zero.ARN() != "" || !zero.Created().IsZero() || zero.String() != "[redacted]" {
		t.Error("the zero Value is not empty")
	}
}
