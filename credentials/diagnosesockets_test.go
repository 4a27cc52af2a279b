package credentials_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
)

// socketsIssuer refuses connections.
const socketsIssuer = "https://127.0.0.1:1/id/EXAMPLE"

// connections counts those that a server has open.
type connections struct {
	mu     sync.Mutex
	open   int
	closed chan struct{} // hears of each that ends
}

func counted(h http.Handler) (*httptest.Server, *connections) {
	c := &connections{closed: make(chan struct{}, 100)}
	server := httptest.NewUnstartedServer(h)
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch s {
		case http.StateNew:
			c.open++
		case http.StateClosed:
			c.open--
			c.closed <- struct{}{}
		}
	}
	server.Start()
	return server, c
}

func (c *connections) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// wantNone waits for the server to see what the client has closed.
func (c *connections) wantNone(t *testing.T) {
	t.Helper()
	patience := time.After(10 * time.Second)
	for c.count() > 0 {
		select {
		case <-c.closed:
		case <-patience:
			t.Fatalf("%d connections are still open", c.count())
		}
	}
}

// TestDiagnoseOverSockets has the clients of the SDK and of the system, as in a
// pod, and looks whether they leave connections behind.
func TestDiagnoseOverSockets(t *testing.T) {
	world := credentialstest.PodWorld()
	world.Clusters[0].Issuer = socketsIssuer
	world.Clusters[0].Associations = nil
	world.Accounts[0].OIDCProviders[0].URL = socketsIssuer
	trust := world.Accounts[0].Roles[0].Trust.String()
	world.Accounts[0].Roles[0].Trust = policy.MustParse(strings.ReplaceAll(trust,
		strings.TrimPrefix(credentialstest.PodIssuer, "https://"), strings.TrimPrefix(socketsIssuer, "https://")))
	pod := newPod(t, &credentialstest.PodOptions{World: &world})
	aws, awsConnections := counted(pod.AWS.Handler())
	defer aws.Close()
	metadata, nodeConnections := counted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			_, _ = w.Write([]byte("metadata-" + marker))
		case r.Header.Get("X-Aws-Ec2-Metadata-Token") == "metadata-"+marker:
			_, _ = w.Write([]byte("node-role\n"))
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	defer metadata.Close()
	setenv(t, map[string]string{
		"AWS_REGION": credentialstest.PodRegion, "AWS_ENDPOINT_URL": aws.URL,
		"AWS_ROLE_ARN": credentialstest.PodRoleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": pod.TokenFile.Path(),
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.URL,
		// The system's proxy function reads these once in a process.
		"HTTPS_PROXY": "", "HTTP_PROXY": "", "https_proxy": "", "http_proxy": "",
	})
	for name, cfg := range map[string]credentials.Config{
		"zero":               {},
		"the SDK's own kind": {HTTPClient: awshttp.NewBuildableClient()},
	} {
		t.Run(name, func(t *testing.T) {
			r := credentials.Diagnose(t.Context(), cfg)
			wantChecks(t, r, map[string]finding{
				"environment":     says(fine),
				"selection":       says(fine),
				"issuer":          says(noted, "connection refused"),
				"token signature": says(noted, "not verified"),
				"STS address":     says(fine, "127.0.0.1 (this machine)"),
				"STS connection":  says(fine, "accepts connections"),
				"clock":           says(fine),
				"session":         says(fine, "assumed-role/pod-role/"),
				"caller":          says(fine, "assumed-role/pod-role/"),
				"node role":       says(warned, "node-role", "IMDSv2"),
			})
			if strings.Contains(r.String(), marker) {
				t.Error("the report shows the metadata token")
			}
			awsConnections.wantNone(t)
			nodeConnections.wantNone(t)
		})
	}
}
