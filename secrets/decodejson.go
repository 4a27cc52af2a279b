package secrets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The errors of encoding/json quote what they could not read, which here is a
// secret. So nothing of them is kept but positions and kinds.

// decodeJSON decodes data, a whole JSON document, into what dst points to, and
// says what is wrong with it.
func decodeJSON(data []byte, dst any) (problem string) {
	if problem := checkJSON(data); problem != "" {
		return problem
	}
	if isNull(data) {
		return "is JSON's null"
	}
	if err := json.Unmarshal(data, dst); err != nil {
		return jsonProblem(err)
	}
	return ""
}

// checkJSON says what is wrong with data that encoding/json would decode all the
// same or not say so well: text that is not UTF-8, whose stray bytes it replaces,
// and members that come twice, of which it takes the last and others the first.
func checkJSON(data []byte) (problem string) {
	switch {
	case len(data) == 0:
		return "is empty, not JSON"
	case !utf8.Valid(data):
		return "is not JSON: it is not UTF-8"
	}
	var syntax *json.SyntaxError
	var any json.RawMessage
	if err := json.Unmarshal(data, &any); errors.As(err, &syntax) {
		return fmt.Sprintf("is not JSON: syntax error at byte %d of %d", syntax.Offset, len(data))
	}
	if at := duplicate(data); at > 0 {
		return fmt.Sprintf("is ambiguous JSON: the member that ends at byte %d of %d has the name of an earlier one", at, len(data))
	}
	return ""
}

// duplicate returns where in data, which is valid JSON, the first name ends that
// its object already has; zero if there is none.
func duplicate(data []byte) int64 {
	type level struct {
		names map[string]bool // nil in an array
		name  bool            // a name comes next
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	stack := []level{{}}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) || err != nil {
			return 0
		}
		top := &stack[len(stack)-1]
		if name, ok := token.(string); ok && top.name {
			if top.names[name] {
				return d.InputOffset()
			}
			top.names[name], top.name = true, false
			continue
		}
		switch token {
		case json.Delim('{'):
			stack = append(stack, level{map[string]bool{}, true})
			continue
		case json.Delim('['):
			stack = append(stack, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			stack = stack[:len(stack)-1]
			top = &stack[len(stack)-1]
		}
		top.name = top.names != nil
	}
}

// jsonProblem puts an error of json.Unmarshal into words without the input.
func jsonProblem(err error) string {
	if own, ok := errors.AsType[*DecodeError](err); ok {
		return own.Problem
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		kind, _, _ := strings.Cut(wrong.Value, " ") // "number", without the number
		what := "is JSON's "
		if wrong.Field != "" {
			what = fmt.Sprintf("has as member %q a JSON ", wrong.Field)
		}
		return what + kind + ", which does not fit " + wrong.Type.String()
	}
	return fmt.Sprintf("is JSON that its type refuses (%T)", err)
}

// selectKey returns the part of v, a secret in JSON, that key names: a member of
// the top level or, beginning with "/", a JSON pointer (RFC 6901). A string gives
// its text; a number, a truth value, an object or an array its JSON; null is an
// error. ref is for the error, a [*DecodeError].
func selectKey(ref string, v Value, key string) (Value, error) {
	data, problem := part(v.get().data, key)
	if problem != "" {
		return Value{}, &DecodeError{Ref: ref, Version: v.Version(), Problem: problem}
	}
	return v.with(data), nil
}

func part(data []byte, key string) (_ []byte, problem string) {
	if problem := checkJSON(data); problem != "" {
		return nil, problem
	}
	steps := []string{key}
	if pointer, ok := strings.CutPrefix(key, "/"); ok {
		steps = strings.Split(pointer, "/")
		for i, step := range steps {
			steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		}
	}
	at := "" // a JSON pointer to data
	for _, name := range steps {
		if data, problem = step(data, name, at); problem != "" {
			return nil, problem
		}
		at += "/" + name
	}
	if isNull(data) {
		return nil, fmt.Sprintf("has null at %q", at)
	}
	return member(data)
}

// step returns the named member of the object or element of the array that is
// at the place at.
func step(data []byte, name, at string) (_ []byte, problem string) {
	lacks := fmt.Sprintf("lacks %q", at+"/"+name)
	switch data = bytes.TrimSpace(data); data[0] {
	case '{':
		var members map[string]json.RawMessage
		if err := json.Unmarshal(data, &members); err != nil {
			return nil, jsonProblem(err)
		}
		if found, ok := members[name]; ok {
			return found, ""
		}
		return nil, fmt.Sprintf("%s: there is an object of %d members", lacks, len(members))
	case '[':
		var elements []json.RawMessage
		if err := json.Unmarshal(data, &elements); err != nil {
			return nil, jsonProblem(err)
		}
		i, err := strconv.Atoi(name)
		if err != nil || strconv.Itoa(i) != name || i < 0 || i >= len(elements) {
			return nil, fmt.Sprintf("%s: there is an array of %d elements", lacks, len(elements))
		}
		return elements[i], ""
	default:
		return nil, lacks + ": there is neither object nor array"
	}
}

// member returns the text of a JSON string and any other value as it is written.
// It takes one value of a document that [checkJSON] found good.
func member(raw []byte) (_ []byte, problem string) {
	if isNull(raw) {
		return nil, "is JSON's null"
	}
	if raw = bytes.TrimSpace(raw); raw[0] != '"' {
		return bytes.Clone(raw), ""
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return nil, jsonProblem(err)
	}
	return []byte(text), ""
}

func isNull(data []byte) bool { return string(bytes.TrimSpace(data)) == "null" }

// UnmarshalJSON takes a member of a secret: the text of a string, and any other
// JSON as it is written. It refuses null, which would be an empty secret, and
// "[redacted]", which is what a Value was marshaled to. It is for decoding; the
// new Value is the decoder's own.
func (v *Value) UnmarshalJSON(raw []byte) error {
	data, problem := member(raw)
	switch {
	case problem != "":
		return &DecodeError{Problem: "has null where a secret must be"}
	case string(data) == redacted:
		return &DecodeError{Problem: `has "` + redacted + `" where a secret must be: a redacted secret cannot be read back`}
	}
	*v = newValue(&payload{data: data, own: true})
	return nil
}
