package policy

import (
	"bytes"
	"encoding/json"
)

// MarshalJSON returns the document as compact JSON without HTML escapes: what
// was parsed as it was written, what was changed since in our own spelling.
// New members follow the canonical order Version, Id, Statement.
//
// [json.Marshal] escapes <, > and & in what MarshalJSON returns; call the
// method, or an encoder with SetEscapeHTML(false), where that matters. An
// error tells that the document holds what JSON cannot: a number that is none,
// a [Principal] with both forms, unknown members that are not JSON or clash.
func (d Document) MarshalJSON() ([]byte, error) {
	return documentElements.append(nil, &d, d.Unknown, d.layout)
}

// UnmarshalJSON is [Parse] for encoding/json. JSON null is no document.
func (d *Document) UnmarshalJSON(data []byte) error {
	p, err := Parse(data)
	if err != nil {
		return err
	}
	*d = *p
	return nil
}

// String returns the document as indented JSON, for people to read and paste.
func (d Document) String() string { return indented(d.MarshalJSON()) }

// MarshalJSON returns the statement as compact JSON, with the rules of
// [Document.MarshalJSON]. The canonical order is Sid, Effect, Principal,
// NotPrincipal, Action, NotAction, Resource, NotResource, Condition.
func (s Statement) MarshalJSON() ([]byte, error) {
	return statementElements.append(nil, &s, s.Unknown, s.layout)
}

// UnmarshalJSON decodes one statement as [Parse] does, with its errors.
func (s *Statement) UnmarshalJSON(data []byte) error {
	return unmarshal(data, s, decodeStatement)
}

// String returns the statement as indented JSON, for people to read and paste.
func (s Statement) String() string { return indented(s.MarshalJSON()) }

// Compact returns the statement as JSON on one line, for an error or a log.
func (s Statement) Compact() string {
	text, err := s.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// MarshalJSON returns "*" or the object of typed lists. An absent principal is
// null; give fields of this type the omitzero option.
func (p Principal) MarshalJSON() ([]byte, error) { return orNull(appendPrincipal(nil, p)) }

// UnmarshalJSON decodes a principal as [Parse] does, with its errors. JSON null
// is an absent principal.
func (p *Principal) UnmarshalJSON(data []byte) error {
	return unmarshal(data, p, absentIfNull(decodePrincipal))
}

// MarshalJSON returns the operators as an object, in their order. An absent
// condition is null; give fields of this type the omitzero option.
func (c Condition) MarshalJSON() ([]byte, error) { return orNull(appendCondition(nil, c)) }

// UnmarshalJSON decodes a condition as [Parse] does, with its errors. JSON null
// is an absent condition.
func (c *Condition) UnmarshalJSON(data []byte) error {
	return unmarshal(data, c, absentIfNull(decodeCondition))
}

// MarshalJSON returns one scalar or an array. Absent values are null; give
// fields of this type the omitzero option.
func (v Values) MarshalJSON() ([]byte, error) { return orNull(appendValues(nil, v)) }

// UnmarshalJSON decodes the values of a condition key as [Parse] does, with its
// errors. JSON null is such a value too.
func (v *Values) UnmarshalJSON(data []byte) error { return unmarshal(data, v, decodeValues) }

func unmarshal[T any](data []byte, into *T, decode func(*node) (T, error)) error {
	n, err := scan(data)
	if err != nil {
		return err
	}
	value, err := decode(n)
	if err != nil {
		return err
	}
	*into = value
	return nil
}

func absentIfNull[T any](decode func(*node) (T, error)) func(*node) (T, error) {
	return func(n *node) (value T, err error) {
		if n.kind == jsonNull {
			return value, nil
		}
		return decode(n)
	}
}

func orNull(b []byte, err error) ([]byte, error) {
	if b == nil && err == nil {
		return []byte("null"), nil
	}
	return b, err
}

// indented returns compact JSON for people. An error takes its place, since
// String has no other way to tell.
func indented(compact []byte, err error) string {
	if err != nil {
		return err.Error()
	}
	var b bytes.Buffer
	_ = json.Indent(&b, compact, "", "  ") // cannot fail: it was just made
	return b.String()
}
