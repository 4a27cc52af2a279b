package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// rotated is what a script's rotation puts in the place of the secret.
const rotated = "the-value-after-the-rotation"

// startWorld serves the three-account story on loopback and writes the pod's
// token into dir. What is returned is a pod's environment.
func startWorld(dir string) (fake *secretstest.AWS, env []string, end func(), err error) {
	if fake, err = secretstest.New(secretstest.Story()); err != nil {
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

// child is an agent that runs by itself.
type child struct {
	cmd     *exec.Cmd
	banner  string
	log     string // file
	drained sync.WaitGroup
}

// startChild runs an agent until it says that it listens.
func startChild(dir string, env, args []string) (*child, error) {
	path, err := exec.LookPath("agent")
	if err != nil {
		return nil, err
	}
	p := &child{cmd: exec.Command(path, args...), log: filepath.Join(dir, "log")}
	p.cmd.Dir = dir
	stderr, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer stderr.Close()
	p.cmd.Env, p.cmd.Stderr = env, stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		text, _ := os.ReadFile(p.log)
		return nil, fmt.Errorf("agent: %w: %s", p.cmd.Wait(), text)
	}
	p.banner = lines.Text()
	p.drained.Go(func() { _, _ = io.Copy(io.Discard, out) })
	return p, nil
}

var healthLine = regexp.MustCompile(`msg="health and metrics" address=(\S+)`)

// addresses returns where it listens: for clients, and for probes.
func (p *child) addresses() (main, health string) {
	_, main, _ = strings.Cut(p.banner, "listening on http://")
	text, _ := os.ReadFile(p.log)
	if m := healthLine.FindSubmatch(text); m != nil {
		health = string(m[1])
	}
	return main, health
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
	fake  *secretstest.AWS
	mend  func()
	child *child
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
	for _, kv := range append(env, "SECRET="+secretstest.StorySecretARN) {
		name, value, _ := strings.Cut(kv, "=")
		ts.Setenv(name, value)
	}
}

// outageCommand is "outage [SERVICE]", and "! outage" for its end.
func outageCommand(ts *testscript.TestScript, neg bool, args []string) {
	s := stageOf(ts)
	if neg {
		s.mend()
		return
	}
	var when credentialstest.When
	if len(args) > 0 {
		when.Service = args[0]
	}
	s.mend = s.fake.Inject(when, credentialstest.Unavailable())
}

// rotateCommand is "rotate": the story's secret has another value.
func rotateCommand(ts *testscript.TestScript, _ bool, _ []string) {
	_, err := stageOf(ts).fake.PutSecretValue(secretstest.StorySecretARN, secretstest.Version{String: new(rotated)})
	ts.Check(err)
}

// inherited are the variables that a script's agent gets.
var inherited = []string{
	"PATH", "HOME", "TMPDIR", "GOCOVERDIR", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED",
	"AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_TOKEN", "APP_TOKEN",
	"IRSA_AGENT_TOKEN_FILE", "IRSA_AGENT_DIALECT", "PARAMETERS_SECRETS_EXTENSION_LOG_LEVEL", "SECRETS_MANAGER_TTL",
}

// startCommand is "start ARG…": an agent, whose addresses the script then has
// as $ADDR and $HEALTH; it prints the banner.
func startCommand(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	var env []string
	for _, name := range inherited {
		if value := ts.Getenv(name); value != "" {
			env = append(env, name+"="+value)
		}
	}
	var err error
	s.child, err = startChild(ts.MkAbs("."), env, args)
	ts.Check(err)
	p := s.child
	ts.Defer(func() { _ = p.end() })
	addr, health := p.addresses()
	_, port, err := net.SplitHostPort(addr)
	ts.Check(err)
	ts.Setenv("ADDR", "localhost:"+port)
	ts.Setenv("HEALTH", health)
	fmt.Fprintln(ts.Stdout(), p.banner)
}

// stopCommand is "stop": ends the agent, which must go well.
func stopCommand(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(stageOf(ts).child.end()) }

// request reads [-t TOKEN|@FILE] [-d BODY] [-a ACCEPT] [-u SOCKET] URL.
func request(ts *testscript.TestScript, args []string) (client *http.Client, r *http.Request) {
	client = &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := http.NewRequest(http.MethodGet, args[len(args)-1], nil)
	ts.Check(err)
	for i := 0; i+1 < len(args)-1; i += 2 {
		switch value := args[i+1]; args[i] {
		case "-t":
			if file, ok := strings.CutPrefix(value, "@"); ok {
				value = ts.ReadFile(file)
			}
			r.Header.Set("X-Aws-Parameters-Secrets-Token", value)
		case "-d":
			r.Method, r.Body, r.ContentLength = http.MethodPost, io.NopCloser(strings.NewReader(value)), int64(len(value))
		case "-a":
			r.Header.Set("Accept", value)
		case "-u":
			client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", ts.MkAbs(value))
			}}
		default:
			ts.Fatalf("get: unknown flag %s", args[i])
		}
	}
	return client, r
}

// getCommand is "get [FLAG VALUE]… URL": asks as curl does and prints status and
// body, of a stream one event.
func getCommand(ts *testscript.TestScript, _ bool, args []string) {
	client, r := request(ts, args)
	response, err := client.Do(r)
	ts.Check(err)
	defer response.Body.Close()
	fmt.Fprintln(ts.Stdout(), response.Status)
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		fmt.Fprintln(ts.Stdout(), lines.Text())
		if strings.HasPrefix(lines.Text(), "data: ") {
			return
		}
	}
}

// awaitCommand is "await TEXT [FLAG VALUE]… URL": asks until the body has the
// text, for half a minute.
func awaitCommand(ts *testscript.TestScript, _ bool, args []string) {
	var body []byte
	for range 300 {
		client, r := request(ts, args[1:])
		response, err := client.Do(r)
		ts.Check(err)
		body, err = io.ReadAll(response.Body)
		ts.Check(err)
		response.Body.Close()
		if strings.Contains(string(body), args[0]) {
			return
		}
		time.Sleep(100 * time.Millisecond) // another process decides
	}
	ts.Fatalf("no %q in %s", args[0], body)
}

// loginCommand is "login TOKEN": logs in to the page as a browser does, and
// prints what it is shown.
func loginCommand(ts *testscript.TestScript, _ bool, args []string) {
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	client := &http.Client{Jar: jar}
	if file, ok := strings.CutPrefix(args[0], "@"); ok {
		args[0] = ts.ReadFile(file)
	}
	response, err := client.PostForm("http://"+ts.Getenv("ADDR")+"/irsa/login", url.Values{"token": {args[0]}})
	ts.Check(err)
	defer response.Body.Close()
	fmt.Fprintln(ts.Stdout(), response.Status)
	_, err = io.Copy(ts.Stdout(), response.Body)
	ts.Check(err)
}
