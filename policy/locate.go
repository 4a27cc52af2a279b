package policy

import (
	"strconv"
	"strings"
)

// Span is a stretch of the source of a parsed document: from Start up to, but
// not including, End. The zero Span means that the value was not parsed but
// built.
type Span struct {
	Start Position `json:"start"`
	End   Position `json:"end"`
}

// Locate returns the span of the value with the JSON pointer (RFC 6901) in the
// text that the document was parsed from. The pointer goes by the document as
// it is now: with a statement put in front, the first one parsed is
// "/Statement/1". There is no span for what was built or changed since, nor
// for a pointer that leads nowhere.
//
// Locate reads the source anew; it is meant for reports.
func (d *Document) Locate(pointer string) (Span, bool) {
	value := newLocator(d).find(pointer)
	if value == nil {
		return Span{}, false
	}
	return value.span(), true
}

// locator finds the values of a document in its source.
type locator struct {
	doc *Document
	now *node // the document as it is
	was *node // its source; nil: built
}

func newLocator(d *Document) locator {
	l := locator{doc: d}
	text, err := d.MarshalJSON()
	if err != nil || d.src == nil {
		return l
	}
	// Neither can fail: one was just made, the other was read before.
	l.now, _ = scan(text)
	l.was, _ = scan(d.src.data)
	return l
}

// find returns the value in the source, nil if it is not there, or not the
// same any more.
func (l locator) find(pointer string) *node {
	if l.was == nil || l.now == nil {
		return nil
	}
	now := l.now.at(pointer)
	if now == nil {
		return nil
	}
	was := l.was
	if s := now.statement(); s != nil {
		was = l.source(s)
		pointer = strings.TrimPrefix(pointer, s.pointer())
	}
	if was = was.at(pointer); was == nil || was.raw() != now.raw() {
		return nil
	}
	return was
}

// source returns where a statement of the document stands in the source.
func (l locator) source(statement *node) *node {
	index := 0
	if statement.parent.kind == jsonArray {
		index = statement.index
	}
	s := &l.doc.Statements[index]
	if s.src != l.doc.src {
		return nil
	}
	written := l.was.member("Statement")
	for _, n := range append(written.elements(), written) {
		if n.start == s.pos.Offset && n.kind == jsonObject {
			return n
		}
	}
	return nil
}

// statement returns the statement that the value is or stands in, nil for
// another part of the document.
func (n *node) statement() *node {
	for ; n.parent != nil; n = n.parent {
		member := n
		if n.parent.kind == jsonArray {
			member = n.parent
		}
		if n.kind == jsonObject && member.parent != nil && member.parent.parent == nil && member.name.text == "Statement" {
			return n
		}
	}
	return nil
}

// at follows a JSON pointer, nil if it leads nowhere.
func (n *node) at(pointer string) *node {
	if n == nil || pointer == "" {
		return n
	}
	rest, ok := strings.CutPrefix(pointer, "/")
	if !ok {
		return nil
	}
	token, rest, more := strings.Cut(rest, "/")
	if more {
		rest = "/" + rest
	}
	return n.child(unescapeToken(token)).at(rest)
}

func (n *node) child(token string) *node {
	if n.kind == jsonObject {
		return n.member(token)
	}
	i, err := strconv.Atoi(token)
	if err != nil || i < 0 || i >= len(n.elements()) {
		return nil
	}
	return n.children[i]
}

// elements returns the elements of an array; other values have none.
func (n *node) elements() []*node {
	if n.kind != jsonArray {
		return nil
	}
	return n.children
}

// span returns the span of the value.
func (n *node) span() Span {
	return Span{Start: n.src.position(n.start), End: n.src.position(n.end)}
}

// The escapes of a JSON pointer's tokens (RFC 6901, section 3).
var (
	tokenEscaper   = strings.NewReplacer("~", "~0", "/", "~1")
	tokenUnescaper = strings.NewReplacer("~1", "/", "~0", "~")
)

func escapeToken(s string) string   { return tokenEscaper.Replace(s) }
func unescapeToken(s string) string { return tokenUnescaper.Replace(s) }
