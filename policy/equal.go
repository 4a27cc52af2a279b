package policy

import (
	"bytes"
	"slices"
)

// Equal reports whether two documents have the same content: the same exported
// fields, in the same order, whatever their spelling, place and order of
// members in the source. It is not equivalence: ["x"] and "x" differ. With it,
// go-cmp compares documents.
func (d Document) Equal(o Document) bool {
	return d.Version == o.Version && d.ID == o.ID &&
		slices.EqualFunc(d.Statements, o.Statements, Statement.Equal) &&
		slices.EqualFunc(d.Unknown, o.Unknown, Member.equal)
}

// Equal reports whether two statements have the same content, as
// [Document.Equal] does.
func (s Statement) Equal(o Statement) bool {
	return s.Sid == o.Sid && s.Effect == o.Effect &&
		s.Principal.Equal(o.Principal) && s.NotPrincipal.Equal(o.NotPrincipal) &&
		s.Action.Equal(o.Action) && s.NotAction.Equal(o.NotAction) &&
		s.Resource.Equal(o.Resource) && s.NotResource.Equal(o.NotResource) &&
		s.Condition.Equal(o.Condition) &&
		slices.EqualFunc(s.Unknown, o.Unknown, Member.equal)
}

// Equal reports whether two principals are written alike. An absent one and {}
// differ.
func (p Principal) Equal(o Principal) bool {
	return p.Any == o.Any && (p.Entries == nil) == (o.Entries == nil) &&
		slices.EqualFunc(p.Entries, o.Entries, func(a, b PrincipalEntry) bool {
			return a.Type == b.Type && a.Values.Equal(b.Values)
		})
}

// Equal reports whether two conditions are written alike, in the same order.
// An absent one and {} differ.
func (c Condition) Equal(o Condition) bool {
	return (c == nil) == (o == nil) &&
		slices.EqualFunc(c, o, func(a, b ConditionOperator) bool {
			return a.Operator == b.Operator && slices.EqualFunc(a.Keys, b.Keys, func(a, b ConditionKey) bool {
				return a.Key == b.Key && a.Values.Equal(b.Values)
			})
		})
}

// Equal reports whether two lists of values are written alike. Absent values,
// [], "x" and ["x"] all differ.
func (v Values) Equal(o Values) bool {
	return (v.List == nil) == (o.List == nil) && v.alone() == o.alone() && slices.Equal(v.List, o.List)
}

// alone reports whether the values are written without brackets.
func (v Values) alone() bool { return v.Single && len(v.List) == 1 }

func (m Member) equal(o Member) bool { return m.Name == o.Name && bytes.Equal(m.Raw, o.Raw) }
