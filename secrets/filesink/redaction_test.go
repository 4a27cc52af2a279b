package filesink_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets/filesink"
)

// marker is what must not be seen.
const marker = "hunter2-marker"

// prints returns everything that printing, logging and encoding make of v.
func prints(v any) string {
	var b bytes.Buffer
	nested := struct{ inner any }{v}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb+"\n"+verb+"\n", v, nested)
	}
	slog.New(slog.NewTextHandler(&b, nil)).Info("", "v", v, "nested", nested)
	slog.New(slog.NewJSONHandler(&b, nil)).Info("", "v", v, "nested", nested)
	text, _ := json.Marshal(v)
	b.Write(text)
	return b.String()
}

func checkRedacted(t *testing.T, name string, v any) {
	t.Helper()
	text := prints(v)
	decimal := strings.Trim(fmt.Sprint([]byte(marker)), "[]")
	for _, form := range []string{marker, hex.EncodeToString([]byte(marker)), strings.ToUpper(hex.EncodeToString([]byte(marker))), decimal} {
		if strings.Contains(text, form) {
			t.Errorf("%s shows it as %q", name, form)
		}
	}
}

func TestRedaction(t *testing.T) {
	t.Parallel()
	file := filesink.File{Path: "a", Data: value(marker)}
	checkRedacted(t, "File", file)
	checkRedacted(t, "Files", []filesink.File{file})

	refuse := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprint(w, marker)
	}))
	defer refuse.Close()
	userinfo := strings.Replace(refuse.URL, "//", "//user:"+marker+"@", 1)
	hooks := map[string]filesink.Hook{
		"status":        filesink.Call{URL: userinfo + "/?token=" + marker, Header: http.Header{"Authorization": {marker}}},
		"no server":     filesink.Call{URL: "http://user:" + marker + "@127.0.0.1:1/?token=" + marker},
		"no URL":        filesink.Call{URL: "http://[" + marker},
		"no scheme":     filesink.Call{URL: marker},
		"no method":     filesink.Call{URL: refuse.URL, Method: "(" + marker},
		"no program":    filesink.Command{Args: []string{"/nonexistent", marker}, Env: []string{"X=" + marker}},
		"program fails": filesink.Command{Args: []string{"/bin/sh", "-c", "echo " + marker + "; exit 3"}},
	}
	for name, hook := range hooks {
		err := hook.Run(t.Context())
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		checkRedacted(t, name, err)
		for ; err != nil; err = errors.Unwrap(err) {
			checkRedacted(t, name+", unwrapped", err.Error())
		}
	}
}
