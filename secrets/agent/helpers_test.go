package agent_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

const (
	tok       = "tok"
	marker    = "MARKER-s3cr3t-7f1e"
	account   = secretstest.StoryClusterAccount
	currentID = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
	pendingID = "a1b2c3d4-5678-90ab-cdef-EXAMPLE22222"
	mainARN   = "arn:aws:secretsmanager:eu-west-1:" + account + ":secret:db/main-AbCdEf"
	roleARN   = "arn:aws:iam::" + account + ":role/p/r"
)

// created is when all versions were made.
var created = time.Unix(1_700_000_000, 500_000_000).UTC()

// readAll is a policy that allows to read everything and to assume every role.
var readAll = []credentialstest.Policy{{Name: "read", Document: policy.MustParse(`{
	"Version": "2012-10-17",
	"Statement": [{"Effect": "Allow", "Action": ["secretsmanager:*", "ssm:*", "kms:*", "sts:AssumeRole"], "Resource": "*"}]
}`)}}

// world has the secrets and parameters of the wire vectors.
func world() secretstest.World {
	w := secretstest.Story()
	own := w.Account(account)
	pod := own.Role("pod-role")
	pod.Boundary, pod.Policies = nil, readAll
	text := func(id, value string, stages ...string) secretstest.Version {
		return secretstest.Version{ID: id, String: new(value), Stages: stages, Created: &created}
	}
	secret := func(name string, versions ...secretstest.Version) {
		own.Secrets = append(own.Secrets, secretstest.Secret{
			Name: name, Region: secretstest.StoryRegion, Suffix: "AbCdEf", Versions: versions,
		})
	}
	secret("db/main", text(currentID, marker, "AWSCURRENT"), text(pendingID, marker+"-pending", "AWSPENDING"))
	for _, name := range []string{"a", "b", "x"} {
		secret(name, text(currentID, "the secret of "+name, "AWSCURRENT"))
	}
	secret("bin", secretstest.Version{ID: currentID, Binary: []byte{0, 255}, Created: &created})
	own.Parameters = append(own.Parameters,
		secretstest.Parameter{Name: "/app/x", Region: secretstest.StoryRegion, Value: marker, Version: 3, Labels: []string{"Dev"}, Modified: &created},
		secretstest.Parameter{Name: "/app/secure", Region: secretstest.StoryRegion, Type: "SecureString", Value: marker, Modified: &created},
	)
	trust := policy.MustParse(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
		"Principal": {"AWS": "` + secretstest.StoryRoleARN + `"}, "Action": "sts:AssumeRole"}]}`)
	own.Roles = append(own.Roles, credentialstest.Role{Name: "r", Path: "/p/", Trust: trust, Policies: readAll})
	for i := range 21 {
		own.Roles = append(own.Roles, credentialstest.Role{Name: fmt.Sprintf("r%d", i), Trust: trust, Policies: readAll})
	}
	return w
}

// spy sees what is sent to AWS.
type spy struct {
	to http.RoundTripper

	mu   sync.Mutex
	sent []string
}

// RoundTrip implements http.RoundTripper.
func (s *spy) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, operation, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.mu.Lock()
		s.sent = append(s.sent, operation+" "+string(body))
		s.mu.Unlock()
	}
	return s.to.RoundTrip(r)
}

// take returns what was sent since the last time.
func (s *spy) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	sent := s.sent
	s.sent = nil
	return sent
}

// rig is an agent on a port of 127.0.0.1, with all that is behind it.
type rig struct {
	fake  *secretstest.AWS
	spy   *spy
	store *secrets.Store
	agent *agent.Agent
	addr  string
	pipes pipes        // nil: connections are those of the network
	stop  func() error // ends Serve and returns its error
}

// setup is what tests change of a rig.
type setup struct {
	world  secretstest.World
	store  secrets.Config
	agent  agent.Config
	listen func(*testing.T) net.Listener
}

// newRig starts an agent for the token tok.
func newRig(t *testing.T, change func(*setup)) *rig {
	t.Helper()
	s := setup{world: world(), listen: loopback}
	s.agent.Tokens = []agent.Token{token(t, tok)}
	if change != nil {
		change(&s)
	}
	fake, err := secretstest.New(s.world)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{fake: fake, spy: &spy{to: fake.HTTPClient().Transport}}
	cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	provider, ok := credentials.FromConfig(cfg)
	if !ok {
		t.Fatal("the config has no provider of ours")
	}
	t.Cleanup(func() { _ = provider.Close() }) // always nil
	cfg.HTTPClient = &http.Client{Transport: r.spy}
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	if r.store, err = secrets.New(t.Context(), cfg, s.store); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.store.Close() }) // always nil here
	s.agent.Store, s.agent.Provider = r.store, provider
	r.serve(t, s.agent, s.listen(t))
	return r
}

// serve makes the agent and serves it on l until the test ends.
func (r *rig) serve(t *testing.T, c agent.Config, l net.Listener) {
	t.Helper()
	made, err := agent.New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- made.Serve(ctx, l) }()
	r.agent, r.addr = made, l.Addr().String()
	r.pipes, _ = l.(pipes)
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		if err := made.Close(); err != nil {
			t.Error(err)
		}
	})
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// inMemory is a listener for bubbles, in which no time passes while a client or the
// agent has anything to do.
func inMemory(*testing.T) net.Listener { return make(pipes) }

func token(t *testing.T, value string) agent.Token {
	t.Helper()
	made, err := agent.NewToken(value)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// reply is a response, or that there was none.
type reply struct {
	Status int // 0: the connection was closed without one
	Body   string
	header http.Header
	last   bool // the connection ends with it
}

// host is the Host header that clients on this machine send.
func (r *rig) host() string {
	_, port, _ := net.SplitHostPort(r.addr)
	return "localhost:" + port
}

// ask sends a request whose target reaches the agent as it is. Headers are lines.
func (r *rig) ask(t *testing.T, method, target string, headers ...string) reply {
	t.Helper()
	lines := append([]string{method + " " + target + " HTTP/1.1", "Host: " + r.host(), "Connection: close"}, headers...)
	return r.raw(t, method, strings.Join(lines, "\r\n")+"\r\n\r\n")
}

// good is ask for a secret with everything as it should be.
func (r *rig) good(t *testing.T) reply {
	t.Helper()
	return r.ask(t, "GET", "/secretsmanager/get?secretId=db/main", "X-Aws-Parameters-Secrets-Token: "+tok)
}

// dial opens a connection that is closed with the test at the latest, and has
// no more than a minute.
func (r *rig) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := r.connect()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() }) // may have been before
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return c
}

func (r *rig) connect() (net.Conn, error) {
	if r.pipes == nil {
		return net.Dial("tcp", r.addr)
	}
	c, theirs := net.Pipe()
	r.pipes <- theirs
	return c, nil
}

// raw sends bytes and reads a response.
func (r *rig) raw(t *testing.T, method, request string) reply {
	t.Helper()
	c := r.dial(t)
	defer c.Close()
	if _, err := io.WriteString(c, request); err != nil {
		return reply{} // cut off while it was sent
	}
	return receive(t, c, method)
}

func receive(t *testing.T, c net.Conn, method string) reply {
	t.Helper()
	in := bufio.NewReader(c)
	response, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		return reply{}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Errorf("body: %v", err)
	}
	return reply{response.StatusCode, string(body), response.Header, response.Close}
}

// sent is a call as the spy tells it.
func sent(operation string, in map[string]any) string {
	body, _ := json.Marshal(in)
	return operation + " " + string(body)
}

// gotten is GetSecretValue with a SecretId and what the Store always sends.
func gotten(id string) string {
	return sent("GetSecretValue", map[string]any{"SecretId": id, "VersionStage": "AWSCURRENT"})
}
