package fakeaws_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// clusterToken presigns GetCallerIdentity as an EKS token does: with the
// cluster's name in a signed header.
func clusterToken(t *testing.T, fake *fakeaws.AWS) *http.Request {
	t.Helper()
	cfg := exchange(t, inMemory(fake), mint(t, fake))
	signed, err := sts.NewPresignClient(sts.NewFromConfig(cfg)).PresignGetCallerIdentity(t.Context(), nil,
		func(o *sts.PresignOptions) {
			o.ClientOptions = append(o.ClientOptions, sts.WithAPIOptions(
				smithyhttp.SetHeaderValue("x-k8s-aws-id", "main"),
				smithyhttp.SetHeaderValue("X-Amz-Expires", "60"),
			))
		})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = signed.SignedHeader.Clone()
	r.Header.Del("Host")
	return r
}

func send(t *testing.T, fake *fakeaws.AWS, r *http.Request) (int, string) {
	t.Helper()
	response, err := fake.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestPresigned(t *testing.T) {
	t.Parallel()
	edit := func(change func(url.Values)) func(*http.Request) {
		return func(r *http.Request) {
			query := r.URL.Query()
			change(query)
			r.URL.RawQuery = query.Encode()
		}
	}
	tests := map[string]struct {
		change func(*http.Request)
		wait   time.Duration
		status int
		want   string
	}{
		"as signed":       {func(*http.Request) {}, 0, 200, "assumed-role/pod-role/testapp"},
		"other cluster":   {func(r *http.Request) { r.Header.Set("X-K8s-Aws-Id", "other") }, 0, 403, "SignatureDoesNotMatch"},
		"no cluster":      {func(r *http.Request) { r.Header.Del("X-K8s-Aws-Id") }, 0, 403, "SignatureDoesNotMatch"},
		"other lifetime":  {edit(func(q url.Values) { q.Set("X-Amz-Expires", "604800") }), 0, 403, "SignatureDoesNotMatch"},
		"other parameter": {edit(func(q url.Values) { q.Set("Extra", "1") }), 0, 403, "SignatureDoesNotMatch"},
		"no token":        {edit(func(q url.Values) { q.Del("X-Amz-Security-Token") }), 0, 403, "InvalidClientTokenId"},
		"no date":         {edit(func(q url.Values) { q.Del("X-Amz-Date") }), 0, 400, "IncompleteSignature"},
		"algorithm":       {edit(func(q url.Values) { q.Set("X-Amz-Algorithm", "AWS4-X") }), 0, 400, "IncompleteSignature"},
		"credential":      {edit(func(q url.Values) { q.Set("X-Amz-Credential", "a/b") }), 0, 400, "IncompleteSignature"},
		"no signature":    {edit(func(q url.Values) { q.Del("X-Amz-Signature") }), 0, 403, "MissingAuthenticationToken"},
		"in time":         {func(*http.Request) {}, 15 * time.Minute, 200, "assumed-role/pod-role/testapp"},
		"too late":        {func(*http.Request) {}, 16 * time.Minute, 403, "Signature expired"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake := start(t, identities)
				r := clusterToken(t, fake)
				test.change(r)
				time.Sleep(test.wait)
				status, body := send(t, fake, r)
				equal(t, "status", status, test.status)
				if !strings.Contains(body, test.want) {
					t.Errorf("body lacks %q:\n%s", test.want, body)
				}
			})
		})
	}
}
