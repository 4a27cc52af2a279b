package manifest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// word is a scalar in quotes or without.
func (c *converter) word(t *token.Token) (*node, error) {
	line, column := where(t)
	if t.Type == token.ImplicitNullType {
		return c.scalar(nullKind, "", line, column), nil
	}
	c.words++
	quoted := t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType
	text := plainText(t.Origin)
	switch {
	case t.Type == token.DoubleQuoteType && strings.Contains(t.Origin, "\t"): // after which go-yaml miscounts lines
		return nil, c.fail(line, column, `has a tab in double quotes; write \t`)
	case quoted:
		return c.scalar(textKind, t.Value, line, column), nil
	case text == "":
	case strings.ContainsRune("\"',[]{}#&*!|>%@`", rune(text[0])):
		return nil, c.fail(line, column, "begins with %q, which takes quotes around the text", text[:1])
	case notPlain.MatchString(t.Origin):
		return nil, c.fail(line, column, `has a colon or "#" in text of several lines, which takes quotes around it`)
	}
	return c.scalar(plainKind(text), text, line, column), nil
}

// notPlain is what text without quotes cannot have in it (YAML 1.2.2, 7.3.3).
// go-yaml takes it for text in the lines behind the first.
var notPlain = regexp.MustCompile(`\S:\s+\S|:\s*$|\s#`)

// plainText is text without quotes, whose lines are folded (YAML 1.2.2, 6.5),
// from its source: go-yaml leaves out tabs, and does not fold lines that begin
// with hyphens.
func plainText(source string) string {
	var b strings.Builder
	empty := 0 // lines since the last one with text
	for line := range strings.SplitSeq(strings.TrimSpace(source), "\n") {
		line = strings.Trim(line, " \t")
		if line == "" {
			empty++
			continue
		}
		if b.Len() > 0 && empty == 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strings.Repeat("\n", empty) + line)
		empty = 0
	}
	return b.String()
}

// blockText is a block scalar.
func (c *converter) blockText(from *ast.LiteralNode) (*node, error) {
	line, column := where(from.Start)
	below, whole := c.lines[min(line, len(c.lines)):], false
	if last := len(below) - 1; last >= 0 && below[last] == "" {
		below, whole = below[:last], true
	}
	b := newBlock(from.Start.Value, c.outer)
	text, ok := b.text(below, whole)
	if !ok || !slices.Equal(strings.Fields(text), strings.Fields(from.Value.Value)) {
		return nil, c.fail(line, column, "is a block of text whose indentation is not clear")
	}
	c.words += 2 // its header and text
	n := c.scalar(textKind, text, line, column)
	n.inside = func(innerLine, innerColumn int) Position {
		l, column := b.where(offsetOf(text, innerLine, innerColumn))
		return c.at(line+1+l, column)
	}
	return n, nil
}

// offsetOf is how far a line and column, both from 1, are into text.
func offsetOf(text string, line, column int) int {
	offset := 0
	for range line - 1 {
		next := strings.IndexByte(text[offset:], '\n')
		if next < 0 {
			break
		}
		offset += next + 1
	}
	return min(offset+column-1, len(text))
}

func (c *converter) scalar(k kind, text string, line, column int) *node {
	return &node{kind: k, text: text, at: c.at(line, column), size: 1}
}
