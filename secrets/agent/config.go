package agent

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
)

// Config says what an [Agent] serves, and to whom. Store and Tokens are
// required; the zero of every other field is what AWS's agent does by default.
type Config struct {
	// Store is where the secrets come from. The Agent does not close it.
	Store *secrets.Store
	// Tokens are those that clients prove with that they are no server that was
	// tricked into a request; see [NewToken], [ReadToken] and [MintToken]. Each
	// may have its own lists of secrets and roles.
	Tokens []Token
	// Headers are where a token is looked for, in this order. Nil:
	// [DefaultHeaders].
	Headers []string
	// PathPrefix is what goes before a secret's id in a path. Empty: "/v1/". A
	// prefix without a slash at its end also matches longer words. The routes that
	// have a path of their own win over it.
	PathPrefix string
	// Dialect says which contract the answers follow. Zero: [DialectByRoute].
	Dialect Dialect
	// Hosts are names beside localhost and the addresses of the loopback network
	// under which clients may address the Agent, without port. Nil: none.
	Hosts []string

	// Roles are patterns of the ARNs of the roles that requests may name, "*"
	// standing for any characters. Nil: every role, but for a token that has a
	// list of secrets and none of roles: for ARNs alone.
	Roles []string
	// MaxRoles bounds how many roles are in use. One that nobody has used for an
	// hour makes room. Zero: 20. Negative: requests name no role, and roleArn is
	// an unknown parameter, as before version 2.1 of AWS's agent.
	MaxRoles int
	// MaxConns is how many connections are served at a time; two more are served
	// /ping. Zero: 800.
	MaxConns int

	// TTL is how old a value may be when it is answered: a read of an older one
	// waits for a fetch. It should not be less than the Store's TTL, after which
	// that begins to fetch behind reads. Values younger than a second are always
	// answered. Zero: five minutes. Negative: a second.
	TTL time.Duration
	// RefreshWait is how long a read waits for the fetch of a value that is too
	// old before it is answered the old one, which the Store holds for no longer
	// than its MaxStale. Zero: three seconds.
	RefreshWait time.Duration
	// ReportTransient has reads of a value that is too old answered with the
	// error, if the fetch fails for a reason that may pass, and not with the
	// value. It is the ignore_transient_errors = false of AWS's agent.
	ReportTransient bool

	// Declared are references, as for [secrets.ParseRef], that [Agent.Load]
	// reads, that are kept fresh by timer, and without which the Agent is not
	// ready. Nil: it is ready at once.
	Declared []string

	// ConnLifetime is after which time a connection is cut, whatever it does.
	// Zero: 61 seconds.
	ConnLifetime time.Duration
	// HeaderTimeout bounds the time that a client takes to send a request. Zero:
	// ten seconds.
	HeaderTimeout time.Duration
	// DrainTimeout is how long [Agent.Serve] waits at its end for requests under
	// way. Zero: ten seconds.
	DrainTimeout time.Duration

	// Provider is whom the page and [Agent.Snapshot] show as the pod's identity,
	// mostly a [credentials.Provider]. Nil: none is shown.
	Provider Provider
	// Fetches is what counts the fetches of Store, for Snapshot. Nil: they are
	// not counted.
	Fetches *Fetches
	// Logger hears what clients are not told: the reasons for failures, and
	// requests that were refused for where they came from. Of lines that are
	// alike, as those about one secret, it hears three in a minute, and with the
	// next line after that how many were left out. Nil: nobody.
	Logger *slog.Logger
}

// Provider says whose the credentials are that a Store has, and what has become of
// them. A [credentials.Provider] is one; another's Identity may have no more than a
// Source, and its Stats no more than a session.
type Provider interface {
	Identity() (credentials.Identity, bool)
	Stats() credentials.Stats
}

// DefaultHeaders returns the headers in which AWS's agent looks for a token.
func DefaultHeaders() []string { return []string{"X-Aws-Parameters-Secrets-Token", "X-Vault-Token"} }

// Dialect is a contract between clients and the Agent.
type Dialect uint8

// The dialects.
const (
	// DialectByRoute answers each route as the program does that has it: secrets
	// as AWS's agent, parameters as its Lambda extension.
	DialectByRoute Dialect = iota
	// DialectAgent is AWS's agent; there are no parameters.
	DialectAgent
	// DialectExtension is the Lambda extension, in whose form secrets are
	// answered as well.
	DialectExtension
)

var dialects = [...]string{"route", "agent", "extension"}

// String returns "route", "agent" or "extension".
func (d Dialect) String() string {
	if int(d) < len(dialects) {
		return dialects[d]
	}
	return fmt.Sprintf("Dialect(%d)", d)
}

// UnmarshalText reads what String returns.
func (d *Dialect) UnmarshalText(text []byte) error {
	i := slices.Index(dialects[:], string(text))
	if i < 0 {
		return &ConfigError{"Dialect", fmt.Sprintf("is none of %s", strings.Join(dialects[:], ", "))}
	}
	*d = Dialect(i)
	return nil
}

// ConfigError is a setting that cannot be used. It is
// [secrets.ErrConfiguration].
type ConfigError struct {
	Field   string // "Config.Tokens"
	Problem string // in words
}

// Error names the setting and the problem.
func (e *ConfigError) Error() string { return "agent: " + e.Field + " " + e.Problem }

// Unwrap returns [secrets.ErrConfiguration].
func (e *ConfigError) Unwrap() error { return secrets.ErrConfiguration }

func (c Config) headers() []string {
	if c.Headers == nil {
		return DefaultHeaders()
	}
	return c.Headers
}

func (c Config) pathPrefix() string { return or(c.PathPrefix, "/v1/") }

func (c Config) maxRoles() int { return or(c.MaxRoles, 20) }

func (c Config) maxConns() int { return or(c.MaxConns, 800) }

func (c Config) ttl() time.Duration { return max(or(c.TTL, 5*time.Minute), time.Second) }

func (c Config) refreshWait() time.Duration { return or(c.RefreshWait, 3*time.Second) }

func (c Config) connLifetime() time.Duration { return or(c.ConnLifetime, 61*time.Second) }

func (c Config) headerTimeout() time.Duration { return or(c.HeaderTimeout, 10*time.Second) }

func (c Config) drainTimeout() time.Duration { return or(c.DrainTimeout, 10*time.Second) }

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// check finds what is missing and what contradicts itself.
func (c Config) check() error {
	switch {
	case c.Store == nil:
		return &ConfigError{"Config.Store", "is nil"}
	case len(c.headers()) == 0:
		return &ConfigError{"Config.Headers", "is empty: no client could prove itself"}
	case !strings.HasPrefix(c.pathPrefix(), "/"):
		return &ConfigError{"Config.PathPrefix", "does not begin with a slash"}
	case c.Dialect > DialectExtension:
		return &ConfigError{"Config.Dialect", "is unknown: " + c.Dialect.String()}
	case c.MaxConns < 0:
		return &ConfigError{"Config.MaxConns", "is negative"}
	}
	for _, h := range c.headers() {
		if !isToken(h) {
			return &ConfigError{"Config.Headers", fmt.Sprintf("has %q, which is no name of a header", h)}
		}
	}
	for _, h := range c.Hosts {
		if _, _, err := net.SplitHostPort(h); err == nil || h == "" || strings.ContainsAny(h, "/[] ") {
			return &ConfigError{"Config.Hosts", fmt.Sprintf("has %q, which is no name; ports and schemes are left out", h)}
		}
	}
	for name, d := range map[string]time.Duration{
		"RefreshWait": c.RefreshWait, "ConnLifetime": c.ConnLifetime,
		"HeaderTimeout": c.HeaderTimeout, "DrainTimeout": c.DrainTimeout,
	} {
		if d < 0 {
			return &ConfigError{"Config." + name, "is negative"}
		}
	}
	for _, ref := range c.Declared {
		if _, err := secrets.ParseRef(ref); err != nil {
			return fmt.Errorf("agent: Config.Declared: %w", err)
		}
	}
	return nil
}

// isToken reports whether s is a token of HTTP (RFC 9110, section 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
	})
}

// canonical returns header names as net/http keeps them.
func canonical(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = http.CanonicalHeaderKey(name)
	}
	return out
}
