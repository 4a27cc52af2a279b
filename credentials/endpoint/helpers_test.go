package endpoint_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/credentials/endpoint"
)

const (
	// marker stands for what must never be printed.
	marker = "c0ffee-S3CR3T-marker"
	// password is the token that tests' clients send.
	password = marker + "-authorization"
)

// stub is a provider of the tests' own.
type stub struct {
	creds aws.Credentials
	err   error
}

func (s stub) Retrieve(context.Context) (aws.Credentials, error) { return s.creds, s.err }

// lasting returns a session that ends after d.
func lasting(d time.Duration) aws.Credentials {
	return aws.Credentials{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: marker, SessionToken: marker + "-session",
		CanExpire: true, Expires: time.Now().Add(d), AccountID: "111122223333",
	}
}

func newServer(t *testing.T, cfg endpoint.Config) *endpoint.Server {
	t.Helper()
	token, err := endpoint.StaticToken(password)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Token = token
	s, err := endpoint.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// serve runs a server on loopback until the test ends, and returns its address.
func serve(t *testing.T, s *endpoint.Server) string {
	t.Helper()
	l := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Serve(ctx, l); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// newRequest is a client's, as it reaches a server at 127.0.0.1:9911.
func newRequest(ctx context.Context, path string) *http.Request {
	ctx = context.WithValue(ctx, http.LocalAddrContextKey, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9911})
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:9911"+path, nil)
	r.URL.Host = "" // as it arrives
	r.Header.Set("Authorization", password)
	return r
}

// reply is all that an answer can have in it.
type reply struct {
	Status                                          int `json:"-"`
	AccessKeyID, SecretAccessKey, Token, Expiration string
	AccountID, RoleARN                              string
	Code, Message                                   string
	Ready                                           bool
}

// ask calls the handler without a network.
func ask(t *testing.T, s *endpoint.Server, path string) reply {
	t.Helper()
	return answerTo(t, s, newRequest(t.Context(), path))
}

func answerTo(t *testing.T, s *endpoint.Server, r *http.Request) reply {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if again := w.Header().Get("Retry-After"); (again == "1") != (w.Code == http.StatusServiceUnavailable) {
		t.Errorf("Retry-After: %q with status %d", again, w.Code)
	}
	return decode(t, w.Code, w.Body.Bytes())
}

func decode(t *testing.T, status int, body []byte) reply {
	t.Helper()
	a := reply{Status: status}
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatalf("answer %d is no JSON: %v", status, err)
	}
	return a
}

// expires is when the answer's credentials end.
func (a reply) expires(t *testing.T) time.Time {
	t.Helper()
	end, err := time.Parse("2006-01-02T15:04:05Z", a.Expiration)
	if err != nil {
		t.Fatalf("answer %d (%s) has no expiry in UTC: %v", a.Status, a.Message, err)
	}
	return end
}

// newPod is a pod of the fake with its provider.
func newPod(t *testing.T, change func(*credentials.Config)) (*credentialstest.Pod, *credentials.Provider) {
	t.Helper()
	pod, err := credentialstest.NewPod(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := pod.Config()
	if change != nil {
		change(&cfg)
	}
	p, err := credentials.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return pod, p
}

func writeFile(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// counter counts the calls of a provider that fails.
type counter struct {
	err   error
	calls int
}

func (c *counter) Retrieve(context.Context) (aws.Credentials, error) {
	c.calls++
	return aws.Credentials{}, c.err
}
