package credentials_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// The parts that an environment can be made of.
var (
	keyVariables         = map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": marker}
	webIdentityVariables = map[string]string{"AWS_ROLE_ARN": roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}
	containerVariables   = map[string]string{
		"AWS_CONTAINER_CREDENTIALS_FULL_URI":     "http://169.254.170.23/v1/credentials",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token",
	}
)

// profiles are the shared config files of the SDK order test, by what the
// default profile is.
var profiles = map[string]string{
	"":         "",
	"settings": "[default]\nregion = eu-west-1\n",
	"static":   "[default]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n",
	"role":     "[default]\nrole_arn = " + roleARN + "\nsource_profile = base\n[profile base]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n",
	"token":    "[default]\nrole_arn = " + roleARN + "\nweb_identity_token_file = /token\n",
	"process":  "[default]\ncredential_process = /bin/false\n",
}

// writeFile writes a file for one test.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sdkSelects returns which source the SDK's own chain resolves, by what its
// provider reports.
func sdkSelects(t *testing.T, opts ...func(*config.LoadOptions) error) credentials.Source {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context(), append(opts, config.WithRegion("eu-west-1"), config.WithHTTPClient(noNetwork(t)))...)
	if err != nil {
		t.Fatalf("the SDK: %v", err)
	}
	sources := cfg.Credentials.(aws.CredentialProviderSource).ProviderSources()
	switch sources[0] {
	case aws.CredentialSourceEnvVars:
		return credentials.SourceEnvironment
	case aws.CredentialSourceEnvVarsSTSWebIDToken:
		return credentials.SourceWebIdentity
	case aws.CredentialSourceProfile, aws.CredentialSourceProfileSourceProfile, aws.CredentialSourceProfileSTSWebIDToken,
		aws.CredentialSourceProfileProcess, aws.CredentialSourceProfileNamedProvider:
		return credentials.SourceProfile
	case aws.CredentialSourceHTTP:
		return credentials.SourceContainer
	case aws.CredentialSourceIMDS:
		return credentials.SourceInstanceProfile
	}
	t.Fatalf("the SDK resolves %v, which this test does not know", sources)
	return ""
}

// weSelect returns which source we select; the node's role stands for a
// NoSourceError.
func weSelect(t *testing.T) credentials.Source {
	t.Helper()
	p, err := credentials.New(t.Context(), credentials.Config{Region: "eu-west-1", HTTPClient: noNetwork(t)})
	if _, none := errors.AsType[*credentials.NoSourceError](err); none {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	return p.Selection().Source
}

// TestOrderIsTheSDKs runs the SDK's chain and ours over all that the
// environment can hold. They part in one thing: where nothing is configured,
// the SDK goes on to the role of the node.
func TestOrderIsTheSDKs(t *testing.T) {
	onOff := []bool{false, true}
	for profile, text := range profiles {
		file := writeFile(t, "config", text)
		for _, keys := range onOff {
			for _, webIdentity := range onOff {
				for _, container := range onOff {
					t.Run(fmt.Sprintf("profile=%s,keys=%t,webidentity=%t,container=%t", profile, keys, webIdentity, container), func(t *testing.T) {
						env := map[string]string{"AWS_CONFIG_FILE": file}
						for is, variables := range map[*bool]map[string]string{&keys: keyVariables, &webIdentity: webIdentityVariables, &container: containerVariables} {
							if *is {
								maps.Copy(env, variables)
							}
						}
						setenv(t, env)
						want := sdkSelects(t)
						if want == credentials.SourceInstanceProfile {
							want = "" // we stop here
						}
						if got := weSelect(t); got != want {
							t.Errorf("we select %q, the SDK %q", got, want)
						}
					})
				}
			}
		}
	}
}

// TestDepartures are the other environments in which we do not follow the SDK,
// each with its reason.
func TestDepartures(t *testing.T) {
	tests := map[string]struct {
		reason string
		env    map[string]string
		config string
		sdk    credentials.Source
		ours   string // part of our error
	}{
		"role without token file": {
			reason: "the EKS webhook leaves half a pair; the node's role is shared by all pods on it",
			env:    map[string]string{"AWS_ROLE_ARN": roleARN},
			sdk:    credentials.SourceInstanceProfile, ours: "AWS_WEB_IDENTITY_TOKEN_FILE: not set although AWS_ROLE_ARN is",
		},
		"key without secret": {
			reason: "half of what somebody configured is a mistake, not a wish for something else",
			env:    map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"},
			sdk:    credentials.SourceInstanceProfile, ours: "AWS_SECRET_ACCESS_KEY: not set although AWS_ACCESS_KEY_ID is",
		},
		"profile role of nobody": {
			reason: "the SDK assumes the role as the node, or as Pod Identity",
			config: "[default]\nrole_arn = " + roleARN + "\n",
			sdk:    credentials.SourceInstanceProfile, ours: "has role_arn, but none of source_profile",
		},
		"profile role of nobody beside Pod Identity": {
			reason: "the environment does not complete a profile",
			env:    containerVariables, config: "[default]\nrole_arn = " + roleARN + "\n",
			sdk: credentials.SourceContainer, ours: "has role_arn, but none of source_profile",
		},
		"profile of the node": {
			reason: "the node's role is used on request only",
			config: "[default]\nrole_arn = " + roleARN + "\ncredential_source = Ec2InstanceMetadata\n",
			sdk:    credentials.SourceProfile, ours: "Config.AllowInstanceProfile is not set",
		},
		"profile of absent keys": {
			reason: "the SDK notices at the first call",
			config: "[default]\nrole_arn = " + roleARN + "\ncredential_source = Environment\n",
			sdk:    credentials.SourceProfile, ours: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY not set",
		},
		"Pod Identity without endpoint": {
			reason: "half of what the EKS webhook sets, as with web identity",
			env:    map[string]string{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token"},
			sdk:    credentials.SourceInstanceProfile, ours: "AWS_CONTAINER_CREDENTIALS_FULL_URI: not set although",
		},
		"Pod Identity without token": {
			reason: "its agent never answers without one",
			env:    map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"},
			sdk:    credentials.SourceContainer, ours: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: not set although",
		},
		"endpoint without HTTP": {
			reason: "the SDK checks hosts for the scheme http alone",
			env:    map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "ftp://192.0.2.1/"},
			sdk:    credentials.SourceContainer, ours: `has the scheme "ftp"`,
		},
		"loop through keys": {
			reason: "the other SDKs refuse a profile that is met again",
			config: "[default]\nrole_arn = " + roleARN + "\nsource_profile = b\naws_access_key_id = A\naws_secret_access_key = s\n" +
				"[profile b]\nrole_arn = " + roleARN + "\nsource_profile = default\n",
			sdk: credentials.SourceProfile, ours: "is its own source_profile by way of others",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config", test.config))
			setenv(t, test.env)
			if got := sdkSelects(t); got != test.sdk {
				t.Errorf("the SDK selects %q, not %q: does %q still hold?", got, test.sdk, test.reason)
			}
			_, err := credentials.New(t.Context(), credentials.Config{Region: "eu-west-1", HTTPClient: noNetwork(t)})
			wantText(t, err, test.ours)
			if !errors.Is(err, credentials.ErrConfiguration) {
				t.Errorf("not ErrConfiguration: %v", err)
			}
		})
	}
}

// The three shapes in which the SDK quietly takes the role of the node. Each
// test shows first that it does, on a node that has one.

func wantNodeRole(t *testing.T, opts ...func(*config.LoadOptions) error) {
	t.Helper()
	node := newPod(t, nil).AWS.NewIMDS(credentialstest.Node{RoleARN: credentialstest.NodeRoleARN})
	cfg, err := config.LoadDefaultConfig(t.Context(), append(opts, config.WithRegion("eu-west-1"), config.WithHTTPClient(node.HTTPClient()))...)
	if err != nil {
		t.Fatal(err)
	}
	creds, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil || creds.Source != "EC2RoleProvider" {
		t.Fatalf("the SDK takes %q (%v), no longer the node's role", creds.Source, err)
	}
}

// wantNoNodeRole checks that we refuse, and do not even ask the node.
func wantNoNodeRole(t *testing.T, cfg credentials.Config, parts ...string) {
	t.Helper()
	cfg.Region = "eu-west-1"
	cfg.HTTPClient = credentialstest.NoIMDS(t, newPod(t, nil).AWS.HTTPClient())
	_, err := credentials.New(t.Context(), cfg)
	wantText(t, err, parts...)
	if !errors.Is(err, credentials.ErrConfiguration) {
		t.Errorf("not ErrConfiguration: %v", err)
	}
}

func TestNodeRoleShapeRoleWithoutToken(t *testing.T) {
	t.Setenv("AWS_ROLE_ARN", roleARN)
	wantNodeRole(t)
	wantNoNodeRole(t, credentials.Config{}, "AWS_WEB_IDENTITY_TOKEN_FILE: not set although AWS_ROLE_ARN is")
}

func TestNodeRoleShapeWebIdentityOptionsInCode(t *testing.T) {
	wantNodeRole(t, config.WithWebIdentityRoleCredentialOptions(func(o *stscreds.WebIdentityRoleOptions) {
		o.RoleARN = roleARN
		o.TokenRetriever = stscreds.IdentityTokenFile("/token")
	}))
	// What the code says by half is no less an error; the whole is used.
	wantNoNodeRole(t, credentials.Config{RoleARN: roleARN}, "Config.TokenFile: not set although Config.RoleARN is")
	pod := newPod(t, nil)
	if got := retrieve(t, newProvider(t, pod.Config())).Source; got != string(credentials.SourceWebIdentity) {
		t.Errorf("source %q", got)
	}
}

func TestNodeRoleShapeAssumeRoleOptionsInCode(t *testing.T) {
	wantNodeRole(t, config.WithAssumeRoleCredentialOptions(func(o *stscreds.AssumeRoleOptions) { o.RoleARN = roleARN }))
	wantNoNodeRole(t, credentials.Config{Hops: []credentials.Hop{{RoleARN: roleARN}}}, "no source of credentials is configured")
}

// On request alone the node's role is the end of the chain, as in the SDK.
func TestNodeRoleOnRequest(t *testing.T) {
	node := newPod(t, nil).AWS.NewIMDS(credentialstest.Node{RoleARN: credentialstest.NodeRoleARN})
	p := newProvider(t, credentials.Config{Region: "eu-west-1", AllowInstanceProfile: true, HTTPClient: node.HTTPClient()})
	if got := p.Selection().Source; got != credentials.SourceInstanceProfile {
		t.Fatalf("source %q", got)
	}
	creds := retrieve(t, p)
	if creds.Source != string(credentials.SourceInstanceProfile) || !strings.HasPrefix(creds.AccessKeyID, "ASIA") || !creds.CanExpire {
		t.Errorf("source %q, expires %t", creds.Source, creds.CanExpire)
	}
}
