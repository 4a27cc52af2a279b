package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials/credentialstest"
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

// startWorld serves the world on loopback and writes the pod's token into dir.
// What is returned is a pod's environment.
func startWorld(dir string) (fake *secretstest.AWS, env []string, end func(), err error) {
	if fake, err = secretstest.New(world()); err != nil {
		return nil, nil, nil, err
	}
	token, err := fake.Token(credentialstest.TokenRequest{Namespace: secretstest.StoryNamespace, ServiceAccount: secretstest.StoryServiceAccount})
	if err != nil {
		return nil, nil, nil, err
	}
	file, err := credentialstest.NewTokenFile(dir, token)
	if err != nil {
		return nil, nil, nil, err
	}
	server := httptest.NewServer(fake.Handler())
	return fake, []string{
		"AWS_REGION=" + secretstest.StoryRegion, "AWS_ENDPOINT_URL=" + server.URL,
		"AWS_ROLE_ARN=" + secretstest.StoryRoleARN, "AWS_WEB_IDENTITY_TOKEN_FILE=" + file.Path(),
	}, server.Close, nil
}

// child is a credserver that runs by itself.
type child struct {
	cmd     *exec.Cmd
	exports []string // NAME=value
	stderr  bytes.Buffer
	drained sync.WaitGroup
}

// startChild runs credserver until it has said how to reach it.
func startChild(env, args []string) (*child, error) {
	path, err := exec.LookPath("credserver")
	if err != nil {
		return nil, err
	}
	p := &child{cmd: exec.Command(path, args...)}
	p.cmd.Env, p.cmd.Stderr = env, &p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for range 2 {
		if !lines.Scan() {
			return nil, fmt.Errorf("credserver: %w: %s", p.cmd.Wait(), p.stderr.String())
		}
		if export, ok := strings.CutPrefix(lines.Text(), "export "); ok {
			p.exports = append(p.exports, export)
		}
	}
	p.drained.Go(func() { _, _ = io.Copy(io.Discard, out) })
	return p, nil
}

// end asks it to stop and waits.
func (p *child) end() error {
	if p.cmd.ProcessState != nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	p.drained.Wait()
	return p.cmd.Wait()
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
	s := stageOf(ts)
	fake, env, end, err := startWorld(ts.MkAbs("projected"))
	ts.Check(err)
	ts.Defer(end)
	s.fake = fake
	for _, kv := range env {
		name, value, _ := strings.Cut(kv, "=")
		ts.Setenv(name, value)
	}
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
	ts.Defer(func() { _ = s.server.end() })
	for _, kv := range s.server.exports {
		name, value, _ := strings.Cut(kv, "=")
		ts.Setenv(name, value)
		if name == envURI {
			addr := strings.Split(value, "/")[2]
			ts.Setenv("ADDR", addr)
		}
	}
}

// stopCommand is "stop FILE": ends the server, which must go well, and puts its
// log into a file.
func stopCommand(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	ts.Check(s.server.end())
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
