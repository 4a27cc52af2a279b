package credentials_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// goodAnswer is what a container endpoint answers.
func goodAnswer() string {
	return fmt.Sprintf(`{"AccessKeyId":"ASIACONTAINER","SecretAccessKey":"secret","Token":"session","AccountId":"111122223333","Expiration":%q}`,
		time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
}

// containerServer is an endpoint on loopback, and the environment that names it.
func containerServer(t *testing.T, handler http.HandlerFunc) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	setenv(t, map[string]string{"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.URL + "/creds?a=b"})
}

func TestPodIdentity(t *testing.T) {
	pod, err := credentialstest.NewPod(t.TempDir(), &credentialstest.PodOptions{PodIdentity: true})
	if err != nil {
		t.Fatal(err)
	}
	setenv(t, pod.Environ())
	p := newProvider(t, pod.Config())
	creds := retrieve(t, p)
	if creds.Source != string(credentials.SourceContainer) || creds.AccountID != credentialstest.PodAccount || !creds.CanExpire {
		t.Errorf("source %q, account %q, expires %t", creds.Source, creds.AccountID, creds.CanExpire)
	}
	id, _ := p.Identity()
	want := credentials.Identity{
		Source: credentials.SourceContainer, AccessKeyID: creds.AccessKeyID, Account: credentialstest.PodAccount,
		Issuer: credentialstest.PodIssuer, Subject: "system:serviceaccount:testnamespace:testapp", Audience: "pods.eks.amazonaws.com",
		Expires: creds.Expires,
	}
	if diff := cmp.Diff(want, id); diff != "" {
		t.Errorf("identity (-want +got):\n%s", diff)
	}
	if sel := p.Selection(); sel.Source != credentials.SourceContainer || sel.Others != nil {
		t.Errorf("selection %+v", sel)
	}
}

// The agent refuses what is not a token for it; we say so by class.
func TestPodIdentityRefusals(t *testing.T) {
	tests := map[string]struct {
		opts credentialstest.PodOptions
		kind error
		text []string
	}{
		"wrong audience": {credentialstest.PodOptions{PodIdentity: true, Token: credentialstest.TokenRequest{Audience: []string{"sts.amazonaws.com"}}}, credentials.ErrIdentity, []string{"400", "authorization token"}},
		"no association": {credentialstest.PodOptions{PodIdentity: true, Token: credentialstest.TokenRequest{ServiceAccount: "nobody"}}, credentials.ErrConfiguration, []string{"ResourceNotFound", "association"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod, err := credentialstest.NewPod(t.TempDir(), &test.opts)
			if err != nil {
				t.Fatal(err)
			}
			setenv(t, pod.Environ())
			_, err = newProvider(t, pod.Config()).Retrieve(t.Context())
			wantText(t, err, test.text...)
			if !errors.Is(err, test.kind) {
				t.Errorf("not %v: %v", test.kind, err)
			}
			if _, ok := errors.AsType[*credentials.ContainerError](err); !ok {
				t.Errorf("%T is no ContainerError", err)
			}
		})
	}
}

// The whole fits into a bubble, where the kubelet renews the token and we the
// credentials.
func TestPodIdentityRefresh(t *testing.T) {
	pod, err := credentialstest.NewPod(t.TempDir(), &credentialstest.PodOptions{PodIdentity: true})
	if err != nil {
		t.Fatal(err)
	}
	setenv(t, pod.Environ())
	synctest.Test(t, func(t *testing.T) {
		if err := pod.Rotate(); err != nil { // by the bubble's clock
			t.Fatal(err)
		}
		p, err := credentials.New(t.Context(), pod.Config())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		seen := map[string]bool{}
		for range 10 {
			creds, err := p.Retrieve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if left := time.Until(creds.Expires); left <= 0 {
				t.Errorf("credentials have expired %v ago", -left)
			}
			seen[creds.AccessKeyID] = true
			time.Sleep(2 * time.Hour)
		}
		if len(seen) < 3 {
			t.Errorf("%d sets of credentials in 20 hours", len(seen))
		}
	})
}

// TestContainerRequest looks at what is sent, by the SDK's own client.
func TestContainerRequest(t *testing.T) {
	var got atomic.Pointer[http.Request]
	containerServer(t, func(w http.ResponseWriter, r *http.Request) {
		got.Store(r)
		io.WriteString(w, goodAnswer())
	})
	tests := map[string]struct {
		variable, file string
		want           string
	}{
		"no token":           {},
		"variable":           {variable: "plain token\n", want: "plain token"},
		"file":               {file: " from file \r\n", want: "from file"},
		"file before either": {variable: "variable", file: "file", want: "file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", test.variable)
			path := ""
			if test.file != "" {
				path = writeFile(t, "token", test.file)
			}
			t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path)
			// None of these may see the token.
			t.Setenv("HTTP_PROXY", "http://192.0.2.1:3128")
			t.Setenv("http_proxy", "http://192.0.2.1:3128")
			p := newProvider(t, credentials.Config{})
			creds := retrieve(t, p)
			r := got.Load()
			if r.Header.Get("Authorization") != test.want || r.URL.RequestURI() != "/creds?a=b" || r.Method != http.MethodGet {
				t.Errorf("%s %s with %q", r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"))
			}
			if creds.AccessKeyID != "ASIACONTAINER" || creds.SecretAccessKey != "secret" || creds.SessionToken != "session" || creds.AccountID != "111122223333" {
				t.Error("the credentials are not those of the answer")
			}
			if test.file == "" {
				return
			}
			if err := os.WriteFile(path, []byte("renewed"), 0o600); err != nil {
				t.Fatal(err)
			}
			p.Invalidate(creds.AccessKeyID)
			retrieve(t, p)
			if got := got.Load().Header.Get("Authorization"); got != "renewed" {
				t.Errorf("the file is not read again: %q", got)
			}
		})
	}
}

// ECS's relative URI comes first and is appended to the letter.
func TestContainerRelative(t *testing.T) {
	setenv(t, map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1?x=%2F",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI": "ftp://nonsense",
	})
	var url string
	client := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		url = r.URL.String()
		return response(r, http.StatusOK, goodAnswer()), nil
	})
	retrieve(t, newProvider(t, credentials.Config{HTTPClient: client}))
	if want := "http://169.254.170.2/v2/credentials/1?x=%2F"; url != want {
		t.Errorf("asked %q, want %q", url, want)
	}
}

func TestContainerHosts(t *testing.T) {
	const full, relative = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
	tests := map[string]struct {
		variable, uri string
		text          string // "" if it is allowed
	}{
		"ECS":                {full, "http://169.254.170.2/x", ""},
		"ECS on a port":      {full, "http://169.254.170.2:8080/x", ""},
		"EKS":                {full, "http://169.254.170.23/v1/credentials", ""},
		"EKS IPv6":           {full, "http://[fd00:ec2::23]/v1/credentials", ""},
		"loopback":           {full, "http://127.0.0.1:1234/x", ""},
		"far loopback":       {full, "http://127.9.9.9/x", ""},
		"loopback IPv6":      {full, "http://[::1]/x", ""},
		"mapped loopback":    {full, "http://[::ffff:127.0.0.1]/x", ""},
		"upper case scheme":  {full, "HTTP://127.0.0.1/x", ""},
		"https anywhere":     {full, "https://credentials.example/x", ""},
		"https address":      {full, "https://192.0.2.1:8443/x", ""},
		"name":               {full, "http://localhost:1234/x", ""}, // judged when it is resolved
		"relative":           {relative, "/v2/x", ""},
		"IMDS":               {full, "http://169.254.169.254/latest", "169.254.169.254"},
		"neighbour":          {full, "http://169.254.170.3/x", "169.254.170.3"},
		"private":            {full, "http://10.0.0.1/x", "in clear"},
		"any address":        {full, "http://0.0.0.0/x", "0.0.0.0"},
		"IPv6 neighbour":     {full, "http://[fd00:ec2::24]/x", "fd00:ec2::24"},
		"mapped":             {full, "http://[::ffff:10.0.0.1]/x", "in clear"},
		"user before a host": {full, "http://169.254.170.2@192.0.2.1/" + marker, "192.0.2.1"},
		"ftp":                {full, "ftp://127.0.0.1/x", `"ftp"`},
		"no scheme":          {full, "127.0.0.1/x", "scheme"},
		"path":               {full, "/v1/credentials", "scheme"},
		"no host":            {full, "http:///x", "no host"},
		"port alone":         {full, "http://:80/x", "no host"},
		"not a URL":          {full, "http://user:" + marker + "@127.0.0.1:port", "is not a URL"},
		"control character":  {full, "http://127.0.0.1/\x7f" + marker, "is not a URL"},
		"relative to a host": {relative, "@evil.example/x", "does not begin with a slash"},
		"relative dot":       {relative, ".evil.example/x", "does not begin with a slash"},
		"relative port":      {relative, ":8080/x", "does not begin with a slash"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setenv(t, map[string]string{"AWS_REGION": "eu-west-1", test.variable: test.uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "token"})
			p, err := credentials.New(t.Context(), credentials.Config{HTTPClient: noNetwork(t)})
			if test.text == "" {
				if err != nil {
					t.Fatal(err)
				}
				p.Close()
				return
			}
			wantText(t, err, test.variable, test.text)
			if e, ok := errors.AsType[*credentials.ConfigError](err); !ok || e.Field != test.variable || e.Remedy == "" {
				t.Errorf("error %v, want one of %s with a remedy", err, test.variable)
			}
		})
	}
}

// A token that would smuggle in a header, or cannot be read, is an error before
// any request.
func TestContainerAuthorization(t *testing.T) {
	const file = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
	tests := map[string]struct {
		env     map[string]string
		file    string
		problem credentials.TokenProblem // "": found at construction
	}{
		"line break in the variable": {env: map[string]string{"AWS_CONTAINER_AUTHORIZATION_TOKEN": marker + "\r\nX: y"}},
		"line break in the file":     {file: marker + "\nX: y", problem: credentials.TokenNotHeader},
		"empty file":                 {file: " \n", problem: credentials.TokenEmpty},
		"large file":                 {file: strings.Repeat(marker, 2000), problem: credentials.TokenTooLarge},
		"no file":                    {env: map[string]string{file: "/no/such/file", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t"}, problem: credentials.TokenMissing},
		"directory":                  {env: map[string]string{file: os.TempDir()}, problem: credentials.TokenNotRegular},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setenv(t, map[string]string{"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"})
			if test.file != "" {
				t.Setenv(file, writeFile(t, "token", test.file))
			}
			setenv(t, test.env)
			p, err := credentials.New(t.Context(), credentials.Config{HTTPClient: noNetwork(t)})
			if test.problem == "" {
				wantText(t, err, "AWS_CONTAINER_AUTHORIZATION_TOKEN: has a line break")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			_, err = p.Retrieve(t.Context())
			wantText(t, err)
			if e, ok := errors.AsType[*credentials.TokenError](err); !ok || e.Problem != test.problem || !errors.Is(err, credentials.ErrIdentity) {
				t.Errorf("error %v, want %q", err, test.problem)
			}
		})
	}
}

// TestContainerAnswers goes through what an endpoint may answer: the class, and
// how often it is asked.
func TestContainerAnswers(t *testing.T) {
	expiring := func(at string) string {
		return `{"AccessKeyId":"A","SecretAccessKey":"` + marker + `","Token":"t","Expiration":` + at + `}`
	}
	refused := func(code string) string { return `{"code":"` + code + `","message":"` + marker + `"}` }
	agent := "[11111111-2222-3333-4444-555555555555]: (AccessDeniedException): " + marker + ", fault: client"
	tests := map[string]struct {
		status int
		body   string
		kind   error
		calls  int
		text   []string
		code   string
	}{
		"not JSON":           {200, marker, credentials.ErrUnavailable, 3, []string{"not the JSON"}, ""},
		"empty":              {200, "", credentials.ErrUnavailable, 3, []string{"not the JSON"}, ""},
		"huge":               {200, strings.Repeat(" ", 1<<20) + "{}", credentials.ErrUnavailable, 3, []string{"too large"}, ""},
		"no keys":            {200, "{}", credentials.ErrUnavailable, 1, []string{"lacks credentials"}, ""},
		"refusal with 200":   {200, refused("Throttled"), credentials.ErrUnavailable, 1, []string{"lacks credentials"}, ""},
		"eternal":            {200, `{"AccessKeyId":"A","SecretAccessKey":"` + marker + `"}`, credentials.ErrUnavailable, 1, []string{"lacks Expiration"}, ""},
		"null expiration":    {200, expiring("null"), credentials.ErrUnavailable, 1, []string{"lacks Expiration"}, ""},
		"no time":            {200, expiring(`"` + marker + `"`), credentials.ErrUnavailable, 1, []string{"not a time"}, ""},
		"expired":            {200, expiring(`"2001-01-01T00:00:00Z"`), credentials.ErrUnavailable, 1, []string{"expired already"}, ""},
		"no content":         {204, "", credentials.ErrConfiguration, 1, []string{"204"}, ""},
		"credentials in 403": {403, goodAnswer(), credentials.ErrDenied, 1, []string{"403"}, ""},
		"bad token":          {400, refused("InvalidTokenException"), credentials.ErrIdentity, 1, []string{"400", "InvalidToken", "token"}, "InvalidToken"},
		"text":               {400, marker, credentials.ErrIdentity, 1, []string{"400"}, ""},
		"code to hide in":    {400, refused(marker + " " + marker), credentials.ErrIdentity, 1, []string{"400"}, ""},
		"long code":          {400, refused(strings.Repeat("A", 65)), credentials.ErrIdentity, 1, []string{"it answers 400; "}, ""},
		"expired token":      {400, refused("ExpiredTokenException"), credentials.ErrIdentity, 1, []string{"ExpiredToken", "kubelet"}, "ExpiredToken"},
		"agent's words":      {400, agent, credentials.ErrDenied, 1, []string{"AccessDenied", "own settings", "request 11111111-2222"}, "AccessDenied"},
		"unauthorized":       {401, "", credentials.ErrIdentity, 1, []string{"401"}, ""},
		"wrong host":         {403, "", credentials.ErrDenied, 1, []string{"403"}, ""},
		"not found":          {404, "", credentials.ErrConfiguration, 1, []string{"404"}, ""},
		"other":              {418, "", credentials.ErrConfiguration, 1, []string{"418"}, ""},
		"throttled":          {429, "", credentials.ErrUnavailable, 3, []string{"429"}, ""},
		"broken":             {500, "", credentials.ErrUnavailable, 3, []string{"500"}, ""},
		"away":               {503, refused("ServiceUnavailableException"), credentials.ErrUnavailable, 3, []string{"503"}, "ServiceUnavailable"},
	}
	var status, calls atomic.Int64
	var body atomic.Pointer[string]
	containerServer(t, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(int(status.Load()))
		io.WriteString(w, *body.Load())
	})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			calls.Store(0)
			status.Store(int64(test.status))
			body.Store(&test.body)
			_, err := newProvider(t, credentials.Config{}).Retrieve(t.Context())
			wantText(t, err, test.text...)
			e, ok := errors.AsType[*credentials.ContainerError](err)
			if !ok || !errors.Is(err, test.kind) {
				t.Fatalf("error %v, want a ContainerError that is %v", err, test.kind)
			}
			wantNoSecret(t, "error", err, marker)
			if e.Status != test.status || e.Code != test.code || e.RetryableError() {
				t.Errorf("status %d, code %q", e.Status, e.Code)
			}
			if got := calls.Load(); got != int64(test.calls) {
				t.Errorf("asked %d times, want %d", got, test.calls)
			}
		})
	}
}

// A passing failure is got over without a word.
func TestContainerRecovers(t *testing.T) {
	var calls atomic.Int64
	containerServer(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, goodAnswer())
	})
	retrieve(t, newProvider(t, credentials.Config{}))
}

// Redirects are not followed, whoever's client it is: the token would go along.
func TestContainerRedirect(t *testing.T) {
	var stolen atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		stolen.Add(1)
		io.WriteString(w, goodAnswer())
	}))
	defer thief.Close()
	containerServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL+"/"+marker, http.StatusTemporaryRedirect)
	})
	for name, client := range map[string]*http.Client{
		"default":            nil,
		"of the caller":      {},
		"with a transport":   {Transport: http.DefaultTransport},
		"with a round trip":  {Transport: tripper{http.DefaultTransport}},
		"with a proxy of it": {Transport: &http.Transport{Proxy: http.ProxyFromEnvironment}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := credentials.Config{}
			if client != nil {
				cfg.HTTPClient = client
			}
			_, err := newProvider(t, cfg).Retrieve(t.Context())
			wantText(t, err, "307", "not followed")
			if stolen.Load() != 0 {
				t.Error("the redirect was followed")
			}
		})
	}
}

// tripper is a transport that cannot be seen through.
type tripper struct{ http.RoundTripper }

// A certificate that the caller's client trusts is trusted here, too.
func TestContainerOverTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, goodAnswer()) }))
	defer server.Close()
	setenv(t, map[string]string{"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.URL})
	retrieve(t, newProvider(t, credentials.Config{HTTPClient: server.Client()}))
	_, err := newProvider(t, credentials.Config{}).Retrieve(t.Context())
	wantText(t, err, "no answer")
	if !errors.Is(err, credentials.ErrUnavailable) {
		t.Errorf("not ErrUnavailable: %v", err)
	}
}

// Nobody listens: the remedy depends on who should.
func TestContainerSilence(t *testing.T) {
	tests := map[string]struct{ uri, text string }{
		"agent": {"http://169.254.170.23/v1/credentials", "EKS Pod Identity Agent runs on this node"},
		"other": {"http://127.0.0.1:1/x?secret=" + marker, "http://127.0.0.1:1: no answer"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setenv(t, map[string]string{"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": test.uri, "AWS_CONTAINER_AUTHORIZATION_TOKEN": marker})
			client := roundTripFunc(func(*http.Request) (*http.Response, error) { return nil, errors.New("refused " + marker) })
			_, err := newProvider(t, credentials.Config{HTTPClient: client}).Retrieve(t.Context())
			wantText(t, err, test.text)
			wantNoSecret(t, "error", err, marker)
		})
	}
}

// IRSA and Pod Identity in one pod: reported in the selection and the log.
func TestConflict(t *testing.T) {
	env := maps.Clone(webIdentityVariables)
	maps.Copy(env, containerVariables)
	setenv(t, env)
	profile := writeFile(t, "config", profiles["role"])
	tests := map[string]struct {
		env  map[string]string
		cfg  credentials.Config
		warn bool
		want map[string]credentials.Source // of other SDKs
	}{
		"IRSA and Pod Identity": {
			warn: true,
			want: map[string]credentials.Source{"Rust": credentials.SourceWebIdentity, "minio-go": credentials.SourceWebIdentity},
		},
		"AWS_PROFILE and IRSA": {
			env: map[string]string{"AWS_CONFIG_FILE": profile, "AWS_PROFILE": "default"}, warn: true,
			want: map[string]credentials.Source{
				"Go (aws-sdk-go-v2)": credentials.SourceWebIdentity, "Rust": credentials.SourceProfile, "Python (botocore)": credentials.SourceProfile,
				"JavaScript v3": credentials.SourceProfile, "Java v2": credentials.SourceWebIdentity, "minio-go": credentials.SourceWebIdentity,
			},
		},
		"keys and IRSA": {
			env: keyVariables, warn: true,
			want: map[string]credentials.Source{"Go (aws-sdk-go-v2)": credentials.SourceEnvironment, "minio-go": credentials.SourceWebIdentity},
		},
		"keys and AWS_PROFILE": {
			env: map[string]string{"AWS_CONFIG_FILE": profile, "AWS_PROFILE": "default", "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}, warn: true,
			want: map[string]credentials.Source{"Rust": credentials.SourceEnvironment, "JavaScript v3": credentials.SourceProfile},
		},
		"keys and a profile that nobody asked for": {
			env: map[string]string{"AWS_CONFIG_FILE": profile, "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}, warn: true,
			want: map[string]credentials.Source{"Python (botocore)": credentials.SourceEnvironment, "JavaScript v3": credentials.SourceEnvironment},
		},
		"the Config decides": {
			cfg:  credentials.Config{RoleARN: roleARN, TokenFile: "/token"},
			want: map[string]credentials.Source{"Rust": credentials.SourceWebIdentity},
		},
		"the Config lists one": {
			cfg:  credentials.Config{Sources: []credentials.Source{credentials.SourceContainer}},
			want: map[string]credentials.Source{"Rust": credentials.SourceWebIdentity},
		},
		"one beside the Config": {
			env: map[string]string{"AWS_ROLE_ARN": "", "AWS_WEB_IDENTITY_TOKEN_FILE": ""},
			cfg: credentials.Config{RoleARN: roleARN, TokenFile: "/token"},
		},
		"one alone": {
			env: map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": ""},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.env)
			var log bytes.Buffer
			test.cfg.Region, test.cfg.HTTPClient = "eu-west-1", noNetwork(t)
			test.cfg.Logger = slog.New(slog.NewTextHandler(&log, nil))
			sel := newProvider(t, test.cfg).Selection()
			got := map[string]credentials.Source{}
			for _, o := range sel.Others {
				if got[o.SDK] = o.Source; o.FallsThrough != (o.SDK == "Java v2" || o.SDK == "minio-go") {
					t.Errorf("%s falls through: %t", o.SDK, o.FallsThrough)
				}
			}
			for sdk, want := range test.want {
				if got[sdk] != want {
					t.Errorf("%s selects %q, want %q", sdk, got[sdk], want)
				}
			}
			if test.want == nil && sel.Others != nil {
				t.Errorf("others %v", sel.Others)
			}
			if warned := strings.Contains(log.String(), "level=WARN") && strings.Contains(log.String(), "more than one source"); warned != test.warn {
				t.Errorf("warned %t: %s", warned, log.String())
			}
		})
	}
}

// An endpoint that hangs is given up in time, and asked no more after that.
func TestContainerInTime(t *testing.T) {
	var calls atomic.Int64
	containerServer(t, func(_ http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		<-r.Context().Done()
	})
	_, err := newProvider(t, credentials.Config{Refresh: credentials.Refresh{Timeout: 50 * time.Millisecond}}).Retrieve(t.Context())
	wantText(t, err, "no answer in time")
	if calls.Load() > 1 || !errors.Is(err, credentials.ErrUnavailable) {
		t.Errorf("asked %d times: %v", calls.Load(), err)
	}
}

// AWS_CA_BUNDLE counts here, too.
func TestContainerCABundle(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, goodAnswer()) }))
	defer server.Close()
	setenv(t, map[string]string{"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.URL, "AWS_CA_BUNDLE": writeBundle(t)})
	retrieve(t, newProvider(t, credentials.Config{}))
}

// A renewed token is a reason to ask again although the old one was refused
// less than a second ago.
func TestContainerTokenRenewed(t *testing.T) {
	path := writeFile(t, "token", "old")
	setenv(t, map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": path,
	})
	client := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		if r.Header.Get("Authorization") != "new" {
			return response(r, http.StatusBadRequest, ""), nil
		}
		return response(r, http.StatusOK, goodAnswer()), nil
	})
	synctest.Test(t, func(t *testing.T) {
		p, err := credentials.New(t.Context(), credentials.Config{HTTPClient: client})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if _, err := p.Retrieve(t.Context()); !errors.Is(err, credentials.ErrIdentity) {
			t.Fatalf("error %v", err)
		}
		if err := os.WriteFile(path, []byte("new"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Retrieve(t.Context()); err == nil {
			t.Fatal("the refusal is not remembered")
		}
		synctest.Wait() // the token is looked at behind the caller
		if _, err := p.Retrieve(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Only EKS verifies the token: what another endpoint answers proves nothing of
// what the token claims.
func TestForeignEndpointSubject(t *testing.T) {
	containerServer(t, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(goodAnswer())) })
	pod := newPod(t, &credentialstest.PodOptions{PodIdentity: true})
	t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", pod.TokenFile.Path())
	p := newProvider(t, credentials.Config{})
	retrieve(t, p)
	if id, _ := p.Identity(); id.Subject != "" {
		t.Errorf("subject %q, which nobody has verified", id.Subject)
	}
}
