package policy

import (
	"slices"
	"strings"
)

// addNear lists the statements that would allow but for one element.
func (e *evaluation) addNear(s *side, state CheckState) {
	if e.trace.result.Decision == Allowed || state == Passed || s.kind == ResourceControlPolicy {
		return
	}
	for i := range s.verdicts {
		v := &s.verdicts[i]
		switch {
		case v.deny || v.misses() != 1:
		case v.level == notALevel:
			e.remarkGrant(v)
		default:
			e.addMiss(s, v)
		}
	}
}

// remarkGrant says why a KMS grant does not allow. It is no near miss, for a
// grant cannot be edited.
func (e *evaluation) remarkGrant(v *verdict) {
	why := "its constraints"
	switch {
	case v.principal == no:
		why = "its grantee"
	case v.action == no:
		why = "its operations"
	}
	e.remark(v.of.policy.Name + " would allow but for " + why)
}

// addMiss describes the one element that does not match.
func (e *evaluation) addMiss(s *side, v *verdict) {
	st := v.statement
	switch {
	case v.principal == no:
		e.near(s, v, "Principal", st.Principal.texts(), st.NotPrincipal.texts(), []string{e.req.Principal})
	case v.action == no:
		if relatedAction(st, e.req.Action) {
			e.near(s, v, "Action", st.Action.texts(), st.NotAction.texts(), []string{e.req.Action})
		}
	case v.resource == no:
		e.near(s, v, "Resource", st.Resource.texts(), st.NotResource.texts(), []string{e.req.Resource})
	default:
		e.addConditions(s, v)
	}
}

// near adds a near miss on an element or its Not form.
func (e *evaluation) near(s *side, v *verdict, element string, wanted, unwanted, got []string) {
	hint := ""
	switch {
	case len(unwanted) > 0:
		element, wanted = "Not"+element, unwanted
	default:
		hint = e.hint(element, wanted)
	}
	m := NearMiss{Place: e.place(s, v), Effect: Allow, Element: element, Wanted: wanted, Got: got, Hint: hint}
	m.Pointer += "/" + element
	e.addNearMiss(v, m)
}

func (e *evaluation) addNearMiss(v *verdict, m NearMiss) {
	e.trace.result.Near = append(e.trace.result.Near, m)
	e.trace.from.near = append(e.trace.from.near, v.of.policy.Document)
}

// addConditions adds a near miss for every condition key that fails.
func (e *evaluation) addConditions(s *side, v *verdict) {
	for i := range v.tests {
		t := &v.tests[i]
		if e.matchTest(v.rule, t) != no {
			continue
		}
		got := e.lookup(t.key)
		m := NearMiss{
			Place:   e.place(s, v),
			Effect:  Allow,
			Element: "Condition/" + t.operator + "/" + t.written.Key,
			Wanted:  t.written.Values.texts(),
			Got:     got.all(),
			Hint:    e.hintCondition(t, &got, v.version),
		}
		m.Pointer += "/Condition/" + escapePointer(t.operator) + "/" + escapePointer(t.written.Key)
		e.addNearMiss(v, m)
	}
}

// escapePointer escapes a member name in a JSON pointer (RFC 6901, section 3).
func escapePointer(name string) string { return pointerEscapes.Replace(name) }

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// relatedAction reports whether a statement about other actions is worth
// showing: only one that is about the same service, or nearly spelt so.
func relatedAction(s *Statement, action string) bool {
	service, _, _ := strings.Cut(action, ":")
	return slices.ContainsFunc(append(s.Action.texts(), s.NotAction.texts()...), func(entry string) bool {
		return isService(entry, service) || isTypo(entry, action)
	})
}

func (v Values) texts() []string {
	var list []string
	for _, value := range v.List {
		list = append(list, value.Text)
	}
	return list
}

func (p Principal) texts() []string {
	var list []string
	for _, entry := range p.Entries {
		list = append(list, entry.Values.texts()...)
	}
	if p.Any {
		list = append(list, "*")
	}
	return list
}
