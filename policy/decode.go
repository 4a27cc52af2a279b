package policy

import "strings"

func decodeDocument(n *node) (*Document, error) {
	d := Document{src: n.src}
	if err := n.want(jsonObject, "a policy document"); err != nil {
		return nil, err
	}
	var err error
	d.layout, d.Unknown, err = documentElements.decode(n, &d)
	if err != nil {
		return nil, err
	}
	if !n.has("Statement") {
		if err := n.src.tolerate(n.missing("document", "Statement")); err != nil {
			return nil, err
		}
	}
	return &d, nil
}

func decodeStatement(n *node) (s Statement, err error) {
	if err := n.want(jsonObject, "a statement"); err != nil {
		return s, err
	}
	for _, name := range []string{"Action", "Principal", "Resource"} {
		if other := n.member("Not" + name); other != nil && n.has(name) {
			err := other.errorAt(other.name.start, "a statement has %s or Not%s, not both; remove one", name, name)
			if err := n.src.tolerate(err.as(ruleCombination)); err != nil {
				return s, err
			}
		}
	}
	s.pos, s.src = n.src.position(n.start), n.src
	if s.layout, s.Unknown, err = statementElements.decode(n, &s); err != nil {
		return s, err
	}
	if !n.has("Effect") {
		err = n.src.tolerate(n.missing("statement", "Effect"))
	}
	if err == nil && !n.has("Action", "NotAction", "Principal", "NotPrincipal") {
		err = n.src.tolerate(n.missing("statement", "Action"))
	}
	return s, err
}

// missing returns the error that an object lacks a member, with a hint at the
// one that is probably meant for it.
func (n *node) missing(object, name string) *SyntaxError {
	rule := ruleMissing(name)
	for _, m := range n.children {
		if strings.EqualFold(m.name.text, name) {
			return m.errorAt(m.name.start, "the %s has no %s; spell this member so, with the same capitals", object, name).as(rule)
		}
	}
	return n.errorf("the %s has no %s; add it", object, name).as(rule)
}

// want refuses a value of another type; subject says what it is.
func (n *node) want(kind jsonType, subject string) error {
	if n.kind != kind {
		return n.errorf("%s is %s, not %s", subject, kind, n.kind).as(ruleType)
	}
	return nil
}

func decodeString(n *node) (string, error) { return n.text, n.want(jsonString, n.name.text) }

func decodeVersion(n *node) (string, error) {
	version, err := decodeString(n)
	if err == nil && version != Version2012 && version != Version2008 {
		err = n.errorf("Version is %q, or the older %q: the language's date and not the document's; write the first", Version2012, Version2008).as(ruleVersion)
	}
	return version, err
}

func decodeEffect(n *node) (Effect, error) {
	effect, err := decodeString(n)
	if err == nil && effect != string(Allow) && effect != string(Deny) {
		err = n.errorf("Effect is %q or %q, with these capitals", Allow, Deny).as(ruleEffect)
	}
	return Effect(effect), err
}

// statements are a document's statements with the form they are written in.
type statements struct {
	list   []Statement
	single bool
}

func decodeStatements(n *node) (s statements, err error) {
	written := []*node{n}
	switch n.kind {
	case jsonArray:
		written = n.children
	case jsonObject:
		s.single = true
	default:
		return s, n.errorf("Statement is an object or an array of objects, not %s", n.kind).as(ruleType)
	}
	s.list = make([]Statement, len(written))
	for i, child := range written {
		if s.list[i], err = decodeStatement(child); err != nil {
			if err = n.src.tolerate(err); err != nil {
				return s, err
			}
		}
	}
	return s, nil
}

func decodePrincipal(n *node) (p Principal, err error) {
	if n.kind == jsonString && n.text == "*" {
		return Principal{Any: true}, nil
	}
	if n.kind != jsonObject {
		return p, n.errorf(`a principal is "*" or an object such as {"AWS": "…"}, {"Service": "…"} or {"Federated": "…"}`).as(rulePrincipal)
	}
	p.Entries = make([]PrincipalEntry, len(n.children))
	for i, m := range n.children {
		p.Entries[i].Type = m.name.text
		if p.Entries[i].Values, err = decodeStrings(m); err != nil {
			return p, err
		}
	}
	return p, nil
}

func decodeCondition(n *node) (Condition, error) {
	if err := n.want(jsonObject, "a condition"); err != nil {
		return nil, err
	}
	c := make(Condition, len(n.children))
	for i, m := range n.children {
		keys, err := decodeConditionKeys(m)
		if err != nil {
			return nil, err
		}
		c[i] = ConditionOperator{Operator: m.name.text, Keys: keys}
	}
	return c, nil
}

func decodeConditionKeys(n *node) (keys []ConditionKey, err error) {
	if err := n.want(jsonObject, "what a condition operator holds"); err != nil {
		return nil, err
	}
	keys = make([]ConditionKey, len(n.children))
	for i, m := range n.children {
		keys[i].Key = m.name.text
		if keys[i].Values, err = decodeValues(m); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// decodeStrings decodes a string or an array of strings.
func decodeStrings(n *node) (Values, error) {
	for _, value := range n.scalars() {
		if value.kind != jsonString {
			return Values{}, value.errorf("expected a string or an array of strings, not %s", value.kind).as(ruleType)
		}
	}
	return decodeValues(n)
}

// decodeValues decodes a scalar or an array of scalars.
func decodeValues(n *node) (Values, error) {
	written := n.scalars()
	v := Values{List: make([]Value, len(written)), Single: n.kind != jsonArray}
	for i, value := range written {
		kind, ok := valueKinds[value.kind]
		if !ok {
			return Values{}, value.errorf("expected a single value or an array of such, not %s", value.kind).as(ruleType)
		}
		v.List[i] = Value{Text: value.text, Kind: kind}
	}
	return v, nil
}

// scalars returns the elements of an array, or what stands for the only one.
func (n *node) scalars() []*node {
	if n.kind == jsonArray {
		return n.children
	}
	return []*node{n}
}

var valueKinds = map[jsonType]ValueKind{
	jsonString: StringValue,
	jsonNumber: NumberValue,
	jsonBool:   BoolValue,
	jsonNull:   NullValue,
}
