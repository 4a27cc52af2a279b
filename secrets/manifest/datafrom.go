package manifest

import "github.com/irsakit/irsa/secrets"

// dataFrom reads an entry that gives many keys; nil if it cannot be used.
func (s *sourcing) dataFrom(o *object) *bulk {
	b := &bulk{place: o.place}
	st := s.source(o, true)
	extract, find := o.has("extract"), o.has("find")
	switch {
	case extract && find:
		o.fail(o.field("find"), "is given beside extract; an entry has one of them")
	case !extract && !find && st != nil:
		o.fail(o.place, "has neither extract nor find")
	}
	o.object("extract", func(o *object) {
		b.extract = new(s.remote(o, st))
		b.handling = b.extract.handling
	})
	o.object("find", func(o *object) { b.find = s.find(o, st, b) })
	b.rewrites = s.rewrites(o)
	if !extract && !find {
		return nil
	}
	return b
}

// find reads a search. The store may be nil.
func (s *sourcing) find(o *object, st *store, b *bulk) *finder {
	f := &finder{place: o.place}
	f.query.Path = o.text("path")
	o.object("name", func(o *object) {
		text := o.required("regexp")
		if text == "" {
			return
		}
		re, problem := compileRegexp(text)
		if problem != "" {
			o.fail(o.field("regexp"), "%s", problem)
		}
		f.query.Name = re
	})
	f.query.Tags = o.textMap("tags")
	b.handling.read(o)
	if f.query.Path == "" && !o.has("name") && o.length("tags") == 0 {
		o.fail(o.place, "has neither name, tags nor path: it would find every secret")
	}
	if st == nil {
		return f
	}
	f.query.Service = st.service
	f.access = s.access(st)
	if st.service == secrets.ParameterStore && f.query.Name != nil && len(f.query.Tags) > 0 {
		o.warn(o.field("tags"), "is ignored beside name, as the External Secrets Operator does for Parameter Store")
		f.query.Tags = nil
	}
	return f
}
