package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// query is one evaluation with what was asked, so that a remedy can be tried.
type query struct {
	link   Link
	req    Request
	set    Set
	result Result
	role   string // ARN of the role whose access it is about
	who    string // asks, in words
}

func newQuery(link Link, req Request, set Set, role string) query {
	return query{link: link, req: req, set: set, result: Evaluate(req, set), role: role, who: "the role " + role}
}

// finding is a fault that can still be merged with others about the same
// document.
type finding struct {
	Fault
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
	for _, r := range q.result.Reasons {
		if r.Effect == Deny {
			out = append(out, finding{Fault: q.denyFault(r.Place)})
		}
	}
	for _, m := range q.result.Missing {
		out = append(out, q.missing(m))
	}
	return out
}

// denyFault is about a statement that denies. There is nothing to add: a Deny
// overrides every Allow (IAM User Guide, reference_policies_evaluation-logic).
func (q query) denyFault(p Place) Fault {
	where := fmt.Sprintf("%s of %s in account %s", placeName(p), documentName(p.Kind, p.Policy), p.Account)
	f := Fault{
		Link: q.link, Kind: p.Kind, Account: p.Account, Document: p.Policy,
		Problem: where + " forbids " + q.asked(p.Policy) + ". A Deny overrides every Allow.",
		Remedy:  "Remove or narrow " + lowerFirst(where) + ", so that it spares " + q.who + ".",
		Index:   p.Index, Near: &NearMiss{Place: p, Effect: Deny},
	}
	f.Remedy += whoEdits(p.Kind)
	return f
}

// missing is about a grant that is missing. Where a statement comes close, and
// correcting it would grant, that is the remedy; otherwise a statement is
// added.
func (q query) missing(m Missing) finding {
	nears := q.nears(m)
	document := q.documentFor(m, nears)
	for _, near := range nears {
		if near.Policy != document {
			continue
		}
		if f, ok := q.corrected(near, nears); ok {
			return f
		}
	}
	f := q.fault(m.Kind, m.Account, document)
	if len(nears) > 0 {
		f.Near = &nears[0]
		f.Problem += " " + nearSentence(nears[0])
	}
	f.Statement = &m.Statement
	f.Remedy = q.addRemedy(m.Kind, m.Account, document) + whoEdits(m.Kind)
	return finding{Fault: f}
}

// corrected makes a fault of the near miss if correcting its statement grants.
// All that keeps the statement from matching is corrected at once: a near miss
// is one element, but each key of a Condition is one of its own.
func (q query) corrected(near NearMiss, all []NearMiss) (finding, bool) {
	p := q.set.find(near.Kind, near.Account, near.Policy)
	if p == nil || near.Index >= len(p.Document.Statements) {
		return finding{}, false
	}
	f := finding{Fault: q.fault(near.Kind, near.Account, near.Policy)}
	var hints []string
	var mends []func(Statement) Statement
	for _, n := range all {
		if n.Policy != near.Policy || n.Index != near.Index {
			continue
		}
		mend, what := correction(n, q.req)
		if mend == nil {
			return finding{}, false
		}
		mends = append(mends, mend)
		hints = append(hints, cmp.Or(n.Hint, what))
		f.Problem += " " + nearSentence(n)
	}
	f.mend = func(s Statement) Statement {
		for _, mend := range mends {
			s = mend(s)
		}
		return s
	}
	fixed := f.mend(p.Document.Statements[near.Index])
	near.Hint = strings.Join(hints, "; ")
	f.Statement, f.Replace, f.Index, f.Near = &fixed, true, near.Index, &near
	f.Remedy = replaceRemedy(&near) + whoEdits(near.Kind)
	return f, q.mended(*p, near.Index, fixed)
}

// fault begins a fault about a document that does not grant.
func (q query) fault(kind Kind, account, document string) Fault {
	problem := fmt.Sprintf("In account %s, %s does not allow %s.", account, documentName(kind, document), q.asked(document))
	if q.set.find(kind, account, document) == nil {
		problem = fmt.Sprintf("In account %s, nothing allows %s: %s does not exist.",
			account, q.asked(document), documentName(kind, document))
	}
	return Fault{
		Link: q.link, Kind: kind, Account: account, Document: document,
		Problem: problem + " " + q.why(kind),
	}
}

// asked says what the request is, to a newcomer who has just read about the
// document.
func (q query) asked(document string) string {
	before, noun, after := "read", "the secret", ""
	switch q.link {
	case TrustLink:
		before, noun = "assume", "the role"
	case KeyLink:
		before, noun, after = "decrypt with", "the key", " through Secrets Manager"
	}
	object := noun + " " + q.req.Resource
	if document == q.req.Resource {
		object = noun
	}
	return fmt.Sprintf("%s to %s %s%s (%s)", q.who, before, object, after, q.req.Action)
}

// why says what the document has to do with it.
func (q query) why(kind Kind) string {
	switch kind {
	case TrustPolicy:
		return "A role can be assumed only by those whom its trust policy names."
	case IdentityPolicy:
		if q.link == KeyLink {
			return "Secrets Manager decrypts with the rights of the role, so the role itself needs kms:Decrypt on the key."
		}
		return "A role may do only what its policies allow, wherever the resource is."
	case ResourcePolicy:
		return "A secret of another account must let the role in by a resource policy of its own."
	case KeyPolicy:
		return "Secrets Manager decrypts with the rights of the role, so the key's policy must let the role in."
	case PermissionsBoundary, SessionPolicy:
		return "It grants nothing by itself, but what it does not allow the role cannot do."
	case EndpointPolicy:
		return "What it does not allow cannot pass the VPC endpoint."
	}
	// What is left are service control policies.
	return "It grants nothing by itself, but nobody in the account can do what it does not allow."
}

// addRemedy says where to add the statement.
func (q query) addRemedy(kind Kind, account, document string) string {
	if q.set.find(kind, account, document) == nil {
		return fmt.Sprintf("In account %s, create %s with this statement.", account, documentName(kind, document))
	}
	return fmt.Sprintf("In account %s, add this statement to %s.", account, documentName(kind, document))
}

func replaceRemedy(near *NearMiss) string {
	return fmt.Sprintf("In account %s, put this statement in the place of %s of %s: %s.", near.Account,
		lowerFirst(placeName(near.Place)), documentName(near.Kind, near.Policy), strings.TrimSuffix(near.Hint, "."))
}

// whoEdits adds who can carry out the remedy, where it is not the account.
func whoEdits(kind Kind) string {
	if kind == ServiceControlPolicy || kind == ResourceControlPolicy {
		return " It is edited in the management account of the organization."
	}
	return ""
}

// documentName is a document as people call it.
func documentName(kind Kind, document string) string {
	switch kind {
	case IdentityPolicy:
		if isRole(document) {
			return "the permissions policy of the role " + document
		}
		return "the permissions policy " + document
	case ResourcePolicy:
		return "the resource policy of " + document
	case KeyPolicy:
		return "the key policy of " + document
	case TrustPolicy:
		return "the trust policy of " + document
	}
	return "the " + kind.String() + " " + document
}

// placeName is a statement as people count it: from 1, with its Sid.
func placeName(p Place) string {
	if p.Sid != "" {
		return fmt.Sprintf("Statement %d (%s)", p.Index+1, p.Sid)
	}
	return fmt.Sprintf("Statement %d", p.Index+1)
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// nearSentence says by what a statement misses.
func nearSentence(near NearMiss) string {
	element := near.Element
	if parts := strings.SplitN(element, "/", 3); len(parts) == 3 && parts[0] == "Condition" {
		element = parts[1] + " on " + parts[2]
	}
	got := "lacks it"
	if near.Got != nil {
		got = "has " + strings.Join(near.Got, ", ")
	}
	return fmt.Sprintf("%s comes close, but its %s is %s, and the request %s.",
		placeName(near.Place), element, strings.Join(near.Wanted, ", "), got)
}

// nears returns the statements that come close to the missing grant, the one
// that says most first: one with a hint, then one that differs in a condition,
// then the rest.
func (q query) nears(m Missing) []NearMiss {
	organization := m.Kind == ServiceControlPolicy || m.Kind == ResourceControlPolicy
	var out []NearMiss
	for _, n := range q.result.Near {
		if n.Effect != Allow || n.Kind != m.Kind || n.Account != m.Account || isManaged(&Policy{Name: n.Policy}) {
			continue
		}
		// Another level's policy cannot make up for this one's.
		if organization && n.Policy != m.Policy {
			continue
		}
		// Everybody else is no near miss, unless it is another role.
		if n.Element == "Principal" && n.Hint == "" && !slices.ContainsFunc(n.Wanted, isRole) {
			continue
		}
		out = append(out, n)
	}
	slices.SortStableFunc(out, func(a, b NearMiss) int { return cmp.Compare(remoteness(a), remoteness(b)) })
	return out
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
// that comes close, the one that the evaluation names, the first that can be
// edited, or else the thing to which a document is to be attached.
func (q query) documentFor(m Missing, nears []NearMiss) string {
	if len(nears) > 0 {
		return nears[0].Policy
	}
	if m.Policy != "" && !isManaged(&Policy{Name: m.Policy}) {
		return m.Policy
	}
	for p := range q.set.all() {
		if p.Kind == m.Kind && p.Account == m.Account && !isManaged(p) {
			return p.Name
		}
	}
	if m.Kind == ResourcePolicy || m.Kind == KeyPolicy {
		return q.req.Resource
	}
	return q.role
}

// mended reports whether the policy with the statement in place no longer
// lacks the grant.
func (q query) mended(p Policy, index int, s Statement) bool {
	f := Fault{Statement: &s, Replace: true, Index: index}
	fixed := Evaluate(q.req, q.set.with(p, f.Apply(p.Document)))
	return !slices.ContainsFunc(fixed.Missing, func(m Missing) bool {
		return m.Kind == p.Kind && m.Account == p.Account
	}) && fixed.Decision != Unknown
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
	sameDocument := g.Kind == f.Kind && g.Account == f.Account && g.Document == f.Document
	if !sameDocument || g.Replace != f.Replace || (g.Statement == nil) != (f.Statement == nil) {
		return false
	}
	add := g.Statement != nil && !g.Replace
	return add || g.Index == f.Index
}

// take merges f into g.
func (g *finding) take(f finding) {
	if f.Problem != g.Problem {
		g.Problem += " " + f.Problem
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
