package credentials_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// TestLoopback sends the real SDK over real sockets to where the environment
// says, for our own call to STS as for the clients made of the config.
func TestLoopback(t *testing.T) {
	pod := newPod(t, nil)
	var right, wrong atomic.Int64
	served := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		right.Add(1)
		pod.AWS.Handler().ServeHTTP(w, r)
	}))
	defer served.Close()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		wrong.Add(1)
		http.Error(w, "not here", http.StatusTeapot)
	}))
	defer other.Close()

	tests := map[string]map[string]string{
		"all services":      {"AWS_ENDPOINT_URL": served.URL},
		"STS":               {"AWS_ENDPOINT_URL_STS": served.URL},
		"STS before others": {"AWS_ENDPOINT_URL_STS": served.URL, "AWS_ENDPOINT_URL": other.URL},
	}
	for name, env := range tests {
		t.Run(name, func(t *testing.T) {
			right.Store(0)
			wrong.Store(0)
			setenv(t, env)
			setenv(t, map[string]string{
				"AWS_REGION": credentialstest.PodRegion, "AWS_ROLE_ARN": credentialstest.PodRoleARN,
				"AWS_WEB_IDENTITY_TOKEN_FILE": pod.TokenFile.Path(), "AWS_ROLE_SESSION_NAME": "loopback",
			})
			cfg, err := credentials.LoadConfig(t.Context(), credentials.Config{})
			if err != nil {
				t.Fatal(err)
			}
			out, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if want := "arn:aws:sts::111122223333:assumed-role/pod-role/loopback"; aws.ToString(out.Arn) != want {
				t.Errorf("ARN %q, want %q", aws.ToString(out.Arn), want)
			}
			if right.Load() != 2 || wrong.Load() != 0 {
				t.Errorf("%d requests to the right server, %d to the wrong", right.Load(), wrong.Load())
			}
		})
	}
}

// TestEndpoints looks at which host our call to STS goes to.
func TestEndpoints(t *testing.T) {
	pod := newPod(t, nil)
	tests := map[string]struct {
		region string
		env    map[string]string
		want   string
	}{
		"regional":       {"eu-west-1", nil, "sts.eu-west-1.amazonaws.com"},
		"always":         {"us-east-1", map[string]string{"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}, "sts.us-east-1.amazonaws.com"},
		"China":          {"cn-north-1", nil, "sts.cn-north-1.amazonaws.com.cn"},
		"FIPS":           {"us-east-1", map[string]string{"AWS_USE_FIPS_ENDPOINT": "true"}, "sts-fips.us-east-1.amazonaws.com"},
		"dual stack":     {"eu-west-1", map[string]string{"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "sts.eu-west-1.api.aws"},
		"configured":     {"eu-west-1", map[string]string{"AWS_ENDPOINT_URL": "https://sts.example"}, "sts.example"},
		"ignored":        {"eu-west-1", map[string]string{"AWS_ENDPOINT_URL": "https://sts.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "sts.eu-west-1.amazonaws.com"},
		"ignored of STS": {"eu-west-1", map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.example", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}, "sts.eu-west-1.amazonaws.com"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.env)
			var hosts []string
			cfg := pod.Config()
			cfg.Region = test.region
			cfg.HTTPClient = roundTripFunc(func(r *http.Request) (*http.Response, error) {
				hosts = append(hosts, r.URL.Host)
				return answer(http.StatusForbidden, "AccessDenied", "")(r)
			})
			newProvider(t, cfg).Retrieve(t.Context())
			if len(hosts) != 1 || hosts[0] != test.want {
				t.Errorf("hosts %q, want %q", hosts, test.want)
			}
		})
	}
}
