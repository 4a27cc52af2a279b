package credentials_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// clientFunc answers a request, or leaves it to the next by a nil response.
type clientFunc func(*http.Request) (*http.Response, error)

// before puts an answer before a pod's AWS.
func before(pod *credentialstest.Pod, first clientFunc) roundTripFunc {
	next := pod.AWS.HTTPClient()
	return func(r *http.Request) (*http.Response, error) {
		if resp, err := first(r); resp != nil || err != nil {
			return resp, err
		}
		return next.Do(r)
	}
}

// checkOf returns the check of that name.
func checkOf(t *testing.T, r credentials.Report, name string) credentials.Check {
	t.Helper()
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("the report has no check %q", name)
	return credentials.Check{}
}

// finding is what a check must say; parts are looked for in evidence and fix.
type finding struct {
	status credentials.Status
	parts  []string
}

func says(status credentials.Status, parts ...string) finding { return finding{status, parts} }

func wantChecks(t *testing.T, r credentials.Report, want map[string]finding) {
	t.Helper()
	for name, w := range want {
		c := checkOf(t, r, name)
		if c.Status != w.status {
			t.Errorf("%s is %v, want %v: %s", name, c.Status, w.status, c.Evidence)
		}
		text := c.Evidence + "\n" + c.Fix
		for _, part := range w.parts {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q:\n%s", name, part, text)
			}
		}
		if c.Fix == "" && (c.Status == credentials.StatusFailure || c.Status == credentials.StatusWarning) {
			t.Errorf("%s is %v without a fix: %s", name, c.Status, c.Evidence)
		}
	}
}

// checkNames are those that a Config without hops gets.
var checkNames = []string{
	"environment", "other SDKs", "selection", "proxy",
	"token file", "token claims", "token audience", "token expiry", "issuer", "token signature",
	"STS address", "STS connection", "clock", "session", "caller", "expected identity", "node role",
}

func namesOf(r credentials.Report) []string {
	var names []string
	for _, c := range r.Checks {
		names = append(names, c.Name)
	}
	return names
}

const (
	unknown = credentials.StatusUnknown
	fine    = credentials.StatusOK
	noted   = credentials.StatusInfo
	warned  = credentials.StatusWarning
	failed  = credentials.StatusFailure
)
