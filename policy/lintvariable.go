package policy

import (
	"iter"
	"strings"
)

func variableRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"MISSING_BRACE_IN_VARIABLE", SeverityError, "Variable without closing brace",
			"A policy variable is written ${key}. Without the closing brace it is plain text.",
			"Add the closing brace.",
		}, check: eachVariable(checkBrace)},
		{Rule: Rule{
			"EMPTY_VARIABLE", SeverityError, "Empty variable",
			"A policy variable names a condition key between its braces.",
			"Name the key, or remove the variable.",
		}, check: eachVariable(checkEmptyVariable)},
		{Rule: Rule{
			"MISSING_QUOTE_IN_VARIABLE", SeverityError, "Default value without quotes",
			"The default value of a policy variable stands in single quotes: ${aws:PrincipalTag/team, 'none'}.",
			"Put the default value in single quotes.",
		}, check: eachVariable(checkQuote)},
		{Rule: Rule{
			"UNSUPPORTED_SPACE_IN_VARIABLE", SeverityError, "Space in a variable",
			"In a policy variable the only space is the one before the default value.",
			"Remove the space.",
		}, check: eachVariable(checkSpace)},
		{Rule: Rule{
			"VARIABLE_UNSUPPORTED_IN_VERSION", SeverityError, "Variable in the old language",
			"Policy variables need Version 2012-10-17; in older documents they are plain text, which nothing matches.",
			"Set Version to 2012-10-17.",
		}, check: eachVariable(checkVariableVersion)},
		{Rule: Rule{
			"VARIABLE_UNSUPPORTED_IN_ELEMENT", SeverityError, "Variable where there is none",
			"Policy variables work in the last part of a Resource's ARN and in conditions; elsewhere they are plain text.",
			"Write the value itself, or move the test into the Condition.",
		}, check: eachStatement(checkVariableElement)},
		{Rule: Rule{
			"INVALID_VARIABLE_FOR_OPERATOR", SeverityError, "Variable under an operator without",
			"Policy variables work with string and ARN operators; numbers, dates and addresses have to be written out.",
			"Write the value itself.",
		}, check: eachStatement(checkVariableOperator)},
	}
}

// variables yields where variables can stand: the values that hold one.
func (s lintStatement) variables() iter.Seq[lintValue] {
	return func(yield func(lintValue) bool) {
		for v := range s.resources() {
			if holdsVariable(v.text) && !yield(v) {
				return
			}
		}
		for t := range s.tests() {
			for v := range t.scalars() {
				if v.kind == StringValue && holdsVariable(v.text) && !yield(v) {
					return
				}
			}
		}
	}
}

// eachVariable makes a check of a document from one of a value with variables.
// The inner texts are what stands between the braces.
func eachVariable(check func(p *lintPass, v lintValue, inner []string, open bool)) func(*lintPass) {
	return eachStatement(func(p *lintPass, s lintStatement) {
		for v := range s.variables() {
			inner, open := insides(v.text)
			check(p, v, inner, open)
		}
	})
}

// insides returns what stands in the variables of a text, and whether the last
// is not closed.
func insides(text string) (inner []string, open bool) {
	for {
		_, rest, found := strings.Cut(text, "${")
		if !found {
			return inner, false
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return inner, true
		}
		inner, text = append(inner, name), after
	}
}

func checkBrace(p *lintPass, v lintValue, _ []string, open bool) {
	if open {
		p.report(v.pointer, "a variable in %q lacks its closing brace", clip(v.text))
	}
}

func checkEmptyVariable(p *lintPass, v lintValue, inner []string, _ bool) {
	for _, name := range inner {
		if strings.TrimSpace(name) == "" {
			p.report(v.pointer, "a variable in %q is empty", clip(v.text))
		}
	}
}

func checkQuote(p *lintPass, v lintValue, inner []string, _ bool) {
	for _, name := range inner {
		_, fallback, ok := strings.Cut(name, ",")
		fallback = strings.TrimSpace(fallback)
		if ok && (len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'') {
			p.report(v.pointer, "the default value in ${%s} is not in single quotes", clip(name))
		}
	}
}

// checkSpace lets tag keys have spaces, as tags do.
func checkSpace(p *lintPass, v lintValue, inner []string, _ bool) {
	for _, name := range inner {
		key, _, _ := strings.Cut(name, ",")
		prefix, _, _ := strings.Cut(key, "/")
		if strings.TrimSpace(key) != "" && (strings.Contains(prefix, " ") || strings.TrimSpace(key) != key) {
			p.report(v.pointer, "the name of the variable ${%s} has a space", clip(name)).Fix = replaceWith(v.pointer, "remove the space", strings.Replace(v.text, key, withoutSpaces(key), 1))
		}
	}
}

// withoutSpaces leaves those within a tag's key.
func withoutSpaces(key string) string {
	prefix, tag, isTag := strings.Cut(strings.TrimSpace(key), "/")
	prefix = strings.ReplaceAll(prefix, " ", "")
	if isTag {
		return prefix + "/" + tag
	}
	return prefix
}

func checkVariableVersion(p *lintPass, v lintValue, inner []string, _ bool) {
	if p.doc.Version != Version2012 && len(inner) > 0 {
		p.report(v.pointer, "under this Version %q is plain text", clip(v.text)).Fix = replaceWith("/Version", "write "+Version2012, Version2012)
	}
}

func checkVariableElement(p *lintPass, s lintStatement) {
	report := func(v lintValue, where string) {
		if holdsVariable(v.text) {
			p.report(v.pointer, "a variable in %s is plain text: %q", where, clip(v.text))
		}
	}
	for v := range s.actions() {
		report(v, v.element)
	}
	for v := range s.principals() {
		report(v, "a principal")
	}
	for v := range s.resources() {
		head, tail := splitHead(v.text)
		if tail != "" && holdsVariable(head) {
			report(v, "the first five parts of an ARN")
		}
	}
}

// checkVariableOperator leaves Bool out: AWS's pages contradict each other.
func checkVariableOperator(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		if !t.known || t.hasVariables() || t.base == "Bool" {
			continue
		}
		for v := range t.scalars() {
			if holdsVariable(v.text) {
				p.report(v.pointer, "%s has no variables", clip(t.name))
			}
		}
	}
}
