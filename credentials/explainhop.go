package credentials

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/irsakit/irsa/policy"
)

// explainHop says which documents to change for STS to give the session.
func (e *AssumeRoleError) explainHop(l link, c caller, message string) {
	who := c.identity
	switch e.Code {
	case "AccessDenied":
		e.explainDenial(l, who, message)
	case "ExpiredToken", "InvalidClientTokenId", "InvalidToken", "UnrecognizedClient":
		if c.expired(time.Now()) {
			e.Fault = baseFault(who, "the credentials that ask for the role have expired and could not be renewed",
				"see why the session before them was not")
			return
		}
		e.Fault = baseFault(who, "STS does not accept the credentials that ask for the role",
			"look whether their user or role was deleted or their sessions revoked, and compare this machine's clock")
	case "SignatureDoesNotMatch", "InvalidSignature", "RequestTimeTooSkewed", "RequestExpired":
		e.Fault = baseFault(who, "STS does not accept the signature of the request",
			"compare this machine's clock, and the secret access key with its id")
	case "InvalidParameterValue":
		if strings.Contains(strings.ToLower(message), "transitive tag") {
			e.Fault = inheritedFault(l)
		}
	default:
		if e.Fault = explainRequest(e, l.role); e.Fault != nil {
			e.Fault.Link = policy.HopLink
		}
	}
}

// baseFault is about the credentials that ask for the role.
func baseFault(who Identity, problem, remedy string) *policy.Fault {
	return &policy.Fault{
		Link: policy.HopLink, Account: who.Account, Document: cmp.Or(who.RoleARN, who.ARN),
		Problem: problem, Remedy: remedy,
	}
}

// inheritedFault is for a tag that a session before the first hop passes on,
// which linkHops cannot know.
func inheritedFault(l link) *policy.Fault {
	return &policy.Fault{
		Link: policy.HopLink, Account: l.role.Account, Document: l.RoleARN,
		Problem: "a tag of the hop is one that the session before passes on",
		Remedy: "leave it out of " + l.field + ".Tags; sessions of EKS Pod Identity pass on eks-cluster-arn, eks-cluster-name," +
			" kubernetes-namespace, kubernetes-service-account, kubernetes-pod-name and kubernetes-pod-uid",
	}
}

// explainDenial is for AccessDenied, which STS also says when there is no such
// role. Where it does not name the kind of policy, as across accounts, either
// side may be at fault.
func (e *AssumeRoleError) explainDenial(l link, who Identity, message string) {
	d, _ := policy.ParseDenial(message)
	asked := hopRequest(l, who, d)
	switch {
	case d.Explicit:
		e.Fault = explicitFault(l, asked, d)
		return
	case d.Kind == policy.IdentityPolicy:
		e.Fault = callerFault(asked)
		return
	}
	e.Fault = trustFault(l, asked, d)
	if d.Kind != policy.TrustPolicy && asked.Caller.Principal != "" {
		e.CallerFault = callerFault(asked)
	}
}

// hopRequest is the call in the terms of package policy, with documents that
// allow nothing. Who asks is in the sentence, if the source did not tell.
func hopRequest(l link, who Identity, d policy.Denial) policy.AssumeRole {
	return policy.AssumeRole{
		Caller:         policy.Caller{Principal: cmp.Or(who.ARN, d.Principal), RoleARN: who.RoleARN},
		Role:           policy.Role{ARN: l.RoleARN, Trust: &policy.Document{Version: policy.Version2012}},
		ExternalID:     l.ExternalID,
		Tags:           l.Tags,
		TransitiveTags: l.TransitiveTagKeys,
		Inherited:      l.inherited,
		SourceIdentity: l.lasting,
		Closed:         true,
	}
}

// explicitFault is for a Deny, which only people can take away.
func explicitFault(l link, asked policy.AssumeRole, d policy.Denial) *policy.Fault {
	f := &policy.Fault{
		Link: policy.HopLink, Kind: cmp.Or(d.Kind, policy.TrustPolicy),
		Account: l.role.Account, Document: cmp.Or(d.PolicyARN, l.RoleARN),
	}
	switch f.Kind {
	case policy.IdentityPolicy, policy.PermissionsBoundary, policy.SessionPolicy, policy.ServiceControlPolicy:
		f.Account = cmp.Or(d.Account, l.role.Account)
		f.Document = cmp.Or(d.PolicyARN, asked.Caller.RoleARN, asked.Caller.Principal)
	}
	f.Problem = fmt.Sprintf("a Deny in a %s applies to %s of %s", f.Kind, d.Action, asked.Caller.Principal)
	f.Remedy = fmt.Sprintf("change that statement, in account %s", f.Account)
	return f
}

// trustFault is what the trust policy of the role lacks, should it not be
// there.
func trustFault(l link, asked policy.AssumeRole, d policy.Denial) *policy.Fault {
	f := &policy.Fault{Link: policy.HopLink, Kind: policy.TrustPolicy, Account: l.role.Account, Document: l.RoleARN}
	f.Problem = fmt.Sprintf("the trust policy of role %s in account %s does not allow %s to %s, or there is no such role",
		roleName(l.role), l.role.Account, list(hopActions(l)), cmp.Or(asked.Caller.Principal, "the caller"))
	if d.Action != "" && d.Action != "sts:AssumeRole" {
		f.Problem += fmt.Sprintf(" (STS names %s)", d.Action)
	}
	f.Remedy = "if it asks for an sts:ExternalId, set " + l.setting("ExternalID") + "; otherwise add this statement"
	if l.ExternalID != "" {
		f.Remedy = "compare its sts:ExternalId with " + l.setting("ExternalID") + " to the letter, or add this statement"
	}
	for _, missing := range asked.Evaluate().Faults {
		if missing.Kind == policy.TrustPolicy {
			f.Statement = missing.Statement
		}
	}
	return f
}

// callerFault is what the caller's own policies must allow.
func callerFault(asked policy.AssumeRole) *policy.Fault {
	who := cmp.Or(asked.Caller.RoleARN, asked.Caller.Principal)
	arn, _ := policy.ParseARN(who)
	actions := actionsOf(asked)
	return &policy.Fault{
		Link: policy.HopLink, Kind: policy.IdentityPolicy, Account: arn.Account, Document: who,
		Problem: fmt.Sprintf("the policies of %s in account %s must allow %s on that role", roleName(arn), arn.Account, list(actions)),
		Remedy:  "look whether they do, or add this statement",
		Statement: &policy.Statement{
			Effect:   policy.Allow,
			Action:   policy.Strings(actions...),
			Resource: policy.Strings(asked.Role.ARN),
		},
	}
}

// hopActions are the permissions that a hop takes: what it sends must be
// allowed beside sts:AssumeRole itself.
func hopActions(l link) []string {
	return actionsOf(policy.AssumeRole{Tags: l.Tags, Inherited: l.inherited, SourceIdentity: l.lasting})
}

func actionsOf(asked policy.AssumeRole) []string {
	actions := []string{"sts:AssumeRole"}
	if len(asked.Tags) > 0 || len(asked.Inherited) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if asked.SourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	return actions
}
