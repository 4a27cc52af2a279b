package fakeaws_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// benchWorld is identities with the pod's cluster signing by the algorithm.
func benchWorld(b *testing.B, algorithm string) *fakeaws.AWS {
	b.Helper()
	fake, err := fakeaws.New([]byte(strings.Replace(identities, `"name": "main",`, `"name": "main", "algorithm": "`+algorithm+`",`, 1)))
	if err != nil {
		b.Fatal(err)
	}
	fake.KeepCalls(1000)
	return fake
}

// BenchmarkWebIdentity is what a fleet's simulation pays per call to the fake:
// with a token that it has seen before, as a pod shows for a day, and with new
// ones.
func BenchmarkWebIdentity(b *testing.B) {
	for _, algorithm := range []string{"ES256", "RS256"} {
		fake := benchWorld(b, algorithm)
		request := func(b *testing.B) string {
			token, err := fake.MintToken(fakeaws.TokenSpec{Namespace: "testnamespace", ServiceAccount: "testapp"})
			if err != nil {
				b.Fatal(err)
			}
			return url.Values{
				"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"},
				"RoleArn": {appRole}, "RoleSessionName": {"testapp"}, "WebIdentityToken": {token},
			}.Encode()
		}
		b.Run(algorithm+" seen", func(b *testing.B) {
			b.ReportAllocs()
			form := request(b)
			for b.Loop() {
				post(b, fake, form)
			}
		})
		b.Run(algorithm+" new", func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				form := request(b)
				b.StartTimer()
				post(b, fake, form)
			}
		})
	}
}

// post sends a form to STS.
func post(b *testing.B, fake *fakeaws.AWS, form string) {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "https://sts.eu-west-1.amazonaws.com/", strings.NewReader(form))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := fake.Transport().RoundTrip(r)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != http.StatusOK {
		b.Fatalf("status %d, %v", response.StatusCode, err)
	}
}

// BenchmarkMintToken is what each token of a fleet's pods costs.
func BenchmarkMintToken(b *testing.B) {
	for _, algorithm := range []string{"ES256", "RS256"} {
		fake := benchWorld(b, algorithm)
		b.Run(algorithm, func(b *testing.B) {
			for b.Loop() {
				if _, err := fake.MintToken(fakeaws.TokenSpec{Namespace: "n", ServiceAccount: "s"}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
