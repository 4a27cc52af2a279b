package credentials_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
)

const roleARN = "arn:aws:iam::111122223333:role/pod-role"

// Tests of the environment cannot run in parallel.
func setenv(t *testing.T, env map[string]string) {
	t.Helper()
	for name, value := range env {
		t.Setenv(name, value)
	}
}

func TestSelection(t *testing.T) {
	explicit := credentials.Config{RoleARN: roleARN, TokenFile: "/token"}
	webIdentity := map[string]string{"AWS_ROLE_ARN": roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}
	const (
		none   = credentials.NotConfigured
		chosen = credentials.Selected
		passed = credentials.PassedOver
	)
	tests := map[string]struct {
		cfg  credentials.Config
		env  map[string]string
		want credentials.Source
		// states of Config, keys, web identity, profile, container
		states []credentials.State
	}{
		"config": {
			cfg:    explicit,
			want:   credentials.SourceWebIdentity,
			states: []credentials.State{chosen, none, none, none, none},
		},
		"config beats all": {
			cfg: explicit,
			env: map[string]string{
				"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": marker,
				"AWS_ROLE_ARN": roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_PROFILE": "",
				"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token",
			},
			want:   credentials.SourceWebIdentity,
			states: []credentials.State{chosen, passed, passed, none, passed},
		},
		"keys": {
			env:    map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": marker},
			want:   credentials.SourceEnvironment,
			states: []credentials.State{none, chosen, none, none, none},
		},
		"keys beat web identity": {
			env: map[string]string{
				"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": marker,
				"AWS_ROLE_ARN": roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
			},
			want:   credentials.SourceEnvironment,
			states: []credentials.State{none, chosen, passed, none, none},
		},
		"web identity": {
			env:    webIdentity,
			want:   credentials.SourceWebIdentity,
			states: []credentials.State{none, none, chosen, none, none},
		},
		"blank keys are unset": {
			env: map[string]string{
				"AWS_ACCESS_KEY_ID": "  ", "AWS_SECRET_ACCESS_KEY": "\n", "AWS_SESSION_TOKEN": "alone",
				"AWS_ROLE_ARN": " " + roleARN + "\n", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
			},
			want:   credentials.SourceWebIdentity,
			states: []credentials.State{none, none, chosen, none, none},
		},
		"web identity beats Pod Identity": {
			env: map[string]string{
				"AWS_ROLE_ARN": roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
				"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token",
			},
			want:   credentials.SourceWebIdentity,
			states: []credentials.State{none, none, chosen, none, passed},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_REGION", "eu-west-1")
			setenv(t, test.env)
			test.cfg.HTTPClient = noNetwork(t)
			got := newProvider(t, test.cfg).Selection()
			if got.Source != test.want {
				t.Errorf("source %q, want %q", got.Source, test.want)
			}
			var states []credentials.State
			for _, c := range got.Candidates {
				states = append(states, c.State)
				if c.Reason == "" {
					t.Errorf("%s has no reason", c.Source)
				}
			}
			if diff := cmp.Diff(test.states, states); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSelectionIsACopy(t *testing.T) {
	setenv(t, webIdentityVariables)
	setenv(t, containerVariables)
	p := newProvider(t, credentials.Config{Region: "eu-west-1", HTTPClient: noNetwork(t)})
	changed := p.Selection()
	changed.Candidates[0].Reason = "changed"
	changed.Candidates[0].Settings[0] = "changed"
	changed.Others[0].Source = "changed"
	got := p.Selection()
	if c := got.Candidates[0]; c.Reason == "changed" || c.Settings[0] == "changed" || got.Others[0].Source == "changed" {
		t.Error("a caller can change the provider's selection")
	}
}

func TestKeysFromEnvironment(t *testing.T) {
	setenv(t, map[string]string{
		"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_SESSION_TOKEN": "session", "AWS_ACCOUNT_ID": "111122223333",
	})
	p := newProvider(t, credentials.Config{HTTPClient: noNetwork(t)})
	got, err := p.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.AccessKeyID != "ASIAEXAMPLE" || got.SecretAccessKey != "secret" || got.SessionToken != "session" ||
		got.AccountID != "111122223333" || got.Source != string(credentials.SourceEnvironment) || got.CanExpire {
		t.Error("credentials differ from the environment")
	}
	id, ok := p.Identity()
	want := credentials.Identity{Source: credentials.SourceEnvironment, AccessKeyID: "ASIAEXAMPLE", Account: "111122223333"}
	if diff := cmp.Diff(want, id); diff != "" || !ok {
		t.Errorf("identity %v (-want +got):\n%s", ok, diff)
	}
}

func TestSelectionErrors(t *testing.T) {
	tests := map[string]struct {
		cfg   credentials.Config
		env   map[string]string
		field string // of the ConfigError; "" for a NoSourceError
		text  []string
	}{
		"nothing": {
			text: []string{"Config.RoleARN and Config.TokenFile not set", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "webhook", "recreate the pod", "node's own role is never used"},
		},
		"session token alone": {
			env:  map[string]string{"AWS_SESSION_TOKEN": marker},
			text: []string{"AWS_SESSION_TOKEN is, and means nothing alone"},
		},
		"profile alone": {
			env:  map[string]string{"AWS_PROFILE": "dev", "AWS_CONFIG_FILE": "testdata/config"},
			text: []string{`profile "dev" holds settings but no credentials`},
		},
		"config without token": {
			cfg: credentials.Config{RoleARN: roleARN}, field: "Config.TokenFile",
			text: []string{"not set although Config.RoleARN is"},
		},
		"config without role": {
			cfg: credentials.Config{TokenFile: "/token"}, field: "Config.RoleARN",
			text: []string{"not set although Config.TokenFile is"},
		},
		"role without token": {
			env: map[string]string{"AWS_ROLE_ARN": roleARN}, field: "AWS_WEB_IDENTITY_TOKEN_FILE",
			text: []string{"not set although AWS_ROLE_ARN is", "webhook"},
		},
		"token without role": {
			env: map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": " \t"}, field: "AWS_ROLE_ARN",
			text: []string{"not set although AWS_WEB_IDENTITY_TOKEN_FILE is"},
		},
		"half a role does not fall through to the container endpoint": {
			env:   map[string]string{"AWS_ROLE_ARN": roleARN, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"},
			field: "AWS_WEB_IDENTITY_TOKEN_FILE",
		},
		"authorization token without endpoint": {
			env: map[string]string{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token"}, field: "AWS_CONTAINER_CREDENTIALS_FULL_URI",
			text: []string{"not set although AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is", "webhook"},
		},
		"half of Pod Identity does not fall through to the node": {
			cfg: credentials.Config{AllowInstanceProfile: true},
			env: map[string]string{"AWS_CONTAINER_AUTHORIZATION_TOKEN": marker}, field: "AWS_CONTAINER_CREDENTIALS_FULL_URI",
		},
		"agent without authorization token": {
			env:   map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://[fd00:ec2::23]/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN": " "},
			field: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
			text:  []string{"not set although AWS_CONTAINER_CREDENTIALS_FULL_URI of EKS Pod Identity is", "webhook"},
		},
		"key without secret": {
			env: map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"}, field: "AWS_SECRET_ACCESS_KEY",
		},
		"secret without key": {
			env: map[string]string{"AWS_SECRET_ACCESS_KEY": marker}, field: "AWS_ACCESS_KEY_ID",
		},
		"half a key does not fall through to web identity": {
			env:   map[string]string{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_ROLE_ARN": roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"},
			field: "AWS_SECRET_ACCESS_KEY",
		},
		"temporary key without session token": {
			env:   map[string]string{"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": marker},
			field: "AWS_SESSION_TOKEN",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_REGION", "eu-west-1")
			setenv(t, test.env)
			test.cfg.HTTPClient = noNetwork(t)
			_, err := credentials.New(t.Context(), test.cfg)
			wantText(t, err, test.text...)
			if !errors.Is(err, credentials.ErrConfiguration) {
				t.Errorf("not ErrConfiguration: %v", err)
			}
			if test.field == "" {
				if e, ok := errors.AsType[*credentials.NoSourceError](err); !ok || len(e.Candidates) == 0 {
					t.Errorf("not a NoSourceError with candidates: %v", err)
				}
				return
			}
			e, ok := errors.AsType[*credentials.ConfigError](err)
			if !ok || e.Field != test.field || e.Remedy == "" {
				t.Errorf("error %#v, want one of %s with a remedy", err, test.field)
			}
		})
	}
}

func TestStateString(t *testing.T) {
	t.Parallel()
	for state, want := range map[credentials.State]string{
		credentials.NotConfigured: "not configured",
		credentials.Excluded:      "excluded",
		99:                        "State(99)",
	} {
		if got := state.String(); got != want {
			t.Errorf("%d: %q, want %q", state, got, want)
		}
	}
}

// What the Config lists is what the chain selects from, in that order; the rest
// is reported.
func TestSources(t *testing.T) {
	const (
		keys, token, profile = credentials.SourceEnvironment, credentials.SourceWebIdentity, credentials.SourceProfile
		container, node      = credentials.SourceContainer, credentials.SourceInstanceProfile
	)
	setenv(t, keyVariables)
	setenv(t, webIdentityVariables)
	setenv(t, containerVariables)
	t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config", profiles["static"]+"[profile dev]\naws_access_key_id = AKIDDEV\naws_secret_access_key = s\n"))
	tests := map[string]struct {
		cfg      credentials.Config
		want     credentials.Source
		excluded []credentials.Source
	}{
		"default":           {want: keys},
		"default with node": {cfg: credentials.Config{AllowInstanceProfile: true}, want: keys},
		"one":               {cfg: credentials.Config{Sources: []credentials.Source{container}}, want: container, excluded: []credentials.Source{keys, token, profile}},
		"another order":     {cfg: credentials.Config{Sources: []credentials.Source{profile, token}}, want: profile, excluded: []credentials.Source{keys, container}},
		"the node first": {
			cfg:  credentials.Config{AllowInstanceProfile: true, Sources: []credentials.Source{node, token}},
			want: node, excluded: []credentials.Source{keys, profile, container},
		},
		"profile of the Config":         {cfg: credentials.Config{Profile: "dev"}, want: profile, excluded: []credentials.Source{profile}},
		"web identity before a profile": {cfg: credentials.Config{Profile: "dev", RoleARN: roleARN, TokenFile: "/t"}, want: token, excluded: []credentials.Source{profile}},
		"nothing but the Config": {
			cfg:  credentials.Config{Sources: []credentials.Source{}, RoleARN: roleARN, TokenFile: "/t"},
			want: token, excluded: []credentials.Source{keys, token, profile, container},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.cfg.Region, test.cfg.HTTPClient = "eu-west-1", noNetwork(t)
			sel := newProvider(t, test.cfg).Selection()
			if sel.Source != test.want {
				t.Errorf("source %q, want %q", sel.Source, test.want)
			}
			var excluded []credentials.Source
			for _, c := range sel.Candidates {
				if c.State == credentials.Excluded {
					excluded = append(excluded, c.Source)
				}
				if c.Reason == "" || len(c.Settings) == 0 {
					t.Errorf("%s has no reason or no settings", c.Source)
				}
			}
			if diff := cmp.Diff(test.excluded, excluded); diff != "" {
				t.Errorf("excluded (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSourcesErrors(t *testing.T) {
	setenv(t, keyVariables)
	tests := map[string]struct {
		sources []credentials.Source
		text    []string
	}{
		"unknown": {[]credentials.Source{"environment"}, []string{`Config.Sources[0]: "environment" is no source`}},
		"twice":   {[]credentials.Source{credentials.SourceContainer, credentials.SourceContainer}, []string{"Config.Sources[1]", "listed twice"}},
		"node":    {[]credentials.Source{credentials.SourceInstanceProfile}, []string{"Config.Sources[0]", "AllowInstanceProfile"}},
		"both":    {[]credentials.Source{"", credentials.SourceInstanceProfile}, []string{"Config.Sources[0]", "Config.Sources[1]"}},
		"none":    {[]credentials.Source{}, []string{"no source", "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY set, but Config.Sources does not list the environment keys"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := credentials.New(t.Context(), credentials.Config{Region: "eu-west-1", Sources: test.sources, HTTPClient: noNetwork(t)})
			wantText(t, err, test.text...)
		})
	}
}

// A profile that is broken does not keep a source before it from being
// selected, as far as the SDK can read its settings.
func TestBrokenProfileBehindWebIdentity(t *testing.T) {
	setenv(t, webIdentityVariables)
	t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config", "[default]\nrole_arn = "+roleARN+"\n"))
	sel := newProvider(t, credentials.Config{Region: "eu-west-1", HTTPClient: noNetwork(t)}).Selection()
	for _, c := range sel.Candidates {
		if c.Source == credentials.SourceProfile && (c.State != credentials.Incomplete || !strings.Contains(c.Reason, "none of source_profile")) {
			t.Errorf("profile is %s: %s", c.State, c.Reason)
		}
	}
}

// Chain and SDK both meet an error in the files; it is told once.
func TestProfileErrorOnce(t *testing.T) {
	t.Setenv("AWS_PROFILE", "dev")
	for name, text := range map[string]string{
		"unknown": "",
		"half":    "[profile dev]\naws_secret_access_key = " + marker + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config", text))
			_, err := credentials.New(t.Context(), credentials.Config{Region: "eu-west-1", HTTPClient: noNetwork(t)})
			wantText(t, err, `profile "dev"`)
			if n := strings.Count(err.Error(), `profile "dev"`); n != 1 {
				t.Errorf("told %d times: %v", n, err)
			}
			wantNoSecret(t, "error", err, marker)
		})
	}
}

// Files that cannot be read are no reason to go on to another source.
func TestUnreadableProfile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("AWS_CONFIG_FILE", dir)
	setenv(t, containerVariables)
	_, err := credentials.New(t.Context(), credentials.Config{Region: "eu-west-1", HTTPClient: noNetwork(t)})
	wantText(t, err, "shared config file", dir, "cannot be read")
	if n := strings.Count(err.Error(), dir); n != 1 {
		t.Errorf("told %d times: %v", n, err)
	}
}

// The aliases that the SDK for Go takes, so that both take the same keys.
func TestKeyAliases(t *testing.T) {
	setenv(t, map[string]string{"AWS_ACCESS_KEY": "AKIDALIAS", "AWS_SECRET_KEY": "secret"})
	if got := sdkSelects(t); got != credentials.SourceEnvironment {
		t.Errorf("the SDK selects %q", got)
	}
	creds := retrieve(t, newProvider(t, credentials.Config{Region: "eu-west-1", HTTPClient: noNetwork(t)}))
	if creds.AccessKeyID != "AKIDALIAS" || creds.SecretAccessKey != "secret" {
		t.Error("the keys are not those of the environment")
	}
}

// White space in the Config names no profile, hence takes none away.
func TestBlankProfile(t *testing.T) {
	setenv(t, containerVariables)
	t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config", "[profile dev]\naws_access_key_id = AKIDDEV\naws_secret_access_key = s\n"))
	t.Setenv("AWS_PROFILE", "dev")
	p := newProvider(t, credentials.Config{Region: "eu-west-1", Profile: " ", HTTPClient: noNetwork(t)})
	if got := p.Selection().Source; got != credentials.SourceProfile {
		t.Errorf("source %q", got)
	}
}
