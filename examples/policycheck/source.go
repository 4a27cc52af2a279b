package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// source is JSON text in which values can be found by their JSON pointer
// (RFC 6901), so that errors can say where.
type source struct {
	data []byte
	root *node
	path []string // of the value that is being indexed
}

// node is a value in the text. A tree of them takes memory in proportion to the
// text; pointers of all values would take the square of it.
type node struct {
	offset  int
	names   []string         // of an object's members, in order
	members map[string]*node // of an object
	array   bool
	items   []*node // of an array
}

// maxNesting is far beyond any scenario, and within what encoding/json takes.
const maxNesting = 1000

// index finds every value. A member that is repeated is an error, for one of
// the two would be lost.
func index(data []byte) (*source, error) {
	s := &source{data: data}
	dec := json.NewDecoder(bytes.NewReader(data))
	var err error
	if s.root, err = s.walk(dec, maxNesting); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, s.at(int(dec.InputOffset()), "", "there is more after the JSON value")
	}
	return s, nil
}

// walk indexes the value that comes next, with so many levels to go.
func (s *source) walk(dec *json.Decoder, levels int) (*node, error) {
	n := &node{offset: int(dec.InputOffset())}
	for n.offset < len(s.data) && strings.IndexByte(" \t\r\n:,", s.data[n.offset]) >= 0 {
		n.offset++
	}
	if levels == 0 {
		return nil, s.at(n.offset, "", "nested more than "+strconv.Itoa(maxNesting)+" levels deep")
	}
	token, err := dec.Token()
	if err != nil {
		return nil, s.broken(dec, err)
	}
	switch token {
	case json.Delim('['):
		n.array = true
		err = s.walkItems(dec, n, levels)
	case json.Delim('{'):
		err = s.walkMembers(dec, n, levels)
	default:
		return n, nil
	}
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != nil { // the closing bracket
		return nil, s.broken(dec, err)
	}
	return n, nil
}

func (s *source) walkItems(dec *json.Decoder, n *node, levels int) error {
	for dec.More() {
		s.path = append(s.path, strconv.Itoa(len(n.items)))
		item, err := s.walk(dec, levels-1)
		if err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
		n.items = append(n.items, item)
	}
	return nil
}

func (s *source) walkMembers(dec *json.Decoder, n *node, levels int) error {
	n.members = map[string]*node{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return s.broken(dec, err)
		}
		name, _ := token.(string)
		if n.members[name] != nil {
			return s.at(int(dec.InputOffset()), pointer(append(s.path, name)), "the member is repeated")
		}
		s.path = append(s.path, name)
		if n.members[name], err = s.walk(dec, levels-1); err != nil {
			return err
		}
		s.path = s.path[:len(s.path)-1]
		n.names = append(n.names, name)
	}
	return nil
}

// find returns the value at a pointer, an empty one at the beginning if there
// is none.
func (s *source) find(pointer string) *node {
	if n, ok := s.nearest(pointer); ok {
		return n
	}
	return &node{}
}

// has reports whether there is a value at a pointer.
func (s *source) has(pointer string) bool {
	_, ok := s.nearest(pointer)
	return ok
}

// nearest returns the value at a pointer, or else the innermost around it that
// there is; it reports whether it is the value itself.
func (s *source) nearest(pointer string) (*node, bool) {
	n := s.root
	for _, step := range strings.Split(pointer, "/")[1:] {
		next := n.members[unescape(step)]
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.items) {
			next = n.items[i]
		}
		if next == nil {
			return n, false
		}
		n = next
	}
	return n, true
}

// broken is text that is not JSON.
func (s *source) broken(dec *json.Decoder, err error) error {
	offset := int(dec.InputOffset())
	problem := err.Error()
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = max(int(syntax.Offset)-1, 0)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		offset, problem = len(s.data), "the text ends early"
	}
	return s.at(offset, "", "not JSON: "+problem)
}

// at is an error with its place: "line:column: pointer: problem".
func (s *source) at(offset int, pointer, problem string) error {
	before := s.data[:min(offset, len(s.data))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	if pointer != "" {
		problem = pointer + ": " + problem
	}
	return fmt.Errorf("%d:%d: %s", line, column, problem)
}

// errorf is an error about the value at a pointer.
func (s *source) errorf(pointer, format string, args ...any) error {
	return s.at(s.find(pointer).offset, pointer, fmt.Sprintf(format, args...))
}

// relative places an error of [policy.Parse] for the document at a pointer.
func (s *source) relative(pointer string, err error) error {
	if syntax, ok := errors.AsType[*policy.SyntaxError](err); ok {
		return s.at(s.find(pointer).offset+syntax.Position.Offset, pointer+syntax.Pointer, syntax.Problem)
	}
	return s.errorf(pointer, "%v", err)
}

// begunBefore returns the pointer of the last value that begins before an offset.
func (s *source) begunBefore(offset int) string {
	var steps []string
	for n := s.root; ; {
		var inner *node
		var step string
		for i, item := range n.items {
			if item.offset < offset {
				inner, step = item, strconv.Itoa(i)
			}
		}
		for _, name := range n.names {
			if n.members[name].offset < offset {
				inner, step = n.members[name], name
			}
		}
		if inner == nil {
			return pointer(steps)
		}
		n, steps = inner, append(steps, step)
	}
}

// isArray reports whether there is an array at a pointer.
func (s *source) isArray(pointer string) bool { return s.find(pointer).array }

// decode reads the value at a pointer strictly: a member that v has no field
// for is an error.
func (s *source) decode(pointer string, data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		return nil
	}
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		before := len(data) - len(bytes.TrimLeft(data, " \t\r\n"))
		return s.errorf(s.begunBefore(s.find(pointer).offset-before+int(mistyped.Offset)), "the type %s has no place here", mistyped.Value)
	}
	return s.errorf(pointer, "%s", strings.TrimPrefix(err.Error(), "json: "))
}

// exact refuses members of the object at a pointer that are not among names
// letter by letter: encoding/json would take "Unknown" for "unknown".
func (s *source) exact(pointer string, names ...string) error {
	for _, name := range s.find(pointer).names {
		if !slices.Contains(names, name) {
			return s.errorf(pointer+"/"+escape(name), "there is no such member; the members are %s", strings.Join(names, ", "))
		}
	}
	return nil
}

// escape escapes a member's name in a pointer.
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

func unescape(step string) string { return strings.NewReplacer("~1", "/", "~0", "~").Replace(step) }

// pointer makes a pointer of its steps.
func pointer(steps []string) string {
	var b strings.Builder
	for _, step := range steps {
		b.WriteString("/" + escape(step))
	}
	return b.String()
}
