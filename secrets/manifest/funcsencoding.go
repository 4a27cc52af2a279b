package manifest

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"hash/adler32"
	"strconv"
	"strings"
	text "text/template"
)

var encodingFunctions = withMust(text.FuncMap{
	"b64enc":       func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"b64dec":       func(s string) (string, error) { return decoded(base64.StdEncoding.DecodeString(s)) },
	"b32enc":       func(s string) string { return base32.StdEncoding.EncodeToString([]byte(s)) },
	"b32dec":       func(s string) (string, error) { return decoded(base32.StdEncoding.DecodeString(s)) },
	"hexdec":       func(s string) (string, error) { return decoded(hex.DecodeString(s)) },
	"sha1sum":      func(s string) string { sum := sha1.Sum([]byte(s)); return hex.EncodeToString(sum[:]) },
	"sha256sum":    func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) },
	"sha512sum":    func(s string) string { sum := sha512.Sum512([]byte(s)); return hex.EncodeToString(sum[:]) },
	"adler32sum":   func(s string) string { return strconv.FormatUint(uint64(adler32.Checksum([]byte(s))), 10) },
	"fromJson":     fromJSON,
	"toJson":       func(v any) string { return string(jsonText(v, true)) },
	"toRawJson":    func(v any) string { return string(jsonText(v, false)) },
	"toPrettyJson": toPrettyJSON,
	"fromYaml":     fromYAML,
}, "fromJson", "toJson", "toRawJson", "toPrettyJson")

// decoded replaces an error, which may quote what it could not read.
func decoded(data []byte, err error) (string, error) {
	if err != nil {
		return "", problem("is given text that is not encoded so")
	}
	return string(data), nil
}

// fromJSON takes numbers as float64, as Sprig does and shows.
func fromJSON(s string) (any, error) {
	if wrong := checkJSON([]byte(s)); wrong != "" {
		return nil, problem("is given text that " + wrong)
	}
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return nil, problem("is given a number that is too large")
	}
	return v, nil
}

func toPrettyJSON(v any) string {
	var b bytes.Buffer
	_ = json.Indent(&b, jsonText(v, true), "", "  ") // it is JSON
	return b.String()
}

// fromYAML reads a map.
func fromYAML(s string) (map[string]any, error) {
	docs, err := stream{s, func(int, int) Position { return Position{} }}.documents()
	switch {
	case err != nil || len(docs) > 1 || len(docs) == 1 && docs[0].kind != mapKind:
		return nil, problem("is given text that is no map in YAML")
	case len(docs) == 0:
		return map[string]any{}, nil
	}
	v, ok := docs[0].value()
	if !ok {
		return nil, problem("is given YAML with a number that is not written as JSON would")
	}
	return v.(map[string]any), nil
}

// value is what the node is as JSON.
func (n *node) value() (v any, ok bool) {
	switch n.kind {
	case nullKind:
		return nil, true
	case boolKind:
		return strings.ContainsRune("yYtT", rune(n.text[0])) || strings.EqualFold(n.text, "on"), true
	case numberKind:
		f, err := strconv.ParseFloat(n.text, 64)
		return f, err == nil && json.Valid([]byte(n.text))
	case listKind:
		items := make([]any, len(n.items))
		for i, item := range n.items {
			if items[i], ok = item.value(); !ok {
				return nil, false
			}
		}
		return items, true
	case mapKind:
		m := map[string]any{}
		for _, member := range n.members {
			if m[member.key.text], ok = member.value.value(); !ok {
				return nil, false
			}
		}
		return m, true
	}
	return n.text, true
}
