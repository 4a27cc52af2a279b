package fakeaws_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// A description is taken or refused, and one that is taken makes a fake that
// answers.
func FuzzNew(f *testing.F) {
	f.Add(identities)
	f.Add(chain)
	f.Add(`{"clusters":[null],"accounts":[{"id":"111122223333","roles":[{"trustPolicy":null}]}]}`)
	f.Add(`{"accounts":[{"id":4711}],"accounts":[]}`)
	f.Fuzz(func(t *testing.T, world string) {
		fake, err := fakeaws.New([]byte(world))
		if (fake == nil) != (err != nil) {
			t.Errorf("New gave %v and %v", fake, err)
		}
	})
}

// No request gets past authentication by its looks, and none makes the fake
// fall.
func FuzzAuthorization(f *testing.F) {
	const right = "AWS4-HMAC-SHA256 Credential=" + userKey + "/20261121/eu-west-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=0a"
	f.Add(right, "20261121T120000Z", "sts.eu-west-1.amazonaws.com")
	f.Add(strings.ReplaceAll(right, ", ", ","), "20261121", "127.0.0.1:8080")
	f.Add("AWS4-HMAC-SHA256 Credential=////, SignedHeaders=;, Signature==", "", "")
	f.Add("Bearer x", "x", "vpce-x.sts.eu-west-1.vpce.amazonaws.com")
	fake, err := fakeaws.New([]byte(identities))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, authorization, date, host string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://sts.eu-west-1.amazonaws.com/",
			strings.NewReader("Action=GetCallerIdentity&Version=2011-06-15"))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		r.Header = http.Header{
			"Authorization": {authorization}, "X-Amz-Date": {date},
			"Content-Type": {"application/x-www-form-urlencoded"},
		}
		wantRefusal(t, fake, r)
	})
}

// wantRefusal sends a request that is the client's fault.
func wantRefusal(t *testing.T, fake *fakeaws.AWS, r *http.Request) {
	t.Helper()
	response, err := fake.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode < 400 || response.StatusCode >= 500 {
		t.Errorf("answered %s", response.Status)
	}
}

// Nor does any that is presigned by its looks.
func FuzzPresigned(f *testing.F) {
	const right = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + userKey + "%2F20261121%2Feu-west-1%2Fsts%2Faws4_request" +
		"&X-Amz-Date=20261121T120000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0a"
	f.Add(right)
	f.Add(strings.ReplaceAll(right, "20261121T120000Z", "2026"))
	f.Add("X-Amz-Signature&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=////&X-Amz-Date=&X-Amz-SignedHeaders=;")
	fake, err := fakeaws.New([]byte(identities))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://sts.eu-west-1.amazonaws.com/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = "Action=GetCallerIdentity&Version=2011-06-15&" + query
		wantRefusal(t, fake, r)
	})
}

// No text is a pod's token but one that a cluster has signed.
func FuzzPodIdentity(f *testing.F) {
	fake, err := fakeaws.New([]byte(identities))
	if err != nil {
		f.Fatal(err)
	}
	token, err := fake.MintToken(podToken)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOlsiIl0sImt1YmVybmV0ZXMuaW8iOjF9.AA")
	f.Fuzz(func(t *testing.T, token string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://169.254.170.23/v1/credentials", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header["Authorization"] = []string{token}
		wantRefusal(t, fake, r) // identities has no association, so the right token is refused too
	})
}
