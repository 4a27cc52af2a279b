package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// Caller is who asks for a role, with the documents that limit it. A service
// has none of them.
type Caller struct {
	// Principal is a session, a user, an account's root or a service, as in
	// [Request].
	Principal   string
	RoleARN     string // of a session's role, with path; empty: derived from Principal
	PrincipalID string // AROA…, AIDA…, if known
	// Tags are those of the role or user; nil: none that are known. Those of the
	// session, [AssumeRole.Inherited] and what Context gives, take their place.
	Tags     map[string]string
	Policies []Policy // identity-based
	Boundary *Policy  // nil: none
	Session  []Policy // session policies; nil: none
}

// AssumeRole asks whether a caller may assume a role: a role that goes on to
// another one, a user, or a service. What the session is to carry must be
// allowed as well: tags take sts:TagSession and a source identity takes
// sts:SetSourceIdentity, in the trust policy and, where sts:AssumeRole needs
// the caller's identity-based policies, in those too (IAM User Guide,
// id_session-tags and id_credentials_temp_control-access_monitor).
//
// It does not check what STS refuses in any caller: too many tags, names with
// characters that they may not have, a session of more than the role's maximum.
type AssumeRole struct {
	Caller      Caller
	Role        Role   // to be assumed; of its documents only Trust counts
	SessionName string // zero: "session"
	ExternalID  string // zero: none
	// Tags are those of the request, and TransitiveTags the keys among them
	// that pass on to the next role.
	Tags           map[string]string
	TransitiveTags []string
	// Inherited are the transitive tags of the caller's session. The new
	// session gets them without being asked, and they too take sts:TagSession.
	Inherited map[string]string
	// SourceIdentity is that of the request, or of the caller's session, which
	// passes it on.
	SourceIdentity string
	Guardrails     map[string]Guardrails // by account
	// Context holds further condition keys of the call, such as aws:SourceIp.
	Context Context
	// Closed says that a key which is neither in Context nor follows from the
	// rest is absent; otherwise it is not known.
	Closed bool
	Time   time.Time // zero: now
}

// ActionResult is the evaluation of one action that a call takes.
type ActionResult struct {
	Action string `json:"action"`
	Result Result `json:"result"`
}

// AssumeRoleResult is the answer, as STS gives it, and why.
type AssumeRoleResult struct {
	// Decision is the worst of the actions.
	Decision Decision `json:"decision"`
	// Denied is the first action that is not allowed, which STS's sentence
	// names. AWS may name a later one: where a statement for both
	// sts:AssumeRole and sts:TagSession fails on its condition, either may
	// show up.
	Denied string `json:"denied,omitempty"`
	// Code and Message are STS's own, empty when Allowed or Unknown.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Actions are sts:AssumeRole, and as needed sts:TagSession and
	// sts:SetSourceIdentity.
	Actions []ActionResult `json:"actions"`
	// Faults say what to change.
	Faults []Fault `json:"faults,omitempty"`
}

// Evaluate decides every action that the call takes, also behind one that is
// refused.
func (a AssumeRole) Evaluate() AssumeRoleResult {
	result, findings := a.evaluate(TrustLink)
	result.Faults = mergeFindings(findings)
	return result
}

// evaluate also returns the faults before they are merged with those of other
// links.
func (a AssumeRole) evaluate(link Link) (AssumeRoleResult, []finding) {
	r := AssumeRoleResult{Decision: Allowed}
	var findings []finding
	for _, action := range a.actions() {
		req := a.request(action)
		q := newQuery(link, req, a.set(), a.Caller.identity())
		q.who = a.Caller.name(accountOf(a.Role.ARN))
		r.Actions = append(r.Actions, ActionResult{action, q.result})
		r.Decision = worst(r.Decision, q.result.Decision)
		findings = append(findings, q.findings()...)
		if q.result.Decision == Allowed || r.Denied != "" {
			continue
		}
		r.Denied = action
		if d := DenialOf(req, q.result); d.Action != "" {
			r.Code, r.Message = CodeAccessDenied, d.String()
		}
	}
	return r, findings
}

// actions are those that the call takes.
func (a AssumeRole) actions() []string {
	actions := []string{actionAssumeRole}
	if len(a.Tags) > 0 || len(a.Inherited) > 0 {
		actions = append(actions, actionTagSession)
	}
	if a.SourceIdentity != "" {
		actions = append(actions, actionSetSourceIdentity)
	}
	return actions
}

// request is the call with the keys that its parameters become
// (reference_policies_iam-condition-keys).
func (a AssumeRole) request(action string) Request {
	keys := Context{
		"sts:RoleSessionName": {cmp.Or(a.SessionName, defaultSession)},
	}
	keys.set("sts:ExternalId", a.ExternalID)
	keys.set("sts:SourceIdentity", a.SourceIdentity)
	for name, value := range a.Tags {
		keys["aws:RequestTag/"+name] = []string{value}
	}
	if len(a.Tags) > 0 {
		keys["aws:TagKeys"] = slices.Sorted(maps.Keys(a.Tags))
	}
	transitive := slices.AppendSeq(slices.Clone(a.TransitiveTags), maps.Keys(a.Inherited))
	if len(transitive) > 0 {
		slices.Sort(transitive)
		keys["sts:TransitiveTagKeys"] = transitive
	}
	maps.Copy(keys, a.Context)
	keys.fill(principalTags(a.Inherited))
	keys.fill(principalTags(a.Caller.Tags))
	return Request{
		Principal: a.Caller.Principal, RoleARN: a.Caller.RoleARN, PrincipalID: a.Caller.PrincipalID,
		Action: action, Resource: a.Role.ARN, Context: keys, Closed: a.Closed, Time: a.Time,
	}
}

// set gathers what bears on the call. The role's own permissions and boundary
// do not: they limit only what the session then does.
func (a AssumeRole) set() Set {
	account, owner := accountOf(a.Caller.Principal), accountOf(a.Role.ARN)
	set := Set{
		Identity: labelled(a.Caller.Policies, IdentityPolicy, account),
		Session:  labelled(a.Caller.Session, SessionPolicy, account),
		SCPs:     labelledLevels(a.Guardrails[account].SCPs, ServiceControlPolicy, account),
		RCPs:     labelledLevels(a.Guardrails[owner].RCPs, ResourceControlPolicy, owner),
	}
	if a.Caller.Boundary != nil {
		set.Boundaries = labelled([]Policy{*a.Caller.Boundary}, PermissionsBoundary, account)
	}
	if a.Role.Trust != nil {
		set.Resource = &Policy{Kind: TrustPolicy, Account: owner, Name: a.Role.ARN, Document: a.Role.Trust}
	}
	return set
}

// identity is the ARN of what has the caller's identity-based policies.
func (c Caller) identity() string {
	if c.RoleARN != "" {
		return c.RoleARN
	}
	return Denial{Principal: c.Principal}.completed().entity()
}

// name is the caller as people call it, to someone who looks at an account.
func (c Caller) name(account string) string {
	arn, err := ParseARN(c.identity())
	if err != nil {
		return "the service " + c.Principal
	}
	class, _, _ := strings.Cut(arn.Resource, "/")
	text := "the " + class + " " + lastElement(arn.Resource)
	if class == "root" {
		text = "the root user"
	}
	if arn.Account != account {
		text += " of account " + arn.Account
	}
	return text
}
