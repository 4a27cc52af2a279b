package policy

import (
	"cmp"
	"slices"
	"strings"
)

func breadthRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"ALLOW_WITH_NOTPRINCIPAL", SeveritySecurity, "Allow for all but some",
			"Allow with NotPrincipal lets in everyone else, anonymous callers included.",
			"Name the principals.",
		}, kinds: namingKinds, check: eachStatement(checkAllowNotPrincipal)},
		{Rule: Rule{
			"ALLOW_WITH_NOTACTION", SeveritySecurity, "Allow for all actions but some",
			"Allow with NotAction allows all else that AWS has or will have, which with a broad Resource comes near to everything.",
			"List the actions, or narrow the Resource.",
		}, kinds: grantingKinds, check: eachStatement(checkAllowNotAction)},
		{Rule: Rule{
			"ALLOW_WITH_NOTRESOURCE", SeveritySecurity, "Allow for all resources but some",
			"Allow with NotResource allows the actions on all else there is or will be.",
			"List the resources, or keep the exceptions out by a Deny.",
		}, kinds: grantingKinds, check: eachStatement(checkAllowNotResource)},
		{Rule: Rule{
			"PUBLIC_RESOURCE_POLICY", SeveritySecurity, "Open to everyone",
			"The statement allows every AWS account and anonymous callers.",
			"Name the principals, or add a condition that keeps others out, such as aws:PrincipalOrgID.",
		}, kinds: publicKinds, check: eachStatement(checkPublic)},
		{Rule: Rule{
			"RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL", SeveritySecurity, "Service without a source",
			"A service acts for all its customers. Without aws:SourceArn or aws:SourceAccount, another customer can have it use this resource (confused deputy).",
			"Add a condition on aws:SourceArn or aws:SourceAccount.",
		}, kinds: []Kind{ResourcePolicy, KeyPolicy}, check: eachStatement(checkService)},
		{Rule: Rule{
			"MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL", SeveritySecurity, "Identity provider without a condition",
			"Without a condition on the token's claims, whoever the provider vouches for can assume the role.",
			"Add conditions on the provider's sub and aud keys.",
		}, kinds: trustKind, check: eachStatement(checkProviderCondition)},
		{Rule: Rule{
			"DENY_EXCEPTION_NEVER_MATCHES", SeverityWarning, "Deny that spares nobody",
			"aws:PrincipalArn of a role session is the role's ARN, so an exception for the session's ARN never applies and the Deny hits everyone.",
			"Write the role's ARN: arn:aws:iam::111122223333:role/name.",
		}, check: eachStatement(checkException)},
	}
}

func checkAllowNotPrincipal(p *lintPass, s lintStatement) {
	if s.Effect == Allow && !isAbsent(s.NotPrincipal) {
		p.reportName(s.pointer+"/NotPrincipal", "NotPrincipal allows everyone who is not listed")
	}
}

func checkAllowNotAction(p *lintPass, s lintStatement) {
	broad := s.NotResource.List != nil || slices.ContainsFunc(s.Resource.List, func(v Value) bool { return v.Text == "*" })
	if s.Effect == Allow && s.NotAction.List != nil && broad {
		p.reportName(s.pointer+"/NotAction", "NotAction allows every action that is not listed, on every resource")
	}
}

func checkAllowNotResource(p *lintPass, s lintStatement) {
	if s.Effect == Allow && s.NotResource.List != nil {
		p.reportName(s.pointer+"/NotResource", "NotResource allows every resource that is not listed")
	}
}

// Keys by which a statement for everyone can be meant for few.
var narrowingKeys = []string{
	"aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:SourceAccount",
	"aws:SourceArn", "aws:SourceIp", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceVpc", "aws:SourceVpce",
	"aws:VpcSourceIp", "aws:VpceAccount", "aws:VpceOrgID", "aws:userid", "kms:CallerAccount", "sts:ExternalId",
	"aws:SourceOwner", "s3:DataAccessPointAccount",
}

func checkPublic(p *lintPass, s lintStatement) {
	if s.Effect != Allow || s.any(func(t lintTest) bool { return t.narrows() && t.is(narrowingKeys...) }) {
		return
	}
	if s.Principal.Any && p.kind() != TrustPolicy { // there it is an error
		p.report(s.pointer+"/Principal", "the statement allows everyone")
	}
	for v := range s.principals() {
		if v.element == PrincipalAWS && v.text == "*" && isAbsent(s.NotPrincipal) {
			p.report(v.pointer, "the statement allows everyone")
		}
	}
}

// checkService lets the encryption context tell the source: CloudWatch Logs
// puts the ARN of the log group there (CloudWatch Logs User Guide,
// encrypt-log-data-kms).
func checkService(p *lintPass, s lintStatement) {
	source := func(t lintTest) bool {
		return t.narrows() && (t.is("kms:ViaService") || t.is(narrowingKeys...) ||
			strings.HasPrefix(strings.ToLower(t.key), "kms:encryptioncontext:"))
	}
	if s.Effect != Allow || s.any(source) {
		return
	}
	for v := range s.principals() {
		if v.element == PrincipalService && isAbsent(s.NotPrincipal) {
			p.report(v.pointer, "%s may use this for any of its customers", clip(v.text))
		}
	}
}

// checkProviderCondition leaves EKS's providers to IRSA006.
func checkProviderCondition(p *lintPass, s lintStatement) {
	claims := s.any(func(t lintTest) bool { _, _, ok := claimKey(t.key); return ok && t.base != "Null" })
	if s.Effect != Allow || claims || !concerns(s, actionWebIdentity) {
		return
	}
	for v := range s.principals() {
		issuer, ok := providerIssuer(v.text)
		if s.testsKeyOf(cmp.Or(issuer, v.text)) {
			continue
		}
		if v.element == PrincipalFederated && (ok && !isEKS(issuer) || isBuiltinProvider(v.text)) {
			p.report(v.pointer, "everyone whom %s knows can assume the role", clip(v.text))
		}
	}
}

// testsKeyOf reports whether the statement tests a key of the provider. Some
// have keys of their own, such as www.amazon.com:app_id.
func (s lintStatement) testsKeyOf(issuer string) bool {
	prefix := strings.ToLower(issuer) + ":"
	return s.any(func(t lintTest) bool { return t.base != "Null" && strings.HasPrefix(strings.ToLower(t.key), prefix) })
}

func checkException(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		if s.Effect != Deny || !t.known || !t.negated || !t.is("aws:PrincipalArn") {
			continue
		}
		for v := range t.scalars() {
			if strings.Contains(v.text, ":assumed-role/") {
				p.report(v.pointer, "no principal has the ARN %q in aws:PrincipalArn", clip(v.text))
			}
		}
	}
}
