package policy

import "strings"

// test is one key under one operator of a Condition, compiled.
type test struct {
	operator string       // as written
	written  ConditionKey // as written
	op       operator
	known    bool // IAM has the operator
	key      int  // index of the condition key

	// The values: as texts under the operators that resolve variables,
	// otherwise as a function.
	texts    []text
	accepts  func(got string) bool
	loneStar bool // one of the texts is *
	// variable: there is one under Bool, where AWS does not say if it counts.
	variable bool
}

// tests compiles a Condition.
func (c *compiler) tests(condition Condition) []test {
	var tests []test
	for _, block := range condition {
		op, known := parseOperator(block.Operator)
		for _, key := range block.Keys {
			t := test{operator: block.Operator, written: key, op: op, known: known, key: c.key(key.Key)}
			switch {
			case !known || op.base == "Null":
			case op.hasVariables():
				t.texts, t.loneStar = c.texts(op, key.Values.List)
			default:
				t.accepts = typedMatcher(op.base, key.Values.List)
				t.variable = op.base == "Bool" && c.version == Version2012 && hasVariable(key.Values.List)
			}
			tests = append(tests, t)
		}
	}
	return tests
}

// texts compiles the values of an operator for strings or ARNs.
func (c *compiler) texts(op operator, values []Value) (texts []text, loneStar bool) {
	texts = make([]text, len(values))
	for i, v := range values {
		t := c.text(v.Text, op.base == "StringLike" || op.base == "ArnLike")
		if op.base == "ArnLike" && t.variables == nil {
			t.arn = append(appendLiteral(nil, t.glob.head), t.glob.tail...).compileARN()
		}
		texts[i] = t
		loneStar = loneStar || op.base == "StringLike" && v.Text == "*"
	}
	return texts, loneStar
}

func hasVariable(values []Value) bool {
	for _, v := range values {
		if strings.Contains(v.Text, "${") {
			return true
		}
	}
	return false
}

// matchCondition decides a Condition element: all keys under all operators
// must match (reference_policies_multi-value-conditions).
func (e *evaluation) matchCondition(r *rule) truth {
	t := yes
	for i := range r.tests {
		t = min(t, e.matchTest(r, &r.tests[i]))
		if t == no && e.trace == nil {
			break
		}
	}
	return t
}

// matchTest decides one key under one operator.
func (e *evaluation) matchTest(r *rule, t *test) truth {
	if !t.known {
		// IAM refuses the document, so what would happen cannot be said; in no
		// case does the condition count as met.
		e.note("IAM knows no condition operator ", t.operator, "")
		e.unsettle(t.operator)
		return maybe
	}
	k := e.lookup(t.key)
	if k.ambiguous {
		return e.contest(r, "the request has the condition key ", t.written.Key, " in two spellings")
	}
	m := e.testKey(r, t, &k)
	if m == maybe && k.isOpen() {
		e.unsettle(t.written.Key)
	}
	return m
}

// testKey decides what is known of a key. Where two things are possible, the
// answer is open unless both give the same.
func (e *evaluation) testKey(r *rule, t *test, k *contextKey) truth {
	switch {
	case k.presence == unspecified:
		return t.whateverComes()
	case k.presence == absent:
		return e.testAbsent(r, t)
	case k.mayLack:
		sure := *k
		sure.mayLack = false
		if with := e.testKey(r, t, &sure); with == e.testAbsent(r, t) {
			return with
		}
		return maybe
	case t.op.base == "Null":
		return t.null(false)
	case k.valueUnknown:
		return maybe
	}
	return e.testPresent(r, t, k)
}

// whateverComes decides a key that was not specified: it is open, unless every
// value and absence would give one answer.
func (t *test) whateverComes() truth {
	positive := !t.op.negated
	switch {
	case len(t.written.Values.List) == 0:
		// [] never matches but for an absent key, where that counts as a match.
		if t.op.quantifier != forAllValues && !t.op.ifExists {
			return no
		}
	case t.loneStar && positive:
		if t.op.quantifier == forAllValues || t.op.quantifier == single && t.op.ifExists {
			return yes
		}
	case t.loneStar:
		if t.op.quantifier == forAnyValue && !t.op.ifExists {
			return no
		}
	}
	return maybe
}

// testAbsent decides a key that the request certainly lacks
// (reference_policies_elements_condition_operators, "...IfExists" and "Null").
func (e *evaluation) testAbsent(r *rule, t *test) truth {
	switch {
	case t.op.base == "Null":
		return t.null(true)
	case t.op.quantifier == forAnyValue && t.op.ifExists:
		return e.contest(r, "ForAnyValue with IfExists on ", t.written.Key, ", which the request lacks")
	case t.op.ifExists || t.op.quantifier == forAllValues:
		return yes
	case t.op.quantifier == forAnyValue || len(t.written.Values.List) == 0:
		return no
	}
	return truthOf(t.op.negated)
}

// null decides the Null operator: "true" wants the key absent.
func (t *test) null(isAbsent bool) truth {
	for _, v := range t.written.Values.List {
		if want, ok := parseBool(v.Text); ok && want == isAbsent {
			return yes
		}
	}
	return no
}

// testPresent decides a key that the request carries.
func (e *evaluation) testPresent(r *rule, t *test, k *contextKey) truth {
	// An empty string is a null data set to the set operators
	// (reference_policies_multi-value-conditions).
	n := k.count()
	empty := n == 0 || n == 1 && k.at(0) == ""
	switch {
	case len(t.written.Values.List) == 0:
		return truthOf(empty && (t.op.quantifier == forAllValues || t.op.ifExists))
	case t.op.quantifier == forAllValues:
		m := yes
		for i := 0; i < n && !empty; i++ {
			m = min(m, e.testValue(r, t, k, k.at(i)))
		}
		return m
	case t.op.quantifier == forAnyValue:
		m := no
		for i := 0; i < n && !empty; i++ {
			m = max(m, e.testValue(r, t, k, k.at(i)))
		}
		return m
	case n > 1:
		return e.contest(r, "the plain operator on ", t.written.Key, ", which has several values in the request")
	case n == 0:
		return truthOf(t.op.negated)
	}
	return e.testValue(r, t, k, k.at(0))
}

// testValue decides one value of the request: positive operators want it among
// the policy's values, negated ones want it not there.
func (e *evaluation) testValue(r *rule, t *test, k *contextKey, got string) truth {
	m := no
	if t.accepts != nil {
		m = truthOf(t.accepts(got))
	}
	if t.variable {
		m = max(m, e.contest(r, "a variable under Bool", "", ""))
	}
	for i := 0; i < len(t.texts) && m != yes; i++ {
		m = max(m, e.testText(t, &t.texts[i], k, got))
	}
	if t.op.negated {
		return m.not()
	}
	return m
}

// testText compares with one text of the policy.
func (e *evaluation) testText(t *test, want *text, k *contextKey, got string) truth {
	m := e.compareText(t.op, want, got)
	if k.pathUnknown {
		return e.comparePath(t.op, m, want, got)
	}
	return m
}
