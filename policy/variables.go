package policy

import "strings"

// text is a compiled value that may hold wildcards and policy variables: an
// entry of Resource, or a value under an operator for strings or ARNs.
type text struct {
	written string
	glob    glob
	arn     *arnGlob // instead of glob, under the operators for ARNs
	// variables is nil where the text has none. Otherwise the globs count for
	// nothing, for the pattern is made anew of every request.
	variables *template
}

// template is text with policy variables.
type template struct {
	pieces []piece
	rest   pattern // behind the last variable
}

// piece is one variable and what stands in front of it.
type piece struct {
	before      pattern
	key         int // index of the condition key
	fallback    string
	hasFallback bool
}

// resolution says what became of the variables of a policy value.
type resolution uint8

const (
	resolvedAll resolution = iota
	unresolved             // a variable's key is absent, and it has no default
	unsettled              // whether a variable's key is there is not known
)

// text compiles a value. Its variables are ${key} and ${key, 'default'}, and
// the literals ${*}, ${?}, ${$}; what a variable brings in is literal, never a
// wildcard. Under Version 2008-10-17 all of it is plain text
// (reference_policies_variables).
func (c *compiler) text(s string, globs bool) text {
	t := text{written: s}
	switch {
	case c.version == Version2012 && strings.Contains(s, "${"):
		t.glob, t.variables = c.template(nil, s, globs)
	case globs:
		t.glob = newGlob(s)
	default:
		t.glob = glob{head: s}
	}
	return t
}

// resource compiles an entry of Resource. The first five parts are globs
// within their part; a * that ends its part may run past the colons that
// follow. The sixth is one string and may hold variables.
func (c *compiler) resource(s string) text {
	head, tail := splitHead(s)
	var p pattern
	for i := range len(head) {
		switch {
		case head[i] == '*' && i+1 < len(head) && head[i+1] != ':':
			p = append(p, anyRunInPart)
		case head[i] == '?':
			p = append(p, anyOneInPart)
		default:
			p = append(p, wildcard(head[i]))
		}
	}
	t := text{written: s}
	switch {
	case c.version == Version2012 && strings.Contains(tail, "${"):
		t.glob, t.variables = c.template(p, tail, true)
	case !strings.ContainsAny(s, "*?"):
		t.glob = glob{head: s}
	default:
		t.glob = appendGlob(p, tail).compile()
	}
	return t
}

// template takes text apart at its variables and appends it to p. Where all of
// them are literals, a glob says it as well.
func (c *compiler) template(p pattern, s string, globs bool) (glob, *template) {
	add := appendLiteral
	if globs {
		add = appendGlob
	}
	var t template
	for {
		before, rest, found := strings.Cut(s, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			break
		}
		p = add(p, before)
		switch name {
		case "*", "?", "$":
			p = appendLiteral(p, name)
		default:
			key, fallback, hasFallback := strings.Cut(name, ",")
			fallback = strings.Trim(strings.TrimSpace(fallback), "'")
			t.pieces = append(t.pieces, piece{before: p, key: c.key(key), fallback: fallback, hasFallback: hasFallback})
			p = nil
		}
		s = after
	}
	p = add(p, s)
	if t.pieces == nil {
		return p.compile(), nil
	}
	t.rest = p
	return glob{}, &t
}

// matchText reports whether the text covers s, and what became of its
// variables.
func (e *evaluation) matchText(t *text, s string) (truth, resolution) {
	if t.variables == nil {
		return truthOf(t.glob.match(s)), resolvedAll
	}
	var buf [patternBuffer]symbol
	p, state := e.expand(buf[:0], t.variables)
	switch state {
	case unresolved:
		return no, state
	case unsettled:
		return maybe, state
	}
	return truthOf(p.match(s, false)), state
}

// expand appends the text, with the request's values for its variables.
func (e *evaluation) expand(p pattern, t *template) (pattern, resolution) {
	state := resolvedAll
	for i := range t.pieces {
		value, s := e.variable(&t.pieces[i])
		p = appendLiteral(append(p, t.pieces[i].before...), value)
		state = settle(state, s)
	}
	return append(p, t.rest...), state
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

// variable resolves a variable.
func (e *evaluation) variable(v *piece) (string, resolution) {
	k := e.lookup(v.key)
	switch {
	case k.presence == unspecified || k.valueUnknown || k.ambiguous || k.mayLack:
		e.unsettle(e.set.keys[v.key].written)
		return "", unsettled
	case k.presence == present && k.count() == 1: // only single-valued keys substitute
		return k.at(0), resolvedAll
	case v.hasFallback:
		return v.fallback, resolvedAll
	}
	return "", unresolved
}
