package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/examples/internal/podtest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// billingARN is a role of the second account that the pod's may assume with an
// external id.
const (
	billingARN        = "arn:aws:iam::222233334444:role/billing"
	billingExternalID = "tenant,7"
)

// world is the three-account story with that role.
func world() secretstest.World {
	w := secretstest.Story()
	pod := w.Accounts[0].Role("pod-role")
	pod.Boundary = nil
	pod.Policies = append(pod.Policies, credentialstest.Policy{Name: "billing", Document: policy.MustParse(`{"Version": "2012-10-17",
		"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "` + billingARN + `"}]}`)})
	w.Accounts[1].Roles = append(w.Accounts[1].Roles, credentialstest.Role{Name: "billing", Trust: policy.MustParse(`{"Version": "2012-10-17",
		"Statement": [{"Effect": "Allow", "Principal": {"AWS": "` + secretstest.StoryRoleARN + `"}, "Action": "sts:AssumeRole",
			"Condition": {"StringEquals": {"sts:ExternalId": "` + billingExternalID + `"}}}]}`)})
	return w
}

// child is a credserver that runs by itself.
type child struct {
	*podtest.Process
	exports []string // NAME=value
	stderr  *bytes.Buffer
}

// startChild runs credserver until it has said how to reach it.
func startChild(env, args []string) (*child, error) {
	path, err := exec.LookPath("credserver")
	if err != nil {
		return nil, err
	}
	c := &child{stderr: new(bytes.Buffer)}
	cmd := exec.Command(path, args...)
	cmd.Env, cmd.Stderr = env, c.stderr
	if c.Process, err = podtest.Run(cmd, 2); err != nil {
		return nil, fmt.Errorf("%w: %s", err, c.stderr)
	}
	for _, line := range c.Lines {
		if export, ok := strings.CutPrefix(line, "export "); ok {
			c.exports = append(c.exports, export)
		}
	}
	return c, nil
}

// stage is what a script has running.
type stage struct {
	fake   *secretstest.AWS
	mend   func()
	server *child
}

type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

// worldCommand is "world": a pod in the story.
func worldCommand(ts *testscript.TestScript, _ bool, _ []string) {
	stageOf(ts).fake = podtest.Enter(ts, world())
	for name, value := range map[string]string{"POD_ROLE": secretstest.StoryRoleARN, "BILLING": billingARN, "EXTERNAL_ID": billingExternalID} {
		ts.Setenv(name, value)
	}
}

// outageCommand is "outage", and "! outage" for its end.
func outageCommand(ts *testscript.TestScript, neg bool, _ []string) {
	s := stageOf(ts)
	if neg {
		s.mend()
		return
	}
	s.mend = s.fake.Inject(credentialstest.When{Service: "sts"}, credentialstest.Unavailable())
}

// inherited are the variables that a script's server gets.
var inherited = []string{
	"PATH", "HOME", "TMPDIR", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED",
	"AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "GOCOVERDIR",
}

// startCommand is "start FLAG…": a server at any port, whose variables the
// script's clients get from then on, instead of the pod's.
func startCommand(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	var env []string
	for _, name := range inherited {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	var err error
	s.server, err = startChild(env, append([]string{"-listen", "127.0.0.1:0"}, args...))
	ts.Check(err)
	ts.Defer(func() { _ = s.server.End() })
	for _, kv := range s.server.exports {
		name, value, _ := strings.Cut(kv, "=")
		ts.Setenv(name, value)
		if name == envURI {
			addr := strings.Split(value, "/")[2]
			_, port, err := net.SplitHostPort(addr)
			ts.Check(err)
			ts.Setenv("ADDR", addr)
			ts.Setenv("PORT", port)
		}
	}
}

// portCommand is "port": a port that nobody listens at, and that the system does not
// give away by itself, as it does with that of a server that has ended.
func portCommand(ts *testscript.TestScript, _ bool, _ []string) {
	for range 1000 {
		port := strconv.Itoa(10_000 + rand.IntN(10_000))
		if l, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			ts.Check(l.Close())
			ts.Setenv("PORT", port)
			return
		}
	}
	ts.Fatalf("no port is free")
}

// endCommand is "end FILE": ends the server, which must go well, and puts its
// log into a file.
func endCommand(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	ts.Check(s.server.End())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), s.server.stderr.Bytes(), 0o600))
}

// getCommand is "get URL TOKENFILE": asks as an SDK does and prints status and
// body.
func getCommand(ts *testscript.TestScript, _ bool, args []string) {
	r, err := http.NewRequest(http.MethodGet, args[0], nil)
	ts.Check(err)
	r.Header.Set("Authorization", strings.TrimSpace(ts.ReadFile(args[1])))
	response, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	fmt.Fprintf(ts.Stdout(), "%s\n%s\n", response.Status, body)
}

// sameCommand is "same FILE FILE": fails unless they hold the same and it is not
// nothing.
func sameCommand(ts *testscript.TestScript, neg bool, args []string) {
	a, b := ts.ReadFile(args[0]), ts.ReadFile(args[1])
	if (a == b) == neg || a == "" {
		ts.Fatalf("%s and %s: same is %t", filepath.Base(args[0]), filepath.Base(args[1]), a == b)
	}
}
