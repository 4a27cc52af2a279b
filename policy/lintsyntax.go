package policy

// The rules that [Parse] enforces, and their ids in a [SyntaxError].
const (
	ruleSyntax      = "JSON_SYNTAX_ERROR"
	ruleRepeated    = "REPEATED_MEMBER"
	ruleType        = "DATA_TYPE_MISMATCH"
	ruleVersion     = "INVALID_VERSION"
	ruleEffect      = "INVALID_EFFECT"
	rulePrincipal   = "INVALID_PRINCIPAL_FORMAT"
	ruleCombination = "UNSUPPORTED_ELEMENT_COMBINATION"
)

// ruleMissing is the rule that a member has to be there.
func ruleMissing(member string) string {
	switch member {
	case "Statement":
		return "MISSING_STATEMENT"
	case "Effect":
		return "MISSING_EFFECT"
	}
	return "MISSING_ACTION"
}

func syntaxRules() []lintRule {
	return []lintRule{
		syntaxRule(ruleSyntax, "Not JSON",
			"What is not JSON in UTF-8, or is larger than any policy may be, cannot be read at all.",
			"Correct the text where the finding points."),
		syntaxRule(ruleRepeated, "Repeated member",
			"Of two members with one name, JSON readers take either; AWS refuses the document or uses one without saying which.",
			"Merge the two into one."),
		syntaxRule(ruleType, "Wrong type",
			"The element is of another JSON type than the policy grammar has for it.",
			"Write it as the grammar does: lists of strings, objects for statements and conditions."),
		syntaxRule(ruleVersion, "No such version",
			"Version is the version of the policy language, not of the document. There are two.",
			"Write 2012-10-17."),
		syntaxRule(ruleEffect, "No such effect",
			"Effect is Allow or Deny, with these capitals.",
			"Write Allow or Deny."),
		syntaxRule("MISSING_STATEMENT", "No Statement",
			"A document without Statement says nothing, and IAM refuses it.",
			"Add the Statement."),
		syntaxRule("MISSING_EFFECT", "No Effect",
			"A statement has to say whether it allows or denies; there is no default.",
			"Add the Effect."),
		syntaxRule(ruleCombination, "Element with its opposite",
			"A statement has an element or its Not form. With both, IAM refuses it.",
			"Remove one of the two, or make two statements."),
	}
}

// syntaxRule is a rule that Parse enforces.
func syntaxRule(id, title, explanation, remedy string) lintRule {
	return lintRule{
		Rule:  Rule{ID: id, Severity: SeverityError, Title: title, Explanation: explanation, Remedy: remedy},
		check: (*lintPass).reportProblems,
		large: true,
	}
}

// reportProblems reports what broke the running rule.
func (p *lintPass) reportProblems() {
	for _, problem := range p.problems {
		if problem.Rule != p.rule.ID {
			continue
		}
		f := p.report(problem.Pointer, "%s", problem.Problem)
		f.problem = problem
		switch n := p.root.at(problem.Pointer); {
		case n == nil:
		case problem.Rule == ruleVersion:
			f.Fix = replaceWith(problem.Pointer, "write "+Version2012, Version2012)
		case problem.Rule == ruleEffect && n.kind == jsonString:
			f.Fix = capitalised(problem.Pointer, n.text, string(Allow), string(Deny))
		}
	}
}
