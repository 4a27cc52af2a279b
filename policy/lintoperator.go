package policy

import "strings"

func operatorRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"INVALID_CONDITION_OPERATOR", SeverityError, "Unknown condition operator",
			"IAM refuses a document with an operator that it does not know.",
			"Use an operator of the IAM User Guide, reference_policies_elements_condition_operators.",
		}, check: eachStatement(checkOperator)},
		{Rule: Rule{
			"NULL_WITH_IF_EXISTS", SeverityError, "Null with IfExists",
			"Null asks whether a key is there; IfExists in addition says nothing, and IAM refuses it.",
			"Write Null.",
		}, check: eachStatement(checkNullIfExists)},
		{Rule: Rule{
			"NULL_WITH_QUALIFIER", SeveritySuggestion, "Null with a set operator",
			"Null asks whether a key is there; ForAllValues or ForAnyValue in front of it is without meaning.",
			"Write Null.",
		}, check: eachStatement(checkNullQualifier)},
		{Rule: Rule{
			"INVALID_CONDITION_KEY_FORMAT", SeverityError, "Malformed condition key",
			"A condition key is a prefix, a colon and a name, such as aws:PrincipalArn; no request has another.",
			"Write the key with its prefix.",
		}, check: eachStatement(checkKeyFormat)},
		{Rule: Rule{
			"MISSING_TAG_KEY_IN_CONDITION", SeverityError, "Tag condition without the tag",
			"A condition on a tag names the tag behind a slash: aws:PrincipalTag/team.",
			"Add a slash and the tag's key.",
		}, check: eachStatement(checkTagKey)},
		{Rule: Rule{
			"DUPLICATE_KEYS_WITH_DIFFERENT_CASE", SeverityError, "Condition key in two spellings",
			"Condition keys compare without regard to case, so these are the same key twice, and IAM refuses that.",
			"Merge the two.",
		}, check: eachStatement(checkKeyCase)},
		{Rule: Rule{
			"INVALID_CONDITION_MULTIPLE_BOOLEAN", SeverityError, "Several truth values",
			"A condition with Bool or Null takes one value; with both true and false it would say nothing.",
			"Leave one value.",
		}, check: eachStatement(checkMultipleBoolean)},
		{Rule: Rule{
			"MISSING_QUALIFIER", SeverityError, "Key of many values without a set operator",
			"The key can have many values in one request; a plain operator does not say whether all or any of them have to match.",
			"Put ForAllValues: or ForAnyValue: in front of the operator.",
		}, check: eachStatement(checkQualifier)},
		{Rule: Rule{
			"FORALLVALUES_WITH_SINGLE_VALUED_KEY", SeveritySecurity, "ForAllValues on a key of one value",
			"ForAllValues is true when the key is absent, so the statement allows whoever lacks it.",
			"Use the plain operator.",
		}, check: eachStatement(checkForAllValues)},
		{Rule: Rule{
			"IFEXISTS_ON_GATING_KEY", SeveritySecurity, "IfExists on a key that keeps others out",
			"With IfExists the condition holds for every request that lacks the key, so the statement allows those too.",
			"Use the operator without IfExists.",
		}, check: eachStatement(checkIfExists)},
		{Rule: Rule{
			"WILDCARD_WITHOUT_LIKE_OPERATOR", SeverityWarning, "Wildcard that is none",
			"Only StringLike and the ARN operators have wildcards; elsewhere * and ? are plain characters.",
			"Use StringLike.",
		}, check: eachStatement(checkWildcard)},
		{Rule: Rule{
			"CONFIRM_AUDIENCE_CLAIM_TYPE", SeveritySuggestion, "Set operator on the audience",
			"A set operator is for providers whose tokens have a list of audiences. Most have one, for which the plain operator is right.",
			"Look at a token; if its aud is a single text, use the plain operator.",
		}, kinds: trustKind, check: eachStatement(checkAudienceType)},
	}
}

func checkOperator(p *lintPass, s lintStatement) {
	for _, op := range s.Condition {
		if _, ok := parseOperator(op.Operator); !ok && !isQualifiedNull(op.Operator) {
			p.reportName(s.pointer+"/Condition/"+escapeToken(op.Operator), "there is no operator %q", clip(op.Operator))
		}
	}
}

// isQualifiedNull recognises Null with something in front or behind, of which
// other rules speak.
func isQualifiedNull(operator string) bool {
	base := strings.ToLower(operator)
	for _, q := range []string{"forallvalues:", "foranyvalue:"} {
		base = strings.TrimPrefix(base, q)
	}
	return strings.TrimSuffix(base, "ifexists") == "null" && base != strings.ToLower(operator) || base == "nullifexists"
}

func checkNullIfExists(p *lintPass, s lintStatement) {
	p.checkNull(s, func(op string) bool { return strings.HasSuffix(op, "ifexists") })
}

func checkNullQualifier(p *lintPass, s lintStatement) {
	p.checkNull(s, func(op string) bool { return strings.HasPrefix(op, "for") && !strings.HasSuffix(op, "ifexists") })
}

func (p *lintPass) checkNull(s lintStatement, wrong func(string) bool) {
	for _, op := range s.Condition {
		if !isQualifiedNull(op.Operator) || !wrong(strings.ToLower(op.Operator)) {
			continue
		}
		f := p.reportName(s.pointer+"/Condition/"+escapeToken(op.Operator), "%s is written Null", clip(op.Operator))
		if len(op.Keys) == 1 {
			t := lintTest{name: op.Operator, key: op.Keys[0].Key, values: op.Keys[0].Values}
			f.Fix = s.moved(t, "Null")
		}
	}
}

func checkKeyFormat(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		prefix, name, ok := strings.Cut(t.key, ":")
		if !ok || prefix == "" || name == "" || strings.Contains(prefix, " ") {
			p.reportName(t.pointer, "%q is no condition key", clip(t.key))
		}
	}
}

var tagKeys = []string{"aws:PrincipalTag", "aws:RequestTag", "aws:ResourceTag"}

func checkTagKey(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		for _, prefix := range tagKeys {
			if t.is(prefix, prefix+"/") {
				p.reportName(t.pointer, "%s names no tag", clip(t.key))
			}
		}
	}
}

func checkKeyCase(p *lintPass, s lintStatement) {
	for _, op := range s.Condition {
		seen := map[string]bool{}
		for _, k := range op.Keys {
			if folded := strings.ToLower(k.Key); seen[folded] {
				p.reportName(s.pointer+"/Condition/"+escapeToken(op.Operator)+"/"+escapeToken(k.Key), "%s stands here in other capitals too", clip(k.Key))
			} else {
				seen[folded] = true
			}
		}
	}
}

func checkMultipleBoolean(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		if t.known && (t.base == "Bool" && t.quantifier == single || t.base == "Null") && len(t.values.List) > 1 {
			p.report(t.pointer, "%s takes one value for %s", clip(t.name), clip(t.key))
		}
	}
}

// Keys that have many values in one request (IAM User Guide,
// reference_policies_condition-single-vs-multi-valued-context-keys, and the KMS
// Developer Guide, conditions-kms).
var multivaluedKeys = []string{
	"aws:CalledVia", "aws:PrincipalOrgPaths", "aws:PrincipalServiceNamesList", "aws:ResourceOrgPaths", "aws:SourceOrgPaths",
	"aws:TagKeys", "aws:VpceOrgPaths", "sts:TransitiveTagKeys", "kms:EncryptionContextKeys", "kms:ResourceAliases",
}

func checkQualifier(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		if t.known && t.quantifier == single && t.base != "Null" && t.is(multivaluedKeys...) {
			p.reportName(t.pointer, "%s can have many values; %s does not say whether all or any have to match", clip(t.key), clip(t.name))
		}
	}
}

// Keys that have one value, and that statements use to keep others out.
var gatingKeys = []string{
	"aws:MultiFactorAuthPresent", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:SourceAccount",
	"aws:SourceArn", "aws:SourceIp", "aws:SourceOrgID", "aws:SourceVpc", "aws:SourceVpce", "aws:VpcSourceIp",
	"aws:FederatedProvider", "aws:SourceIdentity", "aws:userid", "aws:username",
	"kms:CallerAccount", "kms:ViaService", "sts:ExternalId", "sts:SourceIdentity",
}

// isSingleValued knows the keys that have one value for certain.
func (t lintTest) isSingleValued() bool {
	key := strings.ToLower(t.key)
	return t.is(gatingKeys...) || t.is("aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID") ||
		strings.HasPrefix(key, "aws:principaltag/") || strings.HasPrefix(key, "aws:resourcetag/")
}

func checkForAllValues(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		if s.Effect != Allow || !t.known || t.quantifier != forAllValues || !t.isSingleValued() || s.demandsPresence(t.key) {
			continue
		}
		p.reportName(t.pointer, "%s holds for requests without %s, and this statement allows them", clip(t.name), clip(t.key)).Fix = s.plainOperator(t)
	}
}

// demandsPresence reports whether the statement asks elsewhere for the key to
// be there.
func (s lintStatement) demandsPresence(key string) bool {
	return s.any(func(t lintTest) bool { return strings.EqualFold(t.key, key) && (t.isPresence() || t.demands()) })
}

// plainOperator returns the fix that takes the set operator and IfExists off.
func (s lintStatement) plainOperator(t lintTest) *Fix {
	name := t.name
	if i := strings.IndexByte(name, ':'); i >= 0 {
		name = name[i+1:]
	}
	if t.ifExists {
		name = name[:len(name)-len("IfExists")]
	}
	return s.moved(t, name)
}

// moved returns the fix that puts a key under another operator, nil if the key
// stands there already.
func (s lintStatement) moved(t lintTest, name string) *Fix {
	return s.rewritten(s.withOperator(t, name), "write "+name)
}

// rewritten returns the fix that puts another Condition in place, nil if it
// would have a key twice.
func (s lintStatement) rewritten(c Condition, title string) *Fix {
	if s.isCrowded() || hasTwins(c) {
		return nil
	}
	if _, err := c.MarshalJSON(); err != nil {
		return nil
	}
	return replaceWith(s.pointer+"/Condition", title, c)
}

// hasTwins reports whether an operator has a key twice, but for its capitals.
func hasTwins(c Condition) bool {
	for _, op := range c {
		seen := map[string]bool{}
		for _, k := range op.Keys {
			folded := strings.ToLower(k.Key)
			if seen[folded] {
				return true
			}
			seen[folded] = true
		}
	}
	return false
}

func checkIfExists(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		if s.Effect != Allow || !t.known || !t.ifExists || t.negated || !t.is(gatingKeys...) || s.demandsPresence(t.key) {
			continue
		}
		p.reportName(t.pointer, "%s holds for requests without %s, and this statement allows them", clip(t.name), clip(t.key)).Fix = s.plainOperator(t)
	}
}

func checkWildcard(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		if !t.known || !strings.HasPrefix(t.base, "StringEquals") || p.isOwnRules(t) {
			continue
		}
		for v := range t.scalars() {
			if hasWildcard(v.text) {
				p.report(v.pointer, "under %s the wildcard in %q is a plain character", clip(t.name), clip(v.text)).Fix = s.likeOperator(t)
			}
		}
	}
}

// isOwnRules reports whether wildcards in the key's values are a matter of
// IRSA007, which is about clusters, or IRSA018.
func (p *lintPass) isOwnRules(t lintTest) bool {
	issuer, claim, ok := claimKey(t.key)
	return ok && claim == "sub" && isEKS(issuer) && p.kind() == TrustPolicy || t.is("kms:ViaService")
}

// likeOperator returns the fix that uses StringLike, nil under operators that
// have no such counterpart.
func (s lintStatement) likeOperator(t lintTest) *Fix {
	at := strings.Index(strings.ToLower(t.name), "equals")
	if t.base != "StringEquals" {
		return nil
	}
	return s.moved(t, t.name[:at]+"Like"+t.name[at+len("equals"):])
}

func checkAudienceType(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		issuer, claim, ok := claimKey(t.key)
		if ok && claim == "aud" && !isEKS(issuer) && t.known && t.quantifier == forAnyValue {
			p.reportName(t.pointer, "%s suits %s only if the provider's tokens have a list of audiences", clip(t.name), clip(t.key))
		}
	}
}
