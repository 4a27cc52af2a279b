package manifest

import (
	"maps"
	"regexp"
	"slices"
)

// rewriter changes the keys that an entry gives, and with them the values.
type rewriter struct {
	place
	source    *regexp.Regexp
	target    string
	transform *template
	merge     *merger
}

// merger puts values that are JSON objects together.
type merger struct {
	json           bool // into one key, and not each member to its own
	into           string
	priority       []string
	ignoreMissing  bool // of priority
	ignoreConflict bool
}

// rewrites reads the steps, each of one kind.
func (p *parsing) rewrites(o *object) []rewriter {
	var rs []rewriter
	o.objects("rewrite", func(o *object) {
		r := rewriter{place: o.place}
		count := 0
		for _, key := range []string{"regexp", "transform", "merge"} {
			if o.has(key) {
				count++
			}
		}
		if count != 1 {
			o.fail(o.place, "must have one of regexp, transform and merge")
		}
		o.object("regexp", func(o *object) {
			r.target = o.text("target")
			re, problem := compileRegexp(o.required("source"))
			if problem != "" {
				o.fail(o.field("source"), "%s", problem)
			}
			r.source = re
		})
		o.object("transform", func(o *object) {
			if text := o.required("template"); text != "" {
				r.transform = p.compile(text, o.take("template"), o.field("template"))
			}
		})
		if o.newer("merge") {
			o.object("merge", func(o *object) { r.merge = readMerger(o) })
		}
		rs = append(rs, r)
	})
	return rs
}

func readMerger(o *object) *merger {
	m := &merger{
		json:           o.choice("strategy", "Extract", "JSON") == "JSON",
		into:           o.text("into"),
		priority:       o.texts("priority"),
		ignoreMissing:  o.choice("priorityPolicy", "Strict", "IgnoreNotFound") == "IgnoreNotFound",
		ignoreConflict: o.choice("conflictPolicy", "Error", "Ignore") == "Ignore",
	}
	switch {
	case m.json && m.into == "":
		o.fail(o.field("into"), "is missing, which the strategy JSON needs")
	case !m.json && m.into != "":
		o.warn(o.field("into"), "has no effect without the strategy JSON")
	}
	for i, key := range m.priority {
		if slices.Contains(m.priority[:i], key) {
			o.fail(o.field("priority"), "has %q twice", brief(key))
		}
	}
	return m
}

// rewrite takes one step.
func (r rewriter) rewrite(values map[string][]byte) (map[string][]byte, error) {
	switch {
	case r.source != nil:
		return rekey(r.place, values, func(key string) (string, error) {
			return r.source.ReplaceAllString(key, r.target), nil
		})
	case r.transform != nil:
		return rekey(r.place, values, func(key string) (string, error) {
			return r.transform.execute(map[string]string{"value": key})
		})
	}
	return r.merge.apply(r.place, values)
}

// apply merges. Where a member comes twice and that is no error, the value that
// is merged last counts: those of priority, in their order, and before them all
// others, sorted by key.
func (m *merger) apply(p place, values map[string][]byte) (map[string][]byte, error) {
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(values)), func(key string) bool {
		return slices.Contains(m.priority, key)
	})
	merged := map[string]any{}
	for _, key := range append(keys, m.priority...) {
		data, ok := values[key]
		if !ok && m.ignoreMissing {
			continue
		}
		if !ok {
			return nil, unfit(p, "has the priority %q, which is no key of what was fetched", brief(key))
		}
		var members map[string]any
		if problem := decodeJSON(data, &members); problem != "" {
			return nil, unfit(p, "merges values of which one %s", problem)
		}
		for name, value := range members {
			if _, twice := merged[name]; twice && !m.ignoreConflict {
				return nil, unfit(p, "merges values of which two have one member")
			}
			merged[name] = value
		}
	}
	if !m.json {
		return jsonTexts(merged), nil
	}
	all := maps.Clone(values)
	all[m.into] = jsonText(merged, false)
	return all, nil
}
