package policy

import "strings"

// checkAssumeAction leaves "*" alone, which stands for identities of providers
// as well.
func checkAssumeAction(p *lintPass, s lintStatement) {
	federated := s.hasPrincipalOf(PrincipalFederated, func(string) bool { return true })
	misplaced := s.hasPrincipalOf(PrincipalAWS, isProviderARN)
	others := s.hasPrincipalOf(PrincipalService, func(string) bool { return true }) ||
		s.hasPrincipalOf(PrincipalAWS, func(who string) bool { return !isProviderARN(who) && who != "*" })
	everyone := s.Principal.Any || s.hasPrincipalOf(PrincipalAWS, func(who string) bool { return who == "*" })
	for v := range s.principals() {
		if v.element == PrincipalAWS && isProviderARN(v.text) {
			p.report(v.pointer, "the identity provider %s stands under AWS; it belongs under Federated", clip(v.text))
		}
	}
	for v := range scalarsOf("Action", s.pointer+"/Action", s.Action) {
		switch {
		case everyone:
		case strings.EqualFold(v.text, actionAssumeRole) && federated && !others:
			p.report(v.pointer, "%s is not for identity providers", v.text).Fix = s.swapAction(v, s.providerAction())
		case isProviderAction(v.text) && others && !federated && !misplaced:
			p.report(v.pointer, "%s is for identity providers only", v.text).Fix = s.swapAction(v, actionAssumeRole)
		}
	}
}

func isProviderAction(action string) bool {
	return strings.EqualFold(action, actionWebIdentity) || strings.EqualFold(action, actionSAML)
}

// providerAction is the action of the providers in Federated, "" if they are
// of both kinds.
func (s lintStatement) providerAction() string {
	saml := s.hasPrincipalOf(PrincipalFederated, isSAML)
	switch oidc := s.hasPrincipalOf(PrincipalFederated, func(who string) bool { return !isSAML(who) }); {
	case !saml:
		return actionWebIdentity
	case !oidc:
		return actionSAML
	}
	return ""
}

func isSAML(provider string) bool { return strings.Contains(provider, ":saml-provider/") }

// swapAction returns the fix that puts the right action in the place of
// another, or takes that out where the right one is listed already.
func (s lintStatement) swapAction(v lintValue, right string) *Fix {
	switch {
	case right == "":
		return nil
	case anyGlob(s.Action, right):
		return removeAt(v.pointer, "remove "+v.text)
	}
	return replaceWith(v.pointer, "write "+right, right)
}

func isProviderARN(s string) bool {
	return strings.Contains(s, ":oidc-provider/") || strings.Contains(s, ":saml-provider/")
}
