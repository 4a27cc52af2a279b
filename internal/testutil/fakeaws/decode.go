package fakeaws

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// decodeStrict decodes JSON into v, which must be a pointer, and refuses
// members that the type does not have and members that come twice. Errors name
// the place, such as accounts[0].roles[1].trustPolicy, which encoding/json
// does not. They do not quote values, for those may be secrets.
func decodeStrict(data []byte, v any) error {
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return syntaxError(data, err)
	}
	return decodeValue("", raw, reflect.ValueOf(v).Elem())
}

// syntaxError adds line and column.
func syntaxError(data []byte, err error) error {
	at := len(data)
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		at = min(int(e.Offset), at)
	}
	before := data[:at]
	return fmt.Errorf("line %d, column %d: %w",
		bytes.Count(before, []byte("\n"))+1, at-bytes.LastIndexByte(before, '\n')-1, err)
}

func decodeValue(path string, raw json.RawMessage, v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		if string(raw) == "null" {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return decodeValue(path, raw, v.Elem())
	}
	if u, ok := v.Addr().Interface().(json.Unmarshaler); ok {
		err := u.UnmarshalJSON(raw)
		switch _, isTime := u.(*time.Time); {
		case err == nil:
			return nil
		case isTime: // whose error quotes the value
			return fmt.Errorf("%s: want a time as in RFC 3339", path)
		}
		return fmt.Errorf("%s: %w", path, err)
	}
	switch {
	case v.Kind() == reflect.Struct:
		return decodeStruct(path, raw, v)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		return decodeSlice(path, raw, v)
	}
	if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
		return fmt.Errorf("%s: want %s", path, wanted(v.Type()))
	}
	return nil
}

func decodeSlice(path string, raw json.RawMessage, v reflect.Value) error {
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return fmt.Errorf("%s: want an array", path)
	}
	if elements == nil {
		return nil
	}
	v.Set(reflect.MakeSlice(v.Type(), len(elements), len(elements)))
	for i, element := range elements {
		if err := decodeValue(path+"["+strconv.Itoa(i)+"]", element, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func decodeStruct(path string, raw json.RawMessage, v reflect.Value) error {
	fields := map[string]reflect.Value{}
	for f, value := range v.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = value
	}
	seen := map[string]bool{}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if token, _ := decoder.Token(); token != json.Delim('{') {
		return fmt.Errorf("%s: want an object", orTop(path))
	}
	for decoder.More() {
		token, _ := decoder.Token() // the whole was seen to be valid
		name := token.(string)
		var member json.RawMessage
		if err := decoder.Decode(&member); err != nil {
			return err
		}
		field, known := fields[name]
		switch {
		case !known:
			return fmt.Errorf("%s: unknown member %q", orTop(path), name)
		case seen[name]:
			return fmt.Errorf("%s: member %q comes twice", orTop(path), name)
		}
		seen[name] = true
		if err := decodeValue(join(path, name), member, field); err != nil {
			return err
		}
	}
	return nil
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func orTop(path string) string {
	if path == "" {
		return "top level"
	}
	return path
}

// wanted names the JSON that a type is read from.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a base64 string"
	case reflect.Map:
		return "an object of strings"
	default:
		return "an integer"
	}
}
