package policy

import (
	"slices"
	"strings"
)

func issuerRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"IRSA001", SeverityError, "Issuer with a trailing slash",
			"Issuers compare exactly, and those of EKS clusters do not end in a slash.",
			"Drop the slash.",
		}, kinds: trustKind, check: eachIssuer(func(issuer string) (string, string) {
			return "the issuer ends in a slash", strings.TrimRight(issuer, "/")
		})},
		{Rule: Rule{
			"IRSA002", SeverityError, "Issuer with https://",
			"In ARNs and condition keys an issuer stands without its scheme.",
			"Leave https:// out.",
		}, kinds: trustKind, check: eachIssuer(func(issuer string) (string, string) {
			return "the issuer has a scheme", scheme().ReplaceAllString(issuer, "")
		})},
		{Rule: Rule{
			"IRSA003", SeverityError, "Provider's ARN as condition key",
			"A condition key about a claim begins with the issuer, not with the provider's ARN (karpenter#1666).",
			"Leave out what stands before the issuer.",
		}, kinds: trustKind, check: eachIssuer(func(issuer string) (string, string) {
			_, bare, ok := strings.Cut(issuer, ":oidc-provider/")
			if !ok {
				bare = issuer
			}
			return "the key is a provider's ARN", bare
		})},
		{Rule: Rule{
			"IRSA004", SeverityError, "Issuer's host in the wrong order",
			"The issuer of an EKS cluster is at oidc.eks.<region>, not at oidc.<region>.eks (pod-identity-webhook#30).",
			"Write oidc.eks. in front of the Region.",
		}, kinds: trustKind, check: eachIssuer(func(issuer string) (string, string) {
			return "the parts of the issuer's host are in the wrong order", swappedHost().ReplaceAllString(issuer, "oidc.eks.$1.")
		})},
		{Rule: Rule{
			"IRSA005", SeverityError, "Condition key of another issuer",
			"A token brings the keys of its own issuer only. The one in Federated issues other tokens, so the key is never there.",
			"Write the issuer of Federated in the key.",
		}, kinds: trustKind, check: eachStatement(checkIssuers)},
	}
}

var (
	scheme      = lazily(`https?://`)
	swappedHost = lazily(`oidc\.([a-z0-9-]+)\.eks\.`)
	eksHost     = lazily(`(?i)(^|/)(oidc\.eks\.|oidc-eks\.|oidc\.[a-z0-9-]+\.eks\.)`)
)

// isEKS reports whether an issuer, well spelt or not, is that of an EKS
// cluster.
func isEKS(issuer string) bool { return eksHost().MatchString(issuer) }

// claimKey splits a condition key about a token's claim.
func claimKey(key string) (issuer, claim string, ok bool) {
	if !isClaim(key) {
		return "", "", false
	}
	i := strings.LastIndexByte(key, ':')
	return key[:i], strings.ToLower(key[i+1:]), true
}

// providerIssuer returns the issuer in the ARN of an OIDC provider.
func providerIssuer(arn string) (string, bool) {
	_, issuer, ok := strings.Cut(arn, ":oidc-provider/")
	return issuer, ok
}

// wellSpelt undoes the misspellings that have rules of their own.
func wellSpelt(issuer string) string {
	if _, bare, ok := strings.Cut(issuer, ":oidc-provider/"); ok {
		issuer = bare
	}
	issuer = scheme().ReplaceAllString(issuer, "")
	if isEKS(issuer) {
		issuer = strings.TrimRight(swappedHost().ReplaceAllString(issuer, "oidc.eks.$1."), "/")
	}
	return issuer
}

// eachIssuer makes a check of the issuers in Federated and in condition keys.
// The function returns the problem and the issuer without it; a trailing slash
// is one for EKS only.
func eachIssuer(mend func(issuer string) (problem, right string)) func(*lintPass) {
	return eachStatement(func(p *lintPass, s lintStatement) {
		for v := range s.principals() {
			issuer, ok := providerIssuer(v.text)
			problem, right := mend(issuer)
			if ok && right != issuer && isEKSOrSlashless(issuer, right) {
				arn := strings.TrimSuffix(v.text, issuer) + right
				p.report(v.pointer, "%s: %s", problem, clip(v.text)).Fix = replaceWith(v.pointer, "write "+clip(arn), arn)
			}
		}
		for t := range s.tests() {
			issuer, _, ok := claimKey(t.key)
			problem, right := mend(issuer)
			if !ok || right == issuer || !isEKSOrSlashless(issuer, right) {
				continue
			}
			key := right + t.key[len(issuer):]
			p.reportName(t.pointer, "%s: %s", problem, clip(t.key)).Fix = s.renamed(t, key)
		}
	})
}

// isEKSOrSlashless spares a trailing slash where it may be right: the issuers
// of other providers may end in one.
func isEKSOrSlashless(issuer, right string) bool {
	return isEKS(issuer) || strings.TrimRight(issuer, "/") != right
}

// renamed returns the fix that gives a condition key another name, nil if that
// is taken.
func (s lintStatement) renamed(t lintTest, key string) *Fix {
	return s.rewritten(s.withKey(t, key), "write "+clip(key))
}

// checkIssuers is milder where only the case differs: keys compare without
// regard to it, so the condition works. Where Federated lists several
// providers, a token still has the keys of one.
func checkIssuers(p *lintPass, s lintStatement) {
	var issuers []string
	for v := range s.principals() {
		if issuer, ok := providerIssuer(v.text); ok {
			issuers = append(issuers, wellSpelt(issuer))
		} else if v.element == PrincipalFederated && isBuiltinProvider(v.text) {
			issuers = append(issuers, v.text)
		}
	}
	demanded := ""
	for t := range s.tests() {
		written, _, ok := claimKey(t.key)
		issuer := wellSpelt(written)
		if ok && t.demands() && slices.Contains(issuers, issuer) {
			if demanded == "" {
				demanded = issuer
			}
			if demanded != issuer {
				p.reportName(t.pointer, "no token has this key and one of %s; make a statement for each provider", clip(demanded))
			}
		}
		if !ok || len(issuers) == 0 || slices.Contains(issuers, issuer) {
			continue
		}
		f := p.reportName(t.pointer, "the key is about %s, and Federated is %s", clip(issuer), clip(strings.Join(issuers, ", ")))
		if slices.ContainsFunc(issuers, func(i string) bool { return strings.EqualFold(i, issuer) }) {
			f.Severity = SeverityWarning
		}
		if len(issuers) == 1 {
			f.Fix = s.renamed(t, issuers[0]+t.key[len(written):])
		}
	}
}
