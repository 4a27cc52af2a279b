package manifest

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// converter turns the AST of a document into nodes: anchors and merge keys
// resolved, plain words read as Kubernetes reads them, keys unique.
type converter struct {
	stream
	lines   []string
	anchors map[string]*node
	total   int // values so far, aliases written out
	words   int // scalars so far, and names of anchors
}

func (c *converter) convert(from ast.Node, depth int) (*node, error) {
	line, column := where(from.GetToken())
	if depth > maxDepth {
		return nil, c.fail(line, column, "is nested deeper than %d levels", maxDepth)
	}
	n, err := c.value(from, depth)
	if err != nil {
		return nil, err
	}
	if _, alias := from.(*ast.AliasNode); alias {
		c.total += n.size
	} else {
		c.total++
	}
	if c.total > maxNodes {
		return nil, c.fail(line, column, "makes more than %d values with its aliases", maxNodes)
	}
	return n, nil
}

func (c *converter) value(from ast.Node, depth int) (*node, error) {
	line, column := where(from.GetToken())
	switch from := from.(type) {
	case *ast.MappingNode:
		n, err := c.mapping(from.Values, depth)
		if n != nil && (from.IsFlowStyle || len(from.Values) == 0) {
			n.at = c.at(line, column)
		}
		return n, err
	case *ast.MappingValueNode:
		return c.mapping([]*ast.MappingValueNode{from}, depth)
	case *ast.SequenceNode:
		return c.list(from, depth)
	case *ast.AnchorNode:
		c.words++
		n, err := c.convert(from.Value, depth+1)
		if err == nil {
			c.anchors[from.Name.String()] = n
		}
		return n, err
	case *ast.AliasNode:
		c.words++
		if n := c.anchors[from.Value.String()]; n != nil {
			return n, nil
		}
		return nil, c.fail(line, column, "is an alias of %q, which is no anchor before it", from.Value.String())
	case *ast.TagNode:
		return c.tagged(from, depth)
	case *ast.LiteralNode:
		c.words++
		n := c.scalar(textKind, from.Value.Value, line, column)
		if from.Start.Type == token.LiteralType {
			n.inside = c.block(line, from.Value.Value)
		}
		return n, nil
	case ast.ScalarNode:
		return c.word(from.GetToken()), nil
	}
	return nil, c.fail(line, column, "is YAML of a kind that is not supported: %s", from.Type())
}

func (c *converter) scalar(k kind, text string, line, column int) *node {
	return &node{kind: k, text: text, at: c.at(line, column), size: 1}
}

// word is a scalar in quotes or without.
func (c *converter) word(t *token.Token) *node {
	line, column := where(t)
	k := textKind
	switch t.Type {
	case token.SingleQuoteType, token.DoubleQuoteType:
	case token.ImplicitNullType:
		return c.scalar(nullKind, "", line, column)
	default:
		k = plainKind(t.Value)
	}
	c.words++
	return c.scalar(k, t.Value, line, column)
}

// block maps places in the text of a block scalar, whose header is in the given
// line, to those in the file.
func (c *converter) block(header int, text string) func(line, column int) Position {
	inner := strings.Split(text, "\n")
	return func(line, column int) Position {
		if line < 1 || line > len(inner) || header+line > len(c.lines) {
			return c.at(header, 1)
		}
		indent := len(c.lines[header+line-1]) - len(inner[line-1])
		return c.at(header+line, column+max(indent, 0))
	}
}

func (c *converter) tagged(from *ast.TagNode, depth int) (*node, error) {
	line, column := where(from.GetToken())
	if tag := from.Start.Value; tag != string(token.StringTag) {
		return nil, c.fail(line, column, "has the tag %s; only %s is supported", tag, token.StringTag)
	}
	n, err := c.convert(from.Value, depth+1)
	if err != nil {
		return nil, err
	}
	if n.kind == listKind || n.kind == mapKind {
		return nil, c.fail(line, column, "has the tag !!str and is %s", n.kind)
	}
	text := *n
	text.kind = textKind
	return &text, nil
}

func (c *converter) list(from *ast.SequenceNode, depth int) (*node, error) {
	line, column := where(from.GetToken())
	n := &node{kind: listKind, at: c.at(line, column), size: 1}
	for _, value := range from.Values {
		item, err := c.convert(value, depth+1)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
		n.size += item.size
	}
	return n, nil
}

func (c *converter) mapping(from []*ast.MappingValueNode, depth int) (*node, error) {
	n := &node{kind: mapKind, at: c.at(1, 1), size: 1}
	lines := map[string]int{} // of the keys so far
	var merged []*node
	for i, value := range from {
		line, column := where(value.Key.GetToken())
		if i == 0 {
			n.at = c.at(line, column)
		}
		if err := c.spaced(value); err != nil {
			return nil, err
		}
		v, err := c.convert(value.Value, depth+1)
		if err != nil {
			return nil, err
		}
		n.size += v.size
		if value.Key.IsMergeKey() {
			merged = append(merged, v)
			continue
		}
		key, err := c.key(value.Key)
		if err != nil {
			return nil, err
		}
		if first := lines[key.text]; first > 0 {
			return nil, c.fail(line, column, "has the key %.60q twice, first in line %d", key.text, first)
		}
		lines[key.text] = c.at(line, column).Line
		n.members = append(n.members, member{key, v})
	}
	for _, m := range merged {
		if err := c.merge(n, m); err != nil {
			return nil, err
		}
	}
	return n, nil
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
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return c.word(from.GetToken()), nil
	}
	return nil, c.fail(line, column, "has a key that is no word")
}

// merge adds what from, a map or a list of maps, has and n has not
// (YAML 1.1, "Merge Key").
func (c *converter) merge(n, from *node) error {
	if from.kind == listKind {
		for _, item := range from.items {
			if err := c.merge(n, item); err != nil {
				return err
			}
		}
		return nil
	}
	if from.kind != mapKind {
		return &yamlError{from.at, `is merged by "<<" and is no map`}
	}
	for _, m := range from.members {
		if n.member(m.key.text) == nil {
			n.members = append(n.members, m)
			n.size += m.value.size
		}
	}
	return nil
}
