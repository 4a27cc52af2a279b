package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// node is a value of a YAML document.
type node struct {
	kind    kind
	text    string // of a scalar, as written
	at      Position
	items   []*node  // of a list
	members []member // of a map
	size    int      // values in it, itself included
	// inside returns where a place in the text is, for text that is YAML or a
	// template itself. Nil: at.
	inside func(line, column int) Position
}

type member struct {
	key   *node
	value *node
}

// member returns the value under key; nil if there is none.
func (n *node) member(key string) *node {
	for _, m := range n.members {
		if m.key.text == key {
			return m.value
		}
	}
	return nil
}

// within is where the given place in n's text is in the file.
func (n *node) within(line, column int) Position {
	if n.inside == nil {
		return n.at
	}
	return n.inside(line, column)
}

// stream is YAML text and where it is.
type stream struct {
	text string
	at   func(line, column int) Position
}

// yamlError is a problem with the YAML itself.
type yamlError struct {
	at      Position
	problem string
}

func (e *yamlError) Error() string { return e.problem }

// documents parses a stream of YAML documents; those that are empty are left
// out. The error is a [*yamlError], whose text quotes nothing but keys, anchors
// and tags.
func (s stream) documents() ([]*node, error) {
	if len(s.text) > maxInput {
		return nil, s.fail(1, 1, "has %d bytes; %d is the limit", len(s.text), maxInput)
	}
	if strings.HasPrefix(s.text, "\xff\xfe") || strings.HasPrefix(s.text, "\xfe\xff") {
		return nil, s.fail(1, 1, "is UTF-16; save it as UTF-8")
	}
	if at := strings.IndexFunc(s.text, badRune); at >= 0 {
		before := s.text[:at]
		line := strings.Count(before, "\n") + 1
		return nil, s.fail(line, at-strings.LastIndexByte(before, '\n'), "has a character that YAML does not allow, or not everywhere")
	}
	var docs []*node
	chunks := s.chunks()
	if len(chunks) > maxDocuments {
		return nil, s.fail(1, 1, "has %d documents of YAML; %d is the limit", len(chunks), maxDocuments)
	}
	for _, chunk := range chunks {
		n, err := chunk.document()
		if err != nil {
			return nil, err
		}
		if n != nil && n.kind != nullKind {
			docs = append(docs, n)
		}
	}
	return docs, nil
}

// chunks divides the stream at the markers of documents, which no text can have
// in it (YAML 1.2.2, 9.1.2). go-yaml, left to itself, forgets all documents
// behind an empty one.
func (s stream) chunks() []stream {
	var chunks []stream
	first, start, line, at := 1, 0, 1, 0
	cut := func(to int) {
		before := first - 1
		chunks = append(chunks, stream{s.text[start:to], func(line, column int) Position { return s.at(before+line, column) }})
		first, start = line, to
	}
	for text := range strings.Lines(s.text) {
		if marker.MatchString(text) && at > start {
			cut(at)
		}
		at += len(text)
		line++
		if strings.HasPrefix(text, "...") && marker.MatchString(text) {
			cut(at)
		}
	}
	cut(at)
	return chunks
}

// marker begins or ends a document.
var marker = regexp.MustCompile(`^(---|\.\.\.)(\s|$)`)

// document parses a stream of one document; nil if it is empty.
func (s stream) document() (*node, error) {
	tokens, err := s.tokens()
	if err != nil {
		return nil, err
	}
	words := 0
	for _, t := range tokens {
		if scalars[t.Type] {
			words++
		}
	}
	file, err := s.parse(tokens)
	if err != nil {
		return nil, err
	}
	c := converter{stream: s, lines: strings.Split(s.text, "\n"), anchors: map[string]*node{}, outer: -1}
	var n *node
	for _, doc := range file.Docs {
		if doc.Body != nil {
			if n, err = c.convert(doc.Body, 0); err != nil {
				return nil, err
			}
		}
	}
	if c.words != words { // whatever the parser left out would be ignored
		return nil, s.fail(1, 1, "is YAML that is not understood in full")
	}
	return n, nil
}

// scalars are the tokens that are counted as words: keys, values, headers of
// blocks, tags, and the names of anchors.
var scalars = map[token.Type]bool{
	token.StringType: true, token.SingleQuoteType: true, token.DoubleQuoteType: true, token.BoolType: true,
	token.NullType: true, token.IntegerType: true, token.BinaryIntegerType: true, token.OctetIntegerType: true,
	token.HexIntegerType: true, token.FloatType: true, token.InfinityType: true, token.NanType: true,
	token.LiteralType: true, token.FoldedType: true, token.TagType: true,
}

// badRune reports what is not UTF-8, not printable in YAML (YAML 1.2.2, 5.1), or
// an end of a line in YAML 1.1 only. A byte order mark was cut off before.
func badRune(r rune) bool {
	return strings.ContainsRune("\u0085\u2028\u2029\ufeff", r) || r == utf8.RuneError || r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f
}

// tokens are those of the stream. Their number is bounded since the time that the
// parser takes, unlike that of the lexer, grows with its square.
func (s stream) tokens() (tokens token.Tokens, err error) {
	defer s.recover(&err)
	// With none, the lexer leaves out a tag at the end; with several, it refuses
	// blocks of text that say how far they are indented.
	tokens = lexer.Tokenize(strings.TrimRight(s.text, "\n") + "\n")
	if len(tokens) > maxTokens {
		return nil, s.fail(1, 1, "has %d tokens of YAML; %d is the limit", len(tokens), maxTokens)
	}
	return tokens, nil
}

// parse makes an AST.
func (s stream) parse(tokens token.Tokens) (file *ast.File, err error) {
	defer s.recover(&err)
	file, err = parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // a better error follows
	if syntax, ok := errors.AsType[yaml.Error](err); ok {
		line, column := where(syntax.GetToken())
		return nil, s.fail(line, column, "is not YAML: %s%s", syntax.GetMessage(), s.hint(line))
	}
	if err != nil {
		return nil, s.fail(1, 1, "is not YAML")
	}
	return file, nil
}

// hint says what may be wrong in a line.
func (s stream) hint(line int) string {
	lines := strings.Split(s.text, "\n")
	if line > len(lines) || !strings.Contains(lines[line-1], "{{") {
		return ""
	}
	return `; "{{" takes quotes, or is a template, such as one of Helm, that must be rendered before`
}

// recover makes an error of a panic of go-yaml, on some text that is not YAML.
func (s stream) recover(err *error) {
	if recover() != nil {
		*err = s.fail(1, 1, "is not YAML")
	}
}

func (s stream) fail(line, column int, format string, args ...any) error {
	return &yamlError{s.at(line, column), fmt.Sprintf(format, args...)}
}

func where(t *token.Token) (line, column int) {
	if t == nil || t.Position == nil {
		return 1, 1
	}
	return t.Position.Line, t.Position.Column
}

// input is the stream of a whole file.
func input(in Input) stream {
	text := string(bytes.TrimPrefix(in.Data, []byte("\ufeff")))
	return stream{
		text: strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), // all are ends of lines
		at:   func(line, column int) Position { return Position{in.Name, line, column} },
	}
}
