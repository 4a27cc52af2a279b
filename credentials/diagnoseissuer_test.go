package credentials_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// TestDiagnoseIssuer changes what the issuer publishes.
func TestDiagnoseIssuer(t *testing.T) {
	t.Parallel()
	const keys = credentialstest.PodIssuer + "/keys"
	document := func(status int, body string) clientFunc { return serveAt("/openid-configuration", status, body) }
	discovery := func(issuer, keys string) clientFunc {
		return document(http.StatusOK, `{"issuer":"`+issuer+`","jwks_uri":"`+keys+`"}`)
	}
	tests := map[string]struct {
		first clientFunc
		want  map[string]finding
	}{
		"out of reach": {
			func(r *http.Request) (*http.Response, error) {
				if strings.HasPrefix(r.URL.Host, "oidc.") {
					return hang(r)
				}
				return nil, nil
			},
			map[string]finding{
				"issuer":          says(noted, "out of this pod's reach: no answer in time", "STS fetches it from outside"),
				"token signature": says(noted, "not verified"),
			},
		},
		"closed": {
			document(http.StatusForbidden, "go away"),
			map[string]finding{
				"issuer":          says(warned, "status 403", "to everyone"),
				"token signature": says(unknown, "not verified"),
			},
		},
		"not JSON": {
			document(http.StatusOK, "<html>"+marker),
			map[string]finding{"issuer": says(warned, "not JSON")},
		},
		"another name": {
			discovery(credentialstest.PodIssuer+"/", keys),
			map[string]finding{
				"issuer":          says(failed, credentialstest.PodIssuer+`/"`, "trailing slash"),
				"token signature": says(unknown),
			},
		},
		"keys in clear": {
			discovery(credentialstest.PodIssuer, "http://10.0.0.1/openid/v1/jwks"),
			map[string]finding{"issuer": says(failed, "is not an https URL", "service-account-jwks-uri")},
		},
		"keys nowhere": {
			discovery(credentialstest.PodIssuer, "https://nowhere.example/jwks"),
			map[string]finding{
				"issuer":          says(fine),
				"token signature": says(noted, "out of this pod's reach", "does not resolve"),
			},
		},
		"keys closed": {
			serveAt("/keys", http.StatusInternalServerError, ""),
			map[string]finding{"token signature": says(warned, "status 500")},
		},
		"no key set": {
			serveAt("/keys", http.StatusOK, `{"keys":[{"kty":"oct"}]}`),
			map[string]finding{"token signature": says(warned, "none of its 1 keys")},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				cfg := pod.Config()
				cfg.HTTPClient = before(pod, test.first)
				r := credentials.Diagnose(t.Context(), cfg)
				wantChecks(t, r, test.want)
				wantChecks(t, r, map[string]finding{"session": says(fine)})
				if strings.Contains(r.String(), marker) {
					t.Error("the report quotes an answer")
				}
			})
		})
	}
}

// serveAt answers requests for paths that end so.
func serveAt(suffix string, status int, body string) clientFunc {
	return func(r *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(r.URL.Path, suffix) {
			return nil, nil
		}
		return response(r, status, body), nil
	}
}

// A token of one cluster meets the keys of another whose issuer has the same
// name, as after a cluster was made anew.
func TestDiagnoseForeignSignature(t *testing.T) {
	t.Parallel()
	pod, other := newPod(t, nil), newPod(t, nil)
	cfg := pod.Config()
	cfg.HTTPClient = before(pod, func(r *http.Request) (*http.Response, error) {
		if !strings.HasSuffix(r.URL.Path, "/keys") {
			return nil, nil
		}
		return other.AWS.HTTPClient().Do(r)
	})
	r := credentials.Diagnose(t.Context(), cfg)
	wantChecks(t, r, map[string]finding{
		"issuer":          says(fine),
		"token signature": says(failed, "not among the issuer's 1", "another cluster"),
	})
}

// An issuer sends nobody to the node, not even by a client that would go.
func TestIssuerRedirect(t *testing.T) {
	node := 0
	metadata := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { node++ }))
	defer metadata.Close()
	pod := newPod(t, nil)
	next := pod.AWS.HTTPClient()
	cfg := pod.Config()
	cfg.HTTPClient = &http.Client{Transport: trip(func(r *http.Request) (*http.Response, error) {
		switch {
		case strings.Contains(r.URL.Path, "openid-configuration"):
			resp := response(r, http.StatusFound, "")
			resp.Header.Set("Location", metadata.URL+"/latest/meta-data/")
			return resp, nil
		case "http://"+r.URL.Host == metadata.URL:
			return http.DefaultTransport.RoundTrip(r)
		}
		return next.Do(r)
	})}
	credentials.Diagnose(t.Context(), cfg)
	if node > 0 {
		t.Error("the diagnosis followed the issuer to the node")
	}
}

// trip is a transport made of a function.
type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
