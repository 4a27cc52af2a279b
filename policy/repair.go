package policy

import (
	"iter"
	"slices"
	"strings"
)

// correction returns how to correct the element by which a statement missed,
// so that it matches the request, and that in words. It returns nil where
// adding a statement is better: another role, another secret or another action
// in a statement is seldom a slip, and taking its place would take a right
// away.
func correction(near NearMiss, req Request) (mend func(Statement) Statement, what string) {
	path := strings.SplitN(near.Element, "/", 3)
	switch {
	case len(path) == 3 && path[0] == "Condition" && len(near.Got) > 0:
		value := near.Got[0]
		return func(s Statement) Statement {
			s.Condition = setCondition(s.Condition, path[1], path[2], value)
			return s
		}, "let " + path[2] + " be " + value
	case near.Element == "Principal" && deadPrincipal(near.Wanted, req.RoleARN) != "":
		dead := deadPrincipal(near.Wanted, req.RoleARN)
		return func(s Statement) Statement {
			s.Principal = replacePrincipal(s.Principal, dead, req.RoleARN)
			return s
		}, "name the role " + req.RoleARN + " instead of " + dead
	case near.Element == "Action" && isExtra(near.Wanted, req.Action):
		return func(s Statement) Statement {
			s.Action = Values{List: append(slices.Clone(s.Action.List), Value{Text: req.Action})}
			return s
		}, "it allows " + req.Action + " as well"
	case near.Element == "Resource" && near.Hint != "":
		return func(s Statement) Statement {
			s.Resource = amend(s.Resource, req.Resource)
			return s
		}, ""
	}
	return nil, ""
}

// isExtra reports an action that goes along with assuming a role, where a
// statement allows that: they belong together.
func isExtra(wanted []string, action string) bool {
	extra := strings.EqualFold(action, actionTagSession) || strings.EqualFold(action, actionSetSourceIdentity)
	return extra && slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(w, actionAssumeRole) })
}

// deadPrincipal finds a principal that can be nobody but was meant to be the
// role: the unique id that IAM shows once a role is deleted, an ARN that is
// none, or the role's name under another path (IAM User Guide,
// reference_identifiers; role names are unique in an account).
func deadPrincipal(principals []string, role string) string {
	for _, p := range principals {
		arn, err := ParseARN(p)
		renamed := err == nil && arn.Account == accountOf(role) && strings.HasPrefix(arn.Resource, "role/") &&
			lastElement(arn.Resource) == lastElement(role)
		if isUniqueID(p) || renamed || strings.HasPrefix(p, "arn:") && err != nil {
			return p
		}
	}
	return ""
}

// setCondition lets the key have the value.
func setCondition(c Condition, operator, key, value string) Condition {
	c = slices.Clone(c)
	for i, op := range c {
		if op.Operator != operator {
			continue
		}
		op.Keys = slices.Clone(op.Keys)
		for j, k := range op.Keys {
			if !strings.EqualFold(k.Key, key) {
				continue
			}
			k.Values = amend(k.Values, value)
			op.Keys[j] = k
		}
		c[i] = op
	}
	return c
}

// replacePrincipal puts one AWS principal in the place of another.
func replacePrincipal(p Principal, from, to string) Principal {
	p.Entries = slices.Clone(p.Entries)
	for i, entry := range p.Entries {
		entry.Values.List = slices.Clone(entry.Values.List)
		for j, v := range entry.Values.List {
			if v.Text == from {
				entry.Values.List[j] = Value{Text: to}
			}
		}
		p.Entries[i] = entry
	}
	return p
}

// amend puts a value in the place of the only one, or beside several: which of
// them was meant nobody knows.
func amend(v Values, value string) Values {
	if len(v.List) > 1 {
		return Values{List: append(slices.Clone(v.List), Value{Text: value})}
	}
	return Values{List: []Value{{Text: value}}, Single: v.Single}
}

// join makes one statement of two, as [Evaluate] suggests them, that grant under
// the same conditions to the same principals. It grants each action on both
// resources, which is harmless where the actions belong to different services,
// as they do here.
func join(a, b Statement) (Statement, bool) {
	if a.Effect != b.Effect || !a.Principal.Equal(b.Principal) || !a.Condition.Equal(b.Condition) {
		return Statement{}, false
	}
	a.Action = union(a.Action, b.Action)
	a.Resource = union(a.Resource, b.Resource)
	return a, true
}

// union lists the values of both once.
func union(a, b Values) Values {
	list := slices.Clone(a.List)
	for _, v := range b.List {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return Values{List: list, Single: len(list) == 1 && a.Single}
}

// all returns the set's policies.
func (s Set) all() iter.Seq[*Policy] {
	return func(yield func(*Policy) bool) {
		lists := slices.Concat([][]Policy{s.Identity, s.Boundaries, s.Session, s.Endpoint}, s.SCPs, s.RCPs)
		for _, list := range lists {
			for i := range list {
				if !yield(&list[i]) {
					return
				}
			}
		}
		if s.Resource != nil {
			yield(s.Resource)
		}
	}
}

// find returns the policy of that kind, account and name, nil if the set has
// none.
func (s Set) find(kind Kind, account, name string) *Policy {
	for p := range s.all() {
		if p.Kind == kind && p.Account == account && p.Name == name {
			return p
		}
	}
	return nil
}

// with returns the set with another document of the kind in the place of one.
func (s Set) with(kind Kind, old, doc *Document) Set {
	clone := func(levels [][]Policy) [][]Policy {
		levels = slices.Clone(levels)
		for i := range levels {
			levels[i] = slices.Clone(levels[i])
		}
		return levels
	}
	s.Identity, s.Boundaries = slices.Clone(s.Identity), slices.Clone(s.Boundaries)
	s.Session, s.Endpoint = slices.Clone(s.Session), slices.Clone(s.Endpoint)
	s.SCPs, s.RCPs = clone(s.SCPs), clone(s.RCPs)
	if s.Resource != nil {
		r := *s.Resource
		s.Resource = &r
	}
	for q := range s.all() {
		if q.Kind == kind && q.Document == old {
			q.Document = doc
		}
	}
	return s
}
