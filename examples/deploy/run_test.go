package deploy_test

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// stage is what a pod finds in a cluster: its volumes, its identity, and AWS.
type stage struct {
	rendered *rendered
	pod      pod
	fake     *secretstest.AWS
	volumes  map[string]string // directories, by name
	identity []string          // variables of the webhook, for who is not skipped
	url      string
}

// newStage is the pod testapp of a directory, or another of it, in the account of
// secretstest.Story.
func newStage(t *testing.T, r *rendered, one pod, account *corev1.ServiceAccount, world secretstest.World) *stage {
	t.Helper()
	fake, err := secretstest.New(world)
	must(t, err)
	server := httptest.NewServer(fake.Handler())
	t.Cleanup(server.Close)
	s := &stage{rendered: r, pod: one, fake: fake, volumes: map[string]string{}, url: server.URL}
	root := open(t, t.TempDir())
	must(t, os.Chmod(root, 0o755))
	token, err := fake.Token(credentialstest.TokenRequest{Namespace: account.Namespace, ServiceAccount: account.Name})
	must(t, err)
	file, err := credentialstest.NewTokenFile(filepath.Join(root, "projected"), token)
	must(t, err)
	must(t, chmodAll(filepath.Join(root, "projected")))
	s.identity = []string{
		"AWS_ROLE_ARN=" + account.Annotations["eks.amazonaws.com/role-arn"], "AWS_WEB_IDENTITY_TOKEN_FILE=" + file.Path(),
	}
	for _, v := range one.Spec.Volumes {
		dir := filepath.Join(root, v.Name)
		must(t, os.Mkdir(dir, 0o755))
		s.volumes[v.Name] = dir
		if config := r.config(one, v.Name); config != nil {
			for name, text := range config.Data {
				must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
			}
			continue
		}
		// As the kubelet makes an emptyDir that belongs to a group.
		if os.Geteuid() == 0 {
			must(t, os.Chown(dir, 0, int(*one.Spec.SecurityContext.FSGroup)))
		}
		must(t, os.Chmod(dir, 0o777|fs.ModeSetgid))
	}
	return s
}

// open lets others than root look into a test's directory.
func open(t *testing.T, dir string) string {
	t.Helper()
	for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
		must(t, os.Chmod(d, 0o755))
	}
	return dir
}

func chmodAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type() == fs.ModeSymlink {
			return err
		}
		return os.Chmod(path, 0o755)
	})
}

// place puts the directories of the stage where the container's mounts are named.
func (s *stage) place(c corev1.Container, text string) string {
	for _, m := range c.VolumeMounts {
		text = strings.ReplaceAll(text, m.MountPath+"/", s.volumes[m.Name]+"/")
	}
	return text
}

// command is what a container starts, as its user, with more arguments.
func (s *stage) command(t *testing.T, c corev1.Container, words []string, more ...string) *exec.Cmd {
	t.Helper()
	words = slices.Concat(words, more)
	for i, w := range words[1:] {
		words[i+1] = regexp.MustCompile(`/(etc|var)/[\w/.-]+`).ReplaceAllStringFunc(w, func(path string) string { return s.place(c, path) })
	}
	cmd := exec.Command(program(t, words[0]), words[1:]...)
	cmd.Env = []string{"AWS_REGION=" + secretstest.StoryRegion, "AWS_ENDPOINT_URL=" + s.url, "AWS_EC2_METADATA_DISABLED=true"}
	if !slices.Contains(strings.Split(s.pod.Annotations["eks.amazonaws.com/skip-containers"], ","), c.Name) {
		cmd.Env = append(cmd.Env, s.identity...)
	}
	cmd.SysProcAttr = s.as(c)
	return cmd
}

// as is whoever the container runs as; only root can become somebody else.
func (s *stage) as(c corev1.Container) *syscall.SysProcAttr {
	if os.Geteuid() != 0 {
		return nil
	}
	own, general := c.SecurityContext, s.pod.Spec.SecurityContext
	user, group := *general.RunAsUser, *general.RunAsGroup
	if own.RunAsUser != nil {
		user, group = *own.RunAsUser, *own.RunAsGroup
	}
	return asUser(uint32(user), uint32(group), uint32(*general.FSGroup))
}

func asUser(user, group uint32, more ...uint32) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: group, Groups: more}}
}

// read reads a file as the application does.
func (s *stage) read(t *testing.T, path string) string {
	t.Helper()
	c := s.pod.container(t, "app")
	cmd := exec.Command("cat", s.place(c, path))
	cmd.SysProcAttr = s.as(c)
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %s", path, text)
	}
	return string(text)
}

// closed fails if somebody who is not in the pod's group can read a file.
func (s *stage) closed(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	cmd := exec.Command("cat", s.place(s.pod.container(t, "app"), path))
	cmd.SysProcAttr = asUser(23456, 23456)
	if text, err := cmd.Output(); err == nil {
		t.Errorf("anybody can read %s: %d bytes", path, len(text))
	}
}

// process is a sidecar that runs.
type process struct {
	cmd    *exec.Cmd
	stdout *bufio.Scanner
	log    string // file
}

// String is what it has logged. It goes through a file, so that all is there that
// was written before something else the process has done.
func (p *process) String() string {
	text, _ := os.ReadFile(p.log)
	return string(text)
}

// start starts a sidecar. It must end well when it is asked to.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{cmd: cmd, log: filepath.Join(t.TempDir(), "log")}
	out, err := cmd.StdoutPipe()
	must(t, err)
	stderr, err := os.Create(p.log)
	must(t, err)
	defer stderr.Close()
	p.stdout = bufio.NewScanner(out)
	cmd.Stderr = stderr
	must(t, cmd.Start())
	t.Cleanup(func() {
		must(t, cmd.Process.Signal(syscall.SIGTERM))
		_, _ = io.Copy(io.Discard, out)
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: %v\n%s", cmd.Args[0], err, p)
		}
	})
	return p
}

// agent is the one of the base, which runs with its configuration.
type agent struct {
	*stage
	*process
	url, health string
}

var healthLine = regexp.MustCompile(`msg="health and metrics" address=(\S+)`)

// startAgent starts the base's agent.
func startAgent(t *testing.T, world secretstest.World) agent {
	t.Helper()
	return baseStage(t, world).startAgent(t)
}

func baseStage(t *testing.T, world secretstest.World) *stage {
	t.Helper()
	r := mustRender(t, "base")
	return newStage(t, r, r.testapp(t), r.accounts["testapp"], world)
}

// startAgent starts the agent of the stage's pod. Only ports differ, which other
// tests may have, and where volumes are.
func (s *stage) startAgent(t *testing.T) agent {
	t.Helper()
	c := s.pod.container(t, "agent")
	path := filepath.Join(s.volumes["agent-config"], "agent.toml")
	text, err := os.ReadFile(path)
	must(t, err)
	config := "http_port = 0\n" + strings.Replace(s.place(c, string(text)), `":9090"`, `"127.0.0.1:0"`, 1)
	must(t, os.WriteFile(path, []byte(config), 0o644))
	p := start(t, s.command(t, c, slices.Concat(c.Command, c.Args)))
	if !p.stdout.Scan() {
		t.Fatalf("no banner: %s", p)
	}
	_, url, _ := strings.Cut(p.stdout.Text(), "listening on ")
	health := healthLine.FindStringSubmatch(p.String())
	if health == nil {
		t.Fatalf("no health listener: %s", p)
	}
	return agent{s, p, url, health[1]}
}

// runAgent is one that is ready.
func runAgent(t *testing.T) agent {
	t.Helper()
	a := startAgent(t, secretstest.Story())
	a.awaitReady(t)
	return a
}

// awaitReady waits as the kubelet does, by the startup probe.
func (a agent) awaitReady(t *testing.T) {
	t.Helper()
	c := a.pod.container(t, "agent")
	var text []byte
	for range c.StartupProbe.FailureThreshold {
		var err error
		if text, err = a.command(t, c, c.StartupProbe.Exec.Command, "-listen", a.health).CombinedOutput(); err == nil {
			return
		}
		time.Sleep(time.Duration(c.StartupProbe.PeriodSeconds) * time.Second)
	}
	t.Fatalf("not ready: %s\n%s", text, a)
}

func get(t *testing.T, url, token string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	must(t, err)
	request.Header.Set("X-Aws-Parameters-Secrets-Token", token)
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	return response.StatusCode, string(text)
}

func (a agent) metrics(t *testing.T) string {
	t.Helper()
	get(t, a.url+"/ping", "") // for there to be requests
	_, text := get(t, "http://"+a.health+"/metrics", "")
	return text
}

// The base as it is: the agent starts with the configuration and the identity of
// the manifests, and the application, another user, gets what its token allows.
func TestBaseRuns(t *testing.T) {
	t.Parallel()
	a := runAgent(t)
	token := a.read(t, "/var/run/irsa/token")
	a.closed(t, "/var/run/irsa/token")
	for path, want := range map[string]struct {
		status int
		text   string
	}{
		"/secretsmanager/get?secretId=" + secretstest.StorySecretARN:                                          {200, "correct-horse-battery-staple"},
		"/systemsmanager/parameters/get?name=/testapp/apikey&withDecryption=true":                             {200, secretstest.StorySecureParameterValue},
		"/secretsmanager/get?secretId=" + secretstest.StoryAppSecretName:                                      {400, "AccessDeniedException"},
		"/secretsmanager/get?secretId=" + secretstest.StorySecretARN + "&roleArn=" + secretstest.StoryRoleARN: {403, "AccessDeniedException"},
	} {
		if status, text := get(t, a.url+path, token); status != want.status || !strings.Contains(text, want.text) {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	for _, probe := range []*corev1.Probe{a.pod.container(t, "agent").LivenessProbe, a.pod.container(t, "agent").ReadinessProbe} {
		if status, text := get(t, "http://"+a.health+probe.HTTPGet.Path, ""); status != 200 {
			t.Errorf("%s: %d %s", probe.HTTPGet.Path, status, text)
		}
	}
}

// With EKS Pod Identity the association names the role; the manifest names none.
func TestPodIdentityRuns(t *testing.T) {
	t.Parallel()
	r := mustRender(t, "overlays/pod-identity")
	account := r.accounts["testapp"]
	if len(account.Annotations) > 0 {
		t.Errorf("service account's annotations %v", account.Annotations)
	}
	world := secretstest.Story()
	world.Clusters[0].Associations = []credentialstest.Association{
		{Namespace: account.Namespace, ServiceAccount: account.Name, RoleARN: secretstest.StoryRoleARN},
	}
	_, name, _ := strings.Cut(secretstest.StoryRoleARN, "role/")
	var err error
	world.Account(secretstest.StoryClusterAccount).Role(name).Trust, err = policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}}`))
	must(t, err)
	s := newStage(t, r, r.testapp(t), account, world)
	token, err := s.fake.Token(credentialstest.TokenRequest{
		Namespace: account.Namespace, ServiceAccount: account.Name, Audience: []string{"pods.eks.amazonaws.com"},
	})
	must(t, err)
	dir := filepath.Join(open(t, t.TempDir()), "projected")
	file, err := credentialstest.NewTokenFile(dir, token)
	must(t, err)
	must(t, chmodAll(dir))
	s.identity = []string{
		"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + s.url + "/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + file.Path(),
	}
	a := s.startAgent(t)
	a.awaitReady(t)
	status, text := get(t, a.url+"/secretsmanager/get?secretId="+secretstest.StorySecretARN, a.read(t, "/var/run/irsa/token"))
	if status != 200 || !strings.Contains(text, "correct-horse-battery-staple") {
		t.Errorf("%d %s", status, text)
	}
}

// As the runbook of IRSASecretDenied has it: the log has the document and the
// statement to add, and policycheck explains what the application was answered.
// The pod is not ready.
func TestDenied(t *testing.T) {
	t.Parallel()
	world := secretstest.Story()
	world.Account(secretstest.StorySecretAccount).Secrets[0].Policy = nil
	a := startAgent(t, world)
	_, answer := get(t, a.url+"/secretsmanager/get?secretId="+secretstest.StorySecretARN, a.read(t, "/var/run/irsa/token"))
	explain := exec.Command(program(t, "policycheck"), "explain")
	explain.Stdin = strings.NewReader(answer)
	if text, err := explain.CombinedOutput(); err != nil || !strings.Contains(string(text), secretstest.StorySecretAccount) {
		t.Errorf("%s: %v\n%s", answer, err, text)
	}
	if log := a.String(); !strings.Contains(log, `add {\"Effect\":\"Allow\"`) {
		t.Error(log)
	}
	if status, _ := get(t, "http://"+a.health+"/readyz", ""); status != 503 {
		t.Errorf("readiness %d", status)
	}
}

// await waits for another process.
func await(t *testing.T, done func() bool) {
	t.Helper()
	for range 100 {
		if done() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("it never came")
}

// The files are there before the application starts, for it alone, and follow a
// rotation.
func TestFilesRuns(t *testing.T) {
	t.Parallel()
	r := mustRender(t, "overlays/files")
	s := newStage(t, r, r.testapp(t), r.accounts["testapp"], secretstest.Story())
	const dir = "/var/run/irsa/files/testapp/"
	once, keep := s.pod.container(t, "files-once"), s.pod.container(t, "files")
	if text, err := s.command(t, once, slices.Concat(once.Command, once.Args)).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	for file, want := range map[string]string{
		"db.json": secretstest.StorySecretString, "db-username": "app", "db-password": "correct-horse-battery-staple",
		"api-key": secretstest.StorySecureParameterValue,
	} {
		if got := s.read(t, dir+file); got != want {
			t.Errorf("%s: %q", file, got)
		}
		s.closed(t, dir+file)
	}
	_, err := s.fake.PutSecretValue(secretstest.StorySecretARN, secretstest.Version{String: new(`{"username":"app","password":"rotated"}`)})
	must(t, err)
	start(t, s.command(t, keep, slices.Concat(keep.Command, keep.Args)))
	await(t, func() bool { return s.read(t, dir+"db-password") == "rotated" })
}

// What credserver prints is what the manifest gives the application.
func TestCredserverRuns(t *testing.T) {
	t.Parallel()
	r := mustRender(t, "overlays/credserver")
	s := newStage(t, r, r.testapp(t), r.accounts["testapp"], secretstest.Story())
	c, app := s.pod.container(t, "credserver"), s.pod.container(t, "app")
	p := start(t, s.command(t, c, slices.Concat(c.Command, c.Args), "-listen=127.0.0.1:0"))
	var listen, uri string
	for _, e := range app.Env {
		if e.Name == "AWS_REGION" {
			continue
		}
		if !p.stdout.Scan() {
			t.Fatalf("nothing on standard output: %s", p)
		}
		name, value, _ := strings.Cut(strings.TrimPrefix(p.stdout.Text(), "export "), "=")
		want := s.place(app, e.Value)
		if m := regexp.MustCompile(`^http://(127\.0\.0\.1:\d+)(.*)`).FindStringSubmatch(value); m != nil {
			listen, uri, value = m[1], value, "http://127.0.0.1:9911"+m[2]
		}
		if name != e.Name || value != want {
			t.Errorf("%s=%s, and the manifest has %s=%s", name, value, e.Name, want)
		}
	}
	if text, err := s.command(t, c, c.StartupProbe.Exec.Command, "-listen="+listen).CombinedOutput(); err != nil {
		t.Fatalf("not ready: %s\n%s", text, p)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, uri, nil)
	must(t, err)
	request.Header.Set("Authorization", s.read(t, "/var/run/irsa/token"))
	response, err := http.DefaultClient.Do(request)
	must(t, err)
	defer response.Body.Close()
	if text, err := io.ReadAll(response.Body); err != nil || response.StatusCode != 200 || !strings.Contains(string(text), "AccessKeyId") {
		t.Errorf("%s, %v", response.Status, err)
	}
}

// The doctor's Job finds nothing wrong where nothing is.
func TestDoctorRuns(t *testing.T) {
	t.Parallel()
	r := mustRender(t, "verify")
	s := newStage(t, r, r.pods[0], mustRender(t, "base").accounts["testapp"], secretstest.Story())
	c := s.pod.container(t, "doctor")
	text, err := s.command(t, c, slices.Concat(c.Command, c.Args)).CombinedOutput()
	if err != nil || !regexp.MustCompile(`(?m)^ok +secret's key `).Match(text) {
		t.Errorf("%v\n%s", err, text)
	}
}

// misused starts a program with arguments and asks for help behind them: what is
// wrong with them is told first.
func misused(t *testing.T, name string, args []string) error {
	t.Helper()
	text, _ := exec.Command(program(t, name), slices.Concat(args, []string{"-h"})...).CombinedOutput()
	if first, _, _ := strings.Cut(string(text), "\n"); first != "NAME" {
		return fmt.Errorf("%s %s: %s", name, strings.Join(args, " "), first)
	}
	return nil
}

// The flags of all containers and probes are known to their programs.
func TestArguments(t *testing.T) {
	t.Parallel()
	for _, dir := range append(directories, "verify") {
		for _, one := range mustRender(t, dir).pods {
			for _, c := range one.containers() {
				if c.Name == "app" {
					continue
				}
				commands := [][]string{slices.Concat(c.Command, c.Args)}
				if c.StartupProbe != nil {
					commands = append(commands, c.StartupProbe.Exec.Command)
				}
				for _, words := range commands {
					args := slices.DeleteFunc(slices.Clone(words[1:]), func(w string) bool { return c.Command[0] == "/files" && strings.HasPrefix(w, "/") })
					if err := misused(t, words[0], args); err != nil {
						t.Errorf("%s: %v", dir, err)
					}
				}
			}
		}
	}
	if misused(t, "/agent", []string{"-no-such-flag"}) == nil || misused(t, "/doctor", []string{"-secret"}) == nil {
		t.Error("what is wrong was not noticed")
	}
}
