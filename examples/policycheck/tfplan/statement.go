package tfplan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// statement is one statement of a data source aws_iam_policy_document, which
// is read only at apply.
type statement struct {
	*builder
	source *resource
	at     string // for people
	block  block
	config map[string]any // nil: not to be found
	// widen says what to do with an element that is open: match everything, or
	// leave the statement out. In favour of the pod an Allow is widened and a
	// Deny left out, against it the reverse.
	widen   bool
	drop    bool
	partial bool // something in it is open
}

// build returns the statement; it reports false if it is to be left out.
func (s *statement) build(kind policy.Kind) (policy.Statement, bool) {
	effect, known := s.text("effect")
	if s.block.open || !known {
		s.partial = true
		return s.anything(kind, s.at).Statements[0], true
	}
	sid, _ := s.text("sid")
	out := policy.Statement{Sid: sid, Effect: policy.Effect(cmp.Or(effect, string(policy.Allow)))}
	s.widen = (out.Effect == policy.Allow) == s.favourable
	s.actions(&out)
	if kind != policy.TrustPolicy {
		s.resources(&out)
	}
	s.whom(&out)
	out.Condition = s.conditions()
	return out, !s.drop
}

// text returns a string argument; it reports false if it is open.
func (s *statement) text(name string) (string, bool) {
	text, _ := s.block.values[name].(string)
	return text, !anyTrue(s.block.unknown[name])
}

// open notes that an element is not known before apply.
func (s *statement) open(name string) {
	s.leaveOpen(s.at + "." + name)
	s.partial = true
	s.drop = s.drop || !s.widen
}

func (s *statement) actions(out *policy.Statement) {
	out.Action, out.NotAction = s.pair("actions", "not_actions")
}

func (s *statement) resources(out *policy.Statement) {
	out.Resource, out.NotResource = s.pair("resources", "not_resources")
}

// pair returns a list and its negation. If either is open, the list has all.
func (s *statement) pair(name, negated string) (list, not policy.Values) {
	l, err := s.list(s.block, s.config, name, name)
	n, err2 := s.list(s.block, s.config, negated, negated)
	if err != nil || err2 != nil {
		s.open(name)
		return policy.Strings("*"), policy.Values{}
	}
	return values(l), values(n)
}

// values is absent where the list is empty.
func values(list []string) policy.Values {
	if len(list) == 0 {
		return policy.Values{}
	}
	return policy.Strings(list...)
}

// whom sets the principals. If either list is open, they are everyone.
func (s *statement) whom(out *policy.Statement) {
	p, ok := s.principals("principals")
	not, ok2 := s.principals("not_principals")
	if !ok || !ok2 {
		s.open("principals")
		p, not = policy.Principal{Any: true}, policy.Principal{}
	}
	out.Principal, out.NotPrincipal = p, not
}

// principals returns a list by type; it reports false if something in it is
// open.
func (s *statement) principals(name string) (policy.Principal, bool) {
	blocks, ok := s.block.blocks(name)
	var p policy.Principal
	for _, b := range blocks {
		kind, _ := b.values["type"].(string)
		list, err := s.list(b, s.find(name, "identifiers", b, "type"), "identifiers", name)
		if err != nil || b.open || anyTrue(b.unknown["type"]) {
			return p, false
		}
		if kind == "*" { // the provider's way to write the bare "*"
			return policy.Principal{Any: true}, ok
		}
		p.Entries = append(p.Entries, policy.PrincipalEntry{Type: kind, Values: policy.Strings(list...)})
	}
	return p, ok
}

func texts(v policy.Values) []string {
	var out []string
	for _, value := range v.List {
		out = append(out, value.Text)
	}
	return out
}

// conditions gathers the tests by operator, as the provider does.
func (s *statement) conditions() policy.Condition {
	blocks, ok := s.block.blocks("condition")
	var out policy.Condition
	for _, b := range blocks {
		test, _ := b.values["test"].(string)
		key, _ := b.values["variable"].(string)
		list, err := s.list(b, s.find("condition", "values", b, "test", "variable"), "values", "condition["+key+"]")
		if err != nil || b.open || anyTrue(b.unknown["test"]) || anyTrue(b.unknown["variable"]) {
			s.open("condition")
			continue // an open test is passed, where the statement stays at all
		}
		i := slices.IndexFunc(out, func(o policy.ConditionOperator) bool { return o.Operator == test })
		if i >= 0 && slices.ContainsFunc(out[i].Keys, func(k policy.ConditionKey) bool { return k.Key == key }) {
			s.open("condition") // the provider merges or replaces, as the values are
			continue
		}
		if i < 0 {
			i = len(out)
			out = append(out, policy.ConditionOperator{Operator: test})
		}
		out[i].Keys = append(out[i].Keys, policy.ConditionKey{Key: key, Values: policy.Strings(list...)})
	}
	if !ok {
		s.open("condition")
	}
	return out
}

// find returns the configuration of a nested block. The plan has blocks in
// another order, so it is found by the arguments that identify it; nil if not
// exactly one can be meant.
func (s *statement) find(name, list string, b block, identity ...string) map[string]any {
	blocks, _ := s.config[name].([]any)
	var found []map[string]any
	for _, candidate := range blocks {
		config, _ := candidate.(map[string]any)
		if _, constant := member(config[list], "constant_value"); constant {
			continue // would not be open
		}
		if slices.ContainsFunc(identity, func(arg string) bool {
			c, constant := member(config[arg], "constant_value")
			return constant && !equal(c, b.values[arg])
		}) {
			continue
		}
		found = append(found, config)
	}
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

func member(object any, name string) (any, bool) {
	m, _ := object.(map[string]any)
	v, ok := m[name]
	return v, ok
}

// list returns a list of strings. Items that are open are taken to be what the
// expression refers to, if there are as many of both; else it is errOpen. The
// label is what people know the list by.
func (s *statement) list(b block, config map[string]any, name, label string) ([]string, error) {
	if whole, _ := b.unknown[name].(bool); whole {
		return nil, errOpen
	}
	items, _ := b.values[name].([]any)
	var known []string
	open := 0
	for _, item := range items {
		if text, ok := item.(string); ok {
			// The provider's way to write IAM's variables.
			known = append(known, strings.ReplaceAll(text, "&{", "${"))
		} else {
			open++
		}
	}
	if open == 0 {
		return known, nil
	}
	if s.options.Strict || config == nil {
		return nil, errOpen
	}
	var referred []string
	var notes []string
	for _, o := range s.plan.origins(s.source, config[name]) {
		text, ok := s.value(o)
		if slices.Contains(known, text) && ok {
			continue // stands in the list by itself
		}
		// A name or an id is but a part of what is written here.
		if !ok || !strings.HasPrefix(text, "arn:") {
			return nil, errOpen
		}
		referred = append(referred, text)
		if o.resource != nil {
			notes = append(notes, s.at+"."+label+" is taken to be "+o.resource.address+"."+o.attr)
		}
	}
	if len(referred) != open {
		return nil, errOpen
	}
	s.take(notes...)
	return append(known, referred...), nil
}
