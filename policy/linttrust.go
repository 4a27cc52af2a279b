package policy

import (
	"slices"
	"strings"
)

func subjectRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"IRSA006", SeveritySecurity, "Subject or audience untested",
			"Without a test of sub every pod of the cluster can assume the role, and without one of aud every token that the cluster issues will do (kubernetes-external-secrets#287).",
			"Test both: aud for sts.amazonaws.com, sub for the service account.",
		}, kinds: trustKind, check: eachStatement(checkClaims)},
		{Rule: Rule{
			"IRSA007", SeverityError, "Wildcard in the subject under StringEquals",
			"StringEquals has no wildcards, and no service account's name holds one (crossplane#5578).",
			"Use StringLike, or name the service account.",
		}, kinds: trustKind, check: eachSubject(checkSubjectWildcard)},
		{Rule: Rule{
			"IRSA008", SeverityError, "Subject that no service account has",
			"The subject of a service account's token is system:serviceaccount:<namespace>:<name> (aws-privateca-issuer#277).",
			"Write namespace and name as Kubernetes has them.",
		}, kinds: trustKind, check: eachSubject(checkSubject)},
		{Rule: Rule{
			"IRSA009", SeveritySecurity, "Wildcard in the namespace",
			"Whoever may create a namespace or service account of a matching name can assume the role.",
			"Name the namespace; leave the wildcard to the service account's name.",
		}, kinds: trustKind, check: eachSubject(checkNamespace)},
		{Rule: Rule{
			"IRSA024", SeveritySecurity, "ForAllValues on subject or audience",
			"ForAllValues is true when the claim is absent (configure-aws-credentials#318).",
			"Use the plain operator.",
		}, kinds: trustKind, check: eachClaim(checkClaimQuantifier)},
		{Rule: Rule{
			"IRSA025", SeveritySecurity, "Subject or audience without a positive test",
			"IfExists and negated operators hold for tokens without the claim, and negated ones for all but the few listed.",
			"Test for what is wanted, without IfExists.",
		}, kinds: trustKind, check: eachClaim(checkPositive)},
		{Rule: Rule{
			"IRSA026", SeverityWarning, "Audience that the provider does not know",
			"STS refuses a token whose audience is not among the provider's client ids before it looks at the trust policy.",
			"Add the client id to the provider, or test for the one it has.",
		}, kinds: trustKind, check: eachStatement(checkClientIDs)},
	}
}

func trustRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"IRSA010", SeverityError, "Action for another kind of principal",
			"Identity providers' identities assume a role by sts:AssumeRoleWithWebIdentity, users, roles and services by sts:AssumeRole; a provider's ARN belongs under Federated.",
			"Use the action of the principal.",
		}, kinds: trustKind, check: eachStatement(checkAssumeAction)},
		{Rule: Rule{
			"IRSA011", SeverityError, "Provider of another account",
			"STS looks for the provider in the role's own account only.",
			"Create the identity provider in the role's account, and name that one.",
		}, kinds: trustKind, check: eachStatement(checkProviderAccount)},
		{Rule: Rule{
			"IRSA014", SeverityError, "Another partition",
			"Partitions do not know each other's accounts, so the principal or resource cannot exist for this role, secret or key (csi-provider#403).",
			"Write the ARN of the partition.",
		}, check: eachStatement(checkPartitions), set: checkSetPartitions},
		{Rule: Rule{
			"IRSA020", SeverityWarning, "Trust or session policy too large",
			"A role's trust policy may have 2048 characters unless the quota is raised, to 8192 at most; session policies 2048 (kubeflow#6687).",
			"Use one role for each application, or a list of subjects in one statement.",
		}, kinds: []Kind{TrustPolicy, SessionPolicy}, check: checkSessionSize},
		{Rule: Rule{
			"IRSA021", SeverityError, "Trust policy that Pod Identity cannot use",
			"EKS Pod Identity assumes the role as pods.eks.amazonaws.com, by sts:AssumeRole together with sts:TagSession; with session tags disabled there are none to test (EKS User Guide, pod-id-role).",
			"Allow both actions to pods.eks.amazonaws.com.",
		}, kinds: trustKind, check: checkPodIdentity},
	}
}

// eachClaim makes a check of a document from one of a test of sub or aud in an
// Allow statement for web identities.
func eachClaim(check func(p *lintPass, s lintStatement, t lintTest, claim string)) func(*lintPass) {
	return eachStatement(func(p *lintPass, s lintStatement) {
		for t := range s.tests() {
			if _, claim, ok := claimKey(t.key); ok && t.known && s.Effect == Allow && (claim == "sub" || claim == "aud") {
				check(p, s, t, claim)
			}
		}
	})
}

// eachSubject makes a check of a document from one of a value that the sub of
// an EKS cluster is compared to.
func eachSubject(check func(p *lintPass, s lintStatement, t lintTest, v lintValue)) func(*lintPass) {
	return eachStatement(func(p *lintPass, s lintStatement) {
		for t := range s.tests() {
			issuer, claim, ok := claimKey(t.key)
			if !ok || claim != "sub" || !isEKS(issuer) || !strings.HasPrefix(t.base, "String") {
				continue
			}
			for v := range t.scalars() {
				if !holdsVariable(v.text) {
					check(p, s, t, v)
				}
			}
		}
	})
}

// eksIssuers returns the EKS issuers in the statement's Federated.
func (s lintStatement) eksIssuers() []string {
	var issuers []string
	for v := range s.principals() {
		if issuer, ok := providerIssuer(v.text); ok && isEKS(issuer) {
			issuers = append(issuers, wellSpelt(issuer))
		}
	}
	return issuers
}

func checkClaims(p *lintPass, s lintStatement) {
	issuers := s.eksIssuers()
	if s.Effect != Allow || len(issuers) == 0 || !concerns(s, actionWebIdentity) {
		return
	}
	for _, claim := range []string{"sub", "aud"} {
		if s.any(func(t lintTest) bool { _, c, ok := claimKey(t.key); return ok && c == claim && t.base != "Null" }) {
			continue
		}
		f := p.report(s.pointer, "the statement does not test %s", claim)
		if claim == "aud" && len(issuers) == 1 {
			f.Fix = s.testAudience(issuers[0])
		}
	}
	for t := range s.tests() {
		if issuer, claim, ok := claimKey(t.key); ok && claim == "aud" && isEKS(issuer) && t.known && !t.negated && t.base != "Null" {
			p.checkAudience(t)
		}
	}
}

// testAudience returns the fix that adds the test of aud.
func (s lintStatement) testAudience(issuer string) *Fix {
	key := ConditionKey{Key: issuer + ":aud", Values: Strings(defaultAudience)}
	c := s.condition(lintTest{}, nil)
	at := slices.IndexFunc(c, func(op ConditionOperator) bool { return op.Operator == "StringEquals" })
	if at < 0 {
		c = append(c, ConditionOperator{Operator: "StringEquals", Keys: []ConditionKey{key}})
	} else {
		c[at].Keys = append(c[at].Keys, key)
	}
	return s.rewritten(c, "test the audience")
}

// checkAudience lets a token's own audience pass if the token is known: a pod
// can ask for another than EKS gives by default.
func (p *lintPass) checkAudience(t lintTest) {
	for v := range t.scalars() {
		switch {
		case v.text == defaultAudience, p.access != nil && slices.Contains(p.access.Claims.Audience, v.text):
		case v.text == "sts.amazonaws.com.cn":
			p.report(v.pointer, "EKS gives tokens the audience sts.amazonaws.com in China too").Severity = SeverityWarning
		default:
			p.report(v.pointer, "the audience %q is not sts.amazonaws.com, so the token is one for another purpose", clip(v.text))
		}
	}
}

func checkSubjectWildcard(p *lintPass, s lintStatement, t lintTest, v lintValue) {
	if t.base != "StringLike" && hasWildcard(v.text) {
		p.report(v.pointer, "under %s the wildcard in %q is a plain character", clip(t.name), clip(v.text)).Fix = s.likeOperator(t)
	}
}

var (
	subjectForm  = lazily(`^system:serviceaccount:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?:[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$`)
	patternParts = lazily(`^[-a-z0-9*?]{1,63}:[-a-z0-9.*?]{1,253}$`)
)

func checkSubject(p *lintPass, _ lintStatement, t lintTest, v lintValue) {
	text := v.text
	if t.base == "StringEqualsIgnoreCase" {
		text = strings.ToLower(text)
	}
	if !hasWildcard(text) && subjectForm().MatchString(text) || hasWildcard(text) && canBeSubject(text) {
		return
	}
	f := p.report(v.pointer, "no service account's token has the subject %q", clip(v.text))
	if group, ok := strings.CutPrefix(v.text, "system:serviceaccounts:"); ok {
		f.Message += "; system:serviceaccounts is a group"
		if subjectForm().MatchString(subjectPrefix + group) {
			f.Fix = replaceWith(v.pointer, "write "+subjectPrefix, subjectPrefix+group)
		}
	}
}

// canBeSubject reports whether a pattern can cover a subject.
func canBeSubject(pattern string) bool {
	rest, ok := strings.CutPrefix(pattern, subjectPrefix)
	if !ok {
		wildcard := strings.IndexAny(pattern, "*?")
		return strings.HasPrefix(subjectPrefix, pattern[:wildcard])
	}
	namespace, _, both := strings.Cut(rest, ":")
	return patternParts().MatchString(rest) || !both && strings.Contains(namespace, "*")
}

// checkNamespace is about positive tests: a negated one lets in less the more
// it covers.
func checkNamespace(p *lintPass, s lintStatement, t lintTest, v lintValue) {
	if t.base != "StringLike" || t.negated || s.Effect != Allow || !hasWildcard(v.text) || !canBeSubject(v.text) {
		return
	}
	rest, _ := strings.CutPrefix(v.text, subjectPrefix)
	namespace, _, both := strings.Cut(rest, ":")
	if rest == v.text || !both || hasWildcard(namespace) {
		p.report(v.pointer, "%q covers service accounts of other namespaces", clip(v.text))
	}
}

func checkClaimQuantifier(p *lintPass, s lintStatement, t lintTest, claim string) {
	if t.quantifier == forAllValues && !s.demandsPresence(t.key) {
		p.reportName(t.pointer, "%s holds for tokens without %s", clip(t.name), claim).Fix = s.plainOperator(t)
	}
}

// checkPositive leaves ForAllValues to IRSA024.
func checkPositive(p *lintPass, s lintStatement, t lintTest, claim string) {
	if !t.negated && !t.ifExists || t.base == "Null" {
		return
	}
	positive := s.any(func(o lintTest) bool {
		return (o.demands() || o.quantifier == forAllValues) && strings.EqualFold(o.key, t.key)
	})
	switch {
	case positive, !t.negated && s.demandsPresence(t.key):
	case t.negated:
		p.reportName(t.pointer, "%s lets in every %s but the ones listed", clip(t.name), claim)
	case t.ifExists:
		p.reportName(t.pointer, "%s holds for tokens without %s", clip(t.name), claim).Fix = s.plainOperator(t)
	}
}

// checkClientIDs needs to know the providers.
func checkClientIDs(p *lintPass, s lintStatement) {
	if p.access == nil || s.Effect != Allow {
		return
	}
	for t := range s.tests() {
		issuer, claim, ok := claimKey(t.key)
		at := slices.IndexFunc(p.access.Providers, func(o OIDCProvider) bool { return issuerName(o.URL) == wellSpelt(issuer) })
		if !ok || claim != "aud" || at < 0 || !t.demands() {
			continue
		}
		provider := p.access.Providers[at]
		known := func(v Value) bool {
			return slices.ContainsFunc(provider.ClientIDs, func(id string) bool { return v.Text == id || t.isPattern() && globs(v.Text, id) })
		}
		if !slices.ContainsFunc(t.values.List, known) {
			p.report(t.pointer, "the provider %s accepts the audience %s only", clip(provider.ARN), clip(strings.Join(provider.ClientIDs, ", ")))
		}
	}
}

// account is the account of the document: given, or in the ARN of what it
// hangs on.
func (p *lintPass) account() string {
	if p.policy.Account != "" {
		return p.policy.Account
	}
	return accountOf(p.policy.Name)
}

func checkProviderAccount(p *lintPass, s lintStatement) {
	account := p.account()
	for v := range s.principals() {
		owner := accountOf(v.text)
		if isProviderARN(v.text) && account != "" && owner != "" && owner != account {
			p.report(v.pointer, "the provider is in account %s, and the role in %s", owner, account)
		}
	}
}

// checkPartitions compares principals and resources with what the document
// hangs on, and in a set with the role. Some documents are written for several
// partitions, so one resource that fits is enough.
func checkPartitions(p *lintPass, s lintStatement) {
	own := partitionOf(p.policy.Name)
	if own == "" && p.access != nil {
		own = partitionOf(p.access.roles()[0].Role.ARN)
	}
	for _, v := range s.resourcesElsewhere(own) {
		arn, _ := splitARN(v.text)
		p.report(v.pointer, "%s is of partition %s, and this is of %s", clip(v.text), arn.Partition, own)
	}
	for v := range s.principals() {
		if other := partitionOf(v.text); own != "" && other != "" && other != own {
			p.report(v.pointer, "%s is of partition %s, and this is of %s", clip(v.text), other, own)
		}
	}
}

// resourcesElsewhere returns what an Allow is about if all of it is in other
// partitions.
func (s lintStatement) resourcesElsewhere(own string) []lintValue {
	if own == "" || s.Effect != Allow {
		return nil
	}
	var elsewhere []lintValue
	for v := range scalarsOf("Resource", s.pointer+"/Resource", s.Resource) {
		arn, ok := splitARN(v.text)
		if !ok || arn.Partition == own || !partitionName().MatchString(arn.Partition) {
			return nil
		}
		elsewhere = append(elsewhere, v)
	}
	return elsewhere
}

func partitionOf(arn string) string {
	a, err := ParseARN(arn)
	if err != nil {
		return ""
	}
	return a.Partition
}

func checkSessionSize(p *lintPass) {
	limit := quotaSession
	if p.kind() == TrustPolicy {
		limit = quotaTrust
		if p.TrustPolicySize > 0 {
			limit = min(p.TrustPolicySize, quotaTrustRaised)
		}
	}
	if f := p.reportSize(limit); f != nil && p.kind() == TrustPolicy && p.size() > quotaTrustRaised {
		f.Severity = SeverityError // no quota is raised further
	}
}

// notPodIdentity recognises misspellings of the service, and EKS itself where
// session tags show that Pod Identity is meant.
var notPodIdentity = lazily(`^(pods?\.eks\..*|eks-pods?(-identity)?\..*|eks\.pods?\..*)$`)

func checkPodIdentity(p *lintPass) {
	for s := range p.statements() {
		pod := false
		for v := range s.principals() {
			switch {
			case v.element != PrincipalService || s.Effect != Allow:
			case v.text == podIdentityService:
				pod = true
			case notPodIdentity().MatchString(v.text), v.text == "eks.amazonaws.com" && s.Action.List != nil && anyGlob(s.Action, actionTagSession):
				p.report(v.pointer, "the service of Pod Identity is %s, in every partition", podIdentityService).Fix = replaceWith(v.pointer, "write "+podIdentityService, podIdentityService)
			}
		}
		if pod {
			p.checkPodStatement(s)
		}
	}
}

func (p *lintPass) checkPodStatement(s lintStatement) {
	for _, action := range []string{actionAssumeRole, actionTagSession} {
		if action == actionTagSession && p.SessionTagsDisabled {
			continue
		}
		if !p.podMay(action) && anyGlob(s.Action, otherOf(action)) {
			p.report(s.pointer, "nothing allows %s to %s", action, podIdentityService).Fix = addAction(s, action)
		}
	}
	if p.SessionPolicy && !p.SessionTagsDisabled {
		p.report(s.pointer, "the association has a policy, which takes disableSessionTags")
	}
	for t := range s.tests() {
		if p.SessionTagsDisabled && t.demands() && actionOfKey(t.key) == actionTagSession {
			p.reportName(t.pointer, "the association disables session tags, so %s is never there", clip(t.key))
		}
	}
}

func otherOf(action string) string {
	if action == actionAssumeRole {
		return actionTagSession
	}
	return actionAssumeRole
}

// podMay reports whether a statement allows the action to Pod Identity.
func (p *lintPass) podMay(action string) bool {
	for s := range p.statements() {
		pod := s.hasPrincipalOf(PrincipalService, func(who string) bool { return who == podIdentityService })
		if s.Effect == Allow && pod && (s.NotAction.List != nil || anyGlob(s.Action, action)) {
			return true
		}
	}
	return false
}
