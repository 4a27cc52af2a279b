package credentials

import (
	"fmt"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// explain says which document to change for STS to give the session; nil if
// nothing is certain.
func explain(e *AssumeRoleError, role policy.ARN, message string) *policy.Fault {
	fault := policy.Fault{Link: policy.TrustLink, Account: role.Account}
	switch e.Stage {
	case policy.TrustStage:
		explainTrust(&fault, e, role, message)
	case policy.ProviderStage:
		explainProvider(&fault, e.Token, message)
	case policy.AudienceStage:
		explainAudience(&fault, e.Token)
	case policy.TokenStage:
		explainToken(&fault, e)
	default:
		return explainRequest(e, role)
	}
	return &fault
}

// explainTrust is for AccessDenied, which STS also says when there is no such
// role.
func explainTrust(f *policy.Fault, e *AssumeRoleError, role policy.ARN, message string) {
	f.Kind = policy.TrustPolicy
	f.Document = e.RoleARN
	if d, ok := policy.ParseDenial(message); ok && d.Explicit {
		if d.Kind != policy.NoKind {
			f.Kind = d.Kind
		}
		f.Problem = fmt.Sprintf("a Deny in a %s applies to %s", f.Kind, e.Token.Subject)
		f.Remedy = fmt.Sprintf("change that statement for role %s of account %s", roleName(role), role.Account)
		return
	}
	f.Problem = fmt.Sprintf("the trust policy of role %s in account %s does not admit %s of issuer %s with audience %s, or there is no such role",
		roleName(role), role.Account, e.Token.Subject, e.Token.Issuer, strings.Join(e.Token.Audience, ", "))
	f.Remedy = "compare its conditions with these claims to the letter, or add this statement"
	f.Statement = trustStatement(role, e.Token)
}

// trustStatement lets exactly this service account into the role: what a trust
// policy that admits nobody lacks for it.
func trustStatement(role policy.ARN, t Token) *policy.Statement {
	provider := policy.ARN{
		Partition: role.Partition,
		Service:   "iam",
		Account:   role.Account,
		Resource:  "oidc-provider/" + strings.TrimPrefix(t.Issuer, "https://"),
	}
	asked := policy.WebIdentity{
		Claims:    t.Claims(),
		Providers: []policy.OIDCProvider{{ARN: provider.String(), URL: t.Issuer, ClientIDs: t.Audience}},
		Role:      policy.Role{ARN: role.String(), Trust: &policy.Document{Version: policy.Version2012}},
		Time:      t.IssuedAt, // when it was valid for certain
	}
	for _, f := range asked.Evaluate().Faults {
		if f.Kind == policy.TrustPolicy {
			return f.Statement
		}
	}
	return nil
}

func explainProvider(f *policy.Fault, t Token, message string) {
	f.Kind = policy.IdentityProvider
	f.Document = t.Issuer
	if strings.Contains(strings.ToLower(message), "thumbprint") {
		f.Problem = fmt.Sprintf("the thumbprint of the IAM OIDC provider for %s in account %s is not that of its certificate", t.Issuer, f.Account)
		f.Remedy = "update the provider's thumbprint"
		return
	}
	f.Problem = fmt.Sprintf("account %s has no IAM OIDC provider for the token's issuer %s", f.Account, t.Issuer)
	f.Remedy = fmt.Sprintf("create one there whose URL is that issuer to the letter, trailing slash included, with client ID %s",
		strings.Join(t.Audience, ", "))
}

func explainAudience(f *policy.Fault, t Token) {
	f.Kind = policy.IdentityProvider
	f.Document = t.Issuer
	f.Problem = fmt.Sprintf("the IAM OIDC provider for %s in account %s does not list the token's audience %s as a client ID",
		t.Issuer, f.Account, strings.Join(t.Audience, ", "))
	f.Remedy = "add it there, or project a token for an audience that is listed"
}

func explainToken(f *policy.Fault, e *AssumeRoleError) {
	f.Kind = policy.ServiceAccountToken
	f.Account = ""
	f.Document = e.Token.Subject
	switch e.Code {
	case "ExpiredToken":
		f.Problem = "the token has expired by STS's clock"
		f.Remedy = "compare this machine's clock, and look whether the kubelet still renews the file"
	case "IDPRejectedClaim":
		f.Problem = "the cluster's issuer rejected the token"
		f.Remedy = "recreate the pod for a new token"
	default:
		f.Problem = fmt.Sprintf("STS does not accept the token as one of issuer %s", e.Token.Issuer)
		f.Remedy = "look whether the file is altered, or from another cluster whose issuer has the same name"
	}
}

// explainRequest is for refusals that do not concern the token.
func explainRequest(e *AssumeRoleError, role policy.ARN) *policy.Fault {
	f := &policy.Fault{Link: policy.TrustLink, Account: role.Account, Document: e.RoleARN}
	switch e.Code {
	case "RegionDisabled":
		f.Problem = fmt.Sprintf("STS is not active for account %s in this Region", role.Account)
		f.Remedy = "activate it in the account's IAM settings, or use another Region"
	case "ValidationError":
		f.Problem = "STS does not accept the request's form"
		f.Remedy = "compare the Duration with the role's maximum session duration, and the role's ARN with the role"
	case "MalformedPolicyDocument":
		f.Kind = policy.SessionPolicy
		f.Problem = "STS does not accept the session policy"
		f.Remedy = "look at SessionPolicy and PolicyARNs, package policy's Lint tells what is wrong with a document"
	case "PackedPolicyTooLarge":
		f.Kind = policy.SessionPolicy
		f.Problem = "session policies and tags together take more room than a session has"
		f.Remedy = "shorten SessionPolicy, or move it into a managed policy named in PolicyARNs, and send fewer Tags"
	default:
		return nil
	}
	return f
}

// roleName is the last part of a role's ARN, which is its name without the
// path.
func roleName(role policy.ARN) string {
	return role.Resource[strings.LastIndexByte(role.Resource, '/')+1:]
}
