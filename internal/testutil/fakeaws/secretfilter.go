package fakeaws

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// filter selects secrets by an attribute; "!" before a value negates it
// (Secrets Manager API reference, Filter).
type filter struct {
	Key    string
	Values []string
}

// The most filters of one call, and the most values of one filter.
const (
	maxFilters      = 10
	maxFilterValues = 10
)

// filterValue is what a filter may look for.
var filterValue = regexp.MustCompile(`^!?[a-zA-Z0-9 :_@/+=.\-!]{0,512}$`)

// filters checks the filters of a request.
func (v *violations) filters(filters []filter) {
	v.length("", "filters", len(filters), 0, maxFilters)
	for _, f := range filters {
		v.oneOf("filters.member.key", f.Key,
			"description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all")
		v.list("filters.member.values", f.Values, 1, maxFilterValues)
		for _, value := range f.Values {
			if !filterValue.MatchString(value) {
				v.add("'"+value+"' ", "filters.member.values.member", "satisfy regular expression pattern: "+filterValue.String())
			}
		}
	}
}

// matches reports whether every filter selects the secret, each by any of its
// values. They know nothing of one another: a tag-key and a tag-value may be of
// two tags.
func (s *secret) matches(filters []filter) bool {
	for _, f := range filters {
		if !slices.ContainsFunc(f.Values, func(value string) bool { return s.matchesValue(f.Key, value) }) {
			return false
		}
	}
	return true
}

func (s *secret) matchesValue(key, value string) bool {
	wanted, negated := strings.CutPrefix(value, "!")
	if key == "all" {
		return negated != s.mentions(wanted)
	}
	attributes := s.attributes()[key]
	if key == "description" { // the only one for which case does not count
		wanted = strings.ToLower(wanted)
		attributes = []string{strings.ToLower(s.Description)}
	}
	return negated != slices.ContainsFunc(attributes, func(a string) bool { return strings.HasPrefix(a, wanted) })
}

// attributes are what filters look at, by their keys.
func (s *secret) attributes() map[string][]string {
	all := map[string][]string{"name": {s.Name}, "description": {s.Description}, "primary-region": {s.Region}}
	for name, value := range s.Tags {
		all["tag-key"] = append(all["tag-key"], name)
		all["tag-value"] = append(all["tag-value"], value)
	}
	return all
}

// mentions reports whether each word of text is the beginning of a word in some
// attribute.
func (s *secret) mentions(text string) bool {
	var there []string
	for _, attributes := range s.attributes() {
		for _, a := range attributes {
			there = append(there, words(a)...)
		}
	}
	for _, word := range words(text) {
		if !slices.ContainsFunc(there, func(w string) bool { return strings.HasPrefix(w, word) }) {
			return false
		}
	}
	return true
}

func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
