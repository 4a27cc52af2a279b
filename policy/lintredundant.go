package policy

import (
	"iter"
	"strings"
)

func redundancyRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"REDUNDANT_ACTION", SeveritySuggestion, "Action listed twice",
			"Another entry of the list covers it already.",
			"Remove it.",
		}, check: eachStatement(redundant("Action", globs))},
		{Rule: Rule{
			"REDUNDANT_RESOURCE", SeveritySuggestion, "Resource listed twice",
			"Another entry of the list covers it already.",
			"Remove it.",
		}, check: eachStatement(redundant("Resource", coversResource))},
		{Rule: Rule{
			"REDUNDANT_PRINCIPAL", SeveritySuggestion, "Principal listed twice",
			"The same principal stands in the list before.",
			"Remove it.",
		}, check: eachStatement(checkRedundantPrincipal)},
		{Rule: Rule{
			"REDUNDANT_CONDITION_VALUE", SeveritySuggestion, "Value listed twice",
			"The same value stands in the list before.",
			"Remove it.",
		}, check: eachStatement(checkRedundantValue)},
		{Rule: Rule{
			"REDUNDANT_STATEMENT", SeveritySuggestion, "Statement listed twice",
			"Another statement of the document says the same.",
			"Remove it.",
		}, check: checkRedundantStatement},
	}
}

// coversResource is careful: it compares within the last part of the ARN only.
func coversResource(broad, narrow string) bool {
	if broad == "*" || broad == narrow {
		return true
	}
	head, tail := splitHead(broad)
	narrowHead, narrowTail := splitHead(narrow)
	if head != narrowHead || tail == "" || holdsVariable(broad) {
		return false
	}
	g := newGlob(tail)
	return g.match(narrowTail)
}

// How many entries of a list are compared with each other, and how many
// wildcards one may have that is to cover others. Real policies have fewer.
const (
	maxCompared  = 500
	maxWildcards = 8
)

// redundant makes a check for entries that another one of the list covers.
func redundant(name string, covers func(broad, narrow string) bool) func(*lintPass, lintStatement) {
	return func(p *lintPass, s lintStatement) {
		for element, v := range s.lists(name) {
			if len(v.List) > maxCompared {
				continue
			}
			for at := range scalarsOf(element, s.pointer+"/"+element, v) {
				if by, ok := coveredBy(v, indexOf(at.pointer), covers); ok {
					p.report(at.pointer, "%s is covered by %s", clip(at.text), clip(by)).Fix = removeAt(at.pointer, "remove it")
				}
			}
		}
	}
}

// indexOf is the index of a list's element, 0 for a lone value.
func indexOf(pointer string) (i int) {
	for _, c := range pointer[strings.LastIndexByte(pointer, '/')+1:] {
		if c < '0' || c > '9' {
			return 0
		}
		i = i*10 + int(c-'0')
	}
	return i
}

// coveredBy returns another value that covers the one of the index. Of two
// that are the same, the second is covered. Where a ? could stand against a *,
// which is more, that is left open.
func coveredBy(v Values, index int, covers func(broad, narrow string) bool) (string, bool) {
	narrow := v.List[index].Text
	for i, broad := range v.List {
		if strings.Contains(broad.Text, "?") && strings.Contains(narrow, "*") && broad.Text != narrow {
			continue
		}
		if i == index || strings.Count(broad.Text, "*") > maxWildcards || !covers(broad.Text, narrow) || i > index && covers(narrow, broad.Text) {
			continue
		}
		return broad.Text, true
	}
	return "", false
}

// repeated yields the values that stand in the list before.
func repeated(element, pointer string, v Values) iter.Seq[lintValue] {
	return func(yield func(lintValue) bool) {
		seen := map[string]bool{}
		for at := range scalarsOf(element, pointer, v) {
			if seen[at.text] && !yield(at) {
				return
			}
			seen[at.text] = true
		}
	}
}

func checkRedundantPrincipal(p *lintPass, s lintStatement) {
	for element, who := range s.bothPrincipals() {
		for _, e := range who.Entries {
			for at := range repeated(e.Type, s.pointer+"/"+element+"/"+escapeToken(e.Type), e.Values) {
				p.report(at.pointer, "%s is listed before", clip(at.text)).Fix = removeAt(at.pointer, "remove it")
			}
		}
	}
}

func checkRedundantValue(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		for at := range repeated(t.key, t.pointer, t.values) {
			p.report(at.pointer, "%s is listed before", clip(at.text)).Fix = removeAt(at.pointer, "remove it")
		}
	}
}

func checkRedundantStatement(p *lintPass) {
	first := map[string]int{}
	for s := range p.statements() {
		essence := s.essence()
		if i, ok := first[essence]; ok {
			p.report(s.pointer, "statement %d says the same", i+1).Fix = removeAt(s.pointer, "remove it")
			continue
		}
		first[essence] = s.index
	}
}
