package fakeaws

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

// issuer is a cluster's token issuer with its signing key.
type issuer struct {
	*Cluster
	method jwt.SigningMethod
	// key makes the signing key on first use, for RSA takes its time. The key
	// is not derived from the seed: crypto/rsa and crypto/ecdsa take their
	// randomness from the system alone.
	key func() (signingKey, error)

	// good are digests of tokens whose signature has been checked: a pod shows
	// the same one all day, and the check takes longer than all the rest.
	mu   sync.Mutex
	good map[[sha256.Size]byte]bool
}

// signingKey is a private key under its id.
type signingKey struct {
	crypto.Signer
	id string
}

func newIssuer(c *Cluster) *issuer {
	i := &issuer{Cluster: c}
	if c.Algorithm == jwt.SigningMethodRS256.Alg() {
		i.method = jwt.SigningMethodRS256
		i.key = sync.OnceValues(func() (signingKey, error) {
			return identify(rsa.GenerateKey(rand.Reader, 2048))
		})
		return i
	}
	i.method = jwt.SigningMethodES256
	i.key = sync.OnceValues(func() (signingKey, error) {
		return identify(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	})
	return i
}

// identify gives a key the id that EKS's have: forty hexadecimal digits.
func identify[K crypto.Signer](key K, err error) (signingKey, error) {
	if err != nil {
		return signingKey{}, err
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return signingKey{}, err
	}
	sum := sha256.Sum256(der)
	return signingKey{Signer: key, id: hex.EncodeToString(sum[:20])}, nil
}

// errUnknownKey reports a token that names a key that the issuer has not.
var errUnknownKey = errors.New("no such key")

// maxGood bounds what an issuer remembers of tokens.
const maxGood = 1 << 16

// signed checks the token's signature with the issuer's key.
func (i *issuer) signed(token string) error {
	digest := sha256.Sum256([]byte(token))
	i.mu.Lock()
	known := i.good[digest]
	i.mu.Unlock()
	if known {
		return nil
	}
	if err := i.verify(token); err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.good == nil || len(i.good) >= maxGood {
		i.good = map[[sha256.Size]byte]bool{}
	}
	i.good[digest] = true
	return nil
}

func (i *issuer) verify(token string) error {
	key, err := i.key()
	if err != nil {
		return err
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{i.method.Alg()}), jwt.WithoutClaimsValidation())
	_, err = parser.Parse(token, func(t *jwt.Token) (any, error) {
		if t.Header["kid"] != key.id {
			return nil, errUnknownKey
		}
		return key.Public(), nil
	})
	return err
}

// Discovery is a service for faults only; it is not in the log of calls.
const discoveryService = "oidc"

// discoveryOperation is what a path under an issuer's URL stands for; "" is
// nothing.
func discoveryOperation(path string) string {
	switch path {
	case "/.well-known/openid-configuration":
		return "Discovery"
	case "/keys":
		return "Keys"
	}
	return ""
}

// serveDiscovery answers a path under the issuer's URL: the discovery document
// or the key set, as a cluster does (Kubernetes, "Service account issuer
// discovery"; OpenID Connect Discovery 1.0; RFC 7517).
func (c *call) serveDiscovery(w http.ResponseWriter, i *issuer) {
	document, err := any(nil), c.injected()
	switch {
	case err != nil:
	case c.operation == "Discovery":
		document = i.discovery()
	case c.operation == "Keys":
		document, err = i.keySet()
	default:
		err = &apiError{Message: "not found", Status: http.StatusNotFound}
	}
	body, notJSON := json.Marshal(document)
	if err = cmp.Or(err, notJSON); err != nil {
		e := asAPIError(err)
		c.write(w, e.status(), "text/plain; charset=utf-8", []byte(e.Message+"\n"))
		return
	}
	c.write(w, http.StatusOK, "application/json", append(body, '\n'))
}

// discovery is the issuer's discovery document.
func (i *issuer) discovery() any {
	return map[string]any{
		"issuer":                                i.Issuer,
		"jwks_uri":                              strings.TrimSuffix(i.Issuer, "/") + "/keys",
		"authorization_endpoint":                "urn:kubernetes:programmatic_authorization",
		"response_types_supported":              []string{"id_token"},
		"subject_types_supported":               []string{"public"},
		"claims_supported":                      []string{"sub", "iss"},
		"id_token_signing_alg_values_supported": []string{i.method.Alg()},
	}
}

// keySet is the issuer's JSON Web Key Set.
func (i *issuer) keySet() (any, error) {
	key, err := i.key()
	if err != nil {
		return nil, err
	}
	jwk, err := key.jwk(i.method.Alg())
	return map[string]any{"keys": []any{jwk}}, err
}

// jwk is the public key as a JSON Web Key.
func (k signingKey) jwk(algorithm string) (map[string]string, error) {
	jwk := map[string]string{"use": "sig", "alg": algorithm, "kid": k.id}
	switch public := k.Public().(type) {
	case *rsa.PublicKey:
		jwk["kty"] = "RSA"
		jwk["n"] = base64.RawURLEncoding.EncodeToString(public.N.Bytes())
		jwk["e"] = base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes() // 4, then both coordinates at full length
		if err != nil {
			return nil, err
		}
		half := (len(point) - 1) / 2
		jwk["kty"], jwk["crv"] = "EC", "P-256"
		jwk["x"] = base64.RawURLEncoding.EncodeToString(point[1 : 1+half])
		jwk["y"] = base64.RawURLEncoding.EncodeToString(point[1+half:])
	default:
		return nil, fmt.Errorf("key of type %T", public)
	}
	return jwk, nil
}

// issuerOf finds the issuer whose URL the request's path begins with, at its
// host or, on a loopback listener, at any; rest is the path under that URL.
func (a *AWS) issuerOf(r *http.Request) (found *issuer, rest string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, ""
	}
	for _, i := range a.issuers {
		u, err := url.Parse(i.Issuer)
		if err != nil {
			continue // New has checked
		}
		base := strings.TrimSuffix(u.Path, "/")
		under, ok := strings.CutPrefix(r.URL.Path, base)
		switch {
		case !ok || !strings.HasPrefix(under, "/"):
		case sameHost(u.Host, r.Host):
			return i, under
		case found == nil && base != "":
			found, rest = i, under
		}
	}
	return found, rest
}

// issuer returns the issuer with that URL, or nil.
func (a *AWS) issuer(url string) *issuer {
	for _, i := range a.issuers {
		if i.Issuer == url {
			return i
		}
	}
	return nil
}
