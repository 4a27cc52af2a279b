package credentials_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/irsakit/irsa/credentials"
)

// TestDiagnoseNodeRole plays a node's metadata service.
func TestDiagnoseNodeRole(t *testing.T) {
	t.Parallel()
	const role = "node-role"
	metadata := func(token, roles func(*http.Request) (*http.Response, error)) clientFunc {
		return func(r *http.Request) (*http.Response, error) {
			switch {
			case r.URL.Host != "169.254.169.254":
				return nil, nil
			case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
				return token(r)
			case r.URL.Path == "/latest/meta-data/iam/security-credentials/":
				return roles(r)
			}
			t.Errorf("asked for %s", r.URL.Path)
			return response(r, http.StatusNotFound, ""), nil
		}
	}
	say := func(status int, body string) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) { return response(r, status, body), nil }
	}
	withToken := func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("X-Aws-Ec2-Metadata-Token") != marker {
			return response(r, http.StatusUnauthorized, ""), nil
		}
		return response(r, http.StatusOK, role), nil
	}
	tests := map[string]struct {
		metadata clientFunc
		allow    bool
		want     finding
	}{
		"hop limit 1":         {metadata(hang, say(http.StatusUnauthorized, "")), false, says(fine, "not with a role")},
		"blocked":             {metadata(hang, hang), false, says(fine, "does not answer in this pod")},
		"hop limit 2":         {metadata(say(http.StatusOK, marker), withToken), false, says(warned, role, "IMDSv2", "HttpPutResponseHopLimit")},
		"first version":       {metadata(hang, say(http.StatusOK, role)), false, says(warned, role, "IMDSv1", "HttpTokens")},
		"wanted":              {metadata(say(http.StatusOK, marker), withToken), true, says(noted, role)},
		"no role":             {metadata(say(http.StatusOK, marker), say(http.StatusNotFound, "")), false, says(fine, "not with a role")},
		"switched off":        {metadata(say(http.StatusForbidden, ""), say(http.StatusForbidden, "")), false, says(fine, "not with a role")},
		"something else":      {metadata(say(http.StatusOK, marker), say(http.StatusOK, "<html>hello</html>")), false, says(fine, "not with a role")},
		"two roles are a one": {metadata(hang, say(http.StatusOK, role+"\nother")), false, says(warned, role)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				cfg := pod.Config()
				cfg.HTTPClient = before(pod, test.metadata)
				cfg.AllowInstanceProfile = test.allow
				r := credentials.Diagnose(t.Context(), cfg)
				wantChecks(t, r, map[string]finding{"node role": test.want})
				if strings.Contains(r.String(), marker) {
					t.Error("the report shows the metadata token")
				}
			})
		})
	}
}
