package credentials

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
)

func word(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func rsaWebKey(t testing.TB, id string, key *rsa.PrivateKey) map[string]string {
	t.Helper()
	return map[string]string{
		"kty": "RSA", "kid": id, "use": "sig",
		"n": word(key.N.Bytes()), "e": word(big.NewInt(int64(key.E)).Bytes()),
	}
}

func ecWebKey(t testing.TB, id string, key *ecdsa.PrivateKey) map[string]string {
	t.Helper()
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	half := (len(point) - 1) / 2
	return map[string]string{
		"kty": "EC", "kid": id, "crv": key.Curve.Params().Name,
		"x": word(point[1 : 1+half]), "y": word(point[1+half:]),
	}
}

func setOf(t testing.TB, keys ...map[string]string) []byte {
	t.Helper()
	data, err := json.Marshal(map[string]any{"keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func signed(t testing.TB, method jwt.SigningMethod, id string, key any) string {
	t.Helper()
	token := jwt.NewWithClaims(method, jwt.MapClaims{"sub": "it", "exp": 1}) // long past, which is no matter here
	if id != "" {
		token.Header["kid"] = id
	}
	raw, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKeySetVerifies(t *testing.T) {
	t.Parallel()
	r, p256, p384, p521 := rsaKey(t), ecKey(t, elliptic.P256()), ecKey(t, elliptic.P384()), ecKey(t, elliptic.P521())
	other := ecKey(t, elliptic.P256())
	named := rsaWebKey(t, "rs256", r)
	named["alg"] = "RS256"
	keys, err := parseKeySet(setOf(t, named, ecWebKey(t, "p256", p256), ecWebKey(t, "p384", p384), ecWebKey(t, "p521", p521), ecWebKey(t, "p256", other)))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		raw  string
		want error
	}{
		"RSA":                     {signed(t, jwt.SigningMethodRS256, "rs256", r), nil},
		"other algorithm of RSA":  {signed(t, jwt.SigningMethodRS512, "rs256", r), errUnknownKey},
		"P-256":                   {signed(t, jwt.SigningMethodES256, "p256", p256), nil},
		"P-384":                   {signed(t, jwt.SigningMethodES384, "p384", p384), nil},
		"P-521":                   {signed(t, jwt.SigningMethodES512, "p521", p521), nil},
		"two keys with one id":    {signed(t, jwt.SigningMethodES256, "p256", other), nil},
		"no id":                   {signed(t, jwt.SigningMethodES384, "", p384), nil},
		"unknown id":              {signed(t, jwt.SigningMethodES256, "p257", p256), errUnknownKey},
		"key of another":          {signed(t, jwt.SigningMethodES256, "p256", ecKey(t, elliptic.P256())), jwt.ErrTokenSignatureInvalid},
		"a secret for a key":      {signed(t, jwt.SigningMethodHS256, "p256", []byte(named["n"])), jwt.ErrTokenSignatureInvalid},
		"PSS, which STS does not": {signed(t, jwt.SigningMethodPS256, "rs256", r), jwt.ErrTokenSignatureInvalid},
		"no signature":            {signed(t, jwt.SigningMethodNone, "p256", jwt.UnsafeAllowNoneSignatureType), jwt.ErrTokenSignatureInvalid},
		"no token":                {"a.b.c", jwt.ErrTokenMalformed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := keys.verify(test.raw); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// A hostile set does not make us compute without end.
func TestKeySetIsBounded(t *testing.T) {
	t.Parallel()
	keys := make([]map[string]string, 2*maxCandidates)
	for i := range keys {
		keys[i] = map[string]string{"kty": "RSA", "n": word([]byte(strings.Repeat("x", maxModulus))), "e": word([]byte{127, 255, 255, 255})}
	}
	set, err := parseKeySet(setOf(t, keys...))
	if err != nil {
		t.Fatal(err)
	}
	token := &jwt.Token{Header: map[string]any{}, Method: jwt.SigningMethodRS256}
	if n := len(set.candidates(token)); n != maxCandidates {
		t.Errorf("%d keys are tried", n)
	}
}

func TestKeySetRefuses(t *testing.T) {
	t.Parallel()
	key := ecKey(t, elliptic.P256())
	change := func(k map[string]string, name, value string) []byte {
		k[name] = value
		return setOf(t, k)
	}
	ec := func() map[string]string { return ecWebKey(t, "it", key) }
	r := rsaKey(t)
	rs := func() map[string]string { return rsaWebKey(t, "it", r) }
	tests := map[string][]byte{
		"no JSON":              []byte("<html>"),
		"no set":               []byte(`[]`),
		"wrong type":           []byte(`{"keys":[{"kty":1}]}`),
		"no keys":              []byte(`{"keys":[]}`),
		"null":                 []byte(`null`),
		"for encryption":       change(ec(), "use", "enc"),
		"symmetric":            change(ec(), "kty", "oct"),
		"Edwards curve":        change(ec(), "kty", "OKP"),
		"unknown curve":        change(ec(), "crv", "P-224"),
		"not on the curve":     change(ec(), "y", word(make([]byte, 32))),
		"short coordinate":     change(ec(), "x", word(make([]byte, 31))),
		"coordinate, no word":  change(ec(), "x", "?"),
		"other, no word":       change(ec(), "y", "?"),
		"no modulus":           change(rs(), "n", ""),
		"modulus, no word":     change(rs(), "n", "?"),
		"huge modulus":         change(rs(), "n", word([]byte(strings.Repeat("x", maxModulus+1)))),
		"exponent, no word":    change(rs(), "e", "?"),
		"exponent of one":      change(rs(), "e", word([]byte{1})),
		"exponent of 32 bits":  change(rs(), "e", word([]byte{255, 255, 255, 255})),
		"standard alphabet":    change(rs(), "n", base64.StdEncoding.EncodeToString(r.N.Bytes())),
		"nothing but of those": setOf(t, map[string]string{}, map[string]string{"kty": "RSA"}),
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if keys, err := parseKeySet(data); err == nil {
				t.Errorf("%d keys and no error", len(keys))
			}
		})
	}
}

func FuzzParseKeySet(f *testing.F) {
	key := ecKey(f, elliptic.P256())
	raw := signed(f, jwt.SigningMethodES256, "it", key)
	f.Add(setOf(f, ecWebKey(f, "it", key)), raw)
	f.Add(setOf(f, ecWebKey(f, "it", ecKey(f, elliptic.P521()))), raw)
	f.Add(setOf(f, map[string]string{"kty": "RSA", "n": word(make([]byte, 256)), "e": "AQAB", "kid": "it"}), raw)
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AA","e":"AQAB"},{"kty":"EC","crv":"P-256","x":"","y":""}]}`), "a.b.c")
	f.Add([]byte(`{"keys":null}`), "")
	f.Fuzz(func(t *testing.T, data []byte, raw string) {
		keys, err := parseKeySet(data)
		if (err == nil) != (len(keys) > 0) {
			t.Fatalf("%d keys and %v", len(keys), err)
		}
		for _, k := range keys {
			switch public := k.public.(type) {
			case *rsa.PublicKey:
				if public.E < 2 || public.N.BitLen() > 8*maxModulus {
					t.Errorf("an RSA key with exponent %d and %d bits", public.E, public.N.BitLen())
				}
			case *ecdsa.PublicKey:
				if _, err := public.Bytes(); err != nil {
					t.Error(err)
				}
			default:
				t.Error(fmt.Errorf("a key of type %T", public))
			}
		}
		_ = keys.verify(raw) // must not panic
	})
}
