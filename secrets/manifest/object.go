package manifest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// object reads the members of a map one by one and, at the end, refuses those
// that nobody has asked for. Its methods report what is wrong and return the
// zero value.
type object struct {
	*report
	place
	n *node
	// fold matches keys without regard to case, and words are text even if they
	// are numbers: the rules of encoding/json and sigs.k8s.io/yaml, which the
	// objects of a SecretProviderClass are read with.
	fold bool
	// beta is the old version, external-secrets.io/v1beta1.
	beta bool
	seen map[*node]bool // keys that were asked for
}

// object reads n as a map; it returns nil if it is none.
func (r *report) object(n *node, path string) *object {
	p := place{n.at, path}
	if n.kind != mapKind {
		r.fail(p, "is %s and must be a map", n.kind)
		return nil
	}
	return &object{report: r, place: p, n: n, seen: map[*node]bool{}}
}

// inner is an object in this one, which read reads whole.
func (o *object) inner(n *node, path string, read func(*object)) {
	in := o.report.object(n, path)
	if in == nil {
		return
	}
	in.fold, in.beta = o.fold, o.beta
	read(in)
	in.close()
}

// close refuses what was not asked for.
func (o *object) close() {
	for _, m := range o.n.members {
		if o.seen[m.key] {
			continue
		}
		p := place{m.key.at, o.below(m.key.text).path}
		if o.lenient {
			o.warn(p, "is unknown and ignored")
			continue
		}
		o.fail(p, "is no field of this kind")
	}
}

// take returns the value under key, nil if there is none or it is null, as the
// Kubernetes API does.
func (o *object) take(key string) *node {
	var found *node
	for _, m := range o.n.members {
		if m.key.text != key && !(o.fold && strings.EqualFold(m.key.text, key)) {
			continue
		}
		if found != nil && !o.seen[m.key] {
			o.fail(place{m.key.at, o.below(m.key.text).path}, "is given twice: the case of letters does not count")
		}
		o.seen[m.key] = true
		if m.value.kind != nullKind {
			found = m.value
		}
	}
	return found
}

// field is the place of the value under key, or of the object.
func (o *object) field(key string) place {
	p := o.below(key)
	for _, m := range o.n.members {
		if m.key.text == key || o.fold && strings.EqualFold(m.key.text, key) {
			p.at = m.value.at
		}
	}
	return p
}

// has reports whether there is a value under key.
func (o *object) has(key string) bool {
	return o.take(key) != nil
}

// text reads text.
func (o *object) text(key string) string {
	return o.longText(key, maxText)
}

func (o *object) longText(key string, limit int) string {
	n := o.take(key)
	if n == nil {
		return ""
	}
	text, _ := o.word(n, o.field(key), limit)
	return text
}

// word reads n as text.
func (o *object) word(n *node, p place, limit int) (string, bool) {
	switch {
	case n.kind == textKind && len(n.text) > limit:
		o.fail(p, "has %d bytes; %d is the limit", len(n.text), limit)
	case n.kind == textKind:
		return n.text, true
	case n.kind == numberKind && o.fold && decimals.MatchString(n.text):
		return n.text, true
	case n.kind == numberKind, n.kind == boolKind:
		o.fail(p, "is %s without quotes, which is %s in YAML 1.1 and must be text; write %q", brief(n.text), n.kind, brief(n.text))
	default:
		o.fail(p, "is %s and must be text", n.kind)
	}
	return "", false
}

// required reads text that must be there.
func (o *object) required(key string) string {
	n := o.take(key)
	if n == nil || n.kind == textKind && n.text == "" {
		o.fail(o.field(key), "is missing")
		return ""
	}
	return o.text(key)
}

// choice reads one of some words, the first by default.
func (o *object) choice(key string, words ...string) string {
	text := o.text(key)
	if text == "" {
		return words[0]
	}
	if !slices.Contains(words, text) {
		o.fail(o.field(key), "is %q; it may be %s", brief(text), strings.Join(words, ", "))
		return words[0]
	}
	return text
}

// number reads a whole number; ok is false if there is none.
func (o *object) number(key string) (number int, ok bool) {
	n := o.take(key)
	if n == nil {
		return 0, false
	}
	number, err := strconv.Atoi(n.text)
	if n.kind != numberKind || !decimals.MatchString(n.text) || err != nil {
		o.fail(o.field(key), "is not a whole number")
		return 0, false
	}
	return number, true
}

// duration reads what metav1.Duration reads; ok is false if there is none.
func (o *object) duration(key string) (d time.Duration, ok bool) {
	n := o.take(key)
	if n == nil {
		return 0, false
	}
	d, err := time.ParseDuration(n.text)
	switch {
	case n.kind != textKind || err != nil:
		o.fail(o.field(key), `is not a duration, such as "90s" or 1h`)
		return 0, false
	case d < 0:
		o.fail(o.field(key), "is negative")
		return 0, false
	}
	return d, true
}

// object reads a map, if there is one.
func (o *object) object(key string, read func(*object)) {
	if n := o.take(key); n != nil {
		o.inner(n, o.below(key).path, read)
	}
}

// list reads each item of a list.
func (o *object) list(key string, read func(n *node, path string)) {
	n := o.take(key)
	if n == nil {
		return
	}
	if n.kind != listKind {
		o.fail(o.field(key), "is %s and must be a list", n.kind)
		return
	}
	for i, item := range n.items {
		read(item, fmt.Sprintf("%s[%d]", o.below(key).path, i))
	}
}

// length is how many items or members the value under key has; one if it is
// neither a list nor a map.
func (o *object) length(key string) int {
	switch n := o.take(key); {
	case n == nil:
		return 0
	case n.kind == listKind:
		return len(n.items)
	case n.kind == mapKind:
		return len(n.members)
	}
	return 1
}

// objects reads a list of maps.
func (o *object) objects(key string, read func(*object)) {
	o.list(key, func(n *node, path string) { o.inner(n, path, read) })
}

// texts reads a list of text.
func (o *object) texts(key string) []string {
	var texts []string
	o.list(key, func(n *node, path string) {
		if text, ok := o.word(n, place{n.at, path}, maxText); ok {
			texts = append(texts, text)
		}
	})
	return texts
}

// entry is a member of a map of text.
type entry struct {
	place
	key, text string
	n         *node // of the text
}

// entries reads a map of text.
func (o *object) entries(key string, limit int) []entry {
	var entries []entry
	o.object(key, func(in *object) {
		for _, m := range in.n.members {
			in.seen[m.key] = true
			p := place{m.value.at, in.below(m.key.text).path}
			if m.key.kind != textKind && !decimals.MatchString(m.key.text) {
				o.fail(place{m.key.at, p.path}, "is %s without quotes as a key, which is %s in YAML 1.1; write %q", brief(m.key.text), m.key.kind, brief(m.key.text))
			}
			if text, ok := o.word(m.value, p, limit); ok {
				entries = append(entries, entry{p, m.key.text, text, m.value})
			}
		}
	})
	return entries
}

// textMap reads a short map of text.
func (o *object) textMap(key string) map[string]string {
	var texts map[string]string
	for _, e := range o.entries(key, maxText) {
		if texts == nil {
			texts = map[string]string{}
		}
		texts[e.key] = e.text
	}
	return texts
}

// ignore warns of a field that changes nothing here.
func (o *object) ignore(key, why string) {
	if o.has(key) {
		o.warn(o.field(key), "%s", why)
	}
}

// refuse refuses a field that cannot be obeyed here.
func (o *object) refuse(key, why string) {
	if o.has(key) {
		o.fail(o.field(key), "%s", why)
	}
}

// newer reports whether the version of the manifest has the field, which
// v1beta1 has not.
func (o *object) newer(key string) bool {
	if o.beta && o.has(key) {
		o.fail(o.field(key), "is no field of external-secrets.io/v1beta1, but of v1")
	}
	return !o.beta
}

// brief cuts text short.
func brief(text string) string {
	if len(text) > 60 {
		return text[:60] + "…"
	}
	return text
}
