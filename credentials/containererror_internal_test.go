package credentials

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Only behind the addresses of the EKS agent is it Pod Identity that denies.
func TestRemedyOfDenial(t *testing.T) {
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
		err = (&container{endpoint: u}).refused(http.StatusForbidden, []byte(`{"code":"AccessDeniedException","message":"no"}`))
		e, ok := errors.AsType[*ContainerError](err)
		if !ok || !errors.Is(err, ErrDenied) || !terminal(err) || e.Remedy == "" {
			t.Errorf("%s: %v", endpoint, err)
			continue
		}
		if got := strings.Contains(e.Remedy, "pods.eks.amazonaws.com"); got != agent {
			t.Errorf("%s: remedy %q", endpoint, e.Remedy)
		}
	}
}
