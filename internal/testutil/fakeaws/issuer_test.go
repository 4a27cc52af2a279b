package fakeaws_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// A verifier that knows the issuer alone can check a token: discovery leads to
// the keys, and the keys fit.
func TestDiscovery(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	client := &http.Client{Transport: fake.Transport()}
	for cluster, iss := range map[string]string{"main": mainIssuer, "other": otherIssuer} {
		token := mintFor(t, fake, fakeaws.TokenSpec{Cluster: cluster})
		var discovery struct {
			Issuer string `json:"issuer"`
			Keys   string `json:"jwks_uri"`
		}
		getJSON(t, client, iss+"/.well-known/openid-configuration", &discovery)
		equal(t, "issuer", discovery.Issuer, iss)
		var set struct{ Keys []map[string]string }
		getJSON(t, client, discovery.Keys, &set)
		_, err := jwt.Parse(token, func(token *jwt.Token) (any, error) {
			equal(t, "kid", token.Header["kid"], any(set.Keys[0]["kid"]))
			equal(t, "alg", token.Method.Alg(), set.Keys[0]["alg"])
			return publicKey(t, set.Keys[0]), nil
		}, jwt.WithIssuer(iss), jwt.WithAudience("sts.amazonaws.com"))
		if err != nil {
			t.Errorf("%s: %v", cluster, err)
		}
	}
}

// Over loopback the path alone finds the issuer.
func TestDiscoveryOverLoopback(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(start(t, identities))
	t.Cleanup(server.Close)
	var discovery struct{ Issuer string }
	getJSON(t, server.Client(), server.URL+strings.TrimPrefix(otherIssuer, "https://oidc.eks.eu-west-1.amazonaws.com")+"/.well-known/openid-configuration", &discovery)
	equal(t, "issuer", discovery.Issuer, otherIssuer)
}

// An issuer has two documents, and only at its own address; its host is not
// that of STS.
func TestNoSuchDocument(t *testing.T) {
	t.Parallel()
	client := &http.Client{Transport: start(t, identities).Transport()}
	for url, want := range map[string]int{
		mainIssuer + "/keys":          http.StatusOK,
		mainIssuer + "/openid/v1":     http.StatusNotFound,
		mainIssuer + "x/keys":         http.StatusBadRequest, // a query of STS without an action
		"https://sts.amazonaws.com/":  http.StatusBadRequest,
		"https://sts.amazonaws.com/x": http.StatusBadRequest,
	} {
		response, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		equal(t, url, response.StatusCode, want)
	}
}

func getJSON(t *testing.T, client *http.Client, url string, v any) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	equal(t, "status", response.StatusCode, http.StatusOK)
	if err := json.NewDecoder(response.Body).Decode(v); err != nil {
		t.Fatal(err)
	}
}

func publicKey(t *testing.T, jwk map[string]string) crypto.PublicKey {
	t.Helper()
	number := func(name string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(jwk[name])
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if jwk["kty"] == "RSA" {
		return &rsa.PublicKey{N: new(big.Int).SetBytes(number("n")), E: int(new(big.Int).SetBytes(number("e")).Int64())}
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, number("x")...), number("y")...))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestClaims(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	issued := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	token := mintFor(t, fake, fakeaws.TokenSpec{IssuedAt: issued, Lifetime: time.Hour, Audience: []string{"a", "b"}})
	var claims map[string]any
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	uid := func(object string) string {
		return claims["kubernetes.io"].(map[string]any)[object].(map[string]any)["uid"].(string)
	}
	want := map[string]any{
		"iss": mainIssuer,
		"sub": "system:serviceaccount:testnamespace:testapp",
		"aud": []any{"a", "b"},
		"iat": float64(issued.Unix()),
		"nbf": float64(issued.Unix()),
		"exp": float64(issued.Unix() + 3600),
		"jti": claims["jti"],
		"kubernetes.io": map[string]any{
			"namespace":      "testnamespace",
			"serviceaccount": map[string]any{"name": "testapp", "uid": uid("serviceaccount")},
			"pod":            map[string]any{"name": "testapp-0", "uid": uid("pod")},
			"node":           map[string]any{"name": "ip-10-0-0-1.ec2.internal", "uid": uid("node")},
		},
	}
	if diff := cmp.Diff(want, claims); diff != "" {
		t.Error(diff)
	}
	if jti, _ := claims["jti"].(string); len(jti) != 36 || len(uid("pod")) != 36 {
		t.Errorf("ids are not UUIDs: %s, %s", jti, uid("pod"))
	}
}

func TestMintRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		world string
		spec  fakeaws.TokenSpec
		want  string
	}{
		"no cluster":      {`{}`, fakeaws.TokenSpec{Namespace: "n", ServiceAccount: "s"}, "the world has no cluster"},
		"unknown cluster": {identities, fakeaws.TokenSpec{Cluster: "x", Namespace: "n", ServiceAccount: "s"}, `no cluster "x"`},
		"nameless":        {identities, fakeaws.TokenSpec{Namespace: "n"}, "needs Namespace and ServiceAccount"},
	} {
		_, err := start(t, test.world).MintToken(test.spec)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}
