package policy

import (
	"slices"
	"sync"
)

// Rule describes what a lint looks for.
type Rule struct {
	// ID names the rule for good. Rules about web identity, secrets and keys
	// are numbered IRSA001 and so on; the general ones have the code that IAM
	// Access Analyzer gives the same finding, if it has it (IAM User Guide,
	// access-analyzer-reference-policy-checks).
	ID string `json:"id"`
	// Severity is the usual one; a finding may be milder or graver.
	Severity Severity `json:"severity"`
	Title    string   `json:"title"`
	// Explanation says why it matters, Remedy what to do.
	Explanation string `json:"explanation"`
	Remedy      string `json:"remedy"`
}

// lintRule is a Rule with its check.
type lintRule struct {
	Rule
	// kinds are those that the rule is about; nil: all.
	kinds []Kind
	check func(*lintPass)
	// large lets the rule look at documents that are larger than any policy.
	large bool
	// set checks what spans the documents of a set; nil: nothing does.
	set func(*lintPass, *SecretAccess)
}

// The kinds that many rules are about.
var (
	// attached policies say what their principal may do, and so name none.
	attachedKinds = []Kind{IdentityPolicy, PermissionsBoundary, SessionPolicy, ServiceControlPolicy}
	// Those that name principals, and the ones of them that grant.
	namingKinds   = []Kind{ResourcePolicy, KeyPolicy, TrustPolicy, ResourceControlPolicy, EndpointPolicy}
	grantingKinds = []Kind{IdentityPolicy, ResourcePolicy, KeyPolicy, TrustPolicy}
	publicKinds   = []Kind{ResourcePolicy, KeyPolicy, TrustPolicy}
	trustKind     = []Kind{TrustPolicy}
)

// catalogue returns all rules in the order in which they are checked: what is
// wrong with the form first, then with the parts, then with the whole. They are
// functions and no variables, so that a program that lints nothing has none of
// them in it.
func catalogue() []lintRule {
	catalogued.once.Do(func() {
		catalogued.rules = slices.Concat(
			syntaxRules(), elementRules(), sizeRules(), principalRules(), actionRules(), arnRules(), variableRules(),
			operatorRules(), typeRules(), breadthRules(), redundancyRules(),
			issuerRules(), subjectRules(), trustRules(), secretRules(), keyRules(), accessRules(),
		)
	})
	return catalogued.rules
}

// catalogued keeps what catalogue returns.
var catalogued struct {
	once  sync.Once
	rules []lintRule
}

// Rules returns all lint rules.
func Rules() []Rule {
	all := catalogue()
	rules := make([]Rule, len(all))
	for i := range all {
		rules[i] = all[i].Rule
	}
	return rules
}

// eachStatement makes a check of a document from one of a statement.
func eachStatement(check func(*lintPass, lintStatement)) func(*lintPass) {
	return func(p *lintPass) {
		for s := range p.statements() {
			check(p, s)
		}
	}
}
