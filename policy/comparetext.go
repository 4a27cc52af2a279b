package policy

import "strings"

// compareText compares under the operators that resolve variables. A value
// whose variable the request lacks matches nothing, so that a negated
// operator is satisfied (reference_policies_variables).
func (e *evaluation) compareText(op operator, want *text, got string) truth {
	switch {
	case op.base != "ArnLike" && op.base != "StringEqualsIgnoreCase":
		m, _ := e.matchText(want, got)
		return m
	case want.variables != nil:
		return e.compareExpanded(op, want, got)
	case op.base == "ArnLike":
		return truthOf(want.arn.match(got))
	}
	return truthOf(strings.EqualFold(got, want.glob.head))
}

func (e *evaluation) compareExpanded(op operator, want *text, got string) truth {
	p, state := e.expand(nil, want.variables)
	switch {
	case state == unresolved:
		return no
	case state == unsettled:
		return maybe
	case op.base == "ArnLike":
		return truthOf(p.compileARN().match(got))
	}
	return truthOf(strings.EqualFold(got, p.literal()))
}

// comparePath decides aws:PrincipalArn where the role's path is not known: m
// is the answer for a role without one.
func (e *evaluation) comparePath(op operator, m truth, want *text, got string) truth {
	account, name, _ := strings.Cut(got, ":role/")
	prefix := account + ":role/"
	// No real path has these characters, so that only wildcards cover them.
	deep := e.compareText(op, want, prefix+"\x00\x01/\x02/"+name)
	if deep == yes && m == yes {
		return yes
	}
	if mayMatchPath(op, prefix, name, want.written) {
		return maybe
	}
	return m
}

// mayMatchPath reports whether some path between prefix and name could make
// the value match. It may say yes too often, which leaves the answer open.
func mayMatchPath(op operator, prefix, name, want string) bool {
	if op.base == "StringEqualsIgnoreCase" {
		prefix, name, want = strings.ToLower(prefix), strings.ToLower(name), strings.ToLower(want)
	}
	wild := "$"
	if op.base == "StringLike" || op.base == "ArnLike" {
		wild = "*?$"
	}
	first := strings.IndexAny(want, wild)
	if first < 0 {
		return strings.HasPrefix(want, prefix) && strings.HasSuffix(want, "/"+name)
	}
	head := want[:first]
	if op.base == "ArnLike" && strings.Contains(head, ":") {
		head = head[:strings.LastIndexByte(head, ':')] // a * earlier on stays in its part
	}
	tail := want[strings.LastIndexAny(want, "*?}")+1:]
	return overlap(head, prefix, strings.HasPrefix) && overlap(tail, name, strings.HasSuffix)
}

func overlap(a, b string, has func(s, part string) bool) bool { return has(a, b) || has(b, a) }
