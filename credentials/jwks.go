package credentials

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// webKey is a JSON Web Key with the members that a signature check needs
// (RFC 7517, section 4; RFC 7518, sections 6.2.1 and 6.3.1).
type webKey struct {
	Type      string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	ID        string `json:"kid"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	Y         string `json:"y"`
	Modulus   string `json:"n"`
	Exponent  string `json:"e"`

	public crypto.PublicKey
}

// keySet are the keys of an issuer that can verify the tokens STS takes.
type keySet []webKey

// parseKeySet reads a JSON Web Key Set. Keys of other types, or for other uses,
// are left out, as RFC 7517, section 5, asks for; so are those that cannot be
// keys of their type. The errors do not quote the input.
func parseKeySet(data []byte) (keySet, error) {
	var set struct {
		Keys []webKey `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, errors.New("it is not a JSON Web Key Set")
	}
	usable := slices.DeleteFunc(set.Keys, func(k webKey) bool { return k.Use != "" && k.Use != "sig" })
	var keys keySet
	for _, k := range usable {
		public, err := k.parse()
		if err != nil {
			continue
		}
		k.public = public
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("none of its %d keys can verify a token", len(set.Keys))
	}
	return keys, nil
}

func (k webKey) parse() (crypto.PublicKey, error) {
	switch k.Type {
	case "RSA":
		return k.parseRSA()
	case "EC":
		return k.parseEC()
	}
	return nil, fmt.Errorf("key type %q", k.Type)
}

// What a hostile key set can make us compute is bounded: maxModulus is in bytes,
// 8192 bits, and maxCandidates are keys that one token may be signed with, both
// more than any issuer has.
const (
	maxModulus    = 1024
	maxCandidates = 100
)

func (k webKey) parseRSA() (crypto.PublicKey, error) {
	n, err := decodeWord(k.Modulus)
	if err != nil {
		return nil, err
	}
	e, err := decodeWord(k.Exponent)
	if err != nil {
		return nil, err
	}
	exponent := new(big.Int).SetBytes(e)
	if len(n) == 0 || len(n) > maxModulus || exponent.BitLen() < 2 || exponent.BitLen() > 31 {
		return nil, errors.New("sizes of an RSA key")
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}, nil
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

func (k webKey) parseEC() (crypto.PublicKey, error) {
	curve, found := curves[k.Curve]
	if !found {
		return nil, fmt.Errorf("curve %q", k.Curve)
	}
	x, err := decodeWord(k.X)
	if err != nil {
		return nil, err
	}
	y, err := decodeWord(k.Y)
	if err != nil {
		return nil, err
	}
	// Both coordinates at full length (RFC 7518, section 6.2.1.2), which makes
	// an uncompressed point (SEC 1, section 2.3.3).
	size := (curve.Params().BitSize + 7) / 8
	if len(x) != size || len(y) != size {
		return nil, errors.New("sizes of a point")
	}
	return ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
}

func decodeWord(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }

// errUnknownKey reports a token that names a key that is not in the set.
var errUnknownKey = errors.New("the issuer has no such key")

// verify checks the signature of a token and nothing else. The algorithm is one
// of those that STS takes, and the key's if the key names one.
func (s keySet) verify(raw string) error {
	methods := make([]string, 0, len(signatureSizes))
	for name := range signatureSizes {
		methods = append(methods, name)
	}
	parser := jwt.NewParser(jwt.WithValidMethods(methods), jwt.WithoutClaimsValidation())
	_, err := parser.Parse(raw, func(t *jwt.Token) (any, error) {
		candidates := s.candidates(t)
		if len(candidates) == 0 {
			return nil, errUnknownKey
		}
		return jwt.VerificationKeySet{Keys: candidates}, nil
	})
	return err
}

// candidates are the keys that may have signed a token: those with the id that
// it names, or all if it names none.
func (s keySet) candidates(t *jwt.Token) []jwt.VerificationKey {
	id, named := t.Header["kid"]
	var keys []jwt.VerificationKey
	for _, k := range s {
		if len(keys) < maxCandidates && (!named || id == k.ID) && (k.Algorithm == "" || k.Algorithm == t.Method.Alg()) {
			keys = append(keys, k.public)
		}
	}
	return keys
}
