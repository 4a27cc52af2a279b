package credentials

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/irsakit/irsa/policy"
)

// maxToken is the length of the longest token that STS takes (STS API
// Reference, AssumeRoleWithWebIdentity, WebIdentityToken).
const maxToken = 20000

// clockLeeway is how long a token may have been expired by this machine's clock
// before we refuse it ourselves. Within it STS decides, whose clock counts. The
// kubelet renews a token at 80 % of its life by the same clock that we read, so
// one that has been expired for longer is no matter of clocks.
const clockLeeway = 5 * time.Minute

// podIdentityAudience is the audience of tokens for EKS Pod Identity.
const podIdentityAudience = "pods.eks.amazonaws.com"

// Token is what a service account's token claims: unproven, for diagnosis only.
// It does not hold the token itself, so it is safe to print. The zero Token
// claims nothing.
type Token struct {
	Issuer         string
	Subject        string // system:serviceaccount:<Namespace>:<ServiceAccount>
	Audience       []string
	Namespace      string
	ServiceAccount string
	Pod            string // "" if the token is not bound to a pod
	Node           string // "" before Kubernetes 1.30
	IssuedAt       time.Time
	NotBefore      time.Time
	Expiry         time.Time
}

// Claims returns the claims that STS reads, for evaluation with package policy.
func (t Token) Claims() policy.Claims {
	return policy.Claims{
		Issuer:    t.Issuer,
		Subject:   t.Subject,
		Audience:  slices.Clone(t.Audience),
		IssuedAt:  t.IssuedAt,
		NotBefore: t.NotBefore,
		Expiry:    t.Expiry,
	}
}

// claims are the JSON claims of a projected token (Kubernetes documentation,
// "Managing Service Accounts", "Schema for service account private claims").
type claims struct {
	jwt.RegisteredClaims
	Kubernetes struct {
		Pod  *struct{ Name string } `json:"pod"`
		Node *struct{ Name string } `json:"node"`
	} `json:"kubernetes.io"`
}

// ParseTokenUnverified reads a service account's token without verifying its
// signature: nothing in the result may be trusted. White space around the token
// is ignored. The error is a [*TokenError], without the token's content.
func ParseTokenUnverified(raw string) (Token, error) {
	raw = strings.TrimSpace(raw)
	switch {
	case raw == "":
		return Token{}, &TokenError{Problem: TokenEmpty}
	case len(raw) > maxToken:
		return Token{}, &TokenError{Problem: TokenTooLarge, Detail: fmt.Sprintf("STS takes up to %d bytes", maxToken)}
	}
	var c claims
	parsed, _, err := jwt.NewParser().ParseUnverified(raw, &c)
	if err != nil {
		return Token{}, malformed(describe(raw, err))
	}
	if problem := signatureProblem(parsed); problem != "" {
		return Token{}, malformed(problem)
	}
	return c.token()
}

func malformed(detail string) error {
	return &TokenError{
		Problem: TokenMalformed,
		Detail:  detail,
		Remedy:  "the file must hold the token that the kubelet projects and nothing else",
	}
}

// token checks that the claims are those of a service account.
func (c *claims) token() (Token, error) {
	if missing := c.missing(); len(missing) > 0 {
		return Token{}, &TokenError{Problem: TokenIncomplete, Detail: list(missing) + " not there"}
	}
	t := Token{
		Issuer:    c.Issuer,
		Subject:   c.Subject,
		Audience:  c.Audience,
		IssuedAt:  date(c.IssuedAt),
		NotBefore: date(c.NotBefore),
		Expiry:    date(c.ExpiresAt),
	}
	if p := c.Kubernetes.Pod; p != nil {
		t.Pod = p.Name
	}
	if n := c.Kubernetes.Node; n != nil {
		t.Node = n.Name
	}
	var ok bool
	if t.Namespace, t.ServiceAccount, ok = serviceAccount(c.Subject); !ok {
		return Token{}, &TokenError{
			Problem: TokenNotServiceAccount,
			Detail:  fmt.Sprintf("subject %s is not of the form system:serviceaccount:<namespace>:<name>", quote(c.Subject)),
		}
	}
	return t, nil
}

// missing names the claims that STS requires and the token lacks.
func (c *claims) missing() []string {
	var names []string
	for _, claim := range []struct {
		name    string
		present bool
	}{
		{"iss", c.Issuer != ""},
		{"sub", c.Subject != ""},
		{"aud", len(c.Audience) > 0},
		{"exp", c.ExpiresAt != nil},
	} {
		if !claim.present {
			names = append(names, claim.name)
		}
	}
	return names
}

func date(d *jwt.NumericDate) time.Time {
	if d == nil {
		return time.Time{}
	}
	return d.Time
}

func serviceAccount(subject string) (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(subject, "system:serviceaccount:")
	if !ok {
		return "", "", false
	}
	namespace, name, ok = strings.Cut(rest, ":")
	return namespace, name, ok && namespace != "" && name != "" && !strings.Contains(name, ":")
}

// check refuses what STS certainly refuses.
func (t Token) check(path, audience string, now time.Time) error {
	if !slices.Contains(t.Audience, audience) {
		return &TokenError{
			Path:    path,
			Problem: TokenWrongAudience,
			Detail:  fmt.Sprintf("it is for %s, wanted is %s", quote(t.Audience...), quote(audience)),
			Remedy:  audienceRemedy(t.Audience, audience),
		}
	}
	if now.After(t.Expiry.Add(clockLeeway)) {
		return &TokenError{
			Path:    path,
			Problem: TokenExpired,
			Detail:  fmt.Sprintf("at %s, now it is %s", t.Expiry.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339)),
			Remedy:  "the kubelet renews a projected token well before that: it cannot reach the API server, or the file is a copy or a subPath mount, which never change",
		}
	}
	return nil
}

func audienceRemedy(got []string, want string) string {
	if slices.Contains(got, podIdentityAudience) {
		return "this is the token of EKS Pod Identity; the one for IRSA is a file of its own"
	}
	return fmt.Sprintf("project a token for %q, or set Config.Audience if the account's identity provider is registered for the other", want)
}

// describe says where a token is broken, without quoting it: the parser's own
// errors quote what they stumble over.
func describe(raw string, err error) string {
	segments := strings.Split(raw, ".")
	if len(segments) != 3 {
		return fmt.Sprintf("%d bytes in %d dot-separated segments instead of 3", len(raw), len(segments))
	}
	for i, name := range []string{"header", "claims", "signature"} {
		_, bad := base64.RawURLEncoding.DecodeString(segments[i])
		if at, ok := errors.AsType[base64.CorruptInputError](bad); ok {
			return fmt.Sprintf("segment %d, the %s, is not base64url at byte %d: cut off or altered", i+1, name, int64(at)+1)
		}
	}
	if errors.Is(err, jwt.ErrTokenUnverifiable) {
		return "segment 1, the header, names no known algorithm"
	}
	return describeJSON(err)
}

func describeJSON(err error) string {
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("the JSON of header or claims breaks off or errs at byte %d", e.Offset)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("the JSON of header or claims has a value of the wrong type at byte %d", e.Offset)
	}
	return "a claim has the wrong type"
}

// signatureSizes are the algorithms that STS takes (STS API Reference,
// AssumeRoleWithWebIdentity) with their least signature length in bytes: that
// of a 1024-bit RSA key; twice the field size for ECDSA (RFC 7518, 3.4).
var signatureSizes = map[string]int{
	"RS256": 128, "RS384": 128, "RS512": 128,
	"ES256": 64, "ES384": 96, "ES512": 132,
}

func signatureProblem(t *jwt.Token) string {
	alg := t.Method.Alg()
	least, ok := signatureSizes[alg]
	if !ok {
		return fmt.Sprintf("it is signed with %s, STS takes RS256, RS384, RS512, ES256, ES384 and ES512", alg)
	}
	if len(t.Signature) < least {
		return fmt.Sprintf("segment 3, the signature, has %d bytes, %s has at least %d: cut off", len(t.Signature), alg, least)
	}
	return ""
}

// maxQuoted bounds what an error quotes of a claim.
const maxQuoted = 200

// quote prints claims of a token that parsed; its length is not ours.
func quote(values ...string) string {
	out := fmt.Sprintf("%q", values)
	if len(values) == 1 {
		out = fmt.Sprintf("%q", values[0])
	}
	if len(out) > maxQuoted {
		return out[:maxQuoted] + "…"
	}
	return out
}
