package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
)

// What a description of accounts in YAML may have at most. The time that the
// parser takes grows with the square of the tokens, and aliases of aliases make
// any amount of a few lines. JSON has no such bounds.
const (
	maxYAML   = 1 << 20 // bytes
	maxTokens = 20_000
	maxValues = 100_000 // with aliases written out
)

// errNotYAML is said of what the parser does not say more about.
var errNotYAML = errors.New("neither YAML nor JSON")

// parseYAML reads YAML of a size that can be dealt with.
func parseYAML(data []byte) (file *ast.File, err error) {
	defer recoverYAML(&err)
	if len(data) > maxYAML {
		return nil, fmt.Errorf("%d bytes of YAML are more than %d: give it as JSON", len(data), maxYAML)
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("line %d has a byte that is not UTF-8", notUTF8(data))
	}
	tokens := lexer.Tokenize(string(data))
	if len(tokens) > maxTokens {
		return nil, fmt.Errorf("%d tokens of YAML are more than %d: give it as JSON", len(tokens), maxTokens)
	}
	file, err = parser.Parse(tokens, 0)
	if err != nil {
		return nil, notYAML(err)
	}
	count := values{}
	for _, doc := range file.Docs {
		if count.of(doc.Body) > maxValues {
			return nil, fmt.Errorf("YAML with more than %d values, aliases written out: give it as JSON", maxValues)
		}
	}
	return file, nil
}

// notUTF8 is the first line that is not UTF-8.
func notUTF8(data []byte) int {
	line := 1
	for text := range bytes.Lines(data) {
		if !utf8.Valid(text) {
			break
		}
		line++
	}
	return line
}

// jsonOf makes JSON of YAML.
func jsonOf(data []byte) (text []byte, err error) {
	defer recoverYAML(&err)
	if _, err := parseYAML(data); err != nil {
		return nil, err
	}
	if text, err = yaml.YAMLToJSON(data); err != nil {
		return nil, notYAML(err)
	}
	if !json.Valid(text) {
		return nil, errors.New("a value is not one that JSON has, such as .nan and .inf")
	}
	return text, nil
}

// recoverYAML makes an error of a panic of the parser, on some text that is no
// YAML.
func recoverYAML(err *error) {
	if recover() != nil {
		*err = errNotYAML
	}
}

// notYAML is an error of package yaml without the lines of the file that it
// shows: there may be secrets in them.
func notYAML(err error) error {
	syntax, ok := errors.AsType[yaml.Error](err)
	if !ok || syntax.GetToken() == nil || syntax.GetToken().Position == nil {
		return errNotYAML
	}
	at := syntax.GetToken().Position
	return fmt.Errorf("line %d, column %d: %w: %s", at.Line, at.Column, errNotYAML, syntax.GetMessage())
}

// values counts values with aliases written out, by what anchors they name.
type values map[string]int

// of is how many values a node has, or one more than the limit.
func (v values) of(n ast.Node) int {
	switch n := n.(type) {
	case *ast.AnchorNode:
		name := n.Name.GetToken().Value
		v[name] = v.of(n.Value)
		return v[name]
	case *ast.AliasNode:
		return 1 + v[n.Value.GetToken().Value]
	case *ast.TagNode:
		return v.of(n.Value)
	case *ast.MappingValueNode:
		return v.sum(n.Key, n.Value)
	case *ast.MappingNode:
		total := 1
		for _, member := range n.Values {
			total = min(total+v.of(member), maxValues+1)
		}
		return total
	case *ast.SequenceNode:
		return v.sum(n.Values...)
	}
	return 1
}

func (v values) sum(nodes ...ast.Node) int {
	total := 1
	for _, n := range nodes {
		total = min(total+v.of(n), maxValues+1)
	}
	return total
}
