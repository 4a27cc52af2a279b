package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/examples/internal/podtest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// rotated is what a script's rotation puts in the place of the secret.
const rotated = "the-value-after-the-rotation"

// child is an agent that runs by itself.
type child struct {
	*podtest.Process
	log string // file
}

// startChild runs an agent until it says that it listens.
func startChild(dir string, env, args []string) (*child, error) {
	path, err := exec.LookPath("agent")
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Env, cmd.Stderr = dir, env, log
	p, err := podtest.Run(cmd, 1)
	if err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, fmt.Errorf("%w: %s", err, text)
	}
	return &child{p, log.Name()}, nil
}

func (p *child) banner() string { return p.Lines[0] }

var healthLine = regexp.MustCompile(`msg="health and metrics" address=(\S+)`)

// addresses returns where it listens: for clients, and for probes.
func (p *child) addresses() (main, health string) {
	_, main, _ = strings.Cut(p.banner(), "listening on http://")
	text, _ := os.ReadFile(p.log)
	if m := healthLine.FindSubmatch(text); m != nil {
		health = string(m[1])
	}
	return main, health
}

// stage is what a script has running.
type stage struct {
	fake  *secretstest.AWS
	mend  func()
	child *child
}

type stageKey struct{}

func stageOf(ts *testscript.TestScript) *stage { return ts.Value(stageKey{}).(*stage) }

// worldCommand is "world [tagged]": a pod in the story, or in one with tags.
func worldCommand(ts *testscript.TestScript, _ bool, args []string) {
	s := stageOf(ts)
	w := secretstest.Story()
	if len(args) > 0 {
		w = taggedStory()
	}
	s.fake = podtest.Enter(ts, w)
}

// sessionCommand is "session FILE NAME": a session of the pod's role, of that name,
// in a credentials file.
func sessionCommand(ts *testscript.TestScript, _ bool, args []string) {
	client := sts.New(sts.Options{Region: secretstest.StoryRegion, BaseEndpoint: new(ts.Getenv("AWS_ENDPOINT_URL")), Credentials: aws.AnonymousCredentials{}})
	text, err := sessionText(context.Background(), stageOf(ts).fake, client, args[1])
	ts.Check(err)
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path+".new", []byte(text), 0o600))
	ts.Check(os.Rename(path+".new", path))
}

// sessionText is a credentials file with a session of the pod's role.
func sessionText(ctx context.Context, fake *secretstest.AWS, client *sts.Client, name string) (string, error) {
	token, err := fake.Token(credentialstest.TokenRequest{Namespace: secretstest.StoryNamespace, ServiceAccount: secretstest.StoryServiceAccount})
	if err != nil {
		return "", err
	}
	out, err := client.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: new(secretstest.StoryRoleARN), RoleSessionName: &name, WebIdentityToken: &token,
	})
	if err != nil {
		return "", err
	}
	c := out.Credentials
	return fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\nx_security_token_expires = %s\n",
		*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken, c.Expiration.Format(time.RFC3339)), nil
}

// askedCommand is "asked OPERATION NAME": the latest such call was of the session of
// that name, or is within half a minute, and "! asked OPERATION": there was none.
func askedCommand(ts *testscript.TestScript, neg bool, args []string) {
	for range 300 {
		calls := stageOf(ts).fake.Calls()
		i := len(calls) - 1
		for i >= 0 && calls[i].Operation != args[0] {
			i--
		}
		switch {
		case neg && i >= 0:
			ts.Fatalf("%s was asked of", args[0])
		case neg, i >= 0 && strings.HasSuffix(calls[i].Principal, "/"+args[1]):
			return
		}
		time.Sleep(100 * time.Millisecond) // another process decides
	}
	ts.Fatalf("%s was not asked as %s", args[0], args[1])
}

// outageCommand is "outage [SERVICE [CODE]]", with the code of the error that is
// answered, and "! outage" for its end.
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
	fault := credentialstest.Unavailable()
	if len(args) > 1 {
		fault = credentialstest.Fault{Code: args[1]}
	}
	s.mend = s.fake.Inject(when, fault)
}

// lastCommand is "last DURATION": the next session of STS lasts so long, and it
// gives no other until "! outage".
func lastCommand(ts *testscript.TestScript, _ bool, args []string) {
	lifetime, err := time.ParseDuration(args[0])
	ts.Check(err)
	s, when := stageOf(ts), credentialstest.When{Operation: "AssumeRoleWithWebIdentity"}
	once := when
	once.Times = 1
	s.fake.Inject(once, credentialstest.Fault{Lifetime: lifetime})
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
	ts.Defer(func() { _ = p.End() })
	addr, health := p.addresses()
	_, port, err := net.SplitHostPort(addr)
	ts.Check(err)
	ts.Setenv("ADDR", "localhost:"+port)
	ts.Setenv("HEALTH", health)
	fmt.Fprintln(ts.Stdout(), p.banner())
}

// endCommand is "end": ends the agent, which must go well. ("stop" is testscript's
// own: it ends the script.)
func endCommand(ts *testscript.TestScript, _ bool, _ []string) { ts.Check(stageOf(ts).child.End()) }

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

// awaitCommand is "await PATTERN [FLAG VALUE]… URL": asks until the body has what
// the pattern matches, for half a minute, and prints it.
func awaitCommand(ts *testscript.TestScript, _ bool, args []string) {
	pattern, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	var body []byte
	for range 300 {
		client, r := request(ts, args[1:])
		response, err := client.Do(r)
		ts.Check(err)
		body, err = io.ReadAll(response.Body)
		ts.Check(err)
		response.Body.Close()
		if pattern.Match(body) {
			_, err := ts.Stdout().Write(body)
			ts.Check(err)
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
