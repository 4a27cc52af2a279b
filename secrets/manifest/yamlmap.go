package manifest

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

func (c *converter) mapping(from []*ast.MappingValueNode, flow bool, depth int) (*node, error) {
	n := &node{kind: mapKind, at: c.at(1, 1), size: 1}
	lines := map[string]int{} // of the keys so far
	var merged *node
	above := 0 // members in front of the merge key
	for i, value := range from {
		line, column := where(value.Key.GetToken())
		if i == 0 {
			n.at = c.at(line, column)
		}
		if err := c.spaced(value); err != nil {
			return nil, err
		}
		key, v, err := c.member(value, flow, column-1, depth)
		if err != nil {
			return nil, err
		}
		if first := lines[key.text]; first > 0 {
			return nil, c.fail(line, column, "has the key %.60q twice, first in line %d", key.text, first)
		}
		lines[key.text] = c.at(line, column).Line
		if value.Key.IsMergeKey() {
			merged, above = v, len(n.members)
			continue
		}
		n.size += v.size
		n.members = append(n.members, member{key, v})
	}
	if merged == nil {
		return n, nil
	}
	return n, merge(n, merged, n.members[:above])
}

// member is a key and its value.
func (c *converter) member(from *ast.MappingValueNode, flow bool, indent, depth int) (key, value *node, err error) {
	if key, err = c.key(from.Key); err != nil {
		return nil, nil, err
	}
	err = c.within(flow, indent, indent, func() error {
		value, err = c.convert(from.Value, depth+1)
		return err
	})
	return key, value, err
}

// spaced refuses a colon without a space behind it, which go-yaml takes for one
// with a space: in {name:x} it is a part of the key.
func (c *converter) spaced(value *ast.MappingValueNode) error {
	line, column := where(value.Start)
	key := value.Key.GetToken().Type
	if value.Start == nil || value.Start.Value != ":" || key == token.SingleQuoteType || key == token.DoubleQuoteType || line > len(c.lines) {
		return nil
	}
	behind := []rune(c.lines[line-1])
	if column >= len(behind) || strings.ContainsRune(" \t", behind[column]) {
		return nil
	}
	return c.fail(line, column, "has a colon without a space behind it, which belongs to the word before it")
}

// key is the key of a map's member, which must be a word.
func (c *converter) key(from ast.MapKeyNode) (*node, error) {
	line, column := where(from.GetToken())
	switch from.(type) {
	case *ast.MergeKeyNode:
		return c.scalar(textKind, "<<", line, column), nil
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return c.word(from.GetToken())
	}
	return nil, c.fail(line, column, "has a key that is no word")
}

// merge adds what from, a map or a list of maps, has and n has not (YAML 1.1,
// "Merge Key"). Some readers, that of Kubernetes among them, let what is merged
// replace the members above it.
func merge(n, from *node, above []member) error {
	if from.kind == listKind {
		for _, item := range from.items {
			if err := merge(n, item, above); err != nil {
				return err
			}
		}
		return nil
	}
	if from.kind != mapKind {
		return &yamlError{from.at, `is merged by "<<" and is no map`}
	}
	for _, m := range from.members {
		if (&node{members: above}).member(m.key.text) != nil {
			return &yamlError{from.at, fmt.Sprintf("is merged below %.60q, which it has too; merge first", m.key.text)}
		}
		if n.member(m.key.text) == nil {
			n.members = append(n.members, m)
			n.size += m.value.size
		}
	}
	return nil
}
