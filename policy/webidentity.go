package policy

import (
	"cmp"
	"encoding"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Claims are the claims of a service account's token that STS reads. A zero
// field is a claim that the token lacks.
type Claims struct {
	Issuer    string
	Subject   string
	Audience  []string
	IssuedAt  time.Time
	NotBefore time.Time
	Expiry    time.Time
}

// OIDCProvider is an IAM OIDC identity provider.
type OIDCProvider struct {
	ARN       string   `json:"arn"` // "": that of URL in the role's account
	URL       string   `json:"url"` // with or without https://
	ClientIDs []string `json:"clientIds,omitempty"`
}

// Role is a role with the documents attached to it.
type Role struct {
	ARN      string // with path
	UniqueID string // AROA…, if known
	// Tags are the role's own; nil: none that are known. Those of its session take
	// their place.
	Tags     map[string]string
	Trust    *Document // nil: not known
	Policies []Policy
	Boundary *Policy // nil: none
}

// Stage is a step of AssumeRoleWithWebIdentity. STS stops at the first that
// fails; each answers with an error of its own.
type Stage uint8

// The stages in order; NoStage in a result means that all passed.
const (
	NoStage Stage = iota
	TokenStage
	ProviderStage
	AudienceStage
	TrustStage
)

var _ encoding.TextMarshaler = NoStage

// String returns "", "token", "provider", "audience" or "trust".
func (s Stage) String() string {
	names := [...]string{"", "token", "provider", "audience", "trust"}
	if int(s) >= len(names) {
		return fmt.Sprintf("Stage(%d)", uint8(s))
	}
	return names[s]
}

// MarshalText is [Stage.String], so that JSON says which stage is meant.
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// WebIdentity asks whether a token may assume a role.
type WebIdentity struct {
	Claims      Claims
	Providers   []OIDCProvider // those of the role's account
	Role        Role
	SessionName string     // zero: "session"
	RCPs        [][]Policy // of the role's account, by level, root first
	// Context holds further condition keys of the call, such as aws:SourceIp.
	// A key that neither it nor the token gives is absent.
	Context Context
	Time    time.Time // zero: now
}

// defaultSession is the name of a session of which none is given.
const defaultSession = "session"

// WebIdentityResult is the answer, as STS gives it, and why.
type WebIdentityResult struct {
	Decision Decision `json:"decision"`
	// Stage is where it failed, or where it cannot be decided.
	Stage Stage `json:"stage,omitempty"`
	// Code and Message are STS's own, empty when Allowed or Unknown.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	// Provider is the provider that the token belongs to, if found.
	Provider *OIDCProvider `json:"provider,omitempty"`
	// Trust is the evaluation of the role's trust policy. It is made also when
	// an earlier stage failed; without a provider, as if there were one.
	Trust Result `json:"trust"`
	// Faults say what to change, the deciding one first. The trust policy is
	// at fault only for what is wrong with it once the others are mended.
	Faults []Fault `json:"faults,omitempty"`
}

// Evaluate runs the stages. The token's signature is not checked: that takes
// the issuer's keys, and is the caller's.
func (w WebIdentity) Evaluate() WebIdentityResult {
	result, findings := w.evaluate()
	result.Faults = mergeFindings(findings)
	return result
}

// evaluate also returns the faults before they are merged with those of other
// links.
func (w WebIdentity) evaluate() (WebIdentityResult, []finding) {
	if w.Time.IsZero() {
		w.Time = time.Now()
	}
	var r WebIdentityResult
	var findings []finding
	fail := func(stage Stage, code, message string, fault Fault) {
		if r.Stage == NoStage {
			r.Stage, r.Code, r.Message = stage, code, message
		}
		findings = append(findings, finding{Fault: fault})
	}
	if code, message, fault := w.checkToken(); fault != nil {
		fail(TokenStage, code, message, *fault)
	}
	provider := w.assumedProvider()
	if p := findProvider(w.Providers, w.Claims.Issuer, w.Role.ARN); p != nil {
		r.Provider, provider = p, *p
	} else if w.Claims.Issuer != "" {
		fail(ProviderStage, CodeInvalidIdentityToken, MessageNoProvider(w.Claims.Issuer), w.providerFault())
	}
	trust := w.askTrust(provider)
	r.Trust = trust.result
	if r.Provider != nil && len(w.Claims.Audience) > 0 && !overlaps(w.Claims.Audience, provider.ClientIDs) {
		fault, mended := w.audienceFault(provider, trust.result.Decision)
		fail(AudienceStage, CodeInvalidIdentityToken, MessageIncorrectAudience, fault)
		w.Claims.Audience = mended
		trust = w.askTrust(provider)
	}
	if w.Claims.isComplete() {
		findings = append(findings, w.trustFindings(trust)...)
	}
	r.decide()
	return r, findings
}

// decide sums up the stages.
func (r *WebIdentityResult) decide() {
	switch {
	case r.Stage != NoStage:
		r.Decision = ImplicitlyDenied
	case r.Trust.Decision == Allowed:
		r.Decision = Allowed
	default:
		r.Stage, r.Decision = TrustStage, r.Trust.Decision
		if r.Decision != Unknown {
			r.Code, r.Message = CodeAccessDenied, MessageWebIdentityRefused
		}
	}
}

// checkToken makes the first stage's checks, which need nothing but the token.
func (w WebIdentity) checkToken() (code, message string, fault *Fault) {
	missing := func(claim string) (string, string, *Fault) {
		return CodeInvalidIdentityToken, MessageMissingClaim(claim), w.tokenFault(
			"The token lacks the claim "+claim+", so it is not a projected service account token.",
			"Give the application the token that the kubelet projects (AWS_WEB_IDENTITY_TOKEN_FILE), with an audience and an expiry.")
	}
	c := w.Claims
	switch {
	case c.Issuer == "":
		return missing("iss")
	case c.Subject == "":
		return missing("sub")
	case len(c.Audience) == 0:
		return missing("aud")
	case c.Expiry.IsZero():
		return missing("exp")
	case !w.Time.Before(c.Expiry):
		return CodeExpiredToken, MessageTokenExpired(w.Time, c.Expiry), w.tokenFault(
			fmt.Sprintf("The token expired at %s, and it is %s.", stamp(c.Expiry), stamp(w.Time)),
			"Read the token file anew before each exchange: the kubelet replaces it well before it expires. If the file itself is old, "+
				"the kubelet no longer renews it: restart the pod, and look at the node.")
	case w.Time.Before(c.NotBefore):
		return CodeInvalidIdentityToken, MessageInvalidJWT, w.tokenFault(
			fmt.Sprintf("The token is not valid before %s, and it is %s.", stamp(c.NotBefore), stamp(w.Time)),
			"Set the clocks of the node and of the cluster's control plane right.")
	}
	return "", "", nil
}

// isComplete reports whether there is enough to judge a trust policy by.
func (c Claims) isComplete() bool { return c.Issuer != "" && c.Subject != "" && len(c.Audience) > 0 }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (w WebIdentity) tokenFault(problem, remedy string) *Fault {
	f := &Fault{
		Link: TrustLink, Kind: ServiceAccountToken, Account: accountOf(w.Role.ARN), Document: w.Claims.Subject,
		Problem: problem, Remedy: remedy,
	}
	if f.Document == "" {
		f.Document = "the token"
	}
	return f
}

// issuerName is an issuer or a provider's URL as ARNs and condition keys have
// it: without the scheme, and nothing else changed (IAM User Guide,
// reference_policies_iam-condition-keys).
func issuerName(issuer string) string { return strings.TrimPrefix(issuer, "https://") }

// findProvider returns the provider whose URL is the token's issuer, nil if
// there is none. The comparison is exact. A provider of another account than
// the role's is none (IAM User Guide, id_roles_providers_create_oidc). Since an
// account has one provider of a URL, whose ARN is made of both, the ARN need
// not be given.
func findProvider(providers []OIDCProvider, issuer, role string) *OIDCProvider {
	for _, p := range providers {
		if issuer != "" && issuerName(p.URL) == issuerName(issuer) && !p.isForeign(role) {
			p.ARN = cmp.Or(p.ARN, providerARN(issuer, role))
			return &p
		}
	}
	return nil
}

// providerARN is the ARN of the issuer's provider in the role's account.
func providerARN(issuer, role string) string {
	a, _ := ParseARN(role)
	return ARN{Partition: a.Partition, Service: "iam", Account: a.Account, Resource: "oidc-provider/" + issuerName(issuer)}.String()
}

// isForeign reports a provider of another account than the role's.
func (p OIDCProvider) isForeign(role string) bool {
	account := accountOf(p.ARN)
	return account != "" && accountOf(role) != "" && account != accountOf(role)
}

// assumedProvider is the provider as it would have to be.
func (w WebIdentity) assumedProvider() OIDCProvider {
	return OIDCProvider{ARN: providerARN(w.Claims.Issuer, w.Role.ARN), URL: w.Claims.Issuer, ClientIDs: w.Claims.Audience}
}

func (w WebIdentity) providerFault() Fault {
	account, issuer := accountOf(w.Role.ARN), w.Claims.Issuer
	f := Fault{
		Link: TrustLink, Kind: IdentityProvider, Account: account, Document: issuer,
		Problem: "The token was issued by " + issuer + ", and account " + account + " has no IAM OIDC identity provider with that URL.",
		Remedy: "Create an IAM OIDC identity provider in account " + account + " with the URL " + issuer +
			" and the client ID " + strings.Join(w.Claims.Audience, ", ") + ".",
	}
	for _, p := range w.Providers {
		switch {
		case p.isForeign(w.Role.ARN) && issuerName(p.URL) == issuerName(issuer):
			f.Problem += " Account " + accountOf(p.ARN) + " has one, but it counts only in the role's account."
		case alike(p.URL, issuer):
			f.Problem += " The provider " + p.URL + " comes close, but the URL must be exactly the same" + misspelling(issuerName(p.URL), issuerName(issuer)) + "."
		}
	}
	return f
}

// audienceFault says whether the provider's client IDs or the token's audience
// is wrong, and returns the audience as it would be when that is mended. The
// provider is wrong if the role's trust policy accepts the audience, or if it
// is the one that EKS gives; else the token was made for another purpose.
func (w WebIdentity) audienceFault(p OIDCProvider, trust Decision) (Fault, []string) {
	const usual = "sts.amazonaws.com"
	got, wanted := strings.Join(w.Claims.Audience, ", "), strings.Join(p.ClientIDs, ", ")
	if trust == Allowed || slices.Contains(w.Claims.Audience, usual) || len(p.ClientIDs) == 0 {
		account := accountOf(w.Role.ARN)
		return Fault{
			Link: TrustLink, Kind: IdentityProvider, Account: account, Document: w.Claims.Issuer,
			Problem: "The token's audience is " + got + ", which is not among the client IDs of the identity provider in account " +
				account + " (" + wanted + ").",
			Remedy: "Add the client ID " + got + " to the identity provider " + p.ARN + " in account " + account + ".",
		}, w.Claims.Audience
	}
	mended := p.ClientIDs[0]
	if slices.Contains(p.ClientIDs, usual) {
		mended = usual
	}
	return *w.tokenFault(
		"The token's audience is "+got+", and the identity provider accepts only "+wanted+".",
		"Project the token with the audience "+mended+": in the pod's serviceAccountToken volume, or, where the EKS webhook makes it, "+
			"with the annotation eks.amazonaws.com/audience of the service account.",
	), []string{mended}
}

func overlaps(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// askTrust evaluates the role's trust policy for a token of the provider.
func (w WebIdentity) askTrust(p OIDCProvider) query {
	name := issuerName(w.Claims.Issuer)
	keys := Context{"sts:RoleSessionName": {cmp.Or(w.SessionName, defaultSession)}}
	for claim, values := range map[string][]string{"sub": {w.Claims.Subject}, "aud": w.Claims.Audience} {
		if len(values) > 0 && values[0] != "" {
			keys[name+":"+claim] = values
		}
	}
	maps.Copy(keys, w.Context)
	account := accountOf(w.Role.ARN)
	set := Set{RCPs: labelledLevels(w.RCPs, ResourceControlPolicy, account)}
	if w.Role.Trust != nil {
		set.Resource = &Policy{Kind: TrustPolicy, Account: account, Name: w.Role.ARN, Document: w.Role.Trust}
	}
	q := newQuery(TrustLink, Request{
		Principal: p.ARN, Action: actionWebIdentity, Resource: w.Role.ARN, Context: keys, Closed: true, Time: w.Time,
	}, set, w.Role.ARN)
	q.who = "the service account " + w.Claims.Subject
	return q
}

// trustFindings says what is wrong with the trust policy, or with an RCP. A
// misspelt issuer is looked for first: it stands in several elements of a
// statement at once, which hides it from the near misses.
func (w WebIdentity) trustFindings(trust query) []finding {
	if trust.result.Decision == ImplicitlyDenied && trust.set.Resource != nil {
		if f, ok := trust.issuerFinding(w.Claims.Issuer); ok {
			return []finding{f}
		}
	}
	return trust.findings()
}
