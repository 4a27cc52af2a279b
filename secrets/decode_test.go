package secrets_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
)

// staticStore returns a Store with one secret, "s".
func staticStore(t *testing.T, secret string) *secrets.Store {
	t.Helper()
	return sourceStore(t, secrets.Static(map[string]string{"s": secret}), secrets.Config{})
}

func sourceStore(t *testing.T, source secrets.Source, cfg secrets.Config) *secrets.Store {
	t.Helper()
	store, err := secrets.NewWithSource(t.Context(), source, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// open opens the secret as a T and returns its value.
func open[T any](t *testing.T, secret, ref string) (T, error) {
	t.Helper()
	h, err := secrets.Open[T](t.Context(), staticStore(t, secret), ref)
	if err != nil {
		return *new(T), err
	}
	defer h.Close()
	return h.Load()
}

// as is open with any type.
func as[T any](t *testing.T, secret, ref string) (any, error) { return open[T](t, secret, ref) }

type (
	word     string
	octets   []byte
	database struct {
		User string `json:"user"`
		Port int    `json:"port"`
	}
	level struct{ n int }
	both  struct{ Text string }
)

func (l *level) UnmarshalText(text []byte) error {
	n, err := strconv.Atoi(string(text))
	l.n = n
	return err
}

// both decodes itself from text as well as from JSON.
func (b *both) UnmarshalText(text []byte) error { b.Text = string(text); return nil }
func (b *both) UnmarshalJSON([]byte) error      { return errors.New("not asked for") }

func TestOpenTypes(t *testing.T) {
	t.Parallel()
	const doc = `{"user": "app", "port": 5432, "text": "5432", "big": 12345678901234567890.10, "on": true,
		"list": ["a", {"b/c": {"~": "deep"}}], "when": "2026-11-22T00:00:00Z", "empty": "", "esc": "é\n\u20ac"}`
	for name, test := range map[string]struct {
		open   func(t *testing.T, secret, ref string) (any, error)
		secret string
		ref    string
		want   any
	}{
		"string":               {as[string], "pass word\n", "s", "pass word\n"},
		"empty string":         {as[string], "", "s", ""},
		"named string":         {as[word], "x", "s", word("x")},
		"bytes":                {as[[]byte], "\x00\xff", "s", []byte{0, 255}},
		"named bytes":          {as[octets], "\x00\xff", "s", octets{0, 255}},
		"pointer to string":    {as[*string], "x", "s", new("x")},
		"raw JSON":             {as[json.RawMessage], `{"a":1}`, "s", json.RawMessage(`{"a":1}`)},
		"int":                  {as[int], "42", "s", 42},
		"struct":               {as[database], doc, "s", database{"app", 5432}},
		"pointer to struct":    {as[*database], doc, "s", &database{"app", 5432}},
		"map":                  {as[map[string]int], `{"a":1}`, "s", map[string]int{"a": 1}},
		"text unmarshaler":     {as[netip.AddrPort], "10.0.0.1:5432", "s", netip.MustParseAddrPort("10.0.0.1:5432")},
		"text before JSON":     {as[both], "{", "s", both{"{"}},
		"key":                  {as[string], doc, "s#user", "app"},
		"number as string":     {as[string], doc, "s#port", "5432"},
		"number as int":        {as[int], doc, "s#port", 5432},
		"string as int":        {as[int], doc, "s#text", 5432},
		"number as it is":      {as[string], doc, "s#big", "12345678901234567890.10"},
		"truth value":          {as[string], doc, "s#on", "true"},
		"bool":                 {as[bool], doc, "s#on", true},
		"array":                {as[string], doc, "s#list", `["a", {"b/c": {"~": "deep"}}]`},
		"slice":                {as[[]any], doc, "s#list", []any{"a", map[string]any{"b/c": map[string]any{"~": "deep"}}}},
		"pointer to member":    {as[string], doc, "s#/user", "app"},
		"pointer to element":   {as[string], doc, "s#/list/0", "a"},
		"pointer with escapes": {as[string], doc, "s#/list/1/b~1c/~0", "deep"},
		"time":                 {as[time.Time], doc, "s#when", time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)},
		"empty member":         {as[string], doc, "s#empty", ""},
		"escapes":              {as[string], doc, "s#esc", "é\n€"},
		"duration is a number": {as[time.Duration], "5000000000", "s", 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := test.open(t, test.secret, test.ref)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestOpenValue(t *testing.T) {
	t.Parallel()
	v, err := open[secrets.Value](t, `{"password":"`+marker+`"}`, "s#password")
	if err != nil || v.Reveal() != marker || v.Version() == "" || v.Name() != "s" {
		t.Errorf("%q %q: %v", v.Name(), v.Version(), err)
	}
}

// TestDecodeErrors checks that errors say what is wrong, and nothing of the
// secret.
func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	type withValue struct{ Password secrets.Value }
	for name, test := range map[string]struct {
		open   func(t *testing.T, secret, ref string) (any, error)
		secret string
		ref    string
		want   string
	}{
		"no JSON":           {as[database], marker, "s", "it is not JSON: syntax error at byte 1 of 18"},
		"JSON cut off":      {as[database], `{"user":"` + marker, "s", "it is not JSON: syntax error at byte 27 of 27"},
		"two documents":     {as[database], `{} "` + marker + `"`, "s", "it is not JSON: syntax error at byte 4 of 23"},
		"empty":             {as[database], "", "s", "it is empty, not JSON"},
		"not UTF-8":         {as[database], `{"user":"` + marker + "\xff" + `"}`, "s", "it is not JSON: it is not UTF-8"},
		"null":              {as[database], " null", "s", "it is JSON's null"},
		"another type":      {as[database], `{"port":"` + marker + `"}`, "s", `it has as member "port" a JSON string, which does not fit int`},
		"large number":      {as[database], `{"port":99999999999999999999}`, "s", `it has as member "port" a JSON number, which does not fit int`},
		"array":             {as[database], `["` + marker + `"]`, "s", "it is JSON's array, which does not fit secrets_test.database"},
		"twice":             {as[database], `{"user":"a","user":"` + marker + `"}`, "s", "it is ambiguous JSON: the member that ends at byte 18 of 40 has the name of an earlier one"},
		"twice, deep":       {as[database], `{"x":[{"a":1},{"a":1,"b":{"a":"a","a":2}}]}`, "s", "it is ambiguous JSON: the member that ends at byte 37 of 43 has the name of an earlier one"},
		"twice, with key":   {as[string], `{"user":"a","user":"` + marker + `"}`, "s#user", "it is ambiguous JSON: the member that ends at byte 18 of 40 has the name of an earlier one"},
		"no member":         {as[string], `{"` + marker + `":1,"b":2}`, "s#password", `it lacks "/password": there is an object of 2 members`},
		"no deep member":    {as[string], `{"a":{"` + marker + `":1}}`, "s#/a/b", `it lacks "/a/b": there is an object of 1 members`},
		"member of text":    {as[string], `{"a":"` + marker + `"}`, "s#/a/b", `it lacks "/a/b": there is neither object nor array`},
		"no element":        {as[string], `["` + marker + `"]`, "s#/1", `it lacks "/1": there is an array of 1 elements`},
		"element with zero": {as[string], `["` + marker + `"]`, "s#/00", `it lacks "/00": there is an array of 1 elements`},
		"element by name":   {as[string], `["` + marker + `"]`, "s#/x", `it lacks "/x": there is an array of 1 elements`},
		"null member":       {as[string], `{"a":null}`, "s#a", `it has null at "/a"`},
		"key, no JSON":      {as[string], marker, "s#a", "it is not JSON: syntax error at byte 1 of 18"},
		"text refused":      {as[level], marker, "s", "it is text that *secrets_test.level refuses (*strconv.NumError)"},
		"address refused":   {as[netip.Addr], marker, "s", "it is text that *netip.Addr refuses (netip.parseAddrError)"},
		"JSON refused":      {as[map[string]level], `{"a":"` + marker + `"}`, "s", "it is JSON that its type refuses (*strconv.NumError)"},
		"bad tag": {as[struct {
			A int `json:",string"`
		}], `{"A":"` + marker + `"}`, "s", "it is JSON that its type refuses (*errors.errorString)"},
		"null Value":        {as[withValue], `{"Password":null}`, "s", "it has null where a secret must be"},
		"redacted Value":    {as[withValue], `{"Password":"[redacted]"}`, "s", `it has "[redacted]" where a secret must be: a redacted secret cannot be read back`},
		"login, no JSON":    {as[secrets.Login], marker, "s", "it is not JSON: syntax error at byte 1 of 18"},
		"login, no user":    {as[secrets.Login], `{"password":"` + marker + `"}`, "s", "it has no username"},
		"login, no word":    {as[secrets.Login], `{"username":"a"}`, "s", "it has no password"},
		"login, empty word": {as[secrets.Login], `{"username":"a","password":""}`, "s", "it has no password"},
		"login, bad port":   {as[secrets.Login], `{"username":"a","password":"b","port":"` + marker + `"}`, "s", "it has a port that is not a number up to 65535"},
		"login, bad type":   {as[secrets.Login], `{"username":["` + marker + `"],"password":"b"}`, "s", `it has as member "username" a JSON array, which does not fit string`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := test.open(t, test.secret, test.ref)
			wrong, ok := errors.AsType[*secrets.DecodeError](err)
			if !ok || !errors.Is(err, secrets.ErrDecode) {
				t.Fatalf("no DecodeError: %v", err)
			}
			if wrong.Ref != test.ref || wrong.Version != "static" {
				t.Errorf("of %q version %q", wrong.Ref, wrong.Version)
			}
			want := fmt.Sprintf("secrets: decode %q version static: %s", test.ref, test.want)
			if err.Error() != want {
				t.Errorf("error text (-want +got):\n%s", cmp.Diff(want, err.Error()))
			}
			printAll(t, "the error", err)
			printAll(t, "the error, nested", struct{ err error }{err})
		})
	}
}

// TestDecoderOfOthers checks that the error of a decoder stays reachable and out
// of the text.
func TestDecoderOfOthers(t *testing.T) {
	t.Parallel()
	_, err := open[level](t, marker, "s")
	if _, ok := errors.AsType[*strconv.NumError](err); !ok {
		t.Errorf("the decoder's error is lost: %v", err)
	}
	cause := errors.New("bad " + marker)
	_, err = secrets.OpenFunc(t.Context(), staticStore(t, marker), "s", func(secrets.Value) (int, error) { return 0, cause })
	if !errors.Is(err, cause) || !errors.Is(err, secrets.ErrDecode) {
		t.Errorf("%v", err)
	}
	printAll(t, "the error", err)
	h, err := secrets.OpenFunc(t.Context(), staticStore(t, `{"a":"xyz"}`), "s#a", func(v secrets.Value) (int, error) { return len(v.Reveal()), nil })
	if err != nil || h.Value() != 3 {
		t.Errorf("%v", err)
	}
}

// TestDecodeCopies checks that a type which keeps or changes what it decodes
// does not reach the Store's bytes.
func TestDecodeCopies(t *testing.T) {
	t.Parallel()
	store := staticStore(t, `"`+marker+`"`)
	for range 2 {
		h, err := secrets.Open[vandal](t.Context(), store, "s")
		if err != nil || h.Value().text != `"`+marker+`"` {
			t.Fatalf("%v", err)
		}
		for _, b := range h.Value().kept {
			if b != 0 {
				t.Fatal("the copy that was decoded is not wiped")
			}
		}
	}
	h, err := secrets.Open[[]byte](t.Context(), store, "s")
	if err != nil {
		t.Fatal(err)
	}
	clear(h.Value())
	if v, err := store.Get(t.Context(), "s"); err != nil || v.Reveal() != `"`+marker+`"` {
		t.Error("the Store's secret has changed")
	}
}

type vandal struct {
	text string
	kept []byte
}

func (v *vandal) UnmarshalJSON(data []byte) error {
	v.text, v.kept = string(data), data
	data[1] = 'x'
	return nil
}

func TestLogin(t *testing.T) {
	t.Parallel()
	l, err := open[secrets.Login](t, `{"engine":"postgres","host":"db.example","username":"app","password":"`+marker+
		`","port":5432,"dbname":"orders","masterarn":"arn:x"}`, "s")
	if err != nil {
		t.Fatal(err)
	}
	if l.Engine != "postgres" || l.Password.Reveal() != marker || l.Addr() != "db.example:5432" || l.String() != "app@db.example:5432/orders" {
		t.Errorf("%v", l)
	}
	printAll(t, "a login", l)
	printAll(t, "a pointer to it", &l)
	printAll(t, "a login in a field", struct{ l secrets.Login }{l})

	managed, err := open[*secrets.Login](t, `{"username":"app","password":"x","port":"3306","dbname":null}`, "s")
	if err != nil || managed.Port != 3306 || managed.DBName != "" {
		t.Errorf("%v: %v", managed, err)
	}
	bare, err := open[secrets.Login](t, `{"username":"app","password":"x","port":null}`, "s")
	if err != nil || bare.Port != 0 || bare.String() != "app@" {
		t.Errorf("%v: %v", bare, err)
	}
}

// FuzzSelect checks that whatever a secret and a key are, the error has nothing
// of the secret, and that a part of JSON is what encoding/json takes it for.
func FuzzSelect(f *testing.F) {
	f.Add(`{"a":"b"}`, "a")
	f.Add(`{"a":[1,{"b":null}]}`, "/a/1/b")
	f.Add(`{"a":1,"a":2}`, "a")
	f.Add(`[[["deep"]]]`, "/0/0/0")
	f.Add("\xff", "a")
	f.Fuzz(func(t *testing.T, secret, key string) {
		ref, err := secrets.ParseRef("s")
		if err != nil {
			t.Fatal(err)
		}
		if ref.Key = key; key == "" || len(key) > 100 {
			return
		}
		if _, err := secrets.ParseRef(ref.String()); err != nil {
			return
		}
		store, err := secrets.NewWithSource(context.Background(), secrets.Static(map[string]string{"s": secret}), secrets.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		h, err := secrets.Open[string](t.Context(), store, ref.String())
		if err != nil {
			if _, ok := errors.AsType[*secrets.DecodeError](err); !ok {
				t.Fatalf("%q of %q: %v", key, secret, err)
			}
			return
		}
		defer h.Close()
		var members map[string]any
		if strings.HasPrefix(key, "/") || json.Unmarshal([]byte(secret), &members) != nil {
			return
		}
		if text, ok := members[key].(string); ok && text != h.Value() {
			t.Fatalf("%q of %q is %q", key, secret, h.Value())
		}
	})
}
