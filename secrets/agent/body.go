package agent

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/irsakit/irsa/secrets"
)

// appendSecret appends a secret as AWS's agent answers it: in one line, its
// members in this order, null for a text that is absent and nothing for other
// members that are.
func appendSecret(b []byte, v secrets.Value) []byte {
	b = appendText(append(b, `{"ARN":`...), v.ARN())
	b = appendText(append(b, `,"Name":`...), v.Name())
	b = appendText(append(b, `,"VersionId":`...), v.Version())
	data := v.RevealBytes()
	defer clear(data)
	if isBinary(v, data) {
		b = append(b, `,"SecretBinary":"`...)
		b = append(base64.StdEncoding.AppendEncode(b, data), '"')
	} else {
		b = appendString(append(b, `,"SecretString":`...), data)
	}
	if stages := v.Stages(); len(stages) > 0 {
		b = append(b, `,"VersionStages":[`...)
		for i, stage := range stages {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, stage)
		}
		b = append(b, ']')
	}
	b = append(b, `,"CreatedDate":`...)
	return append(appendEpoch(b, v.Created()), '}')
}

// isBinary tells which of the two members a secret goes into. Sources other than
// AWS may not say; JSON has no way to write text that is not UTF-8.
func isBinary(v secrets.Value, data []byte) bool {
	return v.Type() == "binary" || v.Type() == "" && !utf8.Valid(data)
}

// appendText appends a string, or null in the place of an empty one.
func appendText(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendString(b, s)
}

// appendEpoch appends a time as a string of seconds since 1970, in the shortest
// form; null for the zero time. AWS tells milliseconds; microseconds are as much
// as a float64 of its clients holds.
func appendEpoch(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	micros := t.UnixMicro()
	b = append(b, '"')
	if micros < 0 {
		b, micros = append(b, '-'), -micros
	}
	b = strconv.AppendInt(b, micros/1e6, 10)
	if rest := micros % 1e6; rest != 0 {
		point := len(b)
		b = strconv.AppendInt(b, 1e6+rest, 10) // its first digit makes room for the point
		b[point] = '.'
		b = bytes.TrimRight(b, "0")
	}
	return append(b, '"')
}

// appendString appends s as a JSON string, escaping only what RFC 8259 says must
// be. Bytes that are no UTF-8 become U+FFFD.
func appendString[T string | []byte](b []byte, s T) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if verbatim[c] {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))])); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = appendEscaped(append(b, s[start:i]...), c)
		i += size
		start = i
	}
	return append(append(b, s[start:]...), '"')
}

// verbatim is set for the characters of ASCII that stand for themselves.
var verbatim = func() (set [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		set[c] = c != '"' && c != '\\'
	}
	return set
}()

// appendEscaped appends what stands for a byte that cannot stand for itself.
func appendEscaped(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	if c >= utf8.RuneSelf {
		return utf8.AppendRune(b, utf8.RuneError)
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
