package manifest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// convert makes keys fit. Two that become the same are an error.
func (h handling) convert(p place, values map[string][]byte) (map[string][]byte, error) {
	return rekey(p, values, func(key string) (string, error) {
		var b strings.Builder
		for _, r := range key {
			switch {
			case unicode.IsLetter(r) || unicode.IsNumber(r) || strings.ContainsRune("-._", r):
				b.WriteRune(r)
			case h.conversion == "Unicode":
				fmt.Fprintf(&b, "_U%04x_", r)
			default:
				b.WriteByte('_')
			}
		}
		return b.String(), nil
	})
}

// rekey gives values other keys. Those that become empty may be many, since they
// are dropped.
func rekey(p place, values map[string][]byte, change func(key string) (string, error)) (map[string][]byte, error) {
	changed := make(map[string][]byte, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		to, err := change(key)
		if err != nil {
			return nil, err
		}
		if _, twice := changed[to]; twice && to != "" {
			return nil, unfit(p, "makes one key of two, of which one value would be lost")
		}
		changed[to] = values[key]
	}
	return changed, nil
}

// handle decodes and checks a value.
func (h handling) handle(data []byte) ([]byte, error) {
	decoded, ok := decode(h.decoding, data)
	switch {
	case !ok:
		return nil, unfit(h.decodingAt, "is %s, and the value is not written in it", h.decoding)
	case h.noNull && bytes.IndexByte(decoded, 0) >= 0:
		return nil, unfit(h.noNullAt, "is Fail, and the value has a null byte")
	}
	return decoded, nil
}

// decode decodes data. Auto takes what both forms of base64 refuse for plain;
// text that happens to be base64 it decodes too.
func decode(strategy string, data []byte) (decoded []byte, ok bool) {
	var encodings []*base64.Encoding
	switch strategy {
	case "Base64":
		encodings = []*base64.Encoding{base64.StdEncoding}
	case "Base64URL":
		encodings = []*base64.Encoding{base64.URLEncoding}
	case "Auto":
		encodings = []*base64.Encoding{base64.StdEncoding, base64.URLEncoding}
	}
	for _, e := range encodings {
		// Not the package's error: it has a byte's place, and no more is needed.
		if decoded, err := e.AppendDecode(nil, data); err == nil {
			return decoded, true
		}
	}
	return data, strategy == "None" || strategy == "Auto"
}
