package fakeaws

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/irsakit/irsa/policy"
)

// TokenSpec describes a service account token to mint. Zero fields take what
// EKS gives.
type TokenSpec struct {
	Cluster        string // name; "" is the first
	Namespace      string
	ServiceAccount string
	Pod            string        // "" leaves the pod and node claims out
	Audience       []string      // default sts.amazonaws.com
	Lifetime       time.Duration // default 24h
	IssuedAt       time.Time     // default now
}

// defaultAudience is what the EKS pod identity webhook asks tokens for, in
// every partition.
const defaultAudience = "sts.amazonaws.com"

// MintToken signs a token with the cluster's key. The claims are those of a
// projected service account token (Kubernetes, "Managing Service Accounts").
func (a *AWS) MintToken(spec TokenSpec) (string, error) {
	issuer, err := a.cluster(spec.Cluster)
	if err != nil {
		return "", err
	}
	if spec.Namespace == "" || spec.ServiceAccount == "" {
		return "", errors.New("fakeaws: a token needs Namespace and ServiceAccount")
	}
	key, err := issuer.key()
	if err != nil {
		return "", fmt.Errorf("fakeaws: key of cluster %q: %w", issuer.Name, err)
	}
	token := jwt.NewWithClaims(issuer.method, a.claims(issuer, spec))
	token.Header = map[string]any{"alg": issuer.method.Alg(), "kid": key.id}
	return token.SignedString(key.Signer)
}

// cluster finds the issuer by the cluster's name.
func (a *AWS) cluster(name string) (*issuer, error) {
	for _, i := range a.issuers {
		if name == "" || i.Name == name {
			return i, nil
		}
	}
	if name == "" {
		return nil, errors.New("fakeaws: the world has no cluster")
	}
	return nil, fmt.Errorf("fakeaws: no cluster %q", name)
}

func (a *AWS) claims(issuer *issuer, spec TokenSpec) jwt.MapClaims {
	issued := spec.IssuedAt
	if issued.IsZero() {
		issued = time.Now()
	}
	audience := spec.Audience
	if audience == nil {
		audience = []string{defaultAudience}
	}
	kubernetes := map[string]any{
		"namespace":      spec.Namespace,
		"serviceaccount": a.object("serviceaccount", issuer, spec.Namespace, spec.ServiceAccount),
	}
	if spec.Pod != "" {
		kubernetes["pod"] = a.object("pod", issuer, spec.Namespace, spec.Pod)
		kubernetes["node"] = a.object("node", issuer, "", "ip-10-0-0-1.ec2.internal")
	}
	return jwt.MapClaims{
		"iss":           issuer.Issuer,
		"sub":           "system:serviceaccount:" + spec.Namespace + ":" + spec.ServiceAccount,
		"aud":           audience,
		"iat":           issued.Unix(),
		"nbf":           issued.Unix(),
		"exp":           issued.Add(cmp.Or(spec.Lifetime, 24*time.Hour)).Unix(),
		"jti":           a.ids.uuid(),
		"kubernetes.io": kubernetes,
	}
}

// object is a reference to a Kubernetes object, which keeps its uid.
func (a *AWS) object(kind string, issuer *issuer, namespace, name string) map[string]string {
	return map[string]string{
		"name": name,
		"uid":  uuid(a.ids.derive(kind, issuer.Issuer, namespace, name)),
	}
}

// stsAlgorithms are the signatures that STS accepts.
var stsAlgorithms = []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}

// readToken reads the claims of a token without checking its signature.
func readToken(token string) (policy.Claims, error) {
	var claims jwt.RegisteredClaims
	parsed, _, err := jwt.NewParser(jwt.WithValidMethods(stsAlgorithms)).ParseUnverified(token, &claims)
	if err != nil || !slices.Contains(stsAlgorithms, parsed.Method.Alg()) {
		return policy.Claims{}, &apiError{Code: invalidToken, Message: notAJWT}
	}
	return policy.Claims{
		Issuer:    claims.Issuer,
		Subject:   claims.Subject,
		Audience:  claims.Audience,
		IssuedAt:  timeOf(claims.IssuedAt),
		NotBefore: timeOf(claims.NotBefore),
		Expiry:    timeOf(claims.ExpiresAt),
	}, nil
}

func timeOf(d *jwt.NumericDate) time.Time {
	if d == nil {
		return time.Time{}
	}
	return d.Time
}

// STS's code and sentences about the token itself; those about claims, provider
// and trust come from package policy. AWS documents no sentence for a signature
// that does not fit the key; it is answered here like any other broken token.
const (
	invalidToken = "InvalidIdentityToken"

	notAJWT = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	noKey   = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
)

// verifySignature checks the token against the keys of its issuer, which STS
// would fetch from the issuer's jwks_uri.
func (a *AWS) verifySignature(token, issuerURL string) error {
	issuer := a.issuer(issuerURL)
	if issuer == nil {
		return &apiError{Code: invalidToken, Message: noKey}
	}
	err := issuer.signed(token)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errUnknownKey):
		return &apiError{Code: invalidToken, Message: noKey}
	default:
		return &apiError{Code: invalidToken, Message: notAJWT}
	}
}
