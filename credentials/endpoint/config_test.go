package endpoint_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/endpoint"
)

func TestConfig(t *testing.T) {
	t.Parallel()
	token, err := endpoint.StaticToken(password)
	if err != nil {
		t.Fatal(err)
	}
	roles := func(name string) map[string]aws.CredentialsProvider {
		return map[string]aws.CredentialsProvider{name: stub{}}
	}
	tests := map[string]struct {
		cfg   endpoint.Config
		field string
	}{
		"provider":         {endpoint.Config{Provider: stub{}, Token: token}, ""},
		"roles":            {endpoint.Config{Roles: roles("Billing_2-x"), Token: token}, ""},
		"nothing to serve": {endpoint.Config{Token: token}, "endpoint.Config.Provider"},
		"no token":         {endpoint.Config{Provider: stub{}}, "endpoint.Config.Token"},
		"nil role":         {endpoint.Config{Roles: map[string]aws.CredentialsProvider{"a": nil}, Token: token}, "endpoint.Config.Roles"},
		"empty name":       {endpoint.Config{Roles: roles(""), Token: token}, "endpoint.Config.Roles"},
		"slash":            {endpoint.Config{Roles: roles("a/b"), Token: token}, "endpoint.Config.Roles"},
		"dots":             {endpoint.Config{Roles: roles(".."), Token: token}, "endpoint.Config.Roles"},
		"line":             {endpoint.Config{Roles: roles("a\n"), Token: token}, "endpoint.Config.Roles"},
		"long":             {endpoint.Config{Roles: roles(strings.Repeat("x", 65)), Token: token}, "endpoint.Config.Roles"},
		"wait":             {endpoint.Config{Provider: stub{}, Token: token, Wait: -1}, "endpoint.Config.Wait"},
		"renewal":          {endpoint.Config{Provider: stub{}, Token: token, RenewAt: -1}, "endpoint.Config.RenewAt"},
		"lifetime":         {endpoint.Config{Provider: stub{}, Token: token, MinLifetime: -time.Hour}, "endpoint.Config.MinLifetime"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := endpoint.New(test.cfg)
			e, ok := errors.AsType[*credentials.ConfigError](err)
			switch {
			case test.field == "" && err != nil:
				t.Error(err)
			case test.field != "" && (!ok || e.Field != test.field || e.Remedy == ""):
				t.Errorf("error %v, want one of %s", err, test.field)
			}
		})
	}
}

// What the caller does to its settings later is without effect.
func TestSettingsAreCopied(t *testing.T) {
	t.Parallel()
	cfg := endpoint.Config{Hosts: []string{"sidecar.test:9911"}, Roles: map[string]aws.CredentialsProvider{"a": stub{creds: lasting(time.Hour)}}}
	s := newServer(t, cfg)
	cfg.Hosts[0], cfg.Roles["b"] = "evil.example:9911", cfg.Roles["a"]
	for host, want := range map[string]int{"sidecar.test:9911": 200, "evil.example:9911": 403} {
		r := newRequest(t.Context(), endpoint.PathRole+"a")
		r.Host = host
		if got := answerTo(t, s, r); got.Status != want {
			t.Errorf("Host %s: %d %s", host, got.Status, got.Code)
		}
	}
	if got := ask(t, s, endpoint.PathRole+"b"); got.Status != 404 {
		t.Errorf("a role that came later: %d", got.Status)
	}
}
