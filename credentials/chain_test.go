package credentials_test

import (
	"errors"
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
		// states of Config, keys, web identity, container, profile
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
				"AWS_ROLE_ARN": roleARN, "AWS_PROFILE": "",
				"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
			},
			want:   credentials.SourceWebIdentity,
			states: []credentials.State{chosen, passed, passed, passed, none},
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
				"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
			},
			want:   credentials.SourceWebIdentity,
			states: []credentials.State{none, none, chosen, passed, none},
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
	t.Parallel()
	pod := newPod(t, nil)
	p := newProvider(t, pod.Config())
	changed := p.Selection()
	changed.Candidates[0].Reason = "changed"
	changed.Candidates[0].Settings[0] = "changed"
	if got := p.Selection().Candidates[0]; got.Reason == "changed" || got.Settings[0] == "changed" {
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
			text: []string{"AWS_PROFILE set, but this version takes settings, not credentials, from profiles"},
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
		"Pod Identity": {
			env:   map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"},
			field: "AWS_CONTAINER_CREDENTIALS_FULL_URI",
			text:  []string{"not supported by this version"},
		},
		"ECS": {
			env:   map[string]string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials"},
			field: "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
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
		credentials.Unsupported:   "unsupported",
		99:                        "State(99)",
	} {
		if got := state.String(); got != want {
			t.Errorf("%d: %q, want %q", state, got, want)
		}
	}
}
