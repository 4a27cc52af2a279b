package credentialstest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials/credentialstest"
)

func newAWS(t *testing.T) *credentialstest.AWS {
	t.Helper()
	fake, err := credentialstest.New(credentialstest.PodWorld())
	if err != nil {
		t.Fatal(err)
	}
	return fake
}

// nodeRole asks the metadata service for the node's role as the SDK does.
func nodeRole(t *testing.T, client imds.HTTPClient, endpoint string) (aws.Credentials, error) {
	t.Helper()
	metadata := imds.New(imds.Options{HTTPClient: client, Endpoint: endpoint, EnableFallback: aws.FalseTernary, Retryer: aws.NopRetryer{}})
	return ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = metadata }).Retrieve(t.Context())
}

func TestIMDS(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := newAWS(t)
		node := fake.NewIMDS(credentialstest.Node{RoleARN: credentialstest.NodeRoleARN})
		creds, err := nodeRole(t, node.HTTPClient(), "")
		if err != nil {
			t.Fatal(err)
		}
		client := sts.New(sts.Options{Region: credentialstest.PodRegion, HTTPClient: node.HTTPClient(), Credentials: fixed(creds)})
		who, err := client.GetCallerIdentity(t.Context(), nil)
		if err != nil || *who.Arn != "arn:aws:sts::111122223333:assumed-role/node-role/i-0123456789abcdef0" {
			t.Errorf("caller %v, %v", who, err)
		}
		again, err := nodeRole(t, node.HTTPClient(), "")
		if err != nil || again.AccessKeyID != creds.AccessKeyID {
			t.Errorf("other credentials a moment later: %v", err)
		}
		time.Sleep(2 * time.Hour)
		later, err := nodeRole(t, node.HTTPClient(), "")
		if err != nil || later.AccessKeyID == creds.AccessKeyID {
			t.Errorf("the same credentials two hours later: %v", err)
		}
		region, err := imds.New(imds.Options{HTTPClient: node.HTTPClient()}).GetRegion(t.Context(), nil)
		if err != nil || region.Region != credentialstest.PodRegion {
			t.Errorf("region %v, %v", region, err)
		}
	})
}

func fixed(creds aws.Credentials) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil })
}

func TestIMDSRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		node  credentialstest.Node
		fault credentialstest.Fault
		want  string
	}{
		"no profile":     {node: credentialstest.Node{}, want: "404"},
		"no trust":       {node: credentialstest.Node{RoleARN: credentialstest.PodRoleARN}, want: "AssumeRoleUnauthorizedAccess"},
		"too far":        {node: credentialstest.Node{RoleARN: credentialstest.NodeRoleARN, Distance: 2}, want: "deadline"},
		"nobody listens": {node: credentialstest.Node{Disabled: true}, want: "deadline"},
		"unwell":         {node: credentialstest.Node{RoleARN: credentialstest.NodeRoleARN}, fault: credentialstest.Fault{Status: 503}, want: "503"},
		"unwell by code": {node: credentialstest.Node{RoleARN: credentialstest.NodeRoleARN}, fault: credentialstest.Unavailable(), want: "503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake := newAWS(t)
				fake.Inject(credentialstest.When{Service: "imds", Operation: "Role"}, test.fault)
				_, err := nodeRole(t, fake.NewIMDS(test.node).HTTPClient(), "")
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want %q", err, test.want)
				}
				if n := len(fake.Calls()); n != 0 {
					t.Errorf("%d calls", n)
				}
			})
		})
	}
}

// A node that is far enough for pods, and its plain requests.
func TestIMDSRequests(t *testing.T) {
	t.Parallel()
	node := newAWS(t).NewIMDS(credentialstest.Node{RoleARN: credentialstest.NodeRoleARN, Distance: 2, HopLimit: 2})
	server := httptest.NewServer(node.Handler())
	defer server.Close()
	if _, err := nodeRole(t, server.Client(), server.URL); err != nil {
		t.Error(err)
	}
	send := func(method, path string, header ...string) int {
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	const ttl = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	for name, test := range map[string]struct {
		method, path string
		header       []string
		want         int
	}{
		"version 1":     {"GET", "/latest/meta-data/instance-id", nil, 401},
		"wrong token":   {"GET", "/latest/meta-data/instance-id", []string{"X-Aws-Ec2-Metadata-Token", "x"}, 401},
		"token by GET":  {"GET", "/latest/api/token", []string{ttl, "60"}, 405},
		"no lifetime":   {"PUT", "/latest/api/token", nil, 400},
		"long lifetime": {"PUT", "/latest/api/token", []string{ttl, "21601"}, 400},
		"token":         {"PUT", "/latest/api/token", []string{ttl, "21600"}, 200},
		"unknown":       {"GET", "/latest/nothing", nil, 401},
	} {
		if status := send(test.method, test.path, test.header...); status != test.want {
			t.Errorf("%s: status %d, want %d", name, status, test.want)
		}
	}
}

// tb is a TB that notes failures.
type tb struct {
	*testing.T
	failed []string
}

func (b *tb) Errorf(format string, args ...any) {
	b.failed = append(b.failed, fmt.Sprintf(format, args...))
}

func TestNoIMDS(t *testing.T) {
	t.Parallel()
	b := &tb{T: t}
	fake := newAWS(t)
	client := credentialstest.NoIMDS(b, fake.HTTPClient())
	if response, err := client.Get(credentialstest.PodIssuer + "/keys"); err != nil {
		t.Error(err)
	} else {
		response.Body.Close()
	}
	if b.failed != nil {
		t.Errorf("failed without reason: %q", b.failed)
	}
	for _, host := range []string{"169.254.169.254", "[fd00:ec2::254]", "169.254.169.254:80"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+host+"/latest/api/token", strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		if response, err := client.Do(r); err == nil {
			response.Body.Close()
			t.Errorf("%s answers", host)
		}
	}
	if len(b.failed) != 3 {
		t.Errorf("failures %q, want 3", b.failed)
	}
	server := httptest.NewServer(fake.Handler())
	defer server.Close()
	if response, err := credentialstest.NoIMDS(b, nil).Get(server.URL); err != nil {
		t.Error(err)
	} else {
		response.Body.Close()
	}
}

func TestNoIMDSServer(t *testing.T) {
	b := &tb{T: t}
	t.Run("using it", func(t *testing.T) {
		b.T = t
		credentialstest.NoIMDSServer(b)
		endpoint := os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")
		if _, err := nodeRole(t, http.DefaultClient, endpoint); err == nil {
			t.Error("it answers")
		}
		http.DefaultClient.CloseIdleConnections()
	})
	if len(b.failed) == 0 {
		t.Error("the test has not failed")
	}
	if _, err := nodeRole(t, http.DefaultClient, "http://127.0.0.1:1"); errors.Is(err, context.Canceled) || err == nil {
		t.Errorf("after the test: %v", err)
	}
}
