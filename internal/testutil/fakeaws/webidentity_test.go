package fakeaws_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/golang-jwt/jwt/v5"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

func TestWebIdentity(t *testing.T) {
	t.Parallel()
	for name, face := range map[string]func(*testing.T, *fakeaws.AWS) aws.Config{
		"in memory": func(_ *testing.T, fake *fakeaws.AWS) aws.Config { return inMemory(fake) },
		"loopback":  loopback,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := start(t, identities)
			cfg := face(t, fake)
			out, err := sts.NewFromConfig(cfg).AssumeRoleWithWebIdentity(t.Context(), webIdentity(mint(t, fake)))
			if err != nil {
				t.Fatal(err)
			}
			const session = "arn:aws:sts::111122223333:assumed-role/pod-role/testapp"
			equal(t, "Arn", *out.AssumedRoleUser.Arn, session)
			equal(t, "Subject", *out.SubjectFromWebIdentityToken, "system:serviceaccount:testnamespace:testapp")
			equal(t, "Audience", *out.Audience, "sts.amazonaws.com")
			equal(t, "Provider", *out.Provider, "arn:aws:iam::111122223333:oidc-provider/"+strings.TrimPrefix(mainIssuer, "https://"))
			id := *out.AssumedRoleUser.AssumedRoleId
			if !strings.HasPrefix(id, "AROA") || !strings.HasSuffix(id, ":testapp") || len(id) != len("AROA")+17+len(":testapp") {
				t.Errorf("AssumedRoleId is %q", id)
			}
			if left := time.Until(*out.Credentials.Expiration); left < 59*time.Minute || left > time.Hour {
				t.Errorf("expires in %v, want an hour", left)
			}

			c := out.Credentials
			who, err := sts.NewFromConfig(with(cfg, *c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)).
				GetCallerIdentity(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "caller", *who.Arn, session)
			equal(t, "user id", *who.UserId, id)
			equal(t, "account", *who.Account, "111122223333")
		})
	}
}

// The whole SDK works in a bubble, whose clock the fake follows: the session
// ends when the bubble's hour is over.
func TestWebIdentityInBubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := start(t, identities)
		cfg := exchange(t, inMemory(fake), mint(t, fake))
		client := sts.NewFromConfig(cfg)
		if _, err := client.GetCallerIdentity(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		_, err := client.GetCallerIdentity(t.Context(), nil)
		wantError(t, err, 403, "ExpiredToken", "The security token included in the request is expired")

		_, err = secretsmanager.NewFromConfig(cfg).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new("open")})
		wantError(t, err, 400, "ExpiredTokenException", "The security token included in the request is expired")

		calls := fake.Calls()
		if len(calls) != 4 || calls[2].Time.Sub(calls[0].Time) != time.Hour {
			t.Errorf("got calls %+v", calls)
		}
	})
}

func TestWebIdentityRefused(t *testing.T) {
	t.Parallel()
	const (
		notAJWT  = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
		noKey    = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
		distrust = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
	)
	tests := map[string]struct {
		token   func(*testing.T, *fakeaws.AWS) string // nil: the right one
		role    string                                // "": the right one
		status  int
		code    string
		message string
	}{
		"garbage": {
			token:  func(*testing.T, *fakeaws.AWS) string { return "garbage" },
			status: 400, code: "InvalidIdentityToken", message: notAJWT,
		},
		"unsigned": {
			token: func(t *testing.T, fake *fakeaws.AWS) string {
				return forge(t, mint(t, fake), jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType)
			},
			status: 400, code: "InvalidIdentityToken", message: notAJWT,
		},
		"symmetric": {
			token: func(t *testing.T, fake *fakeaws.AWS) string {
				return forge(t, mint(t, fake), jwt.SigningMethodHS256, []byte("secret"))
			},
			status: 400, code: "InvalidIdentityToken", message: notAJWT,
		},
		"symmetric with the public key": {
			token: func(t *testing.T, fake *fakeaws.AWS) string {
				return forge(t, mint(t, fake), jwt.SigningMethodHS256, publicPEM(t, fake))
			},
			status: 400, code: "InvalidIdentityToken", message: notAJWT,
		},
		"another key under this kid": {
			token: func(t *testing.T, fake *fakeaws.AWS) string {
				return resign(t, mint(t, fake), mint(t, fake))
			},
			status: 400, code: "InvalidIdentityToken", message: notAJWT,
		},
		"another key under another cluster's kid": {
			token: func(t *testing.T, fake *fakeaws.AWS) string {
				return resign(t, mint(t, fake), mintFor(t, fake, fakeaws.TokenSpec{Cluster: "other"}))
			},
			status: 400, code: "InvalidIdentityToken", message: noKey,
		},
		"another cluster's kid": {
			token: func(t *testing.T, fake *fakeaws.AWS) string {
				parts := strings.Split(mint(t, fake), ".")
				header := map[string]any{"alg": "ES256", "kid": kid(t, mintFor(t, fake, fakeaws.TokenSpec{Cluster: "other"}))}
				text, err := json.Marshal(header)
				if err != nil {
					t.Fatal(err)
				}
				parts[0] = base64.RawURLEncoding.EncodeToString(text)
				return strings.Join(parts, ".")
			},
			status: 400, code: "InvalidIdentityToken", message: noKey,
		},
		"expired": {
			token: func(t *testing.T, fake *fakeaws.AWS) string {
				return mintFor(t, fake, fakeaws.TokenSpec{IssuedAt: time.Now().Add(-2 * time.Hour), Lifetime: time.Hour})
			},
			status: 400, code: "ExpiredTokenException",
		},
		"provider of no account": {
			token: func(t *testing.T, fake *fakeaws.AWS) string {
				return mintFor(t, fake, fakeaws.TokenSpec{Cluster: "other"})
			},
			status: 400, code: "InvalidIdentityToken",
			message: "No OpenIDConnect provider found in your account for " + otherIssuer,
		},
		"tampered": {
			token: func(t *testing.T, fake *fakeaws.AWS) string {
				parts := strings.Split(mint(t, fake), ".")
				parts[1] = strings.Split(mintFor(t, fake, fakeaws.TokenSpec{Namespace: "kube-system", ServiceAccount: "admin"}), ".")[1]
				return strings.Join(parts, ".")
			},
			status: 400, code: "InvalidIdentityToken", message: notAJWT,
		},
		"key of another": {
			token:  func(t *testing.T, _ *fakeaws.AWS) string { return mint(t, start(t, identities)) },
			status: 400, code: "InvalidIdentityToken", message: noKey,
		},
		"audience": {
			token: func(t *testing.T, fake *fakeaws.AWS) string {
				return mintFor(t, fake, fakeaws.TokenSpec{Audience: []string{"vault"}})
			},
			status: 400, code: "InvalidIdentityToken", message: "Incorrect token audience",
		},
		"subject": {
			token: func(t *testing.T, fake *fakeaws.AWS) string {
				return mintFor(t, fake, fakeaws.TokenSpec{Namespace: "testnamespace", ServiceAccount: "default"})
			},
			status: 403, code: "AccessDenied", message: distrust,
		},
		"no such role":   {role: "arn:aws:iam::111122223333:role/nobody", status: 403, code: "AccessDenied", message: distrust},
		"role sans path": {role: "arn:aws:iam::111122223333:role/pod-role", status: 403, code: "AccessDenied", message: distrust},
		"account unknown": {
			role: "arn:aws:iam::999999999999:role/pod-role", status: 400, code: "InvalidIdentityToken",
			message: "No OpenIDConnect provider found in your account for " + mainIssuer,
		},
		"not a role": {role: "arn:aws:iam::111122223333:user/alice", status: 400, code: "ValidationError", message: "Request ARN is invalid"},
		"short ARN": {
			role: "pod-role", status: 400, code: "ValidationError",
			message: "1 validation error detected: Value 'pod-role' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := start(t, identities)
			token := mint(t, fake)
			if test.token != nil {
				token = test.token(t, fake)
			}
			in := webIdentity(token)
			if test.role != "" {
				in.RoleArn = &test.role
			}
			_, err := sts.NewFromConfig(inMemory(fake)).AssumeRoleWithWebIdentity(t.Context(), in)
			wantError(t, err, test.status, test.code, test.message)

			call := fake.Calls()[0]
			equal(t, "recorded code", call.ErrorCode, test.code)
			equal(t, "recorded resource", call.Resource, *in.RoleArn)
			if strings.Contains(fmt.Sprintf("%+v", call), token) {
				t.Error("the record shows the token")
			}
		})
	}
}

// kid is the key id in a token's header.
func kid(t *testing.T, token string) string {
	t.Helper()
	parsed, _, err := jwt.NewParser().ParseUnverified(token, jwt.MapClaims{})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Header["kid"].(string)
}

// resign signs a token's claims with a key of one's own, under the id of the key
// that signed another token.
func resign(t *testing.T, token, other string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.MapClaims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil {
		t.Fatal(err)
	}
	forged := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	forged.Header["kid"] = kid(t, other)
	signed, err := forged.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// publicPEM is the main cluster's public key, as anyone can fetch it.
func publicPEM(t *testing.T, fake *fakeaws.AWS) []byte {
	t.Helper()
	var set struct{ Keys []map[string]string }
	getJSON(t, &http.Client{Transport: fake.Transport()}, mainIssuer+"/keys", &set)
	der, err := x509.MarshalPKIXPublicKey(publicKey(t, set.Keys[0]))
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// forge signs a token's claims another way, under the same key id.
func forge(t *testing.T, token string, method jwt.SigningMethod, key any) string {
	t.Helper()
	var claims jwt.MapClaims
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil {
		t.Fatal(err)
	}
	forged := jwt.NewWithClaims(method, claims)
	forged.Header["kid"] = kid(t, token)
	signed, err := forged.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}
