package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// jsonType is the type of a JSON value, named as error messages name it.
type jsonType string

const (
	jsonObject jsonType = "an object"
	jsonArray  jsonType = "an array"
	jsonString jsonType = "a string"
	jsonNumber jsonType = "a number"
	jsonBool   jsonType = "a boolean"
	jsonNull   jsonType = "null"
)

// node is a JSON value and where it stands. Unlike the tokens of encoding/json
// it keeps spelling and place, and unlike its maps order and repetition.
type node struct {
	src        *source
	parent     *node
	index      int // in the parent
	name       *node
	kind       jsonType
	start, end int
	text       string // of a string what it means, of other scalars the literal
	children   []*node
	odd        bool // a string in it is spelled otherwise than we would
}

// source is the text that nodes come from.
type source struct {
	data  []byte
	lines []int // offsets at which lines begin
	// lenient lets the reader go on behind a member that is repeated or cannot
	// be understood, for the lints: what it tolerated is in problems.
	lenient  bool
	problems []*SyntaxError
}

// maxProblems bounds how many problems of one document are worth telling.
const maxProblems = 100

// tolerate returns the error, or nil if the source is read leniently.
func (s *source) tolerate(err error) error {
	if problem, ok := errors.AsType[*SyntaxError](err); ok && s.lenient && len(s.problems) < maxProblems {
		s.problems = append(s.problems, problem)
		return nil
	}
	return err
}

func newSource(data []byte) *source {
	lines := []int{0}
	for i, c := range data {
		if c == '\n' {
			lines = append(lines, i+1)
		}
	}
	return &source{data: data, lines: lines}
}

func (s *source) position(offset int) Position {
	line, exact := slices.BinarySearch(s.lines, offset)
	if !exact {
		line--
	}
	return Position{Offset: offset, Line: line + 1, Column: offset - s.lines[line] + 1}
}

// raw returns the value as it was written, without white space.
func (n *node) raw() string {
	if n.kind != jsonObject && n.kind != jsonArray {
		return string(n.src.data[n.start:n.end])
	}
	var b bytes.Buffer
	_ = json.Compact(&b, n.src.data[n.start:n.end]) // cannot fail: it was scanned
	return b.String()
}

// pointer returns the JSON pointer of the value (RFC 6901, section 3).
func (n *node) pointer() string {
	if n == nil || n.parent == nil {
		return ""
	}
	token := strconv.Itoa(n.index)
	if n.name != nil {
		token = escapeToken(n.name.text)
	}
	return n.parent.pointer() + "/" + token
}

// errorf returns the error that this value has a problem.
func (n *node) errorf(format string, args ...any) *SyntaxError {
	return n.errorAt(n.start, format, args...)
}

func (n *node) errorAt(offset int, format string, args ...any) *SyntaxError {
	return &SyntaxError{
		Position: n.src.position(offset),
		Pointer:  n.pointer(),
		Rule:     ruleSyntax,
		Problem:  fmt.Sprintf(format, args...),
	}
}

// member returns the child of that name, nil if there is none.
func (n *node) member(name string) *node {
	for _, m := range n.children {
		if m.name.text == name {
			return m
		}
	}
	return nil
}

// has reports whether there is a child of one of the names.
func (n *node) has(names ...string) bool {
	return slices.ContainsFunc(n.children, func(m *node) bool { return slices.Contains(names, m.name.text) })
}
