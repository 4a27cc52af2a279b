package main

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
)

// env is an environment for tests.
func env(variables map[string]string) lookup {
	return func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	const extension = "PARAMETERS_SECRETS_EXTENSION_"
	tests := map[string]struct {
		variables map[string]string
		change    func(*settings)
		problem   string // part of the error
	}{
		"nothing":                             {nil, func(*settings) {}, ""},
		"the token's file":                    {map[string]string{envTokenFile: "/t"}, func(s *settings) { s.own.tokenFile = "/t" }, ""},
		"variables of the extension, without": {map[string]string{"SECRETS_MANAGER_TTL": "1"}, func(*settings) {}, ""},
		"all of the extension": {map[string]string{
			envDialect: "extension", extension + "HTTP_PORT": "4000", extension + "MAX_CONNECTIONS": "3", extension + "CACHE_SIZE": "10",
			extension + "LOG_LEVEL": "None", extension + "CACHE_ENABLED": "TRUE", "SECRETS_MANAGER_TTL": "60", "SSM_PARAMETER_STORE_TTL": "60",
			"SSM_PARAMETER_STORE_TIMEOUT_MILLIS": "1500",
		}, func(s *settings) {
			s.port, s.outbound, s.cacheSize, s.level, s.ttl, s.timeout = 4000, 3, 10, off, time.Minute, 1500*time.Millisecond
		}, ""},
		"the shorter of two": {map[string]string{envDialect: "extension", "SECRETS_MANAGER_TTL": "60", "SSM_PARAMETER_STORE_TTL": "30"}, func(s *settings) {
			s.ttl = 30 * time.Second
			s.warnings = []string{"SECRETS_MANAGER_TTL and SSM_PARAMETER_STORE_TTL differ: the shorter counts for both"}
		}, ""},
		"no time limit for one of two": {map[string]string{envDialect: "extension", "SECRETS_MANAGER_TIMEOUT_MILLIS": "0", "SSM_PARAMETER_STORE_TIMEOUT_MILLIS": "1500"}, func(s *settings) {
			s.timeout = 1500 * time.Millisecond
			s.warnings = []string{"SECRETS_MANAGER_TIMEOUT_MILLIS and SSM_PARAMETER_STORE_TIMEOUT_MILLIS differ: the shorter counts for both"}
		}, ""},
		"no cache for one of two": {map[string]string{envDialect: "extension", "SECRETS_MANAGER_TTL": "60", "SSM_PARAMETER_STORE_TTL": "0"}, func(s *settings) {
			s.ttl = 0
			s.warnings = []string{"SECRETS_MANAGER_TTL and SSM_PARAMETER_STORE_TTL differ: the shorter counts for both"}
		}, ""},
		"no cache":       {map[string]string{envDialect: "extension", extension + "CACHE_ENABLED": "false"}, func(s *settings) { s.ttl = 0 }, ""},
		"an empty cache": {map[string]string{envDialect: "extension", extension + "CACHE_SIZE": "0"}, func(s *settings) { s.ttl, s.cacheSize = 0, 1 }, ""},
		"no dialect":     {map[string]string{envDialect: "klingon"}, nil, envDialect + " is none of"},
		"several mistakes": {
			map[string]string{envDialect: "extension", extension + "CACHE_ENABLED": "maybe", extension + "LOG_LEVEL": "loud"},
			nil, extension + "LOG_LEVEL is none of debug, info, warn, error and none\n" + extension + "CACHE_ENABLED is neither true nor false",
		},
		"out of range": {map[string]string{envDialect: "extension", "SECRETS_MANAGER_TTL": "301"}, nil, "SECRETS_MANAGER_TTL is not a whole number from 0 to 300"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, want := defaults(), defaults()
			err := got.readEnvironment(env(test.variables))
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("error %v", err)
				}
				return
			}
			test.change(&want)
			if test.variables[envDialect] == "extension" {
				want.own.dialect = agent.DialectExtension
			}
			all := cmp.AllowUnexported(settings{}, prefetch{}, ownSettings{}, tokenSetting{})
			if diff := cmp.Diff(want, got, all); err != nil || diff != "" {
				t.Errorf("error %v, settings (-want +got):\n%s", err, diff)
			}
		})
	}
}

// Both forms say the same.
func TestForms(t *testing.T) {
	t.Parallel()
	const own = "[irsa]\nhealth_listen = \"off\"\n"
	flat, nested := defaults(), defaults()
	err := flat.read("flat", []byte(`log_level = "WARN"
log_to_file = false
http_port = "0"
max_conn = 10
ttl_seconds = "0"
cache_size = 10
ssrf_headers = ["X-Token"]
ssrf_env_variables = ["T"]
credentials_file_path = "creds"
[prefetch]
cache_buffer_ratio = "0.5"
max_jitter_seconds = 1
secrets = [{ secret_id = "a", role_arn = "arn:aws:iam::111122223333:role/r" }]
filter_tags = [{ key = "x" }, { key = "y", role_arn = "arn:aws:iam::111122223333:role/r" }, { key = "z" }]
`+own))
	err2 := nested.read("nested", []byte(`[logging]
log_level = "WARN"
log_to_file = false
[capabilities.secrets_manager]
enabled = true
http_port = 0
max_conn = 10
credentials_file_path = "creds"
cache = { ttl_seconds = 0, cache_size = 10 }
security.ssrf_headers = ["X-Token"]
security.ssrf_env_variables = ["T"]
[capabilities.secrets_manager.prefetch]
cache_buffer_ratio = 0.5
max_jitter_seconds = 1
[[capabilities.secrets_manager.prefetch.secrets]]
secret_id = "a"
role_arn = "arn:aws:iam::111122223333:role/r"
[[capabilities.secrets_manager.prefetch.filter_tags]]
key = "x"
[[capabilities.secrets_manager.prefetch.filter_tags]]
key = "y"
role_arn = "arn:aws:iam::111122223333:role/r"
[[capabilities.secrets_manager.prefetch.filter_tags]]
key = "z"
`+own))
	all := cmp.AllowUnexported(settings{}, prefetch{}, ownSettings{}, tokenSetting{})
	if diff := cmp.Diff(flat, nested, all); err != nil || err2 != nil || diff != "" {
		t.Errorf("errors %v and %v, settings (-flat +nested):\n%s", err, err2, diff)
	}
	if flat.config().TTL >= 0 || flat.healthAddress() != "" || flat.level != slog.LevelWarn || flat.credsFile != "creds" {
		t.Errorf("settings %+v", flat)
	}
	const role = "arn:aws:iam::111122223333:role/r"
	want := prefetch{
		ratio: 0.5, jitter: 1, refs: []string{"a?role_arn=" + role},
		queries: []secrets.Query{{TagKeys: []string{"x", "z"}}, {Role: role, TagKeys: []string{"y"}}},
	}
	if diff := cmp.Diff(want, flat.prefetch, all); diff != "" {
		t.Errorf("prefetch (-want +got):\n%s", diff)
	}
}

func TestHealthAddress(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]settings{
		"127.0.0.1:2774": defaults(),
		"127.0.0.1:0":    {port: 0},
		":9090":          {own: ownSettings{health: ":9090"}},
		"":               {own: ownSettings{health: "off"}},
	} {
		if got := s.healthAddress(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLogger(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]bool{"none": false, "error": false, "Warn": true, "debug": true} {
		s := defaults()
		if !s.setLevel(level) {
			t.Errorf("there is no level %s", level)
		}
		var b bytes.Buffer
		s.logger(&b).Warn("hear, hear")
		if got := b.Len() > 0; got != want {
			t.Errorf("at %s a warning is logged: %t", level, got)
		}
	}
}

func TestTokenOfEnvironment(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	discard := slog.New(slog.DiscardHandler)
	s := defaults()
	s.own.tokenFile = dir + "/minted"
	good := map[string]map[string]string{
		"minted":             nil,
		"a value":            {"AWS_SESSION_TOKEN": "abc"},
		"a file to be made":  {"AWS_TOKEN": "file://" + dir + "/new"},
		"the first that set": {"AWS_TOKEN": "abc", "AWS_SESSION_TOKEN": ""},
	}
	for name, variables := range good {
		if tokens, err := s.readTokens(env(variables), discard); err != nil || len(tokens) != 1 {
			t.Errorf("%s: %d tokens, error %v", name, len(tokens), err)
		}
	}
	_, err := s.readTokens(env(map[string]string{"AWS_TOKEN": "", "AWS_SESSION_TOKEN": "abc"}), discard)
	if err == nil || !strings.HasPrefix(err.Error(), `Could not read SSRF token variable(s) ["AWS_TOKEN", "AWS_SESSION_TOKEN", `) {
		t.Errorf("a variable that is set and empty: %v", err)
	}
	s.own.tokenFile = dir + "/nowhere/token"
	if _, err := s.readTokens(env(nil), discard); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no volume: %v", err)
	}
}
