package credentials_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// chainProfile is a user's keys and two roles on top of them.
func chainProfile() string {
	return "[profile base]\naws_access_key_id = " + userKey + "\naws_secret_access_key = secret\n" +
		"[profile one]\nrole_arn = " + hopARN(1) + "\nsource_profile = base\nrole_session_name = first\n" +
		"[profile two]\nrole_arn = " + hopARN(2) + "\nsource_profile = one\nrole_session_name = second\n"
}

// chainPod is a fake with the roles of the profile and one more.
func chainPod(t *testing.T) *credentialstest.Pod {
	t.Helper()
	world := chainWorld(3)
	t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config", chainProfile()))
	return newPod(t, &credentialstest.PodOptions{World: &world})
}

// A profile's roles are assumed base first, then those of the Config. The SDK
// gets as far as the profile goes.
func TestProfileRoles(t *testing.T) {
	pod := chainPod(t)
	t.Setenv("AWS_PROFILE", "two")
	sdk, err := config.LoadDefaultConfig(t.Context(), config.WithRegion("eu-west-1"), config.WithHTTPClient(pod.AWS.HTTPClient()))
	if err != nil {
		t.Fatal(err)
	}
	out, err := sts.NewFromConfig(sdk).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := credentials.Config{Region: "eu-west-1", HTTPClient: pod.AWS.HTTPClient()}
	p := newProvider(t, cfg)
	creds := retrieve(t, p)
	id, _ := p.Identity()
	if id.ARN != aws.ToString(out.Arn) || !strings.HasSuffix(id.ARN, "/hop-2/second") || creds.AccountID != hopAccount(2) {
		t.Errorf("we are %q in %s, the SDK is %q", id.ARN, creds.AccountID, aws.ToString(out.Arn))
	}
	cfg.Hops = []credentials.Hop{{RoleARN: hopARN(3)}}
	cfg.Expect.RoleARN = hopARN(3)
	longer := newProvider(t, cfg)
	retrieve(t, longer)
	if id, _ := longer.Identity(); id.RoleARN != hopARN(3) {
		t.Errorf("role %q", id.RoleARN)
	}
}

// A profile may have web identity as its base: the same session as without.
func TestProfileToken(t *testing.T) {
	pod := newPod(t, nil)
	t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config", "[profile pod]\nrole_arn = "+credentialstest.PodRoleARN+
		"\nweb_identity_token_file = "+pod.TokenFile.Path()+"\nrole_session_name = mine\n"))
	p := newProvider(t, credentials.Config{Region: "eu-west-1", Profile: "pod", HTTPClient: pod.AWS.HTTPClient()})
	retrieve(t, p)
	if id, _ := p.Identity(); id.SessionName != "mine" || id.Subject == "" {
		t.Errorf("identity %+v", id)
	}
	if got := p.Selection().Source; got != credentials.SourceProfile {
		t.Errorf("source %q", got)
	}
}

// With a Pool two Providers have one chain. It outlives the Provider that came
// first, keys that do not expire included.
func TestSharedProfileRoles(t *testing.T) {
	pod := chainPod(t)
	cfg := credentials.Config{Region: "eu-west-1", Profile: "two", HTTPClient: pod.AWS.HTTPClient(), Pool: new(credentials.Pool)}
	first, second := newProvider(t, cfg), newProvider(t, cfg)
	creds := retrieve(t, first)
	if retrieve(t, second).AccessKeyID != creds.AccessKeyID || count(pod, "AssumeRole") != 2 {
		t.Errorf("%d calls of AssumeRole, want 2", count(pod, "AssumeRole"))
	}
	first.Close()
	second.Invalidate(creds.AccessKeyID)
	if retrieve(t, second).AccessKeyID == creds.AccessKeyID {
		t.Error("the chain is not renewed after the first Provider's end")
	}
	// Each of these is a session of its own.
	for name, change := range map[string]func(*credentials.Config){
		"profile": func(c *credentials.Config) { c.Profile = "one" },
		"hop":     func(c *credentials.Config) { c.Hops = []credentials.Hop{{RoleARN: hopARN(3)}} },
		"expect":  func(c *credentials.Config) { c.Expect.Account = hopAccount(2) },
	} {
		cfg := cfg
		change(&cfg)
		if retrieve(t, newProvider(t, cfg)).AccessKeyID == retrieve(t, second).AccessKeyID {
			t.Errorf("a session is shared although the %s differs", name)
		}
	}
}

// All that is wrong is told at once, before anything is sent.
func TestEverythingAtOnce(t *testing.T) {
	_, err := credentials.New(t.Context(), credentials.Config{
		Region:          "eu-west-1",
		RoleARN:         "pod-role",
		TokenFile:       "/token",
		FallbackRegions: []string{"eu-central-1"},
		Hops:            []credentials.Hop{{RoleARN: hopARN(1)}, {RoleARN: "hop"}},
		HTTPClient:      noNetwork(t),
	})
	wantText(t, err, "Config.RoleARN", "Config.Hops[1]")
	if strings.Contains(err.Error(), "Hops[0]") {
		t.Errorf("nothing is wrong with the first hop: %v", err)
	}
}

// Errors name a setting as the file does that holds it.
func TestProfileHopErrors(t *testing.T) {
	for setting, line := range map[string]string{
		"role_arn":          "role_arn = arn:aws:iam::1:role/x",
		"role_session_name": "role_arn = " + hopARN(1) + "\nrole_session_name = a/b",
		"external_id":       "role_arn = " + hopARN(1) + "\nexternal_id = a b",
		"duration_seconds":  "role_arn = " + hopARN(1) + "\nduration_seconds = 960000",
	} {
		t.Run(setting, func(t *testing.T) {
			setenv(t, keyVariables)
			t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config", "[profile p]\ncredential_source = Environment\n"+line+"\n"))
			_, err := credentials.New(t.Context(), credentials.Config{Region: "eu-west-1", Profile: "p", HTTPClient: noNetwork(t)})
			e, ok := errors.AsType[*credentials.ConfigError](err)
			if want := `profile "p".` + setting; !ok || e.Field != want {
				t.Errorf("error %v, want one of %s", err, want)
			}
		})
	}
}

func TestFallbackRegionsAreChecked(t *testing.T) {
	t.Parallel()
	cfg := newPod(t, nil).Config()
	cfg.FallbackRegions = []string{"eu-central-1", "", "evil.example/"}
	_, err := credentials.New(t.Context(), cfg)
	wantText(t, err, "Config.FallbackRegions[1]: not set", `Config.FallbackRegions[2]: "evil.example/" has an illegal character at position 5`)
	if !errors.Is(err, credentials.ErrConfiguration) {
		t.Errorf("not ErrConfiguration: %v", err)
	}
}

// Keys that do not expire are as much a session of their own as others.
func TestSharedKeys(t *testing.T) {
	cfg := credentials.Config{Region: "eu-west-1", HTTPClient: noNetwork(t), Pool: new(credentials.Pool)}
	for _, id := range []string{"AKIDONE", "AKIDTWO"} {
		setenv(t, map[string]string{"AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": "secret"})
		if got := retrieve(t, newProvider(t, cfg)).AccessKeyID; got != id {
			t.Errorf("key %q, want %q", got, id)
		}
	}
}

// Two Providers with one Pool ask Pod Identity's agent once.
func TestSharedPodIdentity(t *testing.T) {
	pod, err := credentialstest.NewPod(t.TempDir(), &credentialstest.PodOptions{PodIdentity: true})
	if err != nil {
		t.Fatal(err)
	}
	setenv(t, pod.Environ())
	cfg := pod.Config()
	cfg.Pool = new(credentials.Pool)
	first, second := newProvider(t, cfg), newProvider(t, cfg)
	if retrieve(t, first).AccessKeyID != retrieve(t, second).AccessKeyID {
		t.Error("two sessions")
	}
}
