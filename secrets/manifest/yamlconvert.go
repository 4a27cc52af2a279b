package manifest

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// converter turns the AST of a document into nodes: anchors and merge keys
// resolved, plain words read as Kubernetes reads them, keys unique. It sees to
// what go-yaml is not strict about.
type converter struct {
	stream
	lines   []string
	anchors map[string]*node // nil while their value is being read
	total   int              // values so far, aliases written out
	words   int              // scalars so far, with headers of blocks, tags and names of anchors
	// outer is how far what encloses the next value is indented; -1 at the top.
	// A list may begin at dash, too.
	outer, dash int
	flow        int // how many braces and brackets are open
}

func (c *converter) convert(from ast.Node, depth int) (*node, error) {
	line, column := where(from.GetToken())
	if depth > maxDepth {
		return nil, c.fail(line, column, "is nested deeper than %d levels", maxDepth)
	}
	if err := c.indented(from); err != nil {
		return nil, err
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

// indented refuses a value that is not further to the right than what it belongs
// to, which go-yaml takes for its value.
func (c *converter) indented(from ast.Node) error {
	first, least := from.GetToken(), c.outer+1
	switch from := from.(type) {
	case *ast.MappingNode:
		if !from.IsFlowStyle && len(from.Values) > 0 {
			first = from.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		first = from.Key.GetToken()
	case *ast.SequenceNode:
		if !from.IsFlowStyle {
			least = c.dash
		}
	}
	line, column := where(first)
	if c.flow > 0 || first.Type == token.ImplicitNullType || column > least {
		return nil
	}
	return c.fail(line, column, "is not indented more than what it belongs to")
}

func (c *converter) value(from ast.Node, depth int) (*node, error) {
	line, column := where(from.GetToken())
	switch from := from.(type) {
	case *ast.MappingNode:
		n, err := c.mapping(from.Values, from.IsFlowStyle, depth)
		if n != nil && (from.IsFlowStyle || len(from.Values) == 0) {
			n.at = c.at(line, column)
		}
		return n, err
	case *ast.MappingValueNode:
		return c.mapping([]*ast.MappingValueNode{from}, false, depth)
	case *ast.SequenceNode:
		return c.list(from, depth)
	case *ast.AnchorNode:
		return c.anchored(from, depth)
	case *ast.AliasNode:
		c.words++
		if n := c.anchors[from.Value.String()]; n != nil {
			return n, nil
		}
		return nil, c.fail(line, column, "is an alias of %q, which is no anchor before it", from.Value.String())
	case *ast.TagNode:
		return c.tagged(from, depth)
	case *ast.LiteralNode:
		return c.blockText(from)
	case ast.ScalarNode:
		return c.word(from.GetToken())
	}
	return nil, c.fail(line, column, "is YAML of a kind that is not supported: %s", from.Type())
}

func (c *converter) anchored(from *ast.AnchorNode, depth int) (*node, error) {
	line, column := where(from.GetToken())
	name := from.Name.String()
	if _, twice := c.anchors[name]; twice {
		return nil, c.fail(line, column, "has the anchor %q a second time", name)
	}
	c.words++
	c.anchors[name] = nil
	n, err := c.convert(from.Value, depth+1)
	c.anchors[name] = n
	return n, err
}

func (c *converter) tagged(from *ast.TagNode, depth int) (*node, error) {
	line, column := where(from.GetToken())
	if tag := from.Start.Value; tag != string(token.StringTag) {
		return nil, c.fail(line, column, "has the tag %s; only %s is supported", tag, token.StringTag)
	}
	c.words++
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

// within converts what is in braces, brackets, or something that is indented by
// outer.
func (c *converter) within(flow bool, outer, dash int, convert func() error) error {
	before := *c
	c.outer, c.dash = outer, dash
	if flow {
		c.flow++
	}
	err := convert()
	c.outer, c.dash, c.flow = before.outer, before.dash, before.flow
	return err
}

func (c *converter) list(from *ast.SequenceNode, depth int) (*node, error) {
	line, column := where(from.GetToken())
	n := &node{kind: listKind, at: c.at(line, column), size: 1}
	err := c.within(from.IsFlowStyle, column-1, column, func() error {
		for _, value := range from.Values {
			item, err := c.convert(value, depth+1)
			if err != nil {
				return err
			}
			n.items = append(n.items, item)
			n.size += item.size
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return n, nil
}
