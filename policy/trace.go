package policy

import "slices"

// trace collects what explains a decision. An evaluation without one decides
// the same and stops early.
type trace struct {
	result Result
	from   origins
	// What the statement at hand depends on and what is contested in it.
	keys, notes []string
}

// origins are the documents of a result's Reasons, Missing and Near, at the same
// indices: names need not be unique, and may be empty.
type origins struct {
	reasons, missing, near []*Document
}

// forget begins a statement.
func (e *evaluation) forget() {
	if e.trace != nil {
		e.trace.keys, e.trace.notes = nil, nil
	}
}

// remember ends it: notes on a statement that is far from matching are of no
// use.
func (e *evaluation) remember(v *verdict) {
	if e.trace == nil {
		return
	}
	v.keys = e.trace.keys
	if v.match != no || v.misses() == 1 {
		for _, note := range e.trace.notes {
			e.remark(note)
		}
	}
}

// note tells something about the statement at hand: the subject with what
// comes before and after it.
func (e *evaluation) note(before, subject, after string) {
	if e.trace != nil {
		e.trace.notes = append(e.trace.notes, before+subject+after)
	}
}

// unsettle says what the statement at hand depends on.
func (e *evaluation) unsettle(what string) {
	if e.trace != nil {
		e.trace.keys = append(e.trace.keys, what)
	}
}

// contest resolves a rule on which AWS's documentation is silent: against the
// caller, with a note about the subject.
func (e *evaluation) contest(r *rule, before, subject, after string) truth {
	if e.trace != nil {
		e.note("AWS does not document the effect of ", before+subject+after, "; taken against the caller")
	}
	return truthOf(r.deny)
}

// remark adds a note to the result.
func (e *evaluation) remark(text string) {
	if e.trace != nil && !slices.Contains(e.trace.result.Notes, text) {
		e.trace.result.Notes = append(e.trace.result.Notes, text)
	}
}
