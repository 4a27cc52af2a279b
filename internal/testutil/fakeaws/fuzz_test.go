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
	})
}
