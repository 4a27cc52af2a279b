package policy

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// The limits on what [Parse] reads. AWS's own are far lower: the largest
// policies, those of KMS keys, have 32 KiB.
const (
	maxSize  = 256 << 10 // bytes
	maxDepth = 32        // objects and arrays within each other
	maxList  = 10_000    // elements of an array
)

// scan reads one JSON value (RFC 8259) and nothing else, within the limits and
// without repeated members.
func scan(data []byte) (*node, error) { return scanSource(newSource(data)) }

func scanSource(src *source) (*node, error) {
	s, data := scanner{source: src}, src.data
	root := &node{src: s.source}
	if len(data) > maxSize {
		return nil, root.errorf("the document is larger than 256 KiB; no AWS policy may be so large")
	}
	if i := invalidUTF8(data); i >= 0 {
		return nil, root.errorAt(i, "this byte is not UTF-8; save the document as UTF-8")
	}
	if bytes.HasPrefix(data, []byte("\uFEFF")) {
		return nil, root.errorf("the document begins with a byte order mark; save it without one")
	}
	if err := s.value(root, 1); err != nil {
		return nil, err
	}
	if s.peek(); s.pos < len(data) {
		return nil, root.errorAt(s.pos, "something follows the end of the document; remove it")
	}
	return root, nil
}

// invalidUTF8 returns the offset of the first byte that is not UTF-8, or -1.
func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size <= 1 {
			return i
		}
		i += size
	}
	return -1
}

// scanner reads the source from pos on.
type scanner struct {
	*source
	pos int
}

// peek skips white space and returns the byte behind it, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// value reads the next value into n, which stands at the given depth.
func (s *scanner) value(n *node, depth int) error {
	c := s.peek()
	n.start = s.pos
	err := s.valueAt(n, c, depth)
	n.end = s.pos
	return err
}

func (s *scanner) valueAt(n *node, first byte, depth int) error {
	switch first {
	case '{', '[':
		if depth > maxDepth {
			return n.errorf("objects and arrays lie more than %d deep; no AWS policy does", maxDepth)
		}
		return s.container(n, first, depth)
	case '"':
		return s.text(n)
	default:
		return s.literal(n)
	}
}

// container reads an object or an array up to its closing bracket.
func (s *scanner) container(n *node, open byte, depth int) error {
	shut, what := byte(']'), "array"
	n.kind = jsonArray
	if open == '{' {
		shut, what = '}', "object"
		n.kind = jsonObject
	}
	var names map[string]bool
	s.pos++
	if s.peek() == shut {
		s.pos++
		return nil
	}
	for {
		if n.kind == jsonObject && len(n.children) == fewMembers {
			names = n.names()
		}
		if err := s.element(n, names, depth); err != nil {
			return err
		}
		switch s.peek() {
		case ',':
			s.pos++
		case shut:
			s.pos++
			return nil
		case 0:
			return n.errorAt(s.pos, "the document ends early; the %s that begins in line %d is not closed", what, s.position(n.start).Line)
		default:
			return n.errorAt(s.pos, "expected a comma or %q here, to continue or close the %s", rune(shut), what)
		}
	}
}

// fewMembers is how many members are compared one by one, which is faster than
// a map and allocates nothing.
const fewMembers = 16

// names returns the names of the members, in which memberName enters those to
// come.
func (n *node) names() map[string]bool {
	names := make(map[string]bool, 2*fewMembers)
	for _, m := range n.children {
		names[m.name.text] = true
	}
	return names
}

// element reads an element of an array, or a member with its name. The names are
// those of the object's members so far; nil while they are few.
func (s *scanner) element(parent *node, names map[string]bool, depth int) error {
	n := &node{src: s.source, parent: parent, index: len(parent.children)}
	if parent.kind == jsonObject {
		if err := s.memberName(n, names); err != nil {
			return err
		}
	} else if n.index == maxList {
		return parent.errorf("the array has more than %d elements; no AWS policy has so many", maxList)
	}
	parent.children = append(parent.children, n)
	err := s.value(n, depth+1)
	parent.odd = parent.odd || n.odd || n.name != nil && n.name.odd
	return err
}

func (s *scanner) memberName(n *node, names map[string]bool) error {
	if s.peek() != '"' {
		return n.parent.errorAt(s.pos, "expected a member's name in double quotes here; a comma before a closing brace is one too many")
	}
	// A name has no pointer of its own, it stands at the object's.
	name := &node{src: s.source, parent: n.parent.parent, index: n.parent.index, name: n.parent.name, start: s.pos}
	if err := s.text(name); err != nil {
		return err
	}
	name.end = s.pos
	n.name = name
	if names[name.text] || names == nil && n.parent.member(name.text) != nil {
		err := n.errorAt(name.start, "the member %q is repeated; merge the two", clip(name.text)).as(ruleRepeated)
		if err := s.tolerate(err); err != nil {
			return err
		}
	}
	if names != nil {
		names[name.text] = true
	}
	if s.peek() != ':' {
		return n.errorAt(s.pos, "expected a colon here, after the member's name")
	}
	s.pos++
	return nil
}

// text reads a string.
func (s *scanner) text(n *node) error {
	n.kind = jsonString
	plain := true
	for s.pos++; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return n.unquote(s.data[n.start:s.pos], plain)
		case c < ' ':
			return n.errorAt(s.pos, "a line break, tab or other control character stands in a string; write it as an escape or close the string")
		case c == '\\':
			escape := escapes().Find(s.data[s.pos:])
			if escape == nil {
				return n.errorAt(s.pos, `JSON has no such escape; write \\ for a backslash`)
			}
			plain = false
			s.pos += len(escape) - 1
		}
	}
	return n.errorAt(s.pos, "the string is not closed; add a double quote")
}

// unquote sets the node's text from its spelling, which is valid.
func (n *node) unquote(raw []byte, plain bool) error {
	if plain {
		n.text = string(raw[1 : len(raw)-1])
		return nil
	}
	err := json.Unmarshal(raw, &n.text)
	n.odd = !bytes.Equal(raw, appendString(nil, n.text))
	return err
}

var (
	escapes  = lazily(`^\\(["\\/bfnrt]|u[0-9A-Fa-f]{4})`)
	words    = lazily(`^[^\s,:"\[\]{}]*`)
	numerals = lazily(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
)

// literal reads a number, a boolean or null.
func (s *scanner) literal(n *node) error {
	word := words().Find(s.data[s.pos:])
	n.text = string(word)
	switch {
	case n.text == "true", n.text == "false":
		n.kind = jsonBool
	case n.text == "null":
		n.kind = jsonNull
	case numerals().Match(word):
		n.kind = jsonNumber
	case s.pos == len(s.data):
		return n.errorf("the document ends early; a value is missing here")
	default:
		return n.errorf("expected a JSON value here; text needs double quotes, and no comma may stand before a closing bracket")
	}
	s.pos += len(word)
	return nil
}
