package policy

import (
	"bytes"
	"net/url"
	"strings"
)

// Parse decodes one policy document. It keeps all that the document says and
// refuses what AWS would refuse for its form (IAM User Guide,
// reference_policies_grammar): text that is not JSON in UTF-8, a repeated or
// ill-typed member, a version that does not exist, an effect other than Allow
// and Deny, a missing Statement, Effect or Action, Action beside NotAction,
// and the like for principals and resources. Names match exactly: "effect" is
// a member that the grammar does not have, and those are kept in
// [Document.Unknown] and [Statement.Unknown].
//
// Parse does not know what kind of policy it reads. So it demands no Principal
// and no Resource, and of a statement with a principal no Action either: KMS
// accepts such a statement in a key policy, where it has no effect.
//
// To be safe with documents from anywhere, Parse reads at most 256 KiB, 32
// levels of objects and arrays, and 10 000 elements an array.
//
// The error is a [*SyntaxError] that carries line, column and JSON pointer.
func Parse(data []byte) (*Document, error) {
	return parse(newSource(keep(data)))
}

// keep copies what a document is to remember of its source. What is too large
// is not remembered but refused.
func keep(data []byte) []byte {
	if len(data) > maxSize {
		return data
	}
	return bytes.Clone(data)
}

func parse(src *source) (*Document, error) {
	root, err := scanDocument(src)
	if err != nil {
		return nil, err
	}
	return decodeDocument(root)
}

// ParseEncoded is [Parse] for documents percent-encoded by RFC 3986, the form
// in which IAM's read operations such as GetRole and GetRolePolicy return
// them. Positions in a [*SyntaxError] are those in the decoded text.
func ParseEncoded(text string) (*Document, error) {
	decoded, err := url.PathUnescape(text)
	if err != nil {
		return nil, (&node{src: newSource(nil)}).errorf("the percent-encoding is broken; a percent sign takes two hexadecimal digits")
	}
	return Parse([]byte(decoded))
}

// MustParse is Parse for documents known at compile time; it panics on error.
func MustParse(text string) *Document {
	d, err := Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	return d
}

// scanDocument is scan with advice on the two ways in which documents are
// often found wrapped.
func scanDocument(src *source) (*node, error) {
	if bytes.HasPrefix(src.data, []byte("%7")) {
		return nil, (&node{src: src}).errorf("the document is percent-encoded, as IAM returns it; read it with ParseEncoded")
	}
	root, err := scanSource(src)
	if err == nil && root.kind == jsonString && strings.HasPrefix(root.text, "{") {
		return nil, root.errorf("the document is JSON within a JSON string; decode the string first")
	}
	return root, err
}
