package main

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"

	"github.com/irsakit/irsa/policy"
)

// located is a text in which values can be found by their JSON pointer
// (RFC 6901).
type located interface {
	// locate returns where a value begins, or the nearest one around it that
	// the text has.
	locate(pointer string) policy.Span
}

// locatedIn reads JSON or YAML.
func locatedIn(data []byte) (located, error) {
	if json.Valid(data) {
		return index(data)
	}
	file, err := parseYAML(data)
	if err != nil {
		return nil, err
	}
	text := &yamlText{data: data, anchors: map[string]ast.Node{}}
	if len(file.Docs) > 0 {
		text.root = file.Docs[0].Body
		ast.Walk(text, text.root)
	}
	return text, nil
}

// locate implements located for JSON.
func (s *source) locate(pointer string) policy.Span {
	n, _ := s.nearest(pointer)
	before := s.data[:n.offset]
	return point(policy.Position{
		Offset: n.offset, Line: 1 + bytes.Count(before, []byte("\n")), Column: n.offset - bytes.LastIndexByte(before, '\n'),
	})
}

// point is the span that begins and ends at a place.
func point(p policy.Position) policy.Span { return policy.Span{Start: p, End: p} }

// inCharacters returns a span whose columns count characters, as SARIF has them
// here, and not bytes.
func inCharacters(data []byte, s policy.Span) policy.Span {
	for _, p := range []*policy.Position{&s.Start, &s.End} {
		if p.Column > 0 {
			p.Column = 1 + utf8.RuneCount(data[p.Offset-p.Column+1:p.Offset])
		}
	}
	return s
}

// yamlText is YAML that was read.
type yamlText struct {
	data    []byte
	root    ast.Node
	anchors map[string]ast.Node // what aliases mean
}

// Visit notes the anchors.
func (y *yamlText) Visit(n ast.Node) ast.Visitor {
	if anchor, ok := n.(*ast.AnchorNode); ok {
		y.anchors[anchor.Name.GetToken().Value] = anchor.Value
	}
	return y
}

// locate implements located. A value of several lines is where its name is.
func (y *yamlText) locate(pointer string) policy.Span {
	node, here := y.root, y.root
	for _, step := range strings.Split(pointer, "/")[1:] {
		name, next := y.step(node, unescape(step))
		if next == nil {
			break
		}
		node, here = next, next
		if _, scalar := next.(ast.ScalarNode); !scalar && name != nil {
			here = name
		}
	}
	if here == nil {
		return policy.Span{}
	}
	at := here.GetToken().Position
	return point(y.position(at.Line, at.Column))
}

// step returns the member or element of a node, and the name of a member.
func (y *yamlText) step(node ast.Node, name string) (key, value ast.Node) {
	switch n := node.(type) {
	case *ast.AnchorNode:
		return y.step(n.Value, name)
	case *ast.TagNode:
		return y.step(n.Value, name)
	case *ast.AliasNode:
		if meant := y.anchors[n.Value.GetToken().Value]; meant != nil {
			return y.step(meant, name)
		}
	case *ast.MappingNode:
		for _, member := range n.Values {
			if member.Key.GetToken().Value == name {
				return member.Key, member.Value
			}
		}
	case *ast.SequenceNode:
		if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(n.Values) {
			return first(n.Values[i]), n.Values[i]
		}
	}
	return nil, nil
}

// first returns where an element of several lines begins.
func first(n ast.Node) ast.Node {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		return m.Values[0].Key
	}
	return n
}

// position counts in bytes what package yaml counts in characters.
func (y *yamlText) position(line, column int) policy.Position {
	offset := 0
	for range line - 1 {
		end := bytes.IndexByte(y.data[offset:], '\n')
		if end < 0 {
			break
		}
		offset += end + 1
	}
	start := offset
	for range column - 1 {
		_, size := utf8.DecodeRune(y.data[offset:])
		offset += size
	}
	return policy.Position{Offset: offset, Line: line, Column: offset - start + 1}
}
