package tfplan

import (
	"errors"
	"fmt"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// document returns the policy document in an attribute of r. Nil means that
// there is none.
func (b *builder) document(r *resource, attr string, kind policy.Kind) *policy.Document {
	if text := r.text(attr); text != "" {
		return b.parse(r.address+"."+attr, text, kind)
	}
	if !r.isOpen(attr) || !r.configured(attr) {
		return nil
	}
	return b.openDocument(r, r.config[attr], r.address+"."+attr, kind)
}

// openDocument returns a document that is open, by the expression that makes
// it. Nothing but a reference to a document as a whole can be followed: what
// jsonencode is given a plan does not show.
func (b *builder) openDocument(r *resource, expression any, place string, kind policy.Kind) *policy.Document {
	o := b.plan.origins(r, expression)
	if len(o) != 1 || o[0].resource == nil || b.options.Strict || b.depth > maxDepth {
		return b.anything(kind, place)
	}
	b.depth++
	defer func() { b.depth-- }()
	switch source, attr := o[0].resource, o[0].attr; {
	case source.kind == "aws_iam_policy_document" && (attr == "json" || attr == "minified_json"):
		return b.policyDocument(source, kind)
	case attr == "policy" && source != r:
		if doc := b.document(source, attr, kind); doc != nil {
			return doc
		}
	}
	return b.anything(kind, place)
}

// parse reads a document that is known.
func (b *builder) parse(place, text string, kind policy.Kind) *policy.Document {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	doc, err := policy.Parse([]byte(text))
	if err != nil {
		if b.err == nil {
			b.err = fmt.Errorf("%s: %w", place, err)
		}
		return b.anything(kind, place)
	}
	return doc
}

// anything stands for a document that is not known: in favour of the pod it
// allows all, against it it denies all.
func (b *builder) anything(kind policy.Kind, what string) *policy.Document {
	b.leaveOpen(what)
	s := policy.Statement{Effect: policy.Deny, Action: policy.Strings("*")}
	if b.favourable {
		s.Effect = policy.Allow
	}
	switch kind {
	case policy.TrustPolicy:
		s.Principal.Any = true
	case policy.ResourcePolicy, policy.KeyPolicy:
		s.Principal.Any = true
		s.Resource = policy.Strings("*")
	default:
		s.Resource = policy.Strings("*")
	}
	doc := &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{s}}
	b.partial[doc] = true
	return doc
}

// policyDocument builds the document of a data source aws_iam_policy_document
// that is read only at apply, from what is known of its arguments.
func (b *builder) policyDocument(r *resource, kind policy.Kind) *policy.Document {
	if text := r.text("json"); text != "" {
		return b.parse(r.address, text, kind)
	}
	for _, attr := range []string{"source_json", "override_json", "source_policy_documents", "override_policy_documents"} {
		if r.values[attr] != nil || r.isOpen(attr) {
			return b.anything(kind, r.address+"."+attr)
		}
	}
	written, ok := r.values["statement"].([]any)
	if whole, _ := r.unknown["statement"].(bool); whole || !ok {
		return b.anything(kind, r.address+".statement")
	}
	doc := &policy.Document{Version: policy.Version2012}
	if v := r.text("version"); v != "" {
		doc.Version = v
	}
	blocks, _ := r.config["statement"].([]any)
	for i := range written {
		s := statement{builder: b, source: r, at: fmt.Sprintf("%s.statement[%d]", r.address, i), block: blockOf(written, r.unknown["statement"], i)}
		if len(blocks) == len(written) { // not so with dynamic blocks
			s.config, _ = blocks[i].(map[string]any)
		}
		if built, ok := s.build(kind); ok {
			doc.Statements = append(doc.Statements, built)
		}
		if s.partial {
			b.partial[doc] = true
		}
	}
	return doc
}

// block is a nested block with what is open in it.
type block struct {
	values, unknown map[string]any
	open            bool // all of it
}

func blockOf(values []any, unknown any, i int) block {
	var b block
	b.values, _ = values[i].(map[string]any)
	switch u := unknown.(type) {
	case bool:
		b.open = u
	case []any:
		if i < len(u) {
			b.unknown, _ = u[i].(map[string]any)
			b.open, _ = u[i].(bool)
		}
	}
	return b
}

// blocks returns the nested blocks of a type; it reports false if how many
// there are is open.
func (b block) blocks(name string) ([]block, bool) {
	if whole, _ := b.unknown[name].(bool); whole {
		return nil, false
	}
	values, _ := b.values[name].([]any)
	out := make([]block, len(values))
	for i := range values {
		out[i] = blockOf(values, b.unknown[name], i)
	}
	return out, true
}

// errOpen is an element that is not known before apply.
var errOpen = errors.New("not known before apply")
