package endpoint_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/credentials/endpoint"
)

// Both halves of this library, and the SDK's client, over loopback. The
// variables are all that the clients are told.
func TestClients(t *testing.T) {
	_, p := newPod(t, nil)
	file := filepath.Join(t.TempDir(), "token")
	token, err := endpoint.FileToken(file)
	if err != nil {
		t.Fatal(err)
	}
	s, err := endpoint.New(endpoint.Config{Provider: p, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_REGION", credentialstest.PodRegion)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://"+serve(t, s)+endpoint.PathCredentials)
	t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file)
	want, err := p.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	clients := map[string]func(t *testing.T) aws.CredentialsProvider{
		"package credentials": func(t *testing.T) aws.CredentialsProvider {
			client, err := credentials.New(t.Context(), credentials.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { client.Close() })
			return client
		},
		"SDK for Go": func(t *testing.T) aws.CredentialsProvider {
			cfg, err := config.LoadDefaultConfig(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return cfg.Credentials
		},
	}
	for name, client := range clients {
		t.Run(name, func(t *testing.T) {
			got, err := client(t).Retrieve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got.AccessKeyID != want.AccessKeyID || got.SecretAccessKey != want.SecretAccessKey || got.SessionToken != want.SessionToken {
				t.Error("other keys arrived")
			}
			if !got.CanExpire || got.Expires.After(want.Expires) || got.Expires.Before(want.Expires.Add(-window-time.Second)) || got.AccountID != credentialstest.PodAccount {
				t.Errorf("arrived with expiry %v, account %q", got.Expires, got.AccountID)
			}
		})
	}
}

// window is how much earlier than they end the SDK for Go says that credentials
// of an endpoint do.
const window = 5 * time.Minute

// transport reaches a server without a network, so in bubbles too.
type transport struct{ server *endpoint.Server }

func (c transport) Do(r *http.Request) (*http.Response, error) {
	in := newRequest(r.Context(), r.URL.Path)
	in.Header = r.Header
	w := httptest.NewRecorder()
	c.server.ServeHTTP(w, in)
	return w.Result(), nil
}

// sdk is the SDK's client of a server, in the cache in which its configuration
// puts it.
func sdk(s *endpoint.Server, token string) *aws.CredentialsCache {
	client := endpointcreds.New("http://127.0.0.1:9911"+endpoint.PathCredentials, func(o *endpointcreds.Options) {
		o.HTTPClient = transport{s}
		o.AuthorizationToken = token
	})
	return aws.NewCredentialsCache(client, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = window })
}

// A day of the SDK's client with an outage of two hours: it never holds what has
// expired, and has an error only while nothing is valid.
func TestSDKThroughOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, p := newPod(t, nil)
		defer pod.StartKubelet().Stop()
		client := sdk(newServer(t, endpoint.Config{Provider: p}), password)
		start := time.Now()
		pod.AWS.Inject(credentialstest.When{Service: "sts", From: start.Add(8 * time.Hour), Until: start.Add(10 * time.Hour)}, credentialstest.Unavailable())
		var good, failed int
		var held aws.Credentials
		for time.Since(start) < 24*time.Hour {
			creds, err := client.Retrieve(t.Context())
			creds.Expires = creds.Expires.Add(window)
			switch {
			case err == nil && time.Until(creds.Expires) <= 0:
				t.Fatalf("after %v it holds what has expired", time.Since(start))
			case err == nil:
				good++
				held = creds
			case time.Until(held.Expires) > time.Minute:
				t.Fatalf("after %v an error, with %v left: %v", time.Since(start), time.Until(held.Expires), err)
			default:
				failed++
			}
			time.Sleep(47 * time.Second)
		}
		if failed == 0 || good < 10*failed {
			t.Errorf("%d good, %d failed", good, failed)
		}
	})
}

// The SDK's client repeats what may pass and nothing else, and shows code and
// message.
func TestSDKErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err      error
		token    string
		code     string
		attempts int
	}{
		"passing": {credentials.ErrUnavailable, password, "CredentialsUnavailable", 3},
		"denied":  {credentials.ErrDenied, password, "AccessDenied", 1},
		"wrong":   {credentials.ErrConfiguration, password, "Misconfigured", 1},
		"token":   {nil, "another", "WrongToken", 0},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				counted := &counter{err: test.err}
				_, err := sdk(newServer(t, endpoint.Config{Provider: counted}), test.token).Retrieve(t.Context())
				e, ok := errors.AsType[smithy.APIError](err)
				if !ok || e.ErrorCode() != test.code || e.ErrorMessage() == "" || strings.Contains(err.Error(), marker) {
					t.Errorf("error %v", err)
				}
				if counted.calls != test.attempts {
					t.Errorf("%d attempts, want %d", counted.calls, test.attempts)
				}
			})
		})
	}
}
