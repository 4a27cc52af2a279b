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
