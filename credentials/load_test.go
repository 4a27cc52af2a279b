package credentials_test

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials"
)

func TestBadSettings(t *testing.T) {
	pair := func(c credentials.Config) credentials.Config {
		c.TokenFile = "/token"
		if c.RoleARN == "" {
			c.RoleARN = roleARN
		}
		return c
	}
	role := func(arn string) credentials.Config { return pair(credentials.Config{RoleARN: arn}) }
	name := func(n string) credentials.Config { return pair(credentials.Config{SessionName: n}) }
	region := map[string]string{"AWS_REGION": "eu-west-1"}
	tests := map[string]struct {
		cfg   credentials.Config
		env   map[string]string
		field string
		text  []string
	}{
		"no region": {
			cfg: pair(credentials.Config{}), field: "Region",
			text: []string{"AWS_REGION", "AWS_DEFAULT_REGION", "Config.Region"},
		},
		"blank region": {
			cfg: pair(credentials.Config{}), field: "Region",
			env: map[string]string{"AWS_REGION": " ", "AWS_DEFAULT_REGION": "\t"},
		},
		"malformed region": {
			cfg: pair(credentials.Config{Region: "eu_west-1"}), field: "Region",
			text: []string{`"eu_west-1"`, "position 3"},
		},
		"no region and no source": {
			field: "Region", text: []string{"no source of credentials", "AWS_DEFAULT_REGION"},
		},
		"role by name":            {cfg: role("pod-role"), env: region, field: "Config.RoleARN", text: []string{`"pod-role"`, "prefix"}},
		"role of no account":      {cfg: role("arn:aws:iam:::role/pod-role"), env: region, field: "Config.RoleARN", text: []string{"account"}},
		"role of a short account": {cfg: role("arn:aws:iam::1234:role/pod-role"), env: region, field: "Config.RoleARN", text: []string{"account"}},
		"role with region":        {cfg: role("arn:aws:iam:eu-west-1:111122223333:role/r"), env: region, field: "Config.RoleARN", text: []string{`region is "eu-west-1"`}},
		"session instead of role": {cfg: role("arn:aws:sts::111122223333:assumed-role/r/s"), env: region, field: "Config.RoleARN", text: []string{`service is "sts"`}},
		"user instead of role":    {cfg: role("arn:aws:iam::111122223333:user/u"), env: region, field: "Config.RoleARN", text: []string{`resource is "user/u"`}},
		"role without name":       {cfg: role("arn:aws:iam::111122223333:role/path/"), env: region, field: "Config.RoleARN", text: []string{"lacks the role's name"}},
		"role in the environment": {
			env:   map[string]string{"AWS_REGION": "eu-west-1", "AWS_ROLE_ARN": "arn:aws:iam:111122223333:role/r", "AWS_WEB_IDENTITY_TOKEN_FILE": "/t"},
			field: "AWS_ROLE_ARN",
		},
		"session name with a slash": {cfg: name("team/app"), env: region, field: "Config.SessionName", text: []string{`"team/app"`, "position 5"}},
		"short session name":        {cfg: name("a"), env: region, field: "Config.SessionName", text: []string{"1 characters"}},
		"long session name":         {cfg: name("0123456789012345678901234567890123456789012345678901234567890123x"), env: region, field: "Config.SessionName", text: []string{"65 characters"}},
		"session name in the environment": {
			cfg: pair(credentials.Config{}), field: "AWS_ROLE_SESSION_NAME", text: []string{"position 3"},
			env: map[string]string{"AWS_REGION": "eu-west-1", "AWS_ROLE_SESSION_NAME": "my app"},
		},
		"short duration":   {cfg: pair(credentials.Config{Duration: time.Minute}), env: region, field: "Config.Duration", text: []string{"1m0s", "15m0s"}},
		"long duration":    {cfg: pair(credentials.Config{Duration: 13 * time.Hour}), env: region, field: "Config.Duration"},
		"uneven duration":  {cfg: pair(credentials.Config{Duration: time.Hour + time.Millisecond}), env: region, field: "Config.Duration"},
		"negative timeout": {cfg: pair(credentials.Config{Refresh: credentials.Refresh{Timeout: -1}}), env: region, field: "Config.Refresh.Timeout"},
		"unknown profile":  {cfg: pair(credentials.Config{}), env: map[string]string{"AWS_REGION": "eu-west-1", "AWS_PROFILE": "nobody"}, field: "AWS_PROFILE", text: []string{`"nobody"`}},
		"SDK setting":      {cfg: pair(credentials.Config{}), env: map[string]string{"AWS_REGION": "eu-west-1", "AWS_USE_FIPS_ENDPOINT": marker}, field: "SDK settings"},
		"FIPS at an endpoint of one's own": {
			cfg: pair(credentials.Config{}), field: "STS endpoint", text: []string{"AWS_USE_FIPS_ENDPOINT"},
			env: map[string]string{"AWS_REGION": "eu-west-1", "AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL": "https://sts.example"},
		},
		"endpoint without scheme": {
			cfg: pair(credentials.Config{}), field: "STS endpoint", text: []string{"AWS_ENDPOINT_URL_STS", "http://"},
			env: map[string]string{"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_STS": "localhost:4566"},
		},
		"endpoint that is a bare address": {
			cfg: pair(credentials.Config{}), field: "STS endpoint", text: []string{"AWS_ENDPOINT_URL", "http://"},
			env: map[string]string{"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "127.0.0.1:4566"},
		},
		"endpoint without host": {
			cfg: pair(credentials.Config{}), field: "STS endpoint", text: []string{"AWS_ENDPOINT_URL", "http://"},
			env: map[string]string{"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "https:///x"},
		},
		"missing CA bundle": {cfg: pair(credentials.Config{}), env: map[string]string{"AWS_REGION": "eu-west-1", "AWS_CA_BUNDLE": "/no/such/file"}, field: "SDK settings"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.env)
			test.cfg.HTTPClient = noNetwork(t)
			_, err := credentials.LoadConfig(t.Context(), test.cfg)
			wantText(t, err, test.text...)
			if !errors.Is(err, credentials.ErrConfiguration) {
				t.Errorf("not ErrConfiguration: %v", err)
			}
			if e, ok := errors.AsType[*credentials.ConfigError](err); !ok || e.Field != test.field || e.Remedy == "" {
				t.Errorf("error %v, want one of %s with a remedy", err, test.field)
			}
		})
	}
}

func TestRegion(t *testing.T) {
	pod := newPod(t, nil)
	tests := map[string]struct {
		region string
		env    map[string]string
		want   string
	}{
		"config":         {region: "eu-west-1", env: map[string]string{"AWS_REGION": "eu-west-2"}, want: "eu-west-1"},
		"environment":    {env: map[string]string{"AWS_REGION": "eu-west-2", "AWS_DEFAULT_REGION": "eu-west-3"}, want: "eu-west-2"},
		"blank is unset": {env: map[string]string{"AWS_REGION": " ", "AWS_DEFAULT_REGION": "eu-west-3"}, want: "eu-west-3"},
		"profile":        {env: map[string]string{"AWS_CONFIG_FILE": "testdata/config", "AWS_PROFILE": "dev"}, want: "eu-west-2"},
		"no IMDS":        {env: map[string]string{"AWS_DEFAULTS_MODE": "auto", "AWS_REGION": "eu-west-1"}, want: "eu-west-1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.env)
			cfg := pod.Config()
			cfg.Region = test.region
			cfg.HTTPClient = noNetwork(t)
			got, err := credentials.LoadConfig(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if got.Region != test.want {
				t.Errorf("region %q, want %q", got.Region, test.want)
			}
		})
	}
}

// writeBundle writes a file with the certificate of a test server.
func writeBundle(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The SDK refuses a plain *http.Client when AWS_CA_BUNDLE is set; we use it.
func TestCABundle(t *testing.T) {
	pod := newPod(t, nil)
	t.Setenv("AWS_CA_BUNDLE", writeBundle(t))
	t.Run("client of the caller", func(t *testing.T) {
		p := newProvider(t, pod.Config())
		if _, err := p.Retrieve(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("client of the SDK", func(t *testing.T) {
		cfg := pod.Config()
		cfg.HTTPClient = awshttp.NewBuildableClient().WithTimeout(time.Second)
		got, err := credentials.LoadConfig(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		client, ok := got.HTTPClient.(*awshttp.BuildableClient)
		if !ok || client.GetTransport().TLSClientConfig.RootCAs == nil || client.GetTimeout() != time.Second {
			t.Error("the bundle is not in the client that was given")
		}
	})
}

func TestFromConfig(t *testing.T) {
	t.Parallel()
	pod := newPod(t, nil)
	cfg, err := credentials.LoadConfig(t.Context(), pod.Config())
	if err != nil {
		t.Fatal(err)
	}
	p, ok := credentials.FromConfig(cfg)
	if !ok {
		t.Fatal("no provider in the config")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := cfg.Credentials.Retrieve(t.Context()); !errors.Is(err, credentials.ErrClosed) {
		t.Errorf("error %v, want ErrClosed", err)
	}
	if _, ok := credentials.FromConfig(aws.Config{}); ok {
		t.Error("a provider in an empty config")
	}
}

// Two caches on top of one another would hide a refresh from the callers of the
// outer, or ask twice.
func TestUnderTheSDK(t *testing.T) {
	t.Parallel()
	pod := newPod(t, nil)
	p := newProvider(t, pod.Config())
	var _ aws.CredentialsProvider = p
	var _ aws.CredentialProviderSource = p
	if got := p.ProviderSources(); len(got) != 1 || got[0] != aws.CredentialSourceCode {
		t.Errorf("sources %v would make SDK clients put a cache around the provider", got)
	}
	wrapped, err := config.LoadDefaultConfig(t.Context(), config.WithRegion("eu-west-1"),
		config.WithHTTPClient(pod.AWS.HTTPClient()), config.WithCredentialsProvider(p))
	if err != nil {
		t.Fatal(err)
	}
	direct := wrapped.Copy()
	direct.Credentials = p
	for _, cfg := range []aws.Config{wrapped, direct} {
		if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	if got := count(pod, "AssumeRoleWithWebIdentity"); got != 1 {
		t.Errorf("%d calls of AssumeRoleWithWebIdentity, want 1", got)
	}
}

// The SDK reads the files that the chain reads.
func TestFilesWithWhiteSpace(t *testing.T) {
	file := writeFile(t, "config", "[default]\nregion = eu-west-3\n")
	setenv(t, webIdentityVariables)
	setenv(t, map[string]string{"AWS_CONFIG_FILE": " " + file + "\n", "AWS_SHARED_CREDENTIALS_FILE": "\t"})
	cfg, err := credentials.LoadConfig(t.Context(), credentials.Config{HTTPClient: noNetwork(t)})
	if err != nil || cfg.Region != "eu-west-3" {
		t.Errorf("region %q, error %v", cfg.Region, err)
	}
}
