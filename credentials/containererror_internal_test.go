package credentials

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Only behind the addresses of the EKS agent is it Pod Identity that has to be
// set up.
func TestRemedyOfRefusal(t *testing.T) {
	t.Parallel()
	for endpoint, agent := range map[string]bool{
		"http://169.254.170.23/v1/credentials":   true,
		"http://[fd00:ec2::23]/v1/credentials":   true,
		"http://169.254.170.2/v2/credentials":    false,
		"http://127.0.0.1:9911/role":             false,
		"https://credentials.example.com/a/role": false,
	} {
		u, err := url.Parse(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		for status, test := range map[int]struct {
			code string
			kind error
			eks  string // what the remedy for Pod Identity names
		}{
			http.StatusForbidden:  {"AccessDeniedException", ErrDenied, "pods.eks.amazonaws.com"},
			http.StatusNotFound:   {"ResourceNotFoundException", ErrConfiguration, "EKS Pod Identity association"},
			http.StatusBadRequest: {"InvalidTokenException", ErrIdentity, "projected for this pod"},
		} {
			err := (&container{endpoint: u}).refused(status, []byte(`{"code":"`+test.code+`","message":"no"}`))
			e, ok := errors.AsType[*ContainerError](err)
			if !ok || !errors.Is(err, test.kind) || !terminal(err) || e.Remedy == "" {
				t.Errorf("%s, %d: %v", endpoint, status, err)
				continue
			}
			if got := strings.Contains(e.Remedy, test.eks); got != agent {
				t.Errorf("%s, %d: remedy %q", endpoint, status, e.Remedy)
			}
		}
	}
}
