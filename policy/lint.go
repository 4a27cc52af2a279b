package policy

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"
)

// Linter looks for mistakes in documents. The zero Linter knows AWS's default
// quotas and every rule. It is safe for concurrent use.
type Linter struct {
	// Ignore are the ids of rules to leave out.
	Ignore []string
	// TrustPolicySize is the quota of a role trust policy in characters; zero:
	// 2048. AWS raises it up to 8192 on request (IAM User Guide,
	// reference_iam-quotas).
	TrustPolicySize int
	// SessionTagsDisabled says that the EKS Pod Identity association of the
	// role has disableSessionTags set.
	SessionTagsDisabled bool
	// SessionPolicy says that the association has a policy of its own, which
	// takes effect only together with disableSessionTags.
	SessionPolicy bool
}

// Lint is [Linter.Lint] with the zero Linter.
func Lint(p Policy) Findings { return Linter{}.Lint(p) }

// LintText is [Linter.LintText] with the zero Linter.
func LintText(text []byte, p Policy) Findings { return Linter{}.LintText(text, p) }

// Lint returns what is wrong or doubtful about one document, in order of its
// place. The policy's kind decides which rules apply; where it is [NoKind],
// those that fit every kind that the document can be. Its account and name
// are used where the document alone does not tell. A nil Document has no
// findings.
//
// A correct document has none. A finding never changes what [Evaluate]
// decides. What spans several documents is for [SecretAccess.Lint].
func (l Linter) Lint(p Policy) Findings { return l.lint(p, nil) }

func (l Linter) lint(p Policy, access *SecretAccess) Findings {
	if p.Document == nil {
		return nil
	}
	text, err := p.Document.MarshalJSON()
	if err != nil {
		problem := strings.TrimPrefix(err.Error(), "policy: ")
		return Findings{{
			ID: ruleSyntax, Severity: SeverityError, Message: problem,
			Kind: p.Kind, Account: p.Account, Policy: p.Name,
		}}
	}
	src := newLocator(p.Document)
	return l.run(text, p, access, src.find)
}

// LintText lints a document that need not be well-formed: what keeps it from
// being parsed is a finding as well. The policy's Document is not used.
//
// That is why there is no lenient way to parse: a [Document] that held two
// members of one name could neither be evaluated nor written back.
func (l Linter) LintText(text []byte, p Policy) Findings {
	return l.run(text, p, nil, nil)
}

// run lints a text. Where places in it are not those to report, find
// translates a pointer.
func (l Linter) run(text []byte, p Policy, access *SecretAccess, find func(pointer string) *node) Findings {
	src := newSource(text)
	src.lenient = true
	root, err := scanDocument(src)
	run := &lintPass{Linter: l, policy: p, doc: &Document{}, access: access, root: root}
	if err == nil {
		run.doc, err = decodeDocument(root)
	}
	run.problems = src.problems
	if problem, ok := errors.AsType[*SyntaxError](err); ok {
		run.doc, run.root, run.problems = &Document{}, nil, append(run.problems, problem)
	}
	run.kinds = possibleKinds(p.Kind, run.doc)
	large := run.large()
	rules := catalogue()
	for i := range rules {
		if r := &rules[i]; run.applies(r) && (r.large || !large) {
			run.rule = r
			r.check(run)
		}
	}
	run.place(find)
	return run.found
}

// lintPass is one document on its way through the rules.
type lintPass struct {
	Linter
	policy   Policy
	kinds    []Kind // what the document can be; nil: not known
	doc      *Document
	root     *node // its JSON; nil: not to be read at all
	problems []*SyntaxError
	access   *SecretAccess // the set that the document belongs to; nil: alone
	rule     *lintRule
	found    Findings
}

// applies reports whether the rule is about every kind that the document can
// be.
func (p *lintPass) applies(r *lintRule) bool {
	if slices.Contains(p.Ignore, r.ID) || r.check == nil {
		return false
	}
	if r.kinds == nil {
		return true
	}
	return len(p.kinds) > 0 && !slices.ContainsFunc(p.kinds, func(k Kind) bool { return !slices.Contains(r.kinds, k) })
}

// kind is the document's kind, NoKind if there are several that it can be.
func (p *lintPass) kind() Kind {
	if len(p.kinds) == 1 {
		return p.kinds[0]
	}
	return p.policy.Kind
}

// report adds a finding of the running rule about the value at the pointer.
// The result can be refined until the next one is added.
func (p *lintPass) report(pointer, format string, args ...any) *Finding {
	p.found = append(p.found, Finding{
		ID: p.rule.ID, Severity: p.rule.Severity, Message: fmt.Sprintf(format, args...),
		Explanation: p.rule.Explanation, Remedy: p.rule.Remedy,
		Kind: p.kind(), Account: p.policy.Account, Policy: p.policy.Name,
		Pointer: pointer,
	})
	return &p.found[len(p.found)-1]
}

// reportName is report for what is wrong with a member's name.
func (p *lintPass) reportName(pointer, format string, args ...any) *Finding {
	f := p.report(pointer, format, args...)
	f.name = true
	return f
}

// place finds the findings' places in the source and sorts by them.
func (p *lintPass) place(find func(string) *node) {
	own := find == nil
	if own {
		find = p.root.at
	}
	for i := range p.found {
		f := &p.found[i]
		switch n := find(f.Pointer); {
		case own && f.problem != nil && (n == nil || n.start != f.problem.Position.Offset):
			f.Span = Span{f.problem.Position, f.problem.Position}
			f.runes = [2]int{f.Span.Start.Column, f.Span.End.Column}
		case n != nil:
			if f.name && n.name != nil {
				n = n.name
			}
			f.Span = n.span()
			f.runes = [2]int{n.src.runeColumn(f.Span.Start), n.src.runeColumn(f.Span.End)}
		}
	}
	slices.SortStableFunc(p.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Span.Start.Offset, b.Span.Start.Offset), comparePointers(a.Pointer, b.Pointer))
	})
}

// comparePointers orders the elements of an array by number: "/2" before
// "/10".
func comparePointers(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "/"), strings.Split(b, "/"), func(x, y string) int {
		if allDigits(x) && allDigits(y) {
			return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
		}
		return cmp.Compare(x, y)
	})
}

// runeColumn is the column in characters.
func (s *source) runeColumn(p Position) int {
	return utf8.RuneCount(s.data[p.Offset-p.Column+1:p.Offset]) + 1
}

// possibleKinds returns what a document can be if that is not given.
func possibleKinds(given Kind, d *Document) []Kind {
	if given != NoKind {
		return []Kind{given}
	}
	named, resources, sts, kms := 0, 0, 0, 0
	for i := range d.Statements {
		s := &d.Statements[i]
		named += count(!isAbsent(s.Principal) || !isAbsent(s.NotPrincipal))
		resources += count(s.Resource.List != nil || s.NotResource.List != nil)
		sts += count(onlyService(s.Action, "sts"))
		kms += count(onlyService(s.Action, "kms"))
	}
	all := len(d.Statements)
	switch {
	case all == 0:
		return nil
	case sts == all && resources == 0:
		return []Kind{TrustPolicy}
	case named == all && kms == all:
		return []Kind{KeyPolicy}
	case named == all && resources == all:
		return []Kind{ResourcePolicy, KeyPolicy, ResourceControlPolicy, EndpointPolicy}
	case named == 0:
		return attachedKinds
	}
	return nil
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// onlyService reports whether all actions are the service's.
func onlyService(v Values, service string) bool {
	return len(v.List) > 0 && !slices.ContainsFunc(v.List, func(a Value) bool { return !isService(a.Text, service) })
}

// lintStatement is a statement on its way through the rules.
type lintStatement struct {
	*Statement
	index   int
	pointer string
}

// statements yields those that could be read whole.
func (p *lintPass) statements() iter.Seq[lintStatement] {
	return func(yield func(lintStatement) bool) {
		for i := range p.doc.Statements {
			s := lintStatement{Statement: &p.doc.Statements[i], index: i, pointer: "/Statement"}
			if !p.doc.single {
				s.pointer = fmt.Sprintf("/Statement/%d", i)
			}
			if !p.broken(s.pointer) && !yield(s) {
				return
			}
		}
	}
}

// broken reports whether something within the value could not be read.
func (p *lintPass) broken(pointer string) bool {
	return slices.ContainsFunc(p.problems, func(e *SyntaxError) bool {
		return e.Pointer == pointer || strings.HasPrefix(e.Pointer, pointer+"/")
	})
}
