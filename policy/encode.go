package policy

import (
	"errors"
	"fmt"
	"strings"
)

// The encoders here append a value in our spelling: no white space, no escapes
// but the necessary ones. Those of elements append nothing for an absent one.

func appendText[S ~string](dst []byte, s S) ([]byte, error) {
	if s == "" {
		return dst, nil
	}
	return appendString(dst, string(s)), nil
}

func appendStatements(dst []byte, s statements) ([]byte, error) {
	return appendList(dst, s.list, s.single, func(dst []byte, s Statement) ([]byte, error) {
		return statementElements.append(dst, &s, s.Unknown, s.layout)
	})
}

func appendPrincipal(dst []byte, p Principal) ([]byte, error) {
	switch {
	case p.Any && p.Entries != nil:
		return nil, errors.New("policy: a principal has Any or Entries, not both")
	case p.Any:
		return append(dst, `"*"`...), nil
	case p.Entries == nil:
		return dst, nil
	}
	return appendObject(dst, p.Entries,
		func(e PrincipalEntry) string { return e.Type },
		func(dst []byte, e PrincipalEntry) ([]byte, error) { return appendScalars(dst, e.Values) })
}

func appendCondition(dst []byte, c Condition) ([]byte, error) {
	if c == nil {
		return dst, nil
	}
	return appendObject(dst, c,
		func(o ConditionOperator) string { return o.Operator },
		func(dst []byte, o ConditionOperator) ([]byte, error) { return appendConditionKeys(dst, o.Keys) })
}

func appendConditionKeys(dst []byte, keys []ConditionKey) ([]byte, error) {
	return appendObject(dst, keys,
		func(k ConditionKey) string { return k.Key },
		func(dst []byte, k ConditionKey) ([]byte, error) { return appendScalars(dst, k.Values) })
}

func appendValues(dst []byte, v Values) ([]byte, error) {
	if v.List == nil {
		return dst, nil
	}
	return appendScalars(dst, v)
}

// appendScalars appends values that stand where something must: an absent list
// is [].
func appendScalars(dst []byte, v Values) ([]byte, error) {
	return appendList(dst, v.List, v.Single, appendValue)
}

func appendValue(dst []byte, v Value) ([]byte, error) {
	switch {
	case v.Kind == StringValue:
		return appendString(dst, v.Text), nil
	case v.Kind == NullValue:
		return append(dst, "null"...), nil
	case v.Kind == NumberValue && numerals().MatchString(v.Text),
		v.Kind == BoolValue && (v.Text == "true" || v.Text == "false"):
		return append(dst, v.Text...), nil
	}
	return nil, fmt.Errorf("policy: the text %q is no JSON literal of its value's kind", clip(v.Text))
}

// appendObject appends a list of named things as an object.
func appendObject[T any](
	dst []byte, list []T, name func(T) string, encode func([]byte, T) ([]byte, error),
) (_ []byte, err error) {
	dst = append(dst, '{')
	names := make(map[string]bool, len(list))
	for i, t := range list {
		if names[name(t)] {
			return nil, fmt.Errorf("policy: the member %q is repeated", clip(name(t)))
		}
		names[name(t)] = true
		dst = appendString(comma(dst, i), name(t))
		if dst, err = encode(append(dst, ':'), t); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

// appendList appends a list as an array, or as its only element alone if it is
// single.
func appendList[T any](
	dst []byte, list []T, single bool, encode func([]byte, T) ([]byte, error),
) (_ []byte, err error) {
	if single && len(list) == 1 {
		return encode(dst, list[0])
	}
	dst = append(dst, '[')
	for i, t := range list {
		if dst, err = encode(comma(dst, i), t); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

// comma appends the comma in front of the member or element of that index.
func comma(dst []byte, index int) []byte {
	if index == 0 {
		return dst
	}
	return append(dst, ',')
}

// appendString appends a string with no escapes but those that RFC 8259
// demands, unlike encoding/json, which also escapes what HTML and JavaScript
// read otherwise.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range []byte(strings.ToValidUTF8(s, "\uFFFD")) {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
