package policy

import "strings"

// matchCondition decides a Condition element: all keys under all operators
// must match (reference_policies_multi-value-conditions).
func (e *evaluation) matchCondition(s *Statement, version string) truth {
	t := yes
	for _, block := range s.Condition {
		for _, key := range block.Keys {
			t = min(t, e.matchKey(block.Operator, key, version, s.Effect))
		}
	}
	return t
}

// matchKey decides one key under one operator.
func (e *evaluation) matchKey(name string, key ConditionKey, version string, effect Effect) truth {
	op, ok := parseOperator(name)
	if !ok {
		// IAM refuses the document, so what would happen cannot be said; in no
		// case does the condition count as met.
		e.note("IAM knows no condition operator " + name)
		e.unsettle(name)
		return maybe
	}
	c := comparison{e: e, op: op, policy: key.Values.List, version: version, effect: effect}
	k := e.lookup(key.Key)
	if k.ambiguous {
		return e.contest(effect, "the request has the condition key "+key.Key+" in two spellings")
	}
	switch {
	case k.presence == unspecified:
		if t, settled := c.whateverComes(); settled {
			return t
		}
		e.unsettle(key.Key)
		return maybe
	case k.presence == absent:
		return c.absent(key.Key)
	case op.base == "Null":
		return c.null(false)
	case k.valueUnknown:
		e.unsettle(key.Key)
		return maybe
	}
	t := c.present(k, key.Key)
	if t == maybe && k.pathUnknown {
		e.unsettle(key.Key)
	}
	return t
}

// comparison is one key under one operator, with the values in the policy.
type comparison struct {
	e       *evaluation
	op      operator
	policy  []Value
	version string
	effect  Effect
}

// whateverComes settles a key that was not specified, where every value and
// absence would give one answer.
func (c *comparison) whateverComes() (truth, bool) {
	if len(c.policy) == 0 {
		// [] never matches but for an absent key, where that counts as a match.
		return no, c.op.quantifier != forAllValues && !c.op.ifExists
	}
	if c.op.base != "StringLike" || !c.hasLoneStar() {
		return no, false
	}
	if c.op.negated {
		return no, c.op.quantifier == forAnyValue && !c.op.ifExists
	}
	return yes, c.op.quantifier == forAllValues || c.op.quantifier == single && c.op.ifExists
}

func (c *comparison) hasLoneStar() bool {
	for _, v := range c.policy {
		if v.Text == "*" {
			return true
		}
	}
	return false
}

// absent decides a key that the request certainly lacks
// (reference_policies_elements_condition_operators, "...IfExists" and "Null").
func (c *comparison) absent(key string) truth {
	switch {
	case c.op.base == "Null":
		return c.null(true)
	case c.op.quantifier == forAnyValue && c.op.ifExists:
		return c.e.contest(c.effect, "ForAnyValue with IfExists on "+key+", which the request lacks")
	case c.op.ifExists || c.op.quantifier == forAllValues:
		return yes
	case c.op.quantifier == forAnyValue || len(c.policy) == 0:
		return no
	}
	return truthOf(c.op.negated)
}

// null decides the Null operator: "true" wants the key absent.
func (c *comparison) null(isAbsent bool) truth {
	for _, v := range c.policy {
		if want, ok := parseBool(v.Text); ok && want == isAbsent {
			return yes
		}
	}
	return no
}

// present decides a key that the request carries.
func (c *comparison) present(k contextKey, key string) truth {
	// An empty string is a null data set to the set operators
	// (reference_policies_multi-value-conditions).
	empty := len(k.values) == 0 || len(k.values) == 1 && k.values[0] == ""
	switch {
	case len(c.policy) == 0:
		return truthOf(empty && (c.op.quantifier == forAllValues || c.op.ifExists))
	case c.op.quantifier == forAllValues:
		if empty {
			return yes
		}
		return c.every(k)
	case c.op.quantifier == forAnyValue:
		if empty {
			return no
		}
		return c.some(k)
	case len(k.values) > 1:
		return c.e.contest(c.effect, "the plain operator on "+key+", which has several values in the request")
	case len(k.values) == 0:
		return truthOf(c.op.negated)
	}
	return c.value(k, k.values[0])
}

func (c *comparison) every(k contextKey) truth {
	t := yes
	for _, v := range k.values {
		t = min(t, c.value(k, v))
	}
	return t
}

func (c *comparison) some(k contextKey) truth {
	t := no
	for _, v := range k.values {
		t = max(t, c.value(k, v))
	}
	return t
}

// value decides one value of the request: positive operators want it among
// the policy's values, negated ones want it not there.
func (c *comparison) value(k contextKey, got string) truth {
	t := no
	for _, want := range c.policy {
		t = max(t, c.compare(k, got, want.Text))
	}
	if c.op.negated {
		return t.not()
	}
	return t
}

// compare decides one value of the request against one of the policy.
func (c *comparison) compare(k contextKey, got, want string) truth {
	if c.op.hasVariables() {
		t := c.compareText(got, want)
		if k.pathUnknown {
			return c.comparePath(t, got, want)
		}
		return t
	}
	if c.op.base == "Bool" && c.version == Version2012 && strings.Contains(want, "${") {
		return c.e.contest(c.effect, "a variable under Bool")
	}
	return truthOf(compareTyped(c.op.base, got, want))
}

// compareText compares under the operators that resolve variables. A value
// whose variable the request lacks matches nothing, so that a negated
// operator is satisfied (reference_policies_variables).
func (c *comparison) compareText(got, want string) truth {
	if c.op.base == "StringLike" || c.op.base == "ArnLike" {
		return c.compareGlob(got, want)
	}
	text, state := c.e.expandText(want, c.version)
	switch {
	case state == unresolved:
		return no
	case state == unsettled:
		return maybe
	case c.op.base == "StringEqualsIgnoreCase":
		return truthOf(strings.EqualFold(got, text))
	}
	return truthOf(got == text)
}

func (c *comparison) compareGlob(got, want string) truth {
	var buf [patternBuffer]rune
	p, state := c.e.expand(buf[:0], want, c.version, true)
	switch {
	case state == unresolved:
		return no
	case state == unsettled:
		return maybe
	case c.op.base == "ArnLike":
		return truthOf(p.matchARN(got))
	}
	return truthOf(p.match(got, false))
}

// comparePath decides aws:PrincipalArn where the role's path is not known:
// t is the answer for a role without one.
func (c *comparison) comparePath(t truth, got, want string) truth {
	account, name, _ := strings.Cut(got, ":role/")
	prefix := account + ":role/"
	// No real path has these characters, so that only wildcards cover them.
	deep := c.compareText(prefix+"\x00\x01/\x02/"+name, want)
	if deep == yes && t == yes {
		return yes
	}
	if c.mayMatchPath(prefix, name, want) {
		return maybe
	}
	return t
}

// mayMatchPath reports whether some path between prefix and name could make
// the value match. It may say yes too often, which leaves the answer open.
func (c *comparison) mayMatchPath(prefix, name, want string) bool {
	if c.op.base == "StringEqualsIgnoreCase" {
		prefix, name, want = strings.ToLower(prefix), strings.ToLower(name), strings.ToLower(want)
	}
	wild := "$"
	if c.op.base == "StringLike" || c.op.base == "ArnLike" {
		wild = "*?$"
	}
	first := strings.IndexAny(want, wild)
	if first < 0 {
		return strings.HasPrefix(want, prefix) && strings.HasSuffix(want, "/"+name)
	}
	head := want[:first]
	if c.op.base == "ArnLike" && strings.Contains(head, ":") {
		head = head[:strings.LastIndexByte(head, ':')] // a * earlier on stays in its part
	}
	tail := want[strings.LastIndexAny(want, "*?}")+1:]
	return overlap(head, prefix, strings.HasPrefix) && overlap(tail, name, strings.HasSuffix)
}

func overlap(a, b string, has func(s, part string) bool) bool { return has(a, b) || has(b, a) }
