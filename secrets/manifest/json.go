package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// The errors of encoding/json quote what they could not read, which here is a
// secret. So nothing of them is kept.

// checkJSON says what is wrong with data as JSON: besides its syntax what readers
// of JSON take differently, and nesting that costs them much.
func checkJSON(data []byte) (problem string) {
	if !utf8.Valid(data) {
		return "is not JSON: it is not UTF-8"
	}
	if deeper(data, maxJSONDepth) {
		return fmt.Sprintf("is JSON that is nested deeper than %d levels", maxJSONDepth)
	}
	if !json.Valid(data) {
		return "is not JSON"
	}
	if duplicates(data) {
		return "is JSON in which an object has a member twice"
	}
	return ""
}

// deeper reports whether brackets outside of text are nested deeper than limit.
func deeper(data []byte, limit int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// duplicates reports whether an object in data, which is valid, has two members
// of one name.
func duplicates(data []byte) bool {
	type level struct {
		names map[string]bool // nil in a list
		name  bool            // a name comes next
	}
	levels := []level{{}}
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		t, err := d.Token()
		if err != nil { // the end, since data is valid
			return !errors.Is(err, io.EOF)
		}
		top := &levels[len(levels)-1]
		name, isText := t.(string)
		if top.name && isText {
			if top.names[name] {
				return true
			}
			top.names[name], top.name = true, false
			continue
		}
		switch t {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}, name: true})
			continue
		case json.Delim('['):
			levels = append(levels, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			levels = levels[:len(levels)-1]
		}
		top = &levels[len(levels)-1]
		top.name = top.names != nil
	}
}

// decodeJSON decodes data, with numbers as they are written.
func decodeJSON(data []byte, dst any) (problem string) {
	if problem := checkJSON(data); problem != "" {
		return problem
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(dst); err != nil {
		return "is JSON, but no object"
	}
	return ""
}

// jsonMembers takes an object apart: text without quotes, null as nothing, all
// else as it is written.
func jsonMembers(data []byte) (members map[string][]byte, problem string) {
	var raw map[string]json.RawMessage
	if problem := decodeJSON(data, &raw); problem != "" {
		return nil, problem
	}
	if raw == nil {
		return nil, "is JSON's null, and no object"
	}
	members = make(map[string][]byte, len(raw))
	for name, value := range raw {
		var text string
		if json.Unmarshal(value, &text) == nil { // null leaves it empty
			members[name] = []byte(text)
		} else {
			members[name] = value
		}
	}
	return members, ""
}

// jsonTexts writes each member for a file of its own.
func jsonTexts(members map[string]any) map[string][]byte {
	texts := make(map[string][]byte, len(members))
	for name, value := range members {
		switch value := value.(type) {
		case nil:
			texts[name] = nil
		case string:
			texts[name] = []byte(value)
		default:
			texts[name] = jsonText(value, true)
		}
	}
	return texts
}

// jsonText writes value, which came from JSON, with sorted members. With html,
// as json.Marshal does, the characters that HTML minds are escaped.
func jsonText(value any, html bool) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(html)
	_ = e.Encode(value) // what came from JSON can be written as JSON
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
