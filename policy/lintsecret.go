package policy

import (
	"slices"
	"strings"
)

func secretRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"IRSA015", SeverityError, "Secret's ARN without its suffix",
			"Secrets Manager ends each secret's ARN in a hyphen and six characters; an ARN without them matches no secret. -* covers other secrets whose names begin alike.",
			"Write the complete ARN, or end it in -??????.",
		}, check: eachStatement(checkSecretSuffix)},
		{Rule: Rule{
			"IRSA022", SeverityWarning, "Secret open to a whole account",
			"Naming an account leaves it to that account which of its roles may read the secret.",
			"Name the role.",
		}, kinds: []Kind{ResourcePolicy}, check: eachStatement(checkSecretAccount)},
		{Rule: Rule{
			"IRSA023", SeverityError, "Deny that a pod cannot escape",
			"Negated operators and IfExists hold when the key is absent, as that for a VPC endpoint or MFA is for pods, and every network key for KMS requests that a service makes. The Deny then hits all of them.",
			"Let the Deny apply only where the key exists: add Null on the key with \"false\", or spare services by aws:ViaAWSService.",
		}, check: eachStatement(checkInescapable)},
	}
}

// patternSuffix is the suffix of a secret's ARN, known or not.
var patternSuffix = lazily(`[-?][A-Za-z0-9?]{6}$`)

// checkSecretSuffix leaves a name that itself ends like a suffix alone.
func checkSecretSuffix(p *lintPass, s lintStatement) {
	for v := range s.resources() {
		arn, ok := splitARN(v.text)
		if !ok || holdsVariable(arn.Resource) || !globs(arn.Service, "secretsmanager") {
			continue
		}
		name, isSecret := strings.CutPrefix(arn.Resource, "secret:")
		exact := strings.TrimSuffix(strings.TrimSuffix(v.text, "*"), "-")
		switch {
		case !isSecret:
			if arn.Service == "secretsmanager" && !canBegin(arn.Resource, "secret:") && !lacksAccount(strings.SplitN(v.text, ":", 6)) {
				f := p.report(v.pointer, "%q: what an ARN of a secret names begins with secret:", clip(v.text))
				arn.Resource = "secret:" + arn.Resource
				f.Fix = replaceWith(v.pointer, "insert secret:", arn.String())
			}
		case strings.HasSuffix(name, "-*") && !hasWildcard(strings.TrimSuffix(name, "-*")):
			f := p.report(v.pointer, "%q covers every secret whose name begins with %q", clip(v.text), clip(strings.TrimSuffix(name, "*")))
			f.Severity = SeverityWarning
			f.Fix = replaceWith(v.pointer, "end it in -??????", exact+"-??????")
		case !strings.Contains(name, "*") && !patternSuffix().MatchString(name):
			f := p.report(v.pointer, "%q lacks the suffix, so it matches no secret", clip(v.text))
			if !hasWildcard(name) {
				f.Fix = replaceWith(v.pointer, "end it in -??????", v.text+"-??????")
			}
		}
	}
}

// canBegin reports whether a pattern can cover what begins with the prefix.
func canBegin(pattern, prefix string) bool {
	literal, _, _ := strings.Cut(strings.ReplaceAll(pattern, "?", "*"), "*")
	return strings.HasPrefix(literal, prefix) || literal != pattern && strings.HasPrefix(prefix, literal)
}

func checkSecretAccount(p *lintPass, s lintStatement) {
	secret := strings.Contains(p.policy.Name, ":secretsmanager:") ||
		slices.ContainsFunc(s.Action.List, func(a Value) bool { return isService(a.Text, "secretsmanager") })
	narrowed := s.any(func(t lintTest) bool {
		return t.demands() && (t.is("aws:PrincipalArn", "aws:userid") || strings.HasPrefix(strings.ToLower(t.key), "aws:principaltag/"))
	})
	if s.Effect != Allow || !secret || narrowed || !isAbsent(s.NotPrincipal) {
		return
	}
	for v := range s.principals() {
		account := rootAccount(v.text)
		if v.element == PrincipalAWS && isAccount(account) && account != p.account() {
			p.report(v.pointer, "every role of account %s that its administrators allow can use the secret", account)
		}
	}
}

// What pods' requests lack: keys for MFA always, those for the network where
// KMS is asked by a service.
var (
	mfaKeys     = []string{"aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"}
	networkKeys = []string{"aws:SourceVpce", "aws:SourceVpc", "aws:SourceIp", "aws:VpcSourceIp"}
)

// checkInescapable is about what certainly meets pods: trust policies for
// tokens, key policies, and the documents of a set.
func checkInescapable(p *lintPass, s lintStatement) {
	if s.Effect != Deny {
		return
	}
	var last *lintTest
	for t := range s.tests() {
		if !p.alwaysHolds(s, t) {
			return
		}
		last = &t
	}
	if last == nil {
		return // it asks for nothing
	}
	f := p.reportName(last.pointer, "a pod's requests cannot satisfy %s, so the Deny always applies to them", clip(last.key))
	if p.access == nil && p.kind() == KeyPolicy {
		f.Severity = SeverityWarning // others may use the key directly
	}
}

// alwaysHolds reports whether a pod's request lacks the key and the test holds
// then.
func (p *lintPass) alwaysHolds(s lintStatement, t lintTest) bool {
	falseIfExists := t.ifExists && t.base == "Bool" && len(t.values.List) == 1 && strings.EqualFold(t.values.List[0].Text, "false")
	if !t.known || t.quantifier == forAnyValue || !t.negated && !falseIfExists {
		return false
	}
	pods := p.access != nil || p.kind() == TrustPolicy && concerns(s, actionWebIdentity)
	key := p.kind() == KeyPolicy && concerns(s, "kms:Decrypt")
	onlyKey := p.access != nil && onlyService(s.Action, "kms") && concerns(s, "kms:Decrypt")
	secret := p.access != nil && (concerns(s, "secretsmanager:GetSecretValue") || concerns(s, "kms:Decrypt"))
	switch {
	case t.is(mfaKeys...):
		return pods && (p.kind() == TrustPolicy || secret) || key && p.access != nil
	case t.is(networkKeys...):
		return key || onlyKey || secret && p.endpointless(t)
	}
	return false
}

// endpointless reports whether the set's request for the secret certainly
// lacks the key of a VPC endpoint.
func (p *lintPass) endpointless(t lintTest) bool {
	return t.is("aws:SourceVpce", "aws:SourceVpc") && p.access.Closed && len(p.access.Endpoint) == 0 &&
		!p.access.gives(t.key)
}

// concerns reports whether the statement covers the action.
func concerns(s lintStatement, action string) bool {
	if s.NotAction.List != nil {
		return !anyGlob(s.NotAction, action)
	}
	return anyGlob(s.Action, action)
}

func keyRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"IRSA016", SeverityError, "Key named otherwise than by its ARN",
			"Permission to use a key goes by the key's ARN; an alias or a bare id as Resource matches no key (terraform-provider-aws#30272).",
			"Write the key's ARN, or \"*\" with a condition on kms:ResourceAliases.",
		}, check: eachStatement(checkKeyName)},
		{Rule: Rule{
			"IRSA018", SeverityError, "kms:ViaService that no request has",
			"kms:ViaService is the service's endpoint in the key's Region, such as secretsmanager.eu-west-1.amazonaws.com.",
			"Write service, Region and the suffix of the partition.",
		}, check: eachStatement(checkViaService)},
		{Rule: Rule{
			"IRSA019", SeverityWarning, "Key policy without its account",
			"Without a statement for the account's root user, IAM policies count for nothing at this key, and if the administrators it names are gone, nobody can change it.",
			"Allow kms:* to the root user of the key's account.",
		}, kinds: []Kind{KeyPolicy}, check: checkRootStatement},
	}
}

var bareKeyID = lazily(`^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$`)

// isKeyName recognises what names a key in KMS's API but not in policies.
func isKeyName(s string) bool { return bareKeyID().MatchString(s) || strings.HasPrefix(s, "alias/") }

// aliasActions work on aliases themselves.
var aliasActions = []string{"kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"}

func checkKeyName(p *lintPass, s lintStatement) {
	if !usesKeys(s) {
		return
	}
	onAliases := slices.ContainsFunc(aliasActions, func(a string) bool { return concerns(s, a) })
	for v := range s.resources() {
		arn, _ := splitARN(v.text)
		isKey := canBegin(arn.Resource, "key/") || holdsVariable(arn.Resource)
		isAlias := canBegin(arn.Resource, "alias/")
		switch {
		case isKeyName(v.text):
		case arn.Service != "kms", isKey, isAlias && onAliases:
			continue
		}
		f := p.report(v.pointer, "%q is no key's ARN", clip(v.text))
		if bareKeyID().MatchString(arn.Resource) {
			arn.Resource = "key/" + arn.Resource
			f.Fix = replaceWith(v.pointer, "insert key/", arn.String())
		}
	}
}

// usesKeys reports whether the statement lists actions of KMS.
func usesKeys(s lintStatement) bool {
	return slices.ContainsFunc(s.Action.List, func(a Value) bool { return isService(a.Text, "kms") })
}

func checkViaService(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		if !t.known || !t.is("kms:ViaService") || t.class() != "String" {
			continue
		}
		p.checkViaRegion(s, t)
		for v := range t.scalars() {
			p.checkViaValue(s, t, v)
		}
	}
}

// splitVia splits a value of kms:ViaService. The name of a service may have
// several parts.
func splitVia(value string) (service, region, suffix string) {
	labels := strings.Split(value, ".")
	at := max(1, slices.IndexFunc(labels, regionName().MatchString))
	if at >= len(labels) {
		return value, "", ""
	}
	return strings.Join(labels[:at], "."), labels[at], strings.Join(labels[at+1:], ".")
}

func checkVia(value string) (region string, ok bool) {
	_, region, suffix := splitVia(value)
	return region, regionName().MatchString(region) && suffix == DNSSuffix(Partition(region))
}

func (p *lintPass) checkViaValue(s lintStatement, t lintTest, v lintValue) {
	switch {
	case hasWildcard(v.text) && !t.isPattern():
		p.report(v.pointer, "under %s the wildcard in %q is a plain character", clip(t.name), clip(v.text)).Fix = s.likeOperator(t)
	case hasWildcard(v.text) || holdsVariable(v.text):
	default:
		if _, ok := checkVia(v.text); ok {
			return
		}
		f := p.report(v.pointer, "no request comes from %q", clip(v.text))
		service, region, _ := splitVia(v.text)
		if !regionName().MatchString(region) {
			region = p.keyRegion(s)
		}
		if region != "" {
			host := service + "." + region + "." + DNSSuffix(Partition(region))
			f.Fix = replaceWith(v.pointer, "write "+clip(host), host)
		}
	}
}

// checkViaRegion reports well-formed values of which none is in the key's
// Region.
func (p *lintPass) checkViaRegion(s lintStatement, t lintTest) {
	region := p.keyRegion(s)
	if region == "" || t.negated || len(t.values.List) == 0 {
		return
	}
	for v := range t.scalars() {
		if via, ok := checkVia(v.text); !ok || via == region {
			return
		}
	}
	f := p.report(t.pointer, "the key is in %s, and a service asks in its own Region only", region)
	if len(t.values.List) == 1 {
		service, _, _ := splitVia(t.values.List[0].Text)
		f.Fix = replaceWith(t.pointer, "write "+region, service+"."+region+"."+DNSSuffix(Partition(region)))
	}
}

// keyRegion is the Region of the statement's keys, "" if there are several or
// it is not known.
func (p *lintPass) keyRegion(s lintStatement) string {
	if key, err := ParseARN(p.policy.Name); err == nil && key.Service == "kms" {
		return key.Region
	}
	region := ""
	for v := range s.resources() {
		key, err := ParseARN(v.text)
		if err != nil || key.Service != "kms" || hasWildcard(key.Region) || region != "" && region != key.Region || v.element != "Resource" {
			return ""
		}
		region = key.Region
	}
	return region
}

func checkRootStatement(p *lintPass) {
	account := accountOf(p.policy.Name)
	if account == "" {
		account = p.policy.Account
	}
	for s := range p.statements() {
		root := s.hasPrincipalOf(PrincipalAWS, func(who string) bool {
			named := rootAccount(who)
			return isAccount(named) && (account == "" || named == account)
		})
		if s.Effect == Allow && root && isAbsent(s.NotPrincipal) && anyGlob(s.Action, "kms:PutKeyPolicy") && anyGlob(s.Action, "kms:Decrypt") {
			return
		}
	}
	if len(p.doc.Statements) == 0 || len(p.problems) > 0 {
		return
	}
	f := p.report("", "no statement allows kms:* to the root user of the key's account")
	if account != "" {
		arn := ARN{Partition: partitionOr(p.policy.Name), Service: "iam", Account: account, Resource: "root"}
		f.Fix = replaceWith("/Statement/-", "add the statement", Statement{
			Sid: "EnableIAMPolicies", Effect: Allow,
			Principal: Principal{Entries: []PrincipalEntry{{Type: PrincipalAWS, Values: Strings(arn.String())}}},
			Action:    Strings("kms:*"), Resource: Strings("*"),
		})
	}
}

// partitionOr is the partition in an ARN, that of most Regions if there is
// none.
func partitionOr(arn string) string {
	if name := partitionOf(arn); name != "" {
		return name
	}
	return Partition("")
}
