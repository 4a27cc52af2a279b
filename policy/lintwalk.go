package policy

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// lintValue is one value of an element and where it stands.
type lintValue struct {
	element string // "Action", "AWS", a condition key, …
	pointer string
	text    string
	kind    ValueKind
}

// scalarsOf yields the values of a list that stands at the pointer.
func scalarsOf(element, pointer string, v Values) iter.Seq[lintValue] {
	return func(yield func(lintValue) bool) {
		for i, value := range v.List {
			at := pointer
			if !v.alone() {
				at = fmt.Sprintf("%s/%d", pointer, i)
			}
			if !yield(lintValue{element, at, value.Text, value.Kind}) {
				return
			}
		}
	}
}

// lists yields the statement's lists of that name, and of that name with Not
// in front.
func (s lintStatement) lists(name string) iter.Seq2[string, Values] {
	return func(yield func(string, Values) bool) {
		is, not := s.Action, s.NotAction
		if name == "Resource" {
			is, not = s.Resource, s.NotResource
		}
		if is.List != nil && !yield(name, is) {
			return
		}
		if not.List != nil {
			yield("Not"+name, not)
		}
	}
}

// actions yields the values of Action and NotAction.
func (s lintStatement) actions() iter.Seq[lintValue] { return s.scalars("Action") }

// resources yields the values of Resource and NotResource.
func (s lintStatement) resources() iter.Seq[lintValue] { return s.scalars("Resource") }

func (s lintStatement) scalars(name string) iter.Seq[lintValue] {
	return func(yield func(lintValue) bool) {
		for element, v := range s.lists(name) {
			for value := range scalarsOf(element, s.pointer+"/"+element, v) {
				if !yield(value) {
					return
				}
			}
		}
	}
}

// principals yields the typed values of Principal and NotPrincipal; their
// element is the type.
func (s lintStatement) principals() iter.Seq[lintValue] {
	return func(yield func(lintValue) bool) {
		for element, p := range s.bothPrincipals() {
			for _, e := range p.Entries {
				for value := range scalarsOf(e.Type, s.pointer+"/"+element+"/"+escapeToken(e.Type), e.Values) {
					if !yield(value) {
						return
					}
				}
			}
		}
	}
}

// bothPrincipals yields Principal and NotPrincipal, if present.
func (s lintStatement) bothPrincipals() iter.Seq2[string, Principal] {
	return func(yield func(string, Principal) bool) {
		if !isAbsent(s.Principal) && !yield("Principal", s.Principal) {
			return
		}
		if !isAbsent(s.NotPrincipal) {
			yield("NotPrincipal", s.NotPrincipal)
		}
	}
}

// hasPrincipalOf reports whether a principal of the type is listed that the
// function accepts.
func (s lintStatement) hasPrincipalOf(kind string, accept func(string) bool) bool {
	for p := range s.principals() {
		if p.element == kind && accept(p.text) {
			return true
		}
	}
	return false
}

// lintTest is one key of a Condition.
type lintTest struct {
	operator
	known   bool
	name    string // of the operator, as written
	key     string
	values  Values
	pointer string // of the key
}

// tests yields the statement's conditions.
func (s lintStatement) tests() iter.Seq[lintTest] {
	return func(yield func(lintTest) bool) {
		for _, op := range s.Condition {
			parsed, known := parseOperator(op.Operator)
			for _, k := range op.Keys {
				t := lintTest{
					operator: parsed, known: known, name: op.Operator, key: k.Key, values: k.Values,
					pointer: s.pointer + "/Condition/" + escapeToken(op.Operator) + "/" + escapeToken(k.Key),
				}
				if !yield(t) {
					return
				}
			}
		}
	}
}

// scalars yields the values that the key is compared to.
func (t lintTest) scalars() iter.Seq[lintValue] { return scalarsOf(t.key, t.pointer, t.values) }

// is reports whether the test is about that key.
func (t lintTest) is(keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return strings.EqualFold(k, t.key) })
}

// demands reports whether the test fails when the key is absent, so that it
// keeps out whoever lacks it.
func (t lintTest) demands() bool {
	return t.known && !t.negated && !t.ifExists && t.quantifier != forAllValues && t.base != "Null"
}

// isPresence reports whether the test asks for the key to be there.
func (t lintTest) isPresence() bool {
	return t.known && t.base == "Null" && len(t.values.List) == 1 && strings.EqualFold(t.values.List[0].Text, "false")
}

// narrows reports whether the test keeps others out: it demands the key, and
// none of its values stands for all.
func (t lintTest) narrows() bool {
	return t.demands() && !slices.ContainsFunc(t.values.List, func(v Value) bool { return t.takesAll(v.Text) })
}

// takesAll reports whether every request has such a value: "*", a network of
// all addresses, an ARN of any account.
func (t lintTest) takesAll(value string) bool {
	onlyStars := func(s string) bool { return s != "" && strings.Trim(s, "*") == "" }
	if t.base == "IpAddress" {
		network, ok := parseNetwork(value)
		return ok && network.Bits() == 0
	}
	arn, _ := splitARN(value)
	return t.isPattern() && (onlyStars(value) || onlyStars(arn.Account) && t.is("aws:PrincipalArn", "aws:SourceArn"))
}

// isPattern reports whether the operator knows wildcards.
func (t lintTest) isPattern() bool { return t.base == "StringLike" || t.base == "ArnLike" }

// any reports whether one of the statement's tests is such.
func (s lintStatement) any(accept func(lintTest) bool) bool {
	for t := range s.tests() {
		if accept(t) {
			return true
		}
	}
	return false
}

// withKey returns the Condition with a key renamed, in its place.
func (s lintStatement) withKey(t lintTest, key string) Condition {
	return s.condition(t, func(op *ConditionOperator, i int) { op.Keys[i].Key = key })
}

// withOperator returns the Condition with a key moved under another operator.
func (s lintStatement) withOperator(t lintTest, name string) Condition {
	c := s.condition(t, func(op *ConditionOperator, i int) { op.Keys = slices.Delete(op.Keys, i, i+1) })
	moved := ConditionKey{Key: t.key, Values: t.values}
	at := slices.IndexFunc(c, func(op ConditionOperator) bool { return strings.EqualFold(op.Operator, name) })
	if at >= 0 {
		c[at].Keys = append(c[at].Keys, moved)
	} else {
		c = append(c, ConditionOperator{Operator: name, Keys: []ConditionKey{moved}})
	}
	return slices.DeleteFunc(c, func(op ConditionOperator) bool { return op.Operator == t.name && len(op.Keys) == 0 })
}

// condition returns a copy of the Condition in which the key was changed.
func (s lintStatement) condition(t lintTest, change func(op *ConditionOperator, key int)) Condition {
	c := slices.Clone(s.Condition)
	for i := range c {
		c[i].Keys = slices.Clone(c[i].Keys)
		if c[i].Operator != t.name {
			continue
		}
		if k := slices.IndexFunc(c[i].Keys, func(k ConditionKey) bool { return k.Key == t.key }); k >= 0 {
			change(&c[i], k)
		}
	}
	return c
}

// hasWildcard reports whether a * or ? stands in s outside of a variable.
func hasWildcard(s string) bool { return strings.ContainsAny(withoutVariables(s), "*?") }

// withoutVariables cuts ${…} out.
func withoutVariables(s string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "${")
		b.WriteString(before)
		_, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return b.String()
		}
		s = after
	}
}

// globs reports whether a pattern covers a text, without regard to case.
func globs(pattern, text string) bool {
	g := newGlob(pattern)
	return g.matchFold(text)
}

// anyGlob reports whether one of the patterns covers the text.
func anyGlob(patterns Values, text string) bool {
	return slices.ContainsFunc(patterns.List, func(v Value) bool { return globs(v.Text, text) })
}

func holdsVariable(s string) bool { return strings.Contains(s, "${") }

// maxKeys is how many keys a Condition may have for a fix to rewrite it. Each
// fix holds the whole Condition, so more would add up.
const maxKeys = 50

// isCrowded reports a Condition with more keys than that.
func (s lintStatement) isCrowded() bool {
	n := 0
	for _, op := range s.Condition {
		n += len(op.Keys)
	}
	return n > maxKeys
}
