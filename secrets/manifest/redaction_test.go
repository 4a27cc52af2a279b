package manifest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets/manifest"
)

// No exported type shows what it holds of a secret, however it is printed; the
// errors are seen to in TestUnfit and TestTemplateFailures.
func TestRedaction(t *testing.T) {
	t.Parallel()
	const marker = "plantedvalue"
	set := parse(t, secret("  data: [{secretKey: k, remoteRef: {key: k, property: a}}]\n"))
	src := hold(map[string]string{"k": `{"a": "` + marker + `"}`})
	files, err := set.Outputs[0].Render(t.Context(), src.readers(t, set))
	if err != nil || len(files) != 1 || files[0].Data.Reveal() != marker {
		t.Fatalf("%d files, %v", len(files), err)
	}
	type wrapped struct{ inner any }
	for _, v := range []any{files, files[0], &files[0], wrapped{files[0]}, wrapped{&files}, set, *set, set.Outputs[0], set.Accesses[0], files[0].Data} {
		var text bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&text, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&text, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&text, nil)).Info("x", "v", v)
		data, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		text.Write(data)
		decimal := strings.Trim(fmt.Sprint([]byte(marker)), "[]")
		for _, form := range []string{marker, fmt.Sprintf("%x", marker), fmt.Sprintf("%X", marker), decimal} {
			if strings.Contains(text.String(), form) {
				t.Errorf("%T shows %s:\n%s", v, form, text.String())
			}
		}
	}
}

// Errors say where they are, also when that is not known in full.
func TestPosition(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]manifest.Position{
		"": {}, "a.yaml": {File: "a.yaml"}, "3:4": {Line: 3, Column: 4}, "a.yaml:3:4": {File: "a.yaml", Line: 3, Column: 4},
	} {
		if got := p.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	err := &manifest.FieldError{Path: "spec", Problem: "is missing"}
	if got := err.Error(); got != "manifest: spec is missing" {
		t.Error(got)
	}
}
