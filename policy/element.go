package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// layout remembers an object's members in the order in which they were
// written, with those spellings that differ from ours.
type layout []slot

// slot is one member of a layout: its name, and how name and value were spelled
// as JSON. The spellings are empty where they are the ones that we would write.
type slot struct{ name, key, value string }

// element is a member that the grammar has, in an object that a T holds.
type element[T any] struct {
	name   string
	decode func(*T, *node) error
	// encode appends the value in our spelling, and nothing if it is absent.
	encode func(*T, []byte) ([]byte, error)
}

// bind returns the element that a field of T holds.
func bind[T, V any](
	name string, field func(*T) *V, decode func(*node) (V, error), encode func([]byte, V) ([]byte, error),
) element[T] {
	return element[T]{
		name: name,
		decode: func(t *T, n *node) (err error) {
			*field(t), err = decode(n)
			return err
		},
		encode: func(t *T, dst []byte) ([]byte, error) { return encode(dst, *field(t)) },
	}
}

// elements are an object's members in canonical order.
type elements[T any] []element[T]

func (e elements[T]) find(name string) *element[T] {
	i := slices.IndexFunc(e, func(el element[T]) bool { return el.name == name })
	if i < 0 {
		return nil
	}
	return &e[i]
}

// decode sets the elements of into from an object, and returns the layout and
// the members that are no elements.
func (e elements[T]) decode(n *node, into *T) (l layout, unknown []Member, err error) {
	for _, m := range n.children {
		s := slot{name: m.name.text}
		if m.name.odd {
			s.key = m.name.raw()
		}
		if el := e.find(s.name); el == nil {
			unknown = append(unknown, Member{Name: s.name, Raw: []byte(m.raw())})
		} else if s.value, err = el.read(m, into); err != nil {
			if err = m.src.tolerate(err); err != nil {
				return nil, nil, err
			}
		}
		l = append(l, s)
	}
	return l, unknown, nil
}

// read decodes the element and returns its spelling if it is not ours.
func (e *element[T]) read(n *node, into *T) (string, error) {
	// An empty text is odd as well: built, it would be absent. What is read for
	// the lints is not written back.
	plain := !n.odd && (n.kind != jsonString || n.text != "")
	if err := e.decode(into, n); err != nil || plain || n.src.lenient {
		return "", err
	}
	written := n.raw()
	if ours, err := e.encode(into, nil); err != nil || written == string(ours) {
		return "", err
	}
	return written, nil
}

// write returns the element as JSON, in its remembered spelling if there is
// one that still means the same, and nothing if it is absent.
func (e *element[T]) write(from *T, remembered string) ([]byte, error) {
	ours, err := e.encode(from, nil)
	if err != nil || remembered == "" {
		return ours, err
	}
	if before, err := e.respell(remembered); err != nil || !bytes.Equal(before, ours) {
		return ours, nil
	}
	return []byte(remembered), nil
}

// respell returns a value in our spelling.
func (e *element[T]) respell(written string) ([]byte, error) {
	n, err := scan([]byte(written))
	if err != nil {
		return nil, err
	}
	var t T
	n.name = &node{text: e.name}
	if err := e.decode(&t, n); err != nil {
		return nil, err
	}
	return e.encode(&t, nil)
}

// append appends the object that from holds.
func (e elements[T]) append(dst []byte, from *T, unknown []Member, l layout) ([]byte, error) {
	members := make(map[string][]byte, len(e)+len(unknown))
	for i := range e {
		value, err := e[i].write(from, l.valueSpelling(e[i].name))
		if err != nil {
			return nil, err
		}
		if len(value) > 0 {
			members[e[i].name] = value
		}
	}
	for _, m := range unknown {
		if e.find(m.Name) != nil || members[m.Name] != nil || !json.Valid(m.Raw) {
			return nil, fmt.Errorf("policy: the unknown member %q is repeated, or a known one, or not JSON", clip(m.Name))
		}
		members[m.Name] = m.Raw
	}
	dst = append(dst, '{')
	for i, m := range e.order(members, unknown, l) {
		dst = append(m.appendName(comma(dst, i)), ':')
		dst = append(dst, members[m.name]...)
	}
	return append(dst, '}'), nil
}

// order returns the members as they were written, with new elements behind
// those that they follow in canonical order and new unknown members at the end.
func (e elements[T]) order(members map[string][]byte, unknown []Member, l layout) layout {
	var order layout
	placed := make(map[string]bool, len(members))
	for _, s := range l {
		if members[s.name] != nil {
			order = append(order, s)
			placed[s.name] = true
		}
	}
	for i := range e {
		if name := e[i].name; members[name] != nil && !placed[name] {
			order = slices.Insert(order, e[:i].behind(order), slot{name: name})
		}
	}
	for _, m := range unknown {
		if !placed[m.Name] {
			order = append(order, slot{name: m.Name})
		}
	}
	return order
}

// behind returns the index behind the last of the elements that is in order.
func (e elements[T]) behind(order layout) int {
	for _, el := range slices.Backward(e) {
		if i := order.index(el.name); i >= 0 {
			return i + 1
		}
	}
	return 0
}

func (l layout) index(name string) int {
	return slices.IndexFunc(l, func(s slot) bool { return s.name == name })
}

// valueSpelling returns the spelling remembered for a member's value, if any.
func (l layout) valueSpelling(name string) string {
	if i := l.index(name); i >= 0 {
		return l[i].value
	}
	return ""
}

// appendName appends the member's name in the spelling remembered for it.
func (s slot) appendName(dst []byte) []byte {
	if s.key != "" {
		return append(dst, s.key...)
	}
	return appendString(dst, s.name)
}
