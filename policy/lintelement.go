package policy

import (
	"slices"
	"strings"
)

func elementRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"INVALID_POLICY_ELEMENT", SeverityError, "Unknown element",
			"IAM refuses a document with a member that the policy grammar does not have. Names have to match exactly.",
			"Remove it, or spell it as the grammar does.",
		}, check: checkUnknown},
		{Rule: Rule{
			"UNSUPPORTED_CHARACTER", SeverityError, "Character that IAM does not take",
			"Documents may hold tab, line feed, carriage return and the characters U+0020 to U+00FF (IAM User Guide, reference_iam-quotas).",
			"Replace the character; typographic quotes and dashes from a text processor are the usual ones.",
		}, check: checkCharacters},
		{Rule: Rule{
			"MISSING_VERSION", SeverityWarning, "No Version",
			"Without Version the old language of 2008 applies, in which policy variables are plain text.",
			"Add \"Version\": \"2012-10-17\".",
		}, check: checkVersion},
		{Rule: Rule{
			"MISSING_ACTION", SeverityError, "No Action",
			"A statement without Action or NotAction is about nothing. KMS accepts it in a key policy, where it has no effect.",
			"Add the Action.",
		}, check: checkMissingAction},
		{Rule: Rule{
			"MISSING_RESOURCE", SeverityError, "No Resource",
			"Every kind of policy but a role's trust policy says what its statements are about. KMS accepts a statement without in a key policy, where it has no effect.",
			"Add the Resource; in the policy of a secret or key, \"*\" is that secret or key.",
		}, kinds: slices.Concat(attachedKinds, []Kind{ResourcePolicy, KeyPolicy, ResourceControlPolicy, EndpointPolicy}), check: eachStatement(checkMissingResource)},
		{Rule: Rule{
			"MISSING_PRINCIPAL", SeverityError, "No Principal",
			"A policy that hangs on a resource has to say whom it is about.",
			"Add the Principal.",
		}, kinds: namingKinds, check: eachStatement(checkMissingPrincipal)},
		{Rule: Rule{
			"UNSUPPORTED_PRINCIPAL", SeverityError, "Principal in a policy that has none",
			"A policy attached to a role, user or account is about those; IAM refuses a Principal in it.",
			"Remove the Principal, or put the statement into the resource's policy.",
		}, kinds: attachedKinds, check: eachStatement(checkUnsupportedPrincipal)},
		{Rule: Rule{
			"UNSUPPORTED_ID", SeverityError, "Id in a policy that has none",
			"The Id element is for resource-based policies only.",
			"Remove the Id.",
		}, kinds: []Kind{IdentityPolicy, PermissionsBoundary, SessionPolicy}, check: checkID},
		{Rule: Rule{
			"UNSUPPORTED_SID", SeverityError, "Sid with other characters",
			"In policies that are attached to roles and users a Sid is made of ASCII letters and digits only.",
			"Leave the other characters out.",
		}, kinds: attachedKinds, check: checkSid},
		{Rule: Rule{
			"UNIQUE_SIDS_REQUIRED", SeverityError, "Repeated Sid",
			"A Sid must be unique within the document; IAM refuses it otherwise.",
			"Give each statement its own Sid, or none.",
		}, kinds: attachedKinds, check: checkUniqueSids},
		{Rule: Rule{
			"UNIQUE_SIDS_RECOMMENDED", SeverityWarning, "Repeated Sid",
			"Reports name statements by their Sid; two with the same cannot be told apart, and some services refuse them.",
			"Give each statement its own Sid, or none.",
		}, kinds: namingKinds, check: checkUniqueSids},
		{Rule: Rule{
			"ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE", SeverityError, "Resource in a trust policy",
			"A trust policy is about the role that it hangs on; IAM refuses a Resource in it.",
			"Remove the Resource.",
		}, kinds: trustKind, check: eachStatement(checkTrustResource)},
		{Rule: Rule{
			"ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL", SeverityError, "NotPrincipal in a trust policy",
			"A trust policy names those who may assume the role; IAM refuses NotPrincipal in it.",
			"Name the principals.",
		}, kinds: trustKind, check: eachStatement(checkTrustNotPrincipal)},
		{Rule: Rule{
			"ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL", SeverityError, "Everyone in a trust policy",
			"The bare principal \"*\" is not supported in a role's trust policy.",
			"Name the principals.",
		}, kinds: trustKind, check: eachStatement(checkTrustWildcard)},
		{Rule: Rule{
			"RCP_SYNTAX_ERROR_ALLOW", SeverityError, "Allow in a resource control policy",
			"Customers' resource control policies can only deny; what allows is AWS's own RCPFullAWSAccess.",
			"Turn the statement into a Deny of the opposite.",
		}, kinds: []Kind{ResourceControlPolicy}, check: checkRCPAllow},
		{Rule: Rule{
			"RCP_SYNTAX_ERROR_PRINCIPAL", SeverityError, "Principal in a resource control policy",
			"A statement of a resource control policy is about everyone; its Principal is \"*\". Whom it spares, its Condition says.",
			"Write \"Principal\": \"*\" and exempt principals in the Condition, by aws:PrincipalArn or aws:PrincipalOrgID.",
		}, kinds: []Kind{ResourceControlPolicy}, check: eachStatement(checkRCPPrincipal)},
		{Rule: Rule{
			"EMPTY_ARRAY_ACTION", SeveritySuggestion, "Empty list of actions",
			"The statement is about no action, so it has no effect.",
			"Add actions, or remove the statement.",
		}, check: emptyList("Action")},
		{Rule: Rule{
			"EMPTY_ARRAY_RESOURCE", SeveritySuggestion, "Empty list of resources",
			"The statement is about no resource, so it has no effect.",
			"Add resources, or remove the statement.",
		}, check: emptyList("Resource")},
		{Rule: Rule{
			"EMPTY_ARRAY_PRINCIPAL", SeveritySuggestion, "Empty list of principals",
			"A principal type without values matches nobody.",
			"Add principals, or remove the type.",
		}, check: eachStatement(checkEmptyPrincipalList)},
		{Rule: Rule{
			"EMPTY_OBJECT_PRINCIPAL", SeveritySuggestion, "Empty Principal",
			"A Principal without types matches nobody.",
			"Add principals, or remove the statement.",
		}, check: eachStatement(checkEmptyPrincipal)},
		{Rule: Rule{
			"EMPTY_OBJECT_CONDITION", SeveritySuggestion, "Empty Condition",
			"A Condition or operator without keys asks for nothing; perhaps something was forgotten.",
			"Remove it, or add the condition.",
		}, check: eachStatement(checkEmptyCondition)},
		{Rule: Rule{
			"EMPTY_ARRAY_CONDITION", SeveritySuggestion, "Condition key without values",
			"Nothing matches an empty list, so the statement never takes effect; with ForAllValues or IfExists it does just when the key is absent.",
			"Add values, or ask for absence with Null.",
		}, check: eachStatement(checkEmptyConditionList)},
	}
}

// The names of the grammar's members.
var (
	documentNames  = []string{"Version", "Id", "Statement"}
	statementNames = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
)

func checkUnknown(p *lintPass) {
	p.reportUnknown("", p.doc.Unknown, documentNames)
	for s := range p.statements() {
		p.reportUnknown(s.pointer, s.Unknown, statementNames)
	}
}

func (p *lintPass) reportUnknown(pointer string, unknown []Member, names []string) {
	for _, m := range unknown {
		at := pointer + "/" + escapeToken(m.Name)
		for _, name := range names {
			if strings.EqualFold(m.Name, name) {
				p.reportName(at, "%q is no element; the name is %s, with these capitals", clip(m.Name), name)
				at = ""
				break
			}
		}
		if at != "" {
			p.reportName(at, "IAM knows no element %q", clip(m.Name)).Fix = removeAt(at, "remove "+clip(m.Name))
		}
	}
}

// checkCharacters reports the first such character of each text.
func checkCharacters(p *lintPass) {
	if p.root != nil {
		p.reportCharacters(p.root)
	}
}

func (p *lintPass) reportCharacters(n *node) {
	if n.name != nil {
		if r, ok := unsupported(n.name.text); ok {
			p.reportName(n.pointer(), "the character %q (%U) is not allowed in a policy", r, r)
		}
	}
	if r, ok := unsupported(n.text); ok && n.kind == jsonString {
		p.report(n.pointer(), "the character %q (%U) is not allowed in a policy", r, r)
	}
	for _, child := range n.children {
		p.reportCharacters(child)
	}
}

func unsupported(s string) (rune, bool) {
	for _, r := range s {
		if r > 'ÿ' || r < ' ' && r != '\t' && r != '\n' && r != '\r' {
			return r, true
		}
	}
	return 0, false
}

func checkVersion(p *lintPass) {
	if p.root == nil || p.root.kind != jsonObject || p.root.has("Version") {
		return
	}
	f := p.report("", "the document has no Version, so it is read as of 2008-10-17")
	if !p.usesVariables() {
		f.Fix = replaceWith("/Version", "add the Version", Version2012)
	}
}

// usesVariables reports whether the version makes a difference.
func (p *lintPass) usesVariables() bool {
	for s := range p.statements() {
		for r := range s.resources() {
			if holdsVariable(r.text) {
				return true
			}
		}
		if s.any(func(t lintTest) bool {
			return slices.ContainsFunc(t.values.List, func(v Value) bool { return holdsVariable(v.Text) })
		}) {
			return true
		}
	}
	return false
}

// checkMissingAction also reports the statements that Parse refuses.
func checkMissingAction(p *lintPass) {
	p.reportProblems()
	for s := range p.statements() {
		if s.Action.List != nil || s.NotAction.List != nil {
			continue
		}
		f := p.report(s.pointer, "the statement has neither Action nor NotAction")
		if p.kind() == KeyPolicy {
			f.Severity = SeverityWarning
		}
	}
}

func checkMissingResource(p *lintPass, s lintStatement) {
	if s.Resource.List != nil || s.NotResource.List != nil {
		return
	}
	f := p.report(s.pointer, "the statement has neither Resource nor NotResource")
	if p.kind() == KeyPolicy {
		f.Severity = SeverityWarning
	}
}

func checkMissingPrincipal(p *lintPass, s lintStatement) {
	if isAbsent(s.Principal) && isAbsent(s.NotPrincipal) {
		p.report(s.pointer, "the statement has neither Principal nor NotPrincipal")
	}
}

func checkUnsupportedPrincipal(p *lintPass, s lintStatement) {
	for element := range s.bothPrincipals() {
		p.reportName(s.pointer+"/"+element, "a policy of this kind has no %s", element).Fix = removeAt(s.pointer+"/"+element, "remove "+element)
	}
}

func checkID(p *lintPass) {
	if p.root != nil && p.root.member("Id") != nil {
		p.reportName("/Id", "a policy of this kind has no Id").Fix = removeAt("/Id", "remove the Id")
	}
}

var notPlain = lazily(`[^A-Za-z0-9]`)

// checkSid has no fix where two statements would have the same Sid by it.
func checkSid(p *lintPass) {
	alike := map[string]int{}
	for s := range p.statements() {
		alike[notPlain().ReplaceAllString(s.Sid, "")]++
	}
	for s := range p.statements() {
		plain := notPlain().ReplaceAllString(s.Sid, "")
		if plain == s.Sid {
			continue
		}
		f := p.report(s.pointer+"/Sid", "the Sid %q holds other characters than letters and digits", clip(s.Sid))
		if plain == "" || alike[plain] == 1 {
			f.Fix = replaceWith(s.pointer+"/Sid", "leave out the other characters", plain)
		}
	}
}

func checkUniqueSids(p *lintPass) {
	first := map[string]int{}
	for s := range p.statements() {
		if s.Sid == "" {
			continue
		}
		if i, ok := first[s.Sid]; ok {
			p.report(s.pointer+"/Sid", "statement %d has the Sid %q too", i+1, clip(s.Sid))
			continue
		}
		first[s.Sid] = s.index
	}
}

func checkTrustResource(p *lintPass, s lintStatement) {
	for element := range s.lists("Resource") {
		p.reportName(s.pointer+"/"+element, "a role's trust policy has no %s", element).Fix = removeAt(s.pointer+"/"+element, "remove "+element)
	}
}

func checkTrustNotPrincipal(p *lintPass, s lintStatement) {
	if !isAbsent(s.NotPrincipal) {
		p.reportName(s.pointer+"/NotPrincipal", "a role's trust policy has no NotPrincipal")
	}
}

func checkTrustWildcard(p *lintPass, s lintStatement) {
	if s.Principal.Any {
		p.report(s.pointer+"/Principal", `a role's trust policy cannot have the principal "*"`)
	}
}

func checkRCPAllow(p *lintPass) {
	// RCPFullAWSAccess itself, which AWS attaches everywhere.
	if len(p.doc.Statements) == 1 && isFullAccess(&p.doc.Statements[0]) {
		return
	}
	for s := range p.statements() {
		if s.Effect == Allow {
			p.report(s.pointer+"/Effect", "a resource control policy cannot allow")
		}
	}
}

func isFullAccess(s *Statement) bool {
	return s.Effect == Allow && s.Principal.Any && s.Condition == nil && isStar(s.Action) && isStar(s.Resource)
}

func isStar(v Values) bool { return len(v.List) == 1 && v.List[0].Text == "*" }

func checkRCPPrincipal(p *lintPass, s lintStatement) {
	for element, who := range s.bothPrincipals() {
		if !who.Any {
			p.report(s.pointer+"/"+element, `the Principal of a resource control policy is "*"`)
		}
	}
}

func emptyList(name string) func(*lintPass) {
	return eachStatement(func(p *lintPass, s lintStatement) {
		for element, v := range s.lists(name) {
			if len(v.List) == 0 {
				p.report(s.pointer+"/"+element, "%s is empty, so the statement has no effect", element)
			}
		}
	})
}

func checkEmptyPrincipalList(p *lintPass, s lintStatement) {
	for element, who := range s.bothPrincipals() {
		for _, e := range who.Entries {
			if len(e.Values.List) == 0 {
				p.report(s.pointer+"/"+element+"/"+escapeToken(e.Type), "the list of %s principals is empty", clip(e.Type))
			}
		}
	}
}

func checkEmptyPrincipal(p *lintPass, s lintStatement) {
	for element, who := range s.bothPrincipals() {
		if !who.Any && len(who.Entries) == 0 {
			p.report(s.pointer+"/"+element, "%s is empty, so it names nobody", element)
		}
	}
}

func checkEmptyCondition(p *lintPass, s lintStatement) {
	at := s.pointer + "/Condition"
	if s.Condition != nil && len(s.Condition) == 0 {
		p.report(at, "the Condition is empty").Fix = removeAt(at, "remove the Condition")
	}
	for _, op := range s.Condition {
		if len(op.Keys) == 0 {
			pointer := at + "/" + escapeToken(op.Operator)
			fix := removeAt(pointer, "remove "+clip(op.Operator))
			if len(s.Condition) == 1 {
				fix = removeAt(at, "remove the Condition")
			}
			p.report(pointer, "%s has no keys", clip(op.Operator)).Fix = fix
		}
	}
}

func checkEmptyConditionList(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		if len(t.values.List) == 0 {
			p.report(t.pointer, "%s has no values for %s", clip(t.name), clip(t.key))
		}
	}
}

// capitalised returns the fix that writes the one of the words that text is
// but for its capitals, nil if it is none.
func capitalised(pointer, text string, words ...string) *Fix {
	for _, word := range words {
		if strings.EqualFold(text, word) {
			return replaceWith(pointer, "write "+word, word)
		}
	}
	return nil
}
