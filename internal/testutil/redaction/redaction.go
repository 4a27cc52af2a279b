// Package redaction looks for secrets in all that a value can be turned into by
// accident: by every verb of package fmt, nested in whatever, logged, encoded,
// panicked with. It is for tests.
package redaction

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
)

// window is how many bytes in a row of a secret count as a leak. A shorter
// secret counts only whole.
const window = 8

// verbs are those under which fmt prints something of a string or bytes, and
// some that do not fit, for which it walks through fields.
var verbs = []string{
	"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%#x", "%d", "%t", "%c", "%U", "%e", "%g", "%p", "%b", "%o", "%T", "%10.30s", "%!",
}

// T is what is needed of a testing.TB.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}

// Check reports what shows any of the secrets: v itself, or v as a field that is
// not exported, behind pointers, in maps and slices, under every verb of fmt, to
// slog, encoding/json, encoding/xml and encoding/gob, as text, and as the value
// of a panic. Nothing may change v meanwhile. Nil, and a pointer that is nil,
// show nothing.
func Check(t T, what string, v any, secrets ...string) {
	t.Helper()
	if value := reflect.ValueOf(v); !value.IsValid() || value.Kind() == reflect.Pointer && value.IsNil() {
		return
	}
	forms, all := formsOf(secrets), printings(v)
	var leaks []string
	for _, how := range slices.Sorted(maps.Keys(all)) {
		if form := find(all[how], forms); form != "" {
			leaks = append(leaks, fmt.Sprintf("%s, as %q", how, form))
		}
	}
	if len(leaks) > 0 {
		t.Errorf("%s shows a secret in %d ways: %s", what, len(leaks), strings.Join(leaks, "; "))
	}
}

// CheckText is Check for what has been printed already.
func CheckText(t T, what, text string, secrets ...string) {
	t.Helper()
	if form := find(text, formsOf(secrets)); form != "" {
		t.Errorf("%s shows a secret, as %q", what, form)
	}
}

func find(text string, forms []string) string {
	i := slices.IndexFunc(forms, func(form string) bool { return strings.Contains(text, form) })
	if i < 0 {
		return ""
	}
	return forms[i]
}

// formsOf returns what windows of secrets look like under every verb, as text
// and as bytes, and in base64, wherever in it they begin.
func formsOf(secrets []string) []string {
	var forms []string
	for _, secret := range secrets {
		for i := 0; i == 0 || i+window <= len(secret); i++ {
			part := secret[i:min(i+window, len(secret))]
			forms = append(forms, part)
			for _, verb := range []string{"%v", "%#v", "%x", "%X", "% x", "%#x", "%c", "%U", "%b", "%o", "%e"} {
				forms = append(forms, inner(fmt.Sprintf(verb, []byte(part))))
			}
			for lead := range 3 {
				forms = append(forms, base64Within(part, lead))
			}
		}
	}
	return forms
}

// inner is the text of a slice without what is around its elements.
func inner(text string) string {
	text = strings.TrimPrefix(text, "[]byte{")
	return strings.Trim(text, "[]{}")
}

// base64Within is what of part can be told in base64 that begins lead bytes
// before it. It is the same in both alphabets unless part is made for that.
func base64Within(part string, lead int) string {
	text := base64.RawStdEncoding.EncodeToString(append(make([]byte, lead), part...))
	first := (lead*8 + 5) / 6 // the first digit that has no bit of what leads
	return text[first : (lead+len(part))*8/6]
}

// printings are all that v is turned into, by how it is.
func printings(v any) map[string]string {
	out := map[string]string{}
	for where, nested := range nestings(v) {
		for _, verb := range verbs {
			out[where+" under "+verb] = fmt.Sprintf(verb, nested)
		}
		out[where+" printed"] = fmt.Sprint(nested, nested) + fmt.Sprintln(nested)
		out[where+" in a log of text"] = logged(nested, func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) })
		out[where+" in a log of JSON"] = logged(nested, func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) })
		for format, text := range encodings(nested) {
			out[where+" as "+format] = text
		}
		out[where+" in a panic"] = panicked(nested)
	}
	return out
}

// hidden has what fmt calls no methods of.
type hidden struct{ field any }

// nestings returns v in other values, by where it is in them.
func nestings(v any) map[string]any {
	out := map[string]any{
		"it": v, "it in a field": struct{ Field any }{v}, "it in a hidden field": hidden{v},
		"it in a hidden field, by pointer": &hidden{v}, "it in a map": map[string]any{"it": v},
		"it in a slice": []any{v}, "it in a hidden map": hidden{map[string]any{"it": v}},
	}
	value := reflect.ValueOf(v)
	once := reflect.New(value.Type())
	once.Elem().Set(value)
	twice := reflect.New(once.Type())
	twice.Elem().Set(once)
	out["a pointer to it"], out["a pointer to a pointer to it"] = once.Interface(), twice.Interface()
	out["a hidden pointer to a pointer to it"] = hidden{twice.Interface()}
	if value.Kind() == reflect.Pointer {
		out["what it points to"] = value.Elem().Interface()
		out["what it points to in a hidden field"] = hidden{value.Elem().Interface()}
	}
	return out
}

func logged(v any, handler func(*bytes.Buffer) slog.Handler) string {
	var b bytes.Buffer
	slog.New(handler(&b)).With("it", v).Info("it", "it", v, slog.Group("group", "it", v))
	return b.String()
}

// encodings are the forms that v can be encoded in.
func encodings(v any) map[string]string {
	out := map[string]string{}
	if text, err := json.Marshal(v); err == nil {
		out["JSON"] = string(text)
	} else {
		out["an error of JSON"] = err.Error()
	}
	if text, err := xml.Marshal(v); err == nil {
		out["XML"] = string(text)
	}
	out["gob"] = gobbed(v)
	if m, ok := v.(encoding.TextMarshaler); ok {
		text, err := m.MarshalText()
		out["text"] = fmt.Sprint(string(text), err)
	}
	if m, ok := v.(encoding.BinaryMarshaler); ok {
		data, err := m.MarshalBinary()
		out["binary data"] = fmt.Sprint(string(data), err)
	}
	return out
}

// gobbed is v in gob, or why it cannot be: gob panics on a pointer to a pointer
// to a type that encodes itself.
func gobbed(v any) (text string) {
	var b bytes.Buffer
	defer func() {
		if problem := recover(); problem != nil {
			text = fmt.Sprint(problem)
		}
	}()
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		return err.Error()
	}
	return b.String()
}

// panicked is what is to be seen of a panic with v where it is recovered.
func panicked(v any) (text string) {
	defer func() { text = fmt.Sprint(recover()) + string(debug.Stack()) }()
	panic(v)
}
