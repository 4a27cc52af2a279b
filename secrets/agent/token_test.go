package agent_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
)

func TestNewToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		value string
		ok    bool
	}{
		"plain":           {"tok", true},
		"space inside":    {"a b", true},
		"tab inside":      {"a\tb", true},
		"session token":   {"IQoJb3JpZ2luX2Vj//////////wEaCXVzLWVhc3Qt==", true},
		"empty":           {"", false},
		"newline behind":  {"tok\n", false},
		"space before":    {" tok", false},
		"newline inside":  {"a\nb", false},
		"NUL":             {"a\x00", false},
		"only a newline":  {"\n", false},
		"delete":          {"a\x7fb", false},
		"letters of UTF8": {"tök", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := agent.NewToken(test.value)
			if (err == nil) != test.ok || err != nil && !errors.Is(err, secrets.ErrConfiguration) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestTwoTokens is a request with a token in each header: the first header counts,
// and the second where that has none.
func TestTwoTokens(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(s *setup) {
		narrow := token(t, "narrow")
		narrow.Secrets = []string{"a"}
		s.agent.Tokens = append(s.agent.Tokens, narrow)
	})
	const first, second = "X-Aws-Parameters-Secrets-Token: ", "X-Vault-Token: "
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"narrow first": {[]string{second + tok, first + "narrow"}, 400},
		"wide first":   {[]string{second + "narrow", first + tok}, 200},
		"wrong first":  {[]string{first + "wrong", second + tok}, 200},
		"both wrong":   {[]string{first + "wrong", second + "wrong"}, 403},
	} {
		if got := r.ask(t, "GET", "/v1/db/main", test.headers...); got.Status != test.status {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestConfig covers the settings that cannot be used.
func TestConfig(t *testing.T) {
	t.Parallel()
	store := sourceStore(t, nil)
	good := agent.Config{Store: store, Tokens: []agent.Token{token(t, tok)}}
	with := func(change func(*agent.Config)) agent.Config { c := good; change(&c); return c }
	for name, test := range map[string]struct {
		config agent.Config
		want   string
	}{
		"good":         {good, ""},
		"no store":     {with(func(c *agent.Config) { c.Store = nil }), "Config.Store is nil"},
		"no token":     {with(func(c *agent.Config) { c.Tokens = nil }), "Config.Tokens is empty"},
		"zero token":   {with(func(c *agent.Config) { c.Tokens = make([]agent.Token, 1) }), "Config.Tokens[0] is the zero Token"},
		"token twice":  {with(func(c *agent.Config) { c.Tokens = append(c.Tokens, c.Tokens...) }), "Config.Tokens[1] is the same"},
		"no headers":   {with(func(c *agent.Config) { c.Headers = []string{} }), "Config.Headers is empty"},
		"empty header": {with(func(c *agent.Config) { c.Headers = []string{""} }), "no name of a header"},
		"bad header":   {with(func(c *agent.Config) { c.Headers = []string{"X Token"} }), "no name of a header"},
		"prefix":       {with(func(c *agent.Config) { c.PathPrefix = "v1/" }), "Config.PathPrefix"},
		"dialect":      {with(func(c *agent.Config) { c.Dialect = 9 }), "Config.Dialect is unknown: Dialect(9)"},
		"connections":  {with(func(c *agent.Config) { c.MaxConns = -1 }), "Config.MaxConns"},
		"time":         {with(func(c *agent.Config) { c.DrainTimeout = -1 }), "Config.DrainTimeout is negative"},
		"declared":     {with(func(c *agent.Config) { c.Declared = []string{"a b"} }), "Config.Declared"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made, err := agent.New(test.config)
			if test.want == "" {
				if err != nil || made.Close() != nil || made.Close() != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, secrets.ErrConfiguration) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestDialect(t *testing.T) {
	t.Parallel()
	for _, d := range []agent.Dialect{agent.DialectByRoute, agent.DialectAgent, agent.DialectExtension} {
		var again agent.Dialect
		if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d {
			t.Errorf("%v: %v, %v", d, again, err)
		}
	}
	var d agent.Dialect
	if err := d.UnmarshalText([]byte("lambda")); !errors.Is(err, secrets.ErrConfiguration) {
		t.Error(err)
	}
}
