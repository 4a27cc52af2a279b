package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Fix is an edit that corrects what a [Finding] is about: a value that takes
// the place of another, is added, or goes.
type Fix struct {
	// Title says in a few words what the edit does.
	Title string `json:"title"`
	// Pointer is the JSON pointer of the value. Where there is none yet, it is
	// added: as a member of that name, or, behind a last token of "-", as an
	// element at the end of the array (RFC 6902, section 4.1). What is not an
	// array yet becomes one.
	Pointer string `json:"pointer"`
	// Replacement is the value as JSON. Empty: the value is removed.
	Replacement json.RawMessage `json:"replacement,omitempty"`
}

// Apply returns the document with the edit made. The document itself stays as
// it is. The error tells that the pointer leads nowhere in it, or that the
// document would be no policy any more.
func (f Fix) Apply(d *Document) (*Document, error) {
	text, err := d.MarshalJSON()
	if err != nil {
		return nil, err
	}
	if text, err = f.ApplyText(text); err != nil {
		return nil, err
	}
	return Parse(text)
}

// ApplyText returns the text of a document with the edit made and everything
// else left as it is, white space included.
func (f Fix) ApplyText(text []byte) ([]byte, error) {
	src := newSource(text)
	src.lenient = true // a repeated member may be what is to be removed
	root, err := scanSource(src)
	if err != nil {
		return nil, err
	}
	e, err := f.edit(root)
	if err != nil {
		return nil, err
	}
	return slices.Concat(text[:e.start], []byte(e.text), text[e.end:]), nil
}

// edit is a stretch of source and what comes in its place.
type edit struct {
	start, end int
	text       string
}

func (f Fix) edit(root *node) (edit, error) {
	target := root.at(f.Pointer)
	switch {
	case target != nil && len(f.Replacement) > 0:
		return edit{target.start, target.end, string(f.Replacement)}, nil
	case target != nil && target.parent != nil:
		return target.removal(), nil
	}
	slash := strings.LastIndexByte(f.Pointer, '/')
	parent := root.at(f.Pointer[:max(slash, 0)])
	if slash < 0 || parent == nil || len(f.Replacement) == 0 {
		return edit{}, fmt.Errorf("policy: the fix %q does not fit the document: nothing is at %q", clip(f.Title), clip(f.Pointer))
	}
	return parent.addition(unescapeToken(f.Pointer[slash+1:]), string(f.Replacement)), nil
}

// removal cuts the value out, with its name and one comma.
func (n *node) removal() edit {
	start := n.start
	if n.name != nil {
		start = n.name.start
	}
	siblings := n.parent.children
	switch {
	case n.index > 0:
		return edit{start: siblings[n.index-1].end, end: n.end}
	case len(siblings) > 1:
		next := siblings[1]
		end := next.start
		if next.name != nil {
			end = next.name.start
		}
		return edit{start: start, end: end}
	}
	return edit{start: start, end: n.end}
}

// addition adds a member, Version at the front and others at the end, or an
// element. The white space is that of the neighbour.
func (n *node) addition(name, value string) edit {
	if n.kind == jsonObject && name != "-" {
		member := string(appendString(nil, name)) + ": " + value
		if !bytes.Contains(n.src.data, []byte(": ")) {
			member = string(appendString(nil, name)) + ":" + value
		}
		if len(n.children) == 0 {
			return edit{n.start + 1, n.end - 1, member}
		}
		first := n.children[0].name.start
		if name == "Version" {
			return edit{first, first, member + "," + string(n.src.data[n.start+1:first])}
		}
		return n.appended(member)
	}
	if n.kind != jsonArray {
		return edit{n.start, n.end, "[" + string(n.src.data[n.start:n.end]) + "," + value + "]"}
	}
	if len(n.children) == 0 {
		return edit{n.start + 1, n.end - 1, value}
	}
	return n.appended(value)
}

// appended adds what comes last in an object or array that is not empty.
func (n *node) appended(text string) edit {
	first := n.children[0]
	start, end := first.start, n.children[len(n.children)-1].end
	if first.name != nil {
		start = first.name.start
	}
	return edit{end, end, "," + string(n.src.data[n.start+1:start]) + text}
}

// Constructors of fixes.

func replaceWith(pointer, title string, value any) *Fix {
	return &Fix{Title: title, Pointer: pointer, Replacement: rawJSON(value)}
}

func removeAt(pointer, title string) *Fix { return &Fix{Title: title, Pointer: pointer} }

// rawJSON encodes what cannot fail to encode: text, and elements that were
// parsed.
func rawJSON(value any) json.RawMessage {
	if s, ok := value.(string); ok {
		return appendString(nil, s)
	}
	b, _ := value.(json.Marshaler).MarshalJSON()
	return b
}
