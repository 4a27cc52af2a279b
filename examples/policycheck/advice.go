package main

import (
	"strings"

	"github.com/irsakit/irsa/policy"
)

// advice says what a refusal means and what to do.
func advice(e policy.Event) (problem, remedy string) {
	d := e.Denial
	switch {
	case d.Stage != policy.NoStage && d.Stage != policy.TrustStage:
		return stageAdvice(d)
	case d.DefaultKey:
		return "The secret is encrypted with the key aws/secretsmanager of another account, which no other account can use.",
			"In the secret's account, encrypt the secret with a customer managed key whose key policy lets the role decrypt, " +
				"and allow the role kms:Decrypt on that key."
	case d.KMS:
		return "Secrets Manager may not use the secret's KMS key on behalf of the caller: either the key policy does not let the caller " +
				"in, or no policy of the caller allows kms:Decrypt. The sentence does not say which.",
			"Look at both: the policy of the key in the key's account must allow kms:Decrypt to the role, and so must a policy of the " +
				"role. policycheck access tells which one it is, given the documents."
	case d.Encoded != "":
		return "The reason is encoded in the message.",
			"Let somebody who is allowed sts:DecodeAuthorizationMessage run: aws sts decode-authorization-message --encoded-message …, " +
				"and give the answer to policycheck explain."
	case d.ResourceIsName:
		return "AWS looked for " + d.Resource + " by name in the caller's own account and Region and did not find it.",
			"Let the application ask for the complete ARN, and make sure that the client's Region is right."
	case d.Explicit:
		return denyAdvice(e)
	}
	return allowAdvice(d)
}

// stageAdvice is about a token that STS did not take as far as the trust
// policy.
func stageAdvice(d policy.Denial) (problem, remedy string) {
	switch d.Stage {
	case policy.ProviderStage:
		return "The role's account has no IAM OIDC identity provider whose URL is the token's issuer.",
			"Create one in the role's account with exactly that URL and the client ID sts.amazonaws.com."
	case policy.AudienceStage:
		return "The token's audience is not among the client IDs of the identity provider in the role's account.",
			"Add the audience to the identity provider, or project the token with the audience sts.amazonaws.com."
	}
	problem = "STS does not take the token"
	if d.Message != "" {
		problem += ": " + d.Message
	}
	if d.Kind == policy.IdentityProvider {
		return problem + ".", "Make sure that STS can reach the issuer's /.well-known/openid-configuration and keys over HTTPS."
	}
	return problem + ".", "Give the application the token that the kubelet projects, and read its file anew before each exchange."
}

// denyAdvice is about a statement that denies.
func denyAdvice(e policy.Event) (problem, remedy string) {
	d := e.Denial
	where := "a policy that AWS does not name"
	if d.Kind != policy.NoKind {
		where = article(d.Kind)
	}
	if d.PolicyARN != "" {
		where += ", " + d.PolicyARN
	}
	if len(e.Sids) > 0 {
		where += " (" + strings.Join(e.Sids, ", ") + ")"
	}
	problem = "A Deny in " + where + ", forbids it. A Deny overrides every Allow."
	problem = strings.Replace(problem, "not name, forbids", "not name forbids", 1)
	remedy = "Find the Deny there that matches, and narrow it so that it spares the caller."
	if d.Kind == policy.ServiceControlPolicy || d.Kind == policy.ResourceControlPolicy || d.ThroughSCP {
		remedy += " It is edited in the management account of the organization."
	}
	return problem, remedy
}

// allowAdvice is about an Allow that is missing.
func allowAdvice(d policy.Denial) (problem, remedy string) {
	switch d.Kind {
	case policy.TrustPolicy:
		if d.Principal == "" {
			return "The role's trust policy does not allow the token's service account to assume the role. AWS never says which condition fails.",
				"Compare the token's iss, sub and aud with the trust policy: Federated is the provider of iss in the role's account, " +
					"the keys are ISSUER:sub and ISSUER:aud without https://, and sub is system:serviceaccount:NAMESPACE:NAME. " +
					"policycheck access finds the difference, given the documents."
		}
		return "The role's trust policy does not allow the caller to assume the role.", "Let the trust policy name the caller."
	case policy.KeyPolicy:
		return "The key policy does not let the caller in. KMS says so also where the key policy lets the account in and a policy of the caller is missing.",
			"In the key's account, allow the caller in the key policy; if the key policy names the account only, or the caller is of " +
				"another account, allow the action in a policy of the caller as well."
	case policy.IdentityPolicy:
		return "No policy of the caller allows it.", "Add a statement to a policy of the caller."
	case policy.ResourcePolicy:
		return "The resource's own policy does not allow the caller.", "Add a statement to the resource's policy, in the resource's account."
	case policy.PermissionsBoundary:
		return "The permissions boundary of the caller does not allow it. It grants nothing, but what it leaves out the caller cannot do.",
			"Add a statement to the policy that is the boundary."
	case policy.SessionPolicy:
		return "The session policy does not allow it. It grants nothing, but what it leaves out the session cannot do.",
			"Change the policy that is passed where the role is assumed."
	case policy.ServiceControlPolicy:
		return "A service control policy of the caller's account does not allow it.",
			"Add a statement to the service control policies of the level that leaves it out. They are edited in the management account of the organization."
	case policy.ResourceControlPolicy:
		return "A resource control policy of the resource's account does not allow it.", "Look at them in the management account of the organization."
	case policy.EndpointPolicy:
		return "The policy of the VPC endpoint that the request went through does not allow it.", "Add a statement to the endpoint's policy."
	}
	return "AWS does not say which policy refuses: either none allows it, or one denies it.",
		"Look at the CloudTrail event of the call, or hold the documents against each other with policycheck access."
}

func article(k policy.Kind) string {
	if k == policy.IdentityPolicy {
		return "an " + k.String()
	}
	return "a " + k.String()
}
