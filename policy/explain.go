package policy

import (
	"cmp"
	"slices"
	"strings"
)

// query is one evaluation with what was asked, so that a remedy can be tried.
type query struct {
	link   Link
	req    Request
	set    Set
	result Result
	from   origins
	role   string // ARN of the role whose access it is about
	who    string // asks, in words
}

func newQuery(link Link, req Request, set Set, role string) query {
	t := Compile(set).explained(&req)
	return query{link: link, req: req, set: set, result: t.result, from: t.from, role: role, who: "the role " + shortName(role)}
}

// finding is a fault that can still be merged with others about the same
// document.
type finding struct {
	Fault
	of *Document // that the fault is about, which its name need not tell; nil: one to be made, or no policy
	// mend corrects a statement as the fault's Statement does.
	mend func(Statement) Statement
}

// findings says what to change so that the request is allowed: each Deny, and
// each grant that is missing.
func (q query) findings() []finding {
	if q.result.Decision == Allowed || q.result.Decision == Unknown {
		return nil
	}
	var out []finding
	for i, r := range q.result.Reasons {
		if r.Effect == Deny {
			out = append(out, finding{Fault: q.denyFault(r.Place), of: q.from.reasons[i]})
		}
	}
	for i, m := range q.result.Missing {
		out = append(out, q.missing(m, q.from.missing[i]))
	}
	return out
}

// denyFault is about a statement that denies. There is nothing to add: a Deny
// overrides every Allow (IAM User Guide, reference_policies_evaluation-logic).
func (q query) denyFault(p Place) Fault {
	where := placeName(p) + " of " + documentName(p.Kind, p.Policy)
	return Fault{
		Link: q.link, Kind: p.Kind, Account: p.Account, Document: p.Policy,
		Problem: where + " forbids " + q.asked(p.Account, p.Policy) + ". A Deny overrides every Allow.",
		Remedy:  in(p.Kind, p.Account) + ", remove or narrow " + lowerFirst(where) + ", so that it spares " + q.who + ".",
		Index:   p.Index, Position: p.Position, Near: &NearMiss{Place: p, Effect: Deny},
	}
}

// missing is about a grant that is missing. Where a statement comes close, and
// correcting it would grant, that is the remedy; otherwise a statement is
// added.
func (q query) missing(m Missing, of *Document) finding {
	nears := q.nears(m, of)
	document, of := q.documentFor(m, of, nears)
	for _, near := range nears {
		if near.of != of {
			continue
		}
		if f, ok := q.corrected(near, nears); ok {
			return f
		}
	}
	f := q.fault(m.Kind, m.Account, document)
	if len(nears) > 0 {
		f.Near, f.Position = &nears[0].NearMiss, nears[0].Position
		f.Problem += " " + q.nearSentence(nears[0].NearMiss)
	}
	f.Statement = &m.Statement
	f.Remedy = q.addRemedy(m.Kind, m.Account, document)
	return finding{Fault: f, of: of}
}

// nearMiss is a [NearMiss] with its document.
type nearMiss struct {
	NearMiss
	of *Document
}

// corrected makes a fault of the near miss if correcting its statement grants.
// All that keeps the statement from matching is corrected at once: a near miss
// is one element, but each key of a Condition is one of its own.
func (q query) corrected(near nearMiss, all []nearMiss) (finding, bool) {
	f := finding{Fault: q.fault(near.Kind, near.Account, near.Policy), of: near.of}
	var hints []string
	var mends []func(Statement) Statement
	for _, n := range all {
		if n.of != near.of || n.Index != near.Index {
			continue
		}
		mend, what := correction(n.NearMiss, q.req)
		if mend == nil {
			return finding{}, false
		}
		mends = append(mends, mend)
		hints = append(hints, cmp.Or(n.Hint, what))
		f.Problem += " " + q.nearSentence(n.NearMiss)
	}
	f.mend = func(s Statement) Statement {
		for _, mend := range mends {
			s = mend(s)
		}
		return s
	}
	fixed := f.mend(near.of.Statements[near.Index])
	near.Hint = strings.Join(hints, "; ")
	f.Statement, f.Replace, f.Index, f.Position, f.Near = &fixed, true, near.Index, near.Position, &near.NearMiss
	f.Remedy = replaceRemedy(&near.NearMiss)
	return f, q.mended(near, fixed)
}

// nears returns the statements that come close to the missing grant, the one
// that says most first: one with a hint, then one that differs in a condition,
// then the rest.
func (q query) nears(m Missing, of *Document) []nearMiss {
	organization := m.Kind == ServiceControlPolicy || m.Kind == ResourceControlPolicy
	var out []nearMiss
	for i, n := range q.result.Near {
		if n.Effect != Allow || n.Kind != m.Kind || n.Account != m.Account || isManaged(&Policy{Name: n.Policy}) {
			continue
		}
		// Another level's policy cannot make up for this one's.
		if organization && q.from.near[i] != of {
			continue
		}
		if n.Element == "Principal" && n.Kind == KeyPolicy && slices.ContainsFunc(n.Wanted, q.ownsResource) {
			continue
		}
		out = append(out, nearMiss{n, q.from.near[i]})
	}
	slices.SortStableFunc(out, func(a, b nearMiss) int { return cmp.Compare(remoteness(a.NearMiss), remoteness(b.NearMiss)) })
	return out
}

// ownsResource reports the account of the resource itself, which every key
// policy names for its administration: nobody wrote that for the caller.
func (q query) ownsResource(principal string) bool {
	account := accountOf(q.req.Resource)
	return principal == account || strings.HasSuffix(principal, ":iam::"+account+":root")
}

func isRole(principal string) bool { return strings.Contains(principal, ":role/") }

func remoteness(n NearMiss) int {
	switch {
	case n.Hint != "":
		return 0
	case strings.HasPrefix(n.Element, "Condition/"):
		return 1
	}
	return 2
}

// documentFor returns the document that is to grant what is missing: the one
// that comes close, the one that the evaluation names, or else the thing to
// which a document is to be attached.
func (q query) documentFor(m Missing, of *Document, nears []nearMiss) (string, *Document) {
	switch {
	case len(nears) > 0:
		return nears[0].Policy, nears[0].of
	case of != nil:
		return m.Policy, of
	case m.Kind == ResourcePolicy || m.Kind == KeyPolicy:
		return q.req.Resource, nil
	}
	return q.role, nil
}

// mended reports whether with the statement in its place a grant less is
// lacking. Of an organization's policies each level may lack one.
func (q query) mended(near nearMiss, s Statement) bool {
	f := Fault{Statement: &s, Replace: true, Index: near.Index}
	fixed := Evaluate(q.req, q.set.with(near.Kind, near.of, f.Apply(near.of)))
	left := fixed.lacks(near.Kind, near.Account)
	return fixed.Decision != Unknown && (left == 0 || left < q.result.lacks(near.Kind, near.Account))
}

// lacks counts the grants that are missing in documents of the kind.
func (r Result) lacks(kind Kind, account string) int {
	n := 0
	for _, m := range r.Missing {
		if m.Kind == kind && m.Account == account {
			n++
		}
	}
	return n
}

// mergeFindings makes one fault of all that is to be done in one place of a
// document: additions together, and corrections of one statement together.
func mergeFindings(findings []finding) []Fault {
	var merged []finding
	for _, f := range findings {
		i := slices.IndexFunc(merged, func(g finding) bool { return g.sharesPlace(f) })
		if i < 0 {
			merged = append(merged, f)
			continue
		}
		merged[i].take(f)
	}
	var faults []Fault
	for _, f := range merged {
		faults = append(faults, f.Fault)
	}
	return faults
}

// sharesPlace reports whether g and f are about one place of one document.
func (g finding) sharesPlace(f finding) bool {
	sameDocument := g.Kind == f.Kind && g.Account == f.Account && g.Document == f.Document && g.of == f.of
	if !sameDocument || g.Replace != f.Replace || (g.Statement == nil) != (f.Statement == nil) {
		return false
	}
	add := g.Statement != nil && !g.Replace
	return add || g.Index == f.Index
}

// take merges f into g.
func (g *finding) take(f finding) {
	if f.Problem != g.Problem {
		g.Problem += " " + f.briefly(g.Problem)
	}
	switch {
	case g.Statement == nil:
	case g.Replace && g.mend != nil && f.mend != nil:
		both := f.mend(*g.Statement)
		g.Statement = &both
	case !g.Replace:
		g.add(*f.Statement)
	}
}

// briefly is the fault's problem without the explanation, where another problem
// that is told before has that already.
func (g finding) briefly(before string) string {
	explanation := " " + why(g.Link, g.Kind)
	if !strings.Contains(before, explanation) {
		return g.Problem
	}
	return strings.Replace(g.Problem, explanation, "", 1)
}

// add takes a further statement to add: into one that g adds already, where
// that says the same.
func (g *finding) add(s Statement) {
	if joined, ok := join(*g.Statement, s); ok {
		g.Statement = &joined
		return
	}
	g.Also = append(g.Also, s)
	g.Remedy = strings.Replace(g.Remedy, "this statement", "these statements", 1)
}
