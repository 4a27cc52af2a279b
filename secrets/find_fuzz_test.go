package secrets_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
)

// filterValue is what Secrets Manager takes in a filter (API reference, Filter),
// without negation.
var filterValue = regexp.MustCompile(`^[a-zA-Z0-9 :_@/+=.-][a-zA-Z0-9 :_@/+=.!-]{0,511}$`)

// FuzzFind checks, for one secret or parameter with one tag, that it is found if
// and only if it is selected, under a reference that is canonical and leads to
// it; that AWS is never sent a filter that it refuses; and that every other query
// is refused by name.
func FuzzFind(f *testing.F) {
	f.Add(false, "shop/", "^shop/[a-z]+$", "team", "data", "shop/db")
	f.Add(false, "", "", "größe", "", "ref+odd")
	f.Add(false, "!x", "a|b", "!", "!", "!x/a")
	f.Add(true, "/shop/", "^/shop/flags/[a-z-]+$", "team", "web", "/shop/flags/a")
	f.Add(true, "/", `\Aloglevel\z`, "", "", "loglevel")
	f.Add(true, "//", "(?i)X", "a:b", "c", "/x")
	f.Add(true, "shop", "(", "", "", "/shop/a")

	var name, key, value string
	cfg := script(nil).config()
	cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		var sent struct {
			Filters []struct{ Values []string }
			Path    *string
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(body, &sent); err != nil {
			return nil, err
		}
		for _, filter := range sent.Filters {
			for _, v := range filter.Values {
				if !filterValue.MatchString(v) {
					return nil, errors.New("filter: " + v)
				}
			}
		}
		if sent.Path != nil && (!strings.HasPrefix(*sent.Path, "/") || *sent.Path != "/" && strings.HasSuffix(*sent.Path, "/")) {
			return nil, errors.New("path: " + *sent.Path)
		}
		tag := map[string]string{"Key": key, "Value": value}
		answer, err := json.Marshal(map[string]any{
			"SecretList": []any{map[string]any{"Name": name, "Tags": []any{tag}}},
			"Parameters": []any{map[string]any{"Name": name}},
		})
		if err != nil {
			return nil, err
		}
		return script(func(string) (int, string) { return http.StatusOK, string(answer) }).RoundTrip(r)
	})}
	store, err := secrets.New(f.Context(), cfg, secrets.Config{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := store.Close(); err != nil {
			f.Error(err)
		}
	})
	f.Fuzz(func(t *testing.T, parameters bool, path, expression, tagKey, tagValue, there string) {
		re, err := regexp.Compile(expression)
		if err != nil {
			t.Skip(err)
		}
		q := secrets.Query{Path: path, Name: re}
		switch {
		case parameters:
			q.Service = secrets.ParameterStore
		case tagKey != "" && tagValue == "":
			q.TagKeys = []string{tagKey}
		case tagKey != "":
			q.Tags = map[string]string{tagKey: tagValue}
		}
		name, key, value = there, tagKey, tagValue
		if ref, err := secrets.ParseRef(q.Ref(there).String()); err != nil || ref != q.Ref(there) {
			name = "s" // AWS has no such name
		}
		got, err := store.Find(t.Context(), q)
		if err != nil {
			bad, ok := errors.AsType[*secrets.ConfigError](err)
			if !ok || !strings.HasPrefix(bad.Field, "Query.") || len(err.Error()) > 1000 || strings.Contains(err.Error(), "\n") {
				t.Fatalf("%+q: %v", q, err)
			}
			return
		}
		tags := map[string]string{key: value}
		var want []string
		if q.Selects(name, tags) {
			want = []string{q.Ref(name).String()}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+q: found %q, want %q", q, got, want)
		}
	})
}
