package policy

import (
	"slices"
	"strings"
)

func actionRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"INVALID_ACTION", SeverityError, "Malformed action",
			"An action is a service's prefix, a colon and the operation's name, or \"*\".",
			"Write it as secretsmanager:GetSecretValue.",
		}, check: eachStatement(checkActionFormat)},
		{Rule: Rule{
			"UNSUPPORTED_ACTION_IN_POLICY", SeverityError, "Action that a trust policy cannot have",
			"A role's trust policy is about assuming the role; IAM refuses actions of other services in it.",
			"Put the permission into a policy attached to the role.",
		}, kinds: trustKind, check: eachStatement(checkTrustAction)},
		{Rule: Rule{
			"MISMATCHED_ACTION_FOR_PRINCIPAL", SeverityError, "Action for another kind of provider",
			"OIDC providers' identities assume roles by sts:AssumeRoleWithWebIdentity, SAML providers' by sts:AssumeRoleWithSAML.",
			"Use the action of the provider's kind.",
		}, kinds: trustKind, check: eachStatement(checkProviderAction)},
		{Rule: Rule{
			"MISSING_ACTION_FOR_CONDITION_KEY", SeverityError, "Condition key without its action",
			"Session tags come with sts:TagSession and a source identity with sts:SetSourceIdentity. A trust policy that asks for them without allowing them lets nobody in.",
			"Add the action to the statement.",
		}, kinds: trustKind, check: checkActionForKey},
		{Rule: Rule{
			"ACTION_NEVER_MEETS_RESOURCE", SeverityWarning, "Action and resources that never meet",
			"The statement's resources are of no type that the action works on, so for this action it has no effect.",
			"Give the action the resources it works on; actions that list things take \"*\".",
		}, check: eachStatement(checkMeeting)},
	}
}

var actionFormat = lazily(`^(\*|[A-Za-z0-9*?-]+:[A-Za-z0-9_*?-]+)$`)

func checkActionFormat(p *lintPass, s lintStatement) {
	for v := range s.actions() {
		if !actionFormat().MatchString(v.text) && !holdsVariable(v.text) {
			p.report(v.pointer, "%q is no action", clip(v.text))
		}
	}
}

func checkTrustAction(p *lintPass, s lintStatement) {
	for v := range s.actions() {
		if service, _, ok := strings.Cut(v.text, ":"); ok && !globs(service, "sts") {
			p.report(v.pointer, "a trust policy cannot have the action %s", clip(v.text))
		}
	}
}

const actionSAML = "sts:AssumeRoleWithSAML"

func checkProviderAction(p *lintPass, s lintStatement) {
	oidc := s.hasPrincipalOf(PrincipalFederated, func(who string) bool { return strings.Contains(who, ":oidc-provider/") })
	saml := s.hasPrincipalOf(PrincipalFederated, isSAML)
	for v := range scalarsOf("Action", s.pointer+"/Action", s.Action) {
		switch {
		case oidc && !saml && strings.EqualFold(v.text, actionSAML):
			p.report(v.pointer, "an OIDC provider's identity cannot use %s", v.text).Fix = s.swapAction(v, actionWebIdentity)
		case saml && !oidc && strings.EqualFold(v.text, actionWebIdentity):
			p.report(v.pointer, "a SAML provider's identity cannot use %s", v.text).Fix = s.swapAction(v, actionSAML)
		}
	}
}

// allows reports whether a statement of the document allows the action.
func (p *lintPass) allows(action string) bool {
	for s := range p.statements() {
		if s.Effect == Allow && (s.NotAction.List != nil || anyGlob(s.Action, action)) {
			return true
		}
	}
	return false
}

func checkActionForKey(p *lintPass) {
	for s := range p.statements() {
		// Without TagSession, Pod Identity is IRSA021's.
		pod := s.hasPrincipalOf(PrincipalService, func(who string) bool { return who == podIdentityService })
		for t := range s.tests() {
			action := actionOfKey(t.key)
			if action == "" || pod || s.Effect != Allow || !t.demands() && !t.isPresence() || p.allows(action) {
				continue
			}
			p.reportName(t.pointer, "%s is never there, since nothing allows %s", clip(t.key), action).Fix = addAction(s, action)
		}
	}
}

func actionOfKey(key string) string {
	key = strings.ToLower(key)
	switch {
	case strings.HasPrefix(key, "aws:requesttag/"), key == "aws:tagkeys", key == "sts:transitivetagkeys":
		return actionTagSession
	case key == "sts:sourceidentity":
		return actionSetSourceIdentity
	}
	return ""
}

// addAction returns the fix that adds an action to the statement.
func addAction(s lintStatement, action string) *Fix {
	if s.Action.List == nil {
		return nil
	}
	return replaceWith(s.pointer+"/Action/-", "add "+action, action)
}

// Actions that work on no secret or key in particular, and so need "*"
// (Service Authorization Reference, list_awssecretsmanager and
// list_awskeymanagementservice).
var withoutResource = []string{
	"secretsmanager:ListSecrets", "secretsmanager:GetRandomPassword", "secretsmanager:BatchGetSecretValue",
	"kms:ListKeys", "kms:ListAliases", "kms:CreateKey", "kms:GenerateRandom",
}

func checkMeeting(p *lintPass, s lintStatement) {
	if len(s.Resource.List) == 0 || len(s.Action.List) == 0 {
		return
	}
	for v := range scalarsOf("Action", s.pointer+"/Action", s.Action) {
		service, _, _ := strings.Cut(strings.ToLower(v.text), ":")
		switch {
		case !isRegional(service):
		case slices.ContainsFunc(withoutResource, func(a string) bool { return strings.EqualFold(a, v.text) }):
			if !slices.ContainsFunc(s.Resource.List, func(r Value) bool { return strings.HasPrefix(r.Text, "*") }) {
				p.report(v.pointer, "%s works on no resource in particular; it needs the Resource \"*\"", v.text)
			}
		case !slices.ContainsFunc(s.Resource.List, func(r Value) bool { return mayBeOf(service, r.Text) }):
			p.report(v.pointer, "%s works on none of the statement's resources", clip(v.text))
		}
	}
}

// mayBeOf reports whether the entry can cover resources of the service.
func mayBeOf(service, resource string) bool {
	parts := strings.SplitN(resource, ":", 4)
	return parts[0] != "arn" || len(parts) < 3 || holdsVariable(parts[2]) || globs(parts[2], service)
}
