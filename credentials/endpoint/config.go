package endpoint

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/internal/lazyregexp"
)

// Where a [Server] has what.
const (
	PathCredentials = "/credentials"
	PathRole        = "/role/"
	PathReady       = "/ready"
)

// Config says what a [Server] serves, and to whom.
type Config struct {
	// Provider is served at [PathCredentials]. It is mostly a
	// *[credentials.Provider]; any other must cache by itself. The caller closes
	// it after the Server is done. Nil: nothing is served there.
	Provider aws.CredentialsProvider
	// Roles are served at [PathRole] and their name, [A-Za-z0-9_-]{1,64}: for a
	// pod whose programs need several identities. One of Provider and Roles is
	// needed.
	Roles map[string]aws.CredentialsProvider

	// Token is what clients must send. Required.
	Token Token
	// Hosts are further values that the Host header may have, as sent: with the
	// port, unless it is 80. Nil: only localhost, loopback addresses and the
	// address that the client has connected to, with its port. Through a unix
	// socket every value will do.
	Hosts []string
	// AllowRemote serves connections at addresses that other machines can reach.
	// They see the token and the keys in clear: put TLS before it. False: loopback,
	// unix sockets and the addresses of the agents of ECS (169.254.170.2) and EKS
	// (169.254.170.23, fd00:ec2::23) only.
	AllowRemote bool

	// RenewAt is when credentials are renewed before they are handed out: when
	// they have less life than this left, or than half of what they had when they
	// were first seen. Where that fails they are handed out all the same. Zero:
	// 15 minutes, within which botocore asks before each of its requests.
	RenewAt time.Duration
	// MinLifetime is how much life credentials have that are handed out. Zero: a
	// minute.
	MinLifetime time.Duration
	// Wait is how long a request waits for credentials. Zero: 800 milliseconds,
	// since the SDK for JavaScript gives up after a second.
	Wait time.Duration

	// Logger hears of what is handed out, with the access key's id, of failures,
	// and of refused requests once a second. Nil: nobody.
	Logger *slog.Logger
}

func (c Config) renewAt() time.Duration     { return cmp.Or(c.RenewAt, 15*time.Minute) }
func (c Config) minLifetime() time.Duration { return cmp.Or(c.MinLifetime, time.Minute) }
func (c Config) wait() time.Duration        { return cmp.Or(c.Wait, 800*time.Millisecond) }

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

// roleName keeps a name one segment of a path that needs no escaping.
var roleName = lazyregexp.New(`^[A-Za-z0-9_-]{1,64}$`)

func (c Config) validate() error {
	wrong := func(field, problem, remedy string) error {
		return &credentials.ConfigError{Field: "endpoint.Config." + field, Problem: problem, Remedy: remedy}
	}
	if c.Provider == nil && len(c.Roles) == 0 {
		return wrong("Provider", "is nil, and there are no Roles", "set one of them")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Roles)) {
		switch {
		case !roleName().MatchString(name):
			return wrong("Roles", fmt.Sprintf("%q is not a name", name), "use up to 64 letters, digits, hyphens and underscores")
		case c.Roles[name] == nil:
			return wrong("Roles", fmt.Sprintf("%q has no provider", name), "give it one or leave it out")
		}
	}
	if c.Token.digest == nil {
		return wrong("Token", "is missing", "make one with FileToken or StaticToken")
	}
	for field, d := range map[string]time.Duration{"RenewAt": c.RenewAt, "MinLifetime": c.MinLifetime, "Wait": c.Wait} {
		if d < 0 {
			return wrong(field, fmt.Sprintf("%v is negative", d), "use a positive duration, or zero for the default")
		}
	}
	return nil
}
