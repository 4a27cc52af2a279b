package credentials_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/irsakit/irsa/credentials"
)

func FuzzParseTokenUnverified(f *testing.F) {
	for _, seed := range []string{
		"", " \n", "garbage", "a.b.c", "..",
		jwtOf(es256, goodClaims),
		jwtOf(es256, `{"iss":1}`),
		jwtOf(es256, `{"exp":1e400}`),
		jwtOf(es256, strings.Replace(goodClaims, `"sts.amazonaws.com"`, `["a","b"]`, 1)),
		jwtOf(es256, strings.TrimSuffix(goodClaims, "}")+`,"kubernetes.io":{"pod":{"name":"p"},"node":null}}`),
		jwtOf(`{"alg":"none"}`, goodClaims),
		jwtOf(`{"alg":"RS256","kid":"k"}`, goodClaims),
		jwtOf(es256, `{"iss":"https://x","sub":"system:serviceaccount:a:b","aud":"","exp":-1,"iat":1e18}`),
		jwtOf(es256, strings.Replace(goodClaims, `"sts.amazonaws.com"`, `[]`, 1)),
		jwtOf(es256, strings.Replace(goodClaims, "system:serviceaccount:", "system:node:", 1)),
		jwtOf(es256, strings.TrimSuffix(goodClaims, "}")+`,"kubernetes.io":{"pod":{"name":7}}}`),
		jwtOf(es256, goodClaims)[:60], "\ufeff" + jwtOf(es256, goodClaims), jwtOf(es256, goodClaims) + "\n" + jwtOf(es256, goodClaims),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		token, err := credentials.ParseTokenUnverified(raw)
		if err != nil {
			if _, ok := errors.AsType[*credentials.TokenError](err); !ok || !errors.Is(err, credentials.ErrIdentity) {
				t.Fatalf("error %v is no TokenError", err)
			}
			return
		}
		if token.Subject != "system:serviceaccount:"+token.Namespace+":"+token.ServiceAccount {
			t.Errorf("subject %q is not made of %q and %q", token.Subject, token.Namespace, token.ServiceAccount)
		}
		if token.RotationOverdue(token.IssuedAt) {
			t.Errorf("token %+v is overdue when it is issued", token)
		}
		if token.Issuer == "" || len(token.Audience) == 0 {
			t.Errorf("token %+v lacks a claim", token)
		}
	})
}
