package policy

import (
	"slices"
	"strings"
)

// addNear lists the statements that would allow but for one element.
func (e *evaluation) addNear(s *side, state CheckState) {
	if e.result.Decision == Allowed || state == Passed || s.kind == ResourceControlPolicy {
		return
	}
	for i := range s.verdicts {
		f := &s.verdicts[i]
		if f.statement.Effect == Allow && f.misses() == 1 {
			e.addMiss(s, f)
		}
	}
}

// addMiss describes the one element that does not match.
func (e *evaluation) addMiss(s *side, f *verdict) {
	st := f.statement
	switch {
	case f.principal == no:
		e.near(s, f, "Principal", st.Principal.texts(), st.NotPrincipal.texts(), []string{e.req.Principal})
	case f.action == no:
		if relatedAction(st, e.req.Action) {
			e.near(s, f, "Action", st.Action.texts(), st.NotAction.texts(), []string{e.req.Action})
		}
	case f.resource == no:
		e.near(s, f, "Resource", st.Resource.texts(), st.NotResource.texts(), []string{e.req.Resource})
	default:
		e.addConditions(s, f)
	}
}

// near adds a near miss on an element or its Not form.
func (e *evaluation) near(s *side, f *verdict, element string, wanted, unwanted, got []string) {
	hint := ""
	switch {
	case len(unwanted) > 0:
		element, wanted = "Not"+element, unwanted
	default:
		hint = e.hint(element, wanted)
	}
	m := NearMiss{Place: e.place(s, f), Effect: Allow, Element: element, Wanted: wanted, Got: got, Hint: hint}
	m.Pointer += "/" + element
	e.result.Near = append(e.result.Near, m)
}

// addConditions adds a near miss for every condition key that fails.
func (e *evaluation) addConditions(s *side, f *verdict) {
	version := f.policy.Document.Version
	for _, block := range f.statement.Condition {
		for _, key := range block.Keys {
			if e.matchKey(block.Operator, key, version, Allow) != no {
				continue
			}
			m := NearMiss{
				Place:   e.place(s, f),
				Effect:  Allow,
				Element: "Condition/" + block.Operator + "/" + key.Key,
				Wanted:  key.Values.texts(),
				Got:     e.lookup(key.Key).values,
				Hint:    e.hintCondition(block.Operator, key, version),
			}
			m.Pointer += "/Condition/" + escapePointer(block.Operator) + "/" + escapePointer(key.Key)
			e.result.Near = append(e.result.Near, m)
		}
	}
}

// escapePointer escapes a member name in a JSON pointer (RFC 6901, section 3).
func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

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
