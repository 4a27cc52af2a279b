package manifest

import (
	"errors"
	"maps"
)

// secretTemplate is the template of an ExternalSecret's target.
type secretTemplate struct {
	keep     bool // what was fetched
	literals []literalTemplate
	data     []keyedTemplate
}

type keyedTemplate struct {
	key string
	*template
}

// literalTemplate renders to YAML, a map of text.
type literalTemplate struct {
	*template
	handling
}

func (p *parsing) template(o *object) *secretTemplate {
	t := &secretTemplate{}
	if version := o.text("engineVersion"); version != "" && version != "v2" {
		o.fail(o.field("engineVersion"), "is %q; only v2 is supported", brief(version))
	}
	t.keep = o.choice("mergePolicy", "Replace", "Merge") == "Merge" || o.length("data")+o.length("templateFrom") == 0
	p.templateObject(o)
	for _, e := range o.entries("data", maxRendered) {
		if problem := keyProblem(e.key); problem != "" {
			o.fail(e.place, "%s", problem)
		}
		if compiled := p.compile(e.text, e.n, e.place); compiled != nil {
			t.data = append(t.data, keyedTemplate{e.key, compiled})
		}
	}
	o.objects("templateFrom", func(o *object) {
		if l := p.templateFrom(o); l != nil {
			t.literals = append(t.literals, *l)
		}
	})
	return t
}

// templateObject reads what is about the Kubernetes Secret alone.
func (p *parsing) templateObject(o *object) {
	const account = "kubernetes.io/service-account-token"
	kind := o.text("type")
	o.ignore("type", "is about the Kubernetes Secret and ignored")
	if kind == "bootstrap.kubernetes.io/token" {
		o.fail(o.field("type"), "makes a bootstrap token, which no ExternalSecret may")
	}
	o.object("metadata", func(o *object) {
		o.ignore("labels", "is about the Kubernetes Secret and ignored")
		if _, ok := o.textMap("annotations")["kubernetes.io/service-account.name"]; ok && kind == account {
			o.fail(o.field("annotations"), "makes a token of a service account, which no ExternalSecret may")
		}
		o.ignore("annotations", "is about the Kubernetes Secret and ignored")
		if o.newer("finalizers") {
			o.ignore("finalizers", "is about the Kubernetes Secret and ignored")
		}
	})
}

// inManifest is what to do about templates that are not in the manifest.
const inManifest = "which only the Kubernetes API has; write them here, in template.data or as literal"

// templateFrom reads a source of templates; nil if it gives no files.
func (p *parsing) templateFrom(o *object) *literalTemplate {
	o.refuse("configMap", "takes templates from a ConfigMap, "+inManifest)
	o.refuse("secret", "takes templates from a Secret, "+inManifest)
	l := &literalTemplate{handling: handling{decoding: "None"}}
	if o.newer("valuesDecodingStrategy") {
		l.decodingAt = o.field("valuesDecodingStrategy")
		l.decoding = o.choice("valuesDecodingStrategy", "None", "Base64", "Base64URL", "Auto")
	}
	target := o.choice("target", "Data", "Labels", "Annotations")
	literal := o.longText("literal", maxRendered)
	switch {
	case literal == "":
		if !o.has("configMap") && !o.has("secret") {
			o.fail(o.place, "has no literal")
		}
		return nil
	case target != "Data":
		o.warn(o.field("target"), "is about the Kubernetes Secret: the template is ignored")
		return nil
	}
	if l.template = p.compile(literal, o.take("literal"), o.field("literal")); l.template == nil {
		return nil
	}
	return l
}

// apply makes the final values: those of data before those of templateFrom
// before those that were fetched, which only stay if the template says so or
// gives none of its own.
func (t *secretTemplate) apply(fetched map[string][]byte) (map[string][]byte, error) {
	texts := make(map[string]string, len(fetched))
	for key, data := range fetched {
		texts[key] = string(data)
	}
	values := map[string][]byte{}
	if t.keep {
		maps.Copy(values, fetched)
	}
	for _, l := range t.literals {
		if err := l.apply(texts, values); err != nil {
			return nil, err
		}
	}
	for _, d := range t.data {
		out, err := d.execute(texts)
		if err != nil {
			return nil, err
		}
		values[d.key] = []byte(out)
	}
	return values, nil
}

// apply adds what the template renders to.
func (l literalTemplate) apply(texts map[string]string, values map[string][]byte) error {
	out, err := l.execute(texts)
	if err != nil {
		return err
	}
	entries, err := rendered(out)
	if err != nil {
		return unfit(l.place, "does not render to YAML that is one map of text; values that look like numbers or booleans need quotes")
	}
	for _, e := range entries {
		if keyProblem(e.key) != "" {
			return unfit(l.place, "renders to a key that no file can have as its name")
		}
		data, err := l.handle([]byte(e.text))
		if err != nil {
			return err
		}
		values[e.key] = data
	}
	return nil
}

var errRendered = errors.New("not a map of text")

// rendered reads YAML that has secrets: nothing is said about what is wrong.
func rendered(out string) ([]entry, error) {
	docs, err := stream{out, func(int, int) Position { return Position{} }}.documents()
	if err != nil || len(docs) > 1 {
		return nil, errRendered
	}
	if len(docs) == 0 {
		return nil, nil
	}
	var r report
	o := &object{report: &r, n: &node{kind: mapKind, members: []member{{&node{text: "", kind: textKind}, docs[0]}}}, seen: map[*node]bool{}}
	entries := o.entries("", maxRendered)
	if len(r.errs) > 0 {
		return nil, errRendered
	}
	return entries, nil
}
