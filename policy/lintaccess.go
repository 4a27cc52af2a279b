package policy

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func accessRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"IRSA017", SeverityError, "Secret of another account on the account's own key",
			"The key aws/secretsmanager works only for principals of its own account, and its policy cannot be changed.",
			"Encrypt the secret with a customer managed key.",
		}, set: checkDefaultKey},
	}
}

// Lint is [Linter.LintAccess] with the zero Linter.
func (a SecretAccess) Lint() Findings { return Linter{}.LintAccess(a) }

// LintAccess returns what is wrong or doubtful about every document of the
// set, those of the further roles included, and about the set as a whole:
// accounts and partitions that do not go together, audiences that the provider
// does not know, conditions that no pod meets. The order is that of the links.
// Where the set has an EKS Pod Identity association, that says whether session
// tags are disabled and whether there is a session policy.
func (l Linter) LintAccess(a SecretAccess) Findings {
	if a.Pod != nil {
		l.SessionTagsDisabled = a.Pod.DisableSessionTags
		l.SessionPolicy = a.Pod.Policy != nil
	}
	var found Findings
	for _, p := range a.documents() {
		found = append(found, l.lint(p, &a)...)
	}
	rules := catalogue()
	for i := range rules {
		r := &rules[i]
		if r.set == nil || slices.Contains(l.Ignore, r.ID) {
			continue
		}
		run := &lintPass{Linter: l, doc: &Document{}, access: &a, rule: r}
		r.set(run, &a)
		found = append(found, run.found...)
	}
	return found
}

// roles returns the roles on the way to the secret, each with the policies of
// its session. There is always one; the last reads the secret.
func (a *SecretAccess) roles() []Hop {
	roles := []Hop{{Role: a.Role, Session: a.Session}}
	if a.Pod != nil {
		roles[0] = Hop{Role: a.Pod.Role}
		if a.Pod.Target != nil {
			roles = append(roles, Hop{Role: *a.Pod.Target})
		}
		if a.Pod.Policy != nil {
			roles[len(roles)-1].Session = []Policy{{Document: a.Pod.Policy}}
		}
	}
	return append(roles, a.Hops...)
}

// lastRole is the ARN of the role that reads the secret.
func (a *SecretAccess) lastRole() string {
	roles := a.roles()
	return roles[len(roles)-1].Role.ARN
}

// documents returns every document of the set with its place, in order of the
// links.
func (a SecretAccess) documents() []Policy {
	var all []Policy
	for _, r := range a.roles() {
		account := accountOf(r.Role.ARN)
		all = append(all, Policy{Kind: TrustPolicy, Account: account, Name: r.Role.ARN, Document: r.Role.Trust})
		all = append(all, labelled(r.Role.Policies, IdentityPolicy, account)...)
		if r.Role.Boundary != nil {
			all = append(all, labelled([]Policy{*r.Role.Boundary}, PermissionsBoundary, account)...)
		}
		all = append(all, labelled(r.Session, SessionPolicy, account)...)
	}
	all = append(all, labelled(a.Endpoint, EndpointPolicy, accountOf(a.roles()[0].Role.ARN))...)
	all = append(all,
		Policy{Kind: ResourcePolicy, Account: accountOf(a.Secret.ARN), Name: a.Secret.ARN, Document: a.Secret.Policy},
		Policy{
			Kind: KeyPolicy, Account: accountOf(cmp.Or(a.Key.ARN, a.Secret.KeyARN)),
			Name: cmp.Or(a.Key.ARN, a.Secret.KeyARN), Document: a.Key.Policy,
		})
	for _, owner := range slices.Sorted(maps.Keys(a.Guardrails)) {
		for _, level := range labelledLevels(a.Guardrails[owner].SCPs, ServiceControlPolicy, owner) {
			all = append(all, level...)
		}
		for _, level := range labelledLevels(a.Guardrails[owner].RCPs, ResourceControlPolicy, owner) {
			all = append(all, level...)
		}
	}
	return all
}

func checkDefaultKey(p *lintPass, a *SecretAccess) {
	owner := accountOf(a.Secret.ARN)
	if owner == "" || owner == accountOf(a.lastRole()) {
		return
	}
	key, _ := splitARN(a.Secret.KeyARN)
	if a.Secret.KeyARN == "" || key.Resource == "alias/aws/secretsmanager" {
		p.about(SecretReference, owner, a.Secret.ARN,
			"the secret is encrypted with the key aws/secretsmanager of account %s, which the role of another account cannot use", owner)
	}
}

// checkSetPartitions compares what the set consists of with the role.
func checkSetPartitions(p *lintPass, a *SecretAccess) {
	own := partitionOf(a.roles()[0].Role.ARN)
	compare := func(kind Kind, arn string) {
		if other := partitionOf(arn); own != "" && other != "" && other != own {
			p.about(kind, accountOf(arn), arn, "%s is of partition %s, and the role of %s", arn, other, own)
		}
	}
	for _, provider := range a.Providers {
		compare(IdentityProvider, provider.ARN)
	}
	for _, r := range a.roles()[1:] {
		compare(TrustPolicy, r.Role.ARN)
	}
	compare(SecretReference, a.Secret.ARN)
	compare(KeyPolicy, a.Secret.KeyARN)
}

// about reports what is wrong with a part of the set that is no document.
func (p *lintPass) about(kind Kind, account, name, format string, args ...any) {
	p.policy = Policy{Kind: kind, Account: account, Name: name}
	p.report("", "%s", fmt.Sprintf(format, args...))
}

// gives reports whether the set states the condition key.
func (a *SecretAccess) gives(key string) bool {
	for name := range a.Context {
		if strings.EqualFold(name, key) {
			return true
		}
	}
	return false
}
