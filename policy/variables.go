package policy

import "strings"

// resolution says what became of the variables of a policy value.
type resolution uint8

const (
	resolvedAll resolution = iota
	unresolved             // a variable's key is absent, and it has no default
	unsettled              // whether a variable's key is there is not known
)

// expand appends text, resolving ${key}, ${key, 'default'} and the literals
// ${*}, ${?}, ${$}. What a variable brings in is literal, never a wildcard.
// Under Version 2008-10-17 all of it is plain text
// (reference_policies_variables).
func (e *evaluation) expand(p pattern, text, version string, globs bool) (pattern, resolution) {
	add := appendLiteral
	if globs {
		add = appendGlob
	}
	if version != Version2012 {
		return add(p, text), resolvedAll
	}
	state := resolvedAll
	for {
		before, rest, found := strings.Cut(text, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return add(p, text), state
		}
		value, s := e.variable(name)
		p = appendLiteral(add(p, before), value)
		state = settle(state, s)
		text = after
	}
}

// settle lets an absent variable dominate: the value matches nothing, whatever
// the others turn out to be.
func settle(a, b resolution) resolution {
	switch {
	case a == unresolved || b == unresolved:
		return unresolved
	case a == unsettled || b == unsettled:
		return unsettled
	}
	return resolvedAll
}

// variable resolves what stands between ${ and }.
func (e *evaluation) variable(name string) (string, resolution) {
	switch name {
	case "*", "?", "$":
		return name, resolvedAll
	}
	key, fallback, hasDefault := strings.Cut(name, ",")
	k := e.lookup(key)
	switch {
	case k.presence == unspecified || k.valueUnknown || k.ambiguous:
		e.unsettle(key)
		return "", unsettled
	case k.presence == present && len(k.values) == 1: // only single-valued keys substitute
		return k.values[0], resolvedAll
	case hasDefault:
		return strings.Trim(strings.TrimSpace(fallback), "'"), resolvedAll
	}
	return "", unresolved
}

// expandText is expand for values that are compared whole.
func (e *evaluation) expandText(text, version string) (string, resolution) {
	if version != Version2012 || !strings.Contains(text, "${") {
		return text, resolvedAll
	}
	p, state := e.expand(nil, text, version, false)
	return string(p), state
}
