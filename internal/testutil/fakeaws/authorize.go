package fakeaws

import (
	"cmp"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/irsakit/irsa/policy"
)

// authorize decides whether the caller may do action to the resource, with
// [policy.Evaluate] over the caller's identity policies, boundary and session
// policies, the SCPs of the caller's account, the RCPs of the resource's
// account, and resource, which is the resource's own policy (nil: it has
// none). extra are the condition keys of the service, such as
// "kms:EncryptionContext:SecretARN"; global keys and those of the session are
// added here, and so is kms:ViaService for a forwarded call.
//
// resourceARN may be "*" for actions without a resource, which then belong to
// the caller's account. The error is nil or an [*apiError] with AWS's code and
// sentence. The first resource asked for is recorded.
func (c *call) authorize(action, resourceARN string, resource *policy.Policy, extra policy.Context) error {
	account := c.resourceAccount(resourceARN)
	if c.record.Resource == "" {
		c.record.Resource, c.record.Account = resourceARN, account
	}
	req := policy.Request{
		Principal:       c.caller.arn,
		RoleARN:         c.aws.roleARN(c.caller),
		PrincipalID:     c.caller.principalID,
		Action:          action,
		Resource:        resourceARN,
		ResourceAccount: account,
		Context:         c.context(extra),
		Closed:          true,
	}
	set := c.aws.policiesOf(c.caller)
	set.RCPs = c.aws.rcps(resourceARN, account)
	set.Resource = resource
	result := policy.Evaluate(req, set)
	if result.Decision == policy.Allowed {
		return nil
	}
	if result.Decision == policy.Unknown { // as by a condition operator that AWS does not have
		result.Decision = policy.ImplicitlyDenied
	}
	return c.denied(policy.DenialOf(req, result))
}

// resourceAccount is the account in the ARN; the caller's if there is none.
func (c *call) resourceAccount(resourceARN string) string {
	if arn, err := policy.ParseARN(resourceARN); err == nil {
		return cmp.Or(arn.Account, c.caller.account)
	}
	return c.caller.account
}

// denied is the refusal in the way of the call's service.
func (c *call) denied(d policy.Denial) error {
	if c.service == "sts" {
		return &apiError{Code: "AccessDenied", Message: d.String(), Status: http.StatusForbidden}
	}
	return &apiError{Code: "AccessDeniedException", Message: d.String()}
}

// context is the request's condition keys. Every key that is not in it is
// absent from the request (IAM User Guide, reference_policies_condition-keys).
func (c *call) context(extra policy.Context) policy.Context {
	now := c.now().UTC()
	keys := policy.Context{
		"aws:CurrentTime":     {now.Format(time.RFC3339)},
		"aws:EpochTime":       {strconv.FormatInt(now.Unix(), 10)},
		"aws:SourceIp":        {c.sourceIP},
		"aws:SecureTransport": {"true"},
		"aws:ViaAWSService":   {strconv.FormatBool(c.via != "")},
	}
	if c.region != "" { // an unsigned call over loopback tells none
		keys["aws:RequestedRegion"] = []string{c.region}
	}
	if agent := c.header.Get("User-Agent"); agent != "" {
		keys["aws:UserAgent"] = []string{agent}
	}
	if c.via != "" {
		service := c.via + "." + dnsSuffix(c.region)
		keys["kms:ViaService"] = []string{c.via + "." + c.region + "." + dnsSuffix(c.region)}
		keys["aws:CalledVia"] = []string{service}
		keys["aws:CalledViaFirst"] = []string{service}
		keys["aws:CalledViaLast"] = []string{service}
	}
	if c.caller != nil && c.caller.role != "" {
		keys["aws:TokenIssueTime"] = []string{c.caller.issued.UTC().Format(time.RFC3339)}
		keys["aws:MultiFactorAuthPresent"] = []string{"false"}
		maps.Copy(keys, c.caller.context)
	}
	maps.Copy(keys, extra)
	return keys
}

// policiesOf gathers the documents on the caller's side, as they are now.
func (s *state) policiesOf(caller *session) policy.Set {
	account := s.account(caller.account)
	if account == nil {
		return policy.Set{}
	}
	set := policy.Set{
		SCPs:    guardrails(policy.ServiceControlPolicy, account, account.ID),
		Session: caller.policies,
	}
	owner, attached, boundary := "", []NamedPolicy(nil), (*NamedPolicy)(nil)
	if role := account.role(caller.role); caller.role != "" && role != nil && role.UniqueID == caller.principalID {
		owner, attached, boundary = role.Name, role.Policies, role.Boundary
	}
	if user := account.user(caller.user); caller.user != "" && user != nil {
		owner, attached, boundary = user.Name, user.Policies, user.Boundary
	}
	for _, p := range attached {
		set.Identity = append(set.Identity, p.of(policy.IdentityPolicy, account.ID, owner))
	}
	if boundary != nil {
		set.Boundaries = []policy.Policy{boundary.of(policy.PermissionsBoundary, account.ID, owner)}
	}
	return set
}

// of is the policy under the name by which one finds it: its ARN if it is
// managed, "owner/name" if it is inline.
func (p NamedPolicy) of(kind policy.Kind, account, owner string) policy.Policy {
	name := p.Name
	if owner != "" && !strings.HasPrefix(name, "arn:") {
		name = owner + "/" + name
	}
	return policy.Policy{Kind: kind, Account: account, Name: name, Document: p.Document}
}

// guardrails are the account's SCPs or RCPs by level.
func guardrails(kind policy.Kind, account *account, id string) [][]policy.Policy {
	if account == nil {
		return nil
	}
	levels := account.SCPs
	if kind == policy.ResourceControlPolicy {
		levels = account.RCPs
	}
	var out [][]policy.Policy
	for _, level := range levels {
		policies := make([]policy.Policy, len(level))
		for i, p := range level {
			policies[i] = p.of(kind, id, "")
		}
		out = append(out, policies)
	}
	return out
}

// rcps are the RCPs that guard a resource, which are those of its account. No
// RCP guards a key that AWS manages (AWS Organizations User Guide,
// orgs_manage_policies_rcps).
func (a *AWS) rcps(resourceARN, accountID string) [][]policy.Policy {
	if arn, err := policy.ParseARN(resourceARN); err == nil && arn.Service == "kms" {
		if key := a.lookUpKey(arn); key != nil && key.service != "" {
			return nil
		}
	}
	return guardrails(policy.ResourceControlPolicy, a.account(accountID), accountID)
}

// roleARN is the ARN, with its path, of the role behind a session; "" for
// users and roles that are gone.
func (s *state) roleARN(caller *session) string {
	account := s.account(caller.account)
	if account == nil || caller.role == "" {
		return ""
	}
	if role := account.role(caller.role); role != nil {
		return account.roleARN(role)
	}
	return ""
}
