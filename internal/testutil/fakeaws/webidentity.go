package fakeaws

import (
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// webIdentityResult is the response of AssumeRoleWithWebIdentity.
type webIdentityResult struct {
	XMLName                     xml.Name `xml:"AssumeRoleWithWebIdentityResult"`
	SubjectFromWebIdentityToken string
	Audience                    string
	AssumedRoleUser             assumedRoleUser
	Credentials                 credentialsXML
	PackedPolicySize            int `xml:",omitempty"`
	sessionToken
	Provider string
}

// assumeRoleWithWebIdentity exchanges a service account's token for
// credentials. Each stage has an error of its own.
func assumeRoleWithWebIdentity(c *call) (any, error) {
	token := c.params.Get("WebIdentityToken")
	if len(token) < 4 {
		return nil, errorf("ValidationError", "1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4")
	}
	ask, err := c.assumption()
	if err != nil {
		return nil, err
	}
	packed, err := c.packed(sessionData{})
	if err != nil {
		return nil, err
	}
	claims, err := readToken(token)
	if err != nil {
		return nil, err
	}
	provider, err := c.webIdentity(token, claims, ask)
	if err != nil {
		return nil, err
	}
	c.record.Principal = provider.ARN
	length, err := ask.length(false)
	if err != nil {
		return nil, err
	}
	s := c.issue(ask, length, policy.Context{"aws:FederatedProvider": {provider.ARN}}, nil)
	return webIdentityResult{
		SubjectFromWebIdentityToken: claims.Subject,
		Audience:                    strings.Join(claims.Audience, ","),
		AssumedRoleUser:             s.assumedRoleUser(),
		Credentials:                 s.credentialsXML(),
		PackedPolicySize:            packed,
		sessionToken:                s.tokenSize(),
		Provider:                    provider.ARN,
	}, nil
}

// webIdentity runs the stages, with the signature check between those of
// provider and audience, for it takes the provider's keys.
func (c *call) webIdentity(token string, claims policy.Claims, ask assumption) (*policy.OIDCProvider, error) {
	check := policy.WebIdentity{
		Claims:      claims,
		Role:        policy.Role{ARN: ask.roleARN, Trust: ask.trust()},
		SessionName: ask.sessionName,
		Context:     c.context(nil),
		Time:        c.now(),
	}
	if ask.account != nil {
		check.Providers = ask.account.providers()
		check.RCPs = guardrails(policy.ResourceControlPolicy, ask.account, ask.account.ID)
	}
	result := check.Evaluate()
	if result.Stage == policy.TokenStage || result.Stage == policy.ProviderStage {
		return nil, webIdentityError(result)
	}
	if err := c.aws.verifySignature(token, claims.Issuer); err != nil {
		return nil, err
	}
	if result.Decision != policy.Allowed || result.Provider == nil {
		return nil, webIdentityError(result)
	}
	return result.Provider, nil
}

func webIdentityError(result policy.WebIdentityResult) error {
	e := &apiError{Code: result.Code, Message: result.Message}
	if result.Stage == policy.TrustStage || e.Code == "" { // an undecided trust policy does not trust
		e.Code, e.Message = "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"
		e.Status = http.StatusForbidden
	}
	return e
}

// providers are the account's OIDC providers.
func (a *Account) providers() []policy.OIDCProvider {
	out := make([]policy.OIDCProvider, len(a.OIDCProviders))
	for i, p := range a.OIDCProviders {
		out[i] = policy.OIDCProvider{ARN: a.providerARN(p), URL: p.URL, ClientIDs: p.ClientIDs}
	}
	return out
}
