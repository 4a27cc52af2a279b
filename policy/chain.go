package policy

import (
	"maps"
	"slices"
	"strings"
)

// chain is the way from the pod to the session that reads the secret.
type chain struct {
	report   AccessReport
	findings []finding

	// The session at its end: of which role, under what name and policies, with
	// what it took along.
	role       Role
	name       string
	session    []Policy
	tags       map[string]string // its own and inherited
	transitive map[string]string // those that pass on
	identity   string            // source identity
	open       []string          // keys of further tags whose values are not known

	steps []step
}

// step is the assumption of one role on the way.
type step struct {
	link     Link
	question AssumeRole
}

// chain evaluates the links up to the session that reads.
func (a SecretAccess) chain() chain {
	var c chain
	if a.Pod != nil {
		c.fromPod(a)
	} else {
		c.fromToken(a)
	}
	for _, hop := range a.Hops {
		c.hop(a, hop)
	}
	return c
}

// fromToken is the way of IAM roles for service accounts.
func (c *chain) fromToken(a SecretAccess) {
	c.report.Trust, c.findings = WebIdentity{
		Claims: a.Claims, Providers: a.Providers, Role: a.Role, SessionName: a.SessionName,
		RCPs: a.Guardrails[accountOf(a.Role.ARN)].RCPs, Time: a.Time,
	}.evaluate()
	c.report.add(TrustLink, a.Role.ARN, c.report.Trust.Decision)
	c.role, c.name, c.session = a.Role, a.SessionName, a.Session
}

// fromPod is the way of EKS Pod Identity.
func (c *chain) fromPod(a SecretAccess) {
	p := *a.Pod
	p.Guardrails, p.Closed, p.Time = a.Guardrails, a.Closed, a.Time
	p.Context = nil // that of SecretAccess is the session's, not the service's
	result, findings := p.evaluate()
	c.report.Pod, c.findings = &result, findings
	c.report.Trust = WebIdentityResult{Decision: result.Role.Decision, Trust: result.Role.Actions[0].Result}
	c.report.add(TrustLink, p.Role.ARN, p.roleDecision(result))
	c.steps = append(c.steps, step{TrustLink, p.assume()})
	c.role, c.name = p.Role, p.SessionName
	if p.Target != nil {
		c.report.add(HopLink, p.Target.ARN, result.Target.Decision)
		c.steps = append(c.steps, step{HopLink, p.assumeTarget()})
		c.role = *p.Target
	}
	if p.Policy != nil {
		account := accountOf(c.role.ARN)
		c.session = []Policy{{Kind: SessionPolicy, Account: account, Name: p.associationName(), Document: p.Policy}}
	}
	c.tags, c.transitive, c.open = p.Tags(), p.Tags(), p.openTags()
}

// roleDecision is the decision of the first step, to which the association
// itself belongs.
func (p PodIdentity) roleDecision(r PodIdentityResult) Decision {
	if len(p.associationFaults()) > 0 {
		return worst(r.Role.Decision, ImplicitlyDenied)
	}
	return r.Role.Decision
}

// hop goes on to a further role.
func (c *chain) hop(a SecretAccess, h Hop) {
	identity := h.SourceIdentity
	if identity == "" {
		identity = c.identity
	}
	keys := c.keys()
	keys.fill(a.Context)
	question := AssumeRole{
		Caller: Caller{
			Principal: sessionARN(c.role.ARN, c.name), RoleARN: c.role.ARN, PrincipalID: c.role.UniqueID,
			Policies: c.role.Policies, Boundary: c.role.Boundary, Session: c.session,
		},
		Role: h.Role, SessionName: h.SessionName, ExternalID: h.ExternalID, Tags: h.Tags, TransitiveTags: h.TransitiveTags,
		Inherited: c.transitive, SourceIdentity: identity,
		Guardrails: a.Guardrails, Context: keys, Closed: a.Closed, Time: a.Time,
	}
	result, findings := question.evaluate(HopLink)
	c.steps = append(c.steps, step{HopLink, question})
	c.report.Hops = append(c.report.Hops, result)
	c.report.add(HopLink, h.Role.ARN, result.Decision)
	c.findings = append(c.findings, findings...)
	c.advance(h, identity)
}

// advance makes the hop's session the one at the end.
func (c *chain) advance(h Hop, identity string) {
	c.role, c.name, c.session, c.identity = h.Role, h.SessionName, h.Session, identity
	tags := maps.Clone(c.transitive)
	passing := maps.Clone(c.transitive)
	if tags == nil {
		tags, passing = map[string]string{}, map[string]string{}
	}
	maps.Copy(tags, h.Tags)
	for _, key := range h.TransitiveTags {
		if value, ok := h.Tags[key]; ok {
			passing[key] = value
		}
	}
	c.tags, c.transitive = tags, passing
}

// keys are the condition keys of the session. Its own tags take the place of
// the role's (id_session-tags).
func (c *chain) keys() Context {
	keys := principalTags(c.tags)
	keys.fill(principalTags(withoutTags(c.role.Tags, c.open)))
	keys.set("aws:SourceIdentity", c.identity)
	return keys
}

// principalTags are the tags of who asks, as condition keys.
func principalTags(tags map[string]string) Context {
	keys := Context{}
	for key, value := range tags {
		keys["aws:PrincipalTag/"+key] = []string{value}
	}
	return keys
}

// withoutTags returns the tags but for those with one of the keys, which compare
// without regard to case (id_tags).
func withoutTags(tags map[string]string, keys []string) map[string]string {
	rest := maps.Clone(tags)
	maps.DeleteFunc(rest, func(tag, _ string) bool {
		return slices.ContainsFunc(keys, func(key string) bool { return strings.EqualFold(tag, key) })
	})
	return rest
}

// reader returns the question about the session at the end: as if it had come
// about without hops.
func (c *chain) reader(a SecretAccess) SecretAccess {
	a.Role, a.SessionName, a.Session = c.role, c.name, c.session
	keys := Context{}
	maps.Copy(keys, a.Context)
	keys.fill(c.keys())
	a.Context = keys
	if len(a.Hops) > 0 {
		a.Providers = nil // a role that was assumed by a role has no provider
	}
	return a
}
