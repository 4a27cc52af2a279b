package policy

import (
	"slices"
	"strings"
)

func principalRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			rulePrincipal, SeverityError, "Malformed principal",
			"A principal is \"*\", an account, the ARN of a user, role or session, an identity provider or a service. Groups are no principals.",
			"Name the principal by its ARN.",
		}, check: checkPrincipalFormat},
		{Rule: Rule{
			"INVALID_PRINCIPAL_KEY", SeverityError, "Unknown type of principal",
			"The types of principal are AWS, Federated, Service and CanonicalUser.",
			"Use one of these, with these capitals.",
		}, check: eachStatement(checkPrincipalKey)},
		{Rule: Rule{
			"INVALID_SERVICE_PRINCIPAL_FORMAT", SeverityError, "Malformed service principal",
			"A service principal is the service's name as a host name, such as secretsmanager.amazonaws.com.",
			"Write the service principal as the service's documentation has it.",
		}, check: eachStatement(checkServicePrincipal)},
		{Rule: Rule{
			"UNSUPPORTED_WILDCARD_IN_PRINCIPAL", SeverityError, "Wildcard within a principal",
			"In a principal a wildcard stands alone or is plain text: role/* names a role called \"*\".",
			"Name the account as principal, and narrow it with a condition on aws:PrincipalArn.",
		}, check: eachStatement(checkPrincipalWildcard)},
		{Rule: Rule{
			"IRSA012", SeverityError, "Malformed ARN of a principal",
			"IAM refuses a principal whose ARN lacks a colon or whose account does not have 12 digits (configure-aws-credentials#332).",
			"Correct the ARN: arn:aws:iam::111122223333:role/name, with two colons before the account.",
		}, check: eachStatement(checkPrincipalARN)},
		{Rule: Rule{
			"IRSA013", SeverityWarning, "Principal that was deleted",
			"IAM replaces the ARN of a deleted role or user by its unique id. One created again under the same name is another (terraform-provider-aws#8905).",
			"Save the policy again with the ARN.",
		}, check: eachStatement(checkDeletedPrincipal)},
	}
}

func checkPrincipalFormat(p *lintPass) {
	p.reportProblems()
	for s := range p.statements() {
		for v := range s.principals() {
			problem := principalProblem(v.element, v.text)
			if v.element == PrincipalAWS && isProviderARN(v.text) && p.kind() != TrustPolicy {
				problem = "an identity provider stands under Federated"
			}
			if problem != "" {
				p.report(v.pointer, "%q is no principal: %s", clip(v.text), problem)
			}
		}
	}
}

// principalProblem leaves to other rules what they say better.
func principalProblem(kind, text string) string {
	arn, isARN := splitARN(text)
	switch {
	case holdsVariable(text), strings.ContainsAny(text, "*?"), strings.HasPrefix(text, "arn:") && !isARN:
		return ""
	case kind == PrincipalAWS && isARN:
		return awsPrincipalProblem(arn)
	case kind == PrincipalAWS && (text == "" || !allDigits(text) && !isEntityID(text)):
		return "it is neither an ARN nor an account"
	case kind == PrincipalFederated && isARN:
		if arn.Service != "iam" || !isProviderResource(arn.Resource) {
			return "the ARN of an identity provider has oidc-provider/ or saml-provider/ after the account"
		}
	case kind == PrincipalFederated && !isBuiltinProvider(text) && !cognitoDomain().MatchString(text):
		return "it is neither the ARN of an identity provider nor a provider's domain"
	case kind == PrincipalCanonical && !canonicalID().MatchString(text):
		return "a canonical user id has 64 hexadecimal digits"
	}
	return ""
}

var (
	// cognitoDomain is that of Cognito in any partition.
	cognitoDomain = lazily(`^cognito-identity[a-z0-9.-]*\.amazonaws\.[a-z.]+$`)
	hostname      = lazily(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$`)
	canonicalID   = lazily(`^[0-9a-fA-F]{64}$`)
	entityID      = lazily(`^A[A-Z]{3}[A-Z0-9]{12,}$`)
)

// isEntityID recognises the unique ids of IAM (IAM User Guide,
// reference_identifiers).
func isEntityID(s string) bool { return entityID().MatchString(s) || isUniqueID(s) }

func isProviderResource(resource string) bool {
	return strings.HasPrefix(resource, "oidc-provider/") || strings.HasPrefix(resource, "saml-provider/")
}

func awsPrincipalProblem(arn ARN) string {
	class, _, _ := strings.Cut(arn.Resource, "/")
	switch arn.Service + ":" + class {
	case "iam:root", "iam:user", "iam:role", "sts:assumed-role", "sts:federated-user":
		return ""
	case "iam:group":
		return "groups are no principals; name the users or roles"
	case "iam:oidc-provider", "iam:saml-provider":
		return "" // IRSA010
	case "iam:policy":
		return "it is a policy"
	}
	return "it is no user, role, session or account"
}

func checkPrincipalKey(p *lintPass, s lintStatement) {
	known := []string{PrincipalAWS, PrincipalFederated, PrincipalService, PrincipalCanonical}
	for element, who := range s.bothPrincipals() {
		for _, e := range who.Entries {
			if !slices.Contains(known, e.Type) {
				p.reportName(s.pointer+"/"+element+"/"+escapeToken(e.Type), "there is no type of principal %q", clip(e.Type)).Fix = renamedType(s.pointer+"/"+element, who, e.Type, known)
			}
		}
	}
}

// renamedType returns the fix that writes the type with the right capitals.
func renamedType(pointer string, who Principal, written string, known []string) *Fix {
	right := capitalised(pointer, written, known...)
	if right == nil {
		return nil
	}
	who.Entries = slices.Clone(who.Entries)
	for i, e := range who.Entries {
		if e.Type == written {
			who.Entries[i].Type = right.Title[len("write "):]
		}
	}
	if _, err := who.MarshalJSON(); err != nil {
		return nil // there is an entry of the right type already
	}
	return replaceWith(pointer, right.Title, who)
}

func checkServicePrincipal(p *lintPass, s lintStatement) {
	for v := range s.principals() {
		if v.element == PrincipalService && !strings.Contains(v.text, "*") && !hostname().MatchString(v.text) {
			p.report(v.pointer, "%q is no service principal", clip(v.text))
		}
	}
}

func checkPrincipalWildcard(p *lintPass, s lintStatement) {
	for v := range s.principals() {
		if strings.ContainsAny(v.text, "*?") && (v.text != "*" || v.element != PrincipalAWS) {
			p.report(v.pointer, "the wildcard in %q is plain text in a principal", clip(v.text))
		}
	}
}

func checkPrincipalARN(p *lintPass, s lintStatement) {
	for v := range s.principals() {
		if v.element != PrincipalAWS && v.element != PrincipalFederated || holdsVariable(v.text) {
			continue
		}
		if v.text != "" && allDigits(v.text) && !isAccount(v.text) {
			p.report(v.pointer, "%q is no account: %s", clip(v.text), accountProblem(v.text))
			continue
		}
		if _, err := ParseARN(v.text); err != nil && strings.HasPrefix(v.text, "arn:") {
			problem, _ := err.(*ARNError)
			p.report(v.pointer, "%q: %s: %s", clip(v.text), problem.Part, problem.Problem).Fix = insertColon(v)
		}
	}
}

// oneColon matches an IAM ARN in which the empty Region was left out.
var oneColon = lazily(`^(arn:aws[a-z-]*:(?:iam|sts)):([0-9]{12}:[^:].*)$`)

func insertColon(v lintValue) *Fix {
	if !oneColon().MatchString(v.text) {
		return nil
	}
	return replaceWith(v.pointer, "insert the colon", oneColon().ReplaceAllString(v.text, "$1::$2"))
}

func checkDeletedPrincipal(p *lintPass, s lintStatement) {
	for v := range s.principals() {
		if v.element == PrincipalAWS && isUniqueID(v.text) {
			p.report(v.pointer, "%s is what IAM leaves of a deleted role or user", clip(v.text))
		}
	}
}
