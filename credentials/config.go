package credentials

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/policy"
)

// DefaultAudience is the audience of the tokens that the EKS webhook projects
// for AWS (EKS User Guide, "IAM roles for service accounts").
const DefaultAudience = "sts.amazonaws.com"

// The bounds of a role session's duration (STS API Reference,
// AssumeRoleWithWebIdentity, DurationSeconds).
const (
	minDuration = 15 * time.Minute
	maxDuration = 12 * time.Hour
)

// Config says where the identity comes from. The zero Config is right in a
// pod: it takes everything from the environment that the EKS webhook sets.
type Config struct {
	// Region for STS and for the aws.Config. Empty: AWS_REGION, then
	// AWS_DEFAULT_REGION, then the shared config file.
	Region string
	// FallbackRegions are asked for the session, in this order, when the STS of
	// Region does not answer or is switched off for the account. Each refresh
	// begins with Region. They are not used with an endpoint of one's own, or
	// for a hop that names its Region. Empty: none.
	FallbackRegions []string

	// Sources are those that the chain may select from, in order of precedence.
	// Nil: [DefaultSources]. A source that is configured but not listed is
	// reported and not used.
	Sources []Source
	// Profile selects this profile of the shared config files before anything
	// in the environment; one without credentials lends its settings alone.
	// Empty: the chain looks at AWS_PROFILE, else "default".
	Profile string
	// AllowInstanceProfile lets the chain end with the node's own role, which
	// every pod on the node shares, and lets a profile name it. False: never.
	AllowInstanceProfile bool

	// RoleARN and TokenFile select web identity explicitly, before anything in
	// the environment; both or neither. Empty: the environment decides.
	RoleARN   string
	TokenFile string
	// SessionName is the role session's name, [\w+=,.@-]{2,64}. Empty:
	// AWS_ROLE_SESSION_NAME, else built from the token's namespace, service
	// account and pod: the same at each refresh, with illegal characters replaced
	// and what is too long cut off, both made up for by a digest.
	SessionName string
	// Duration of the web identity session, 15 minutes to 12 hours in whole
	// seconds. If the role allows less, one hour is asked for instead, and
	// reported. Zero: STS's default, one hour.
	Duration time.Duration
	// Audience that the token must carry. Empty: [DefaultAudience]. Set it if
	// the service account is annotated with another.
	Audience string
	// SessionPolicy and PolicyARNs narrow the web identity session. With another
	// source they are an error, since its sessions cannot be narrowed. Hops start
	// from the narrowed session, which must still allow sts:AssumeRole, and have
	// session policies of their own. Nil: no narrowing.
	SessionPolicy *policy.Document
	PolicyARNs    []string

	// Hops are the roles to assume from there, in order; the last is who the
	// pod is. Empty: none.
	Hops []Hop
	// Expect is compared with what STS answers, before anyone gets the
	// credentials. Zero: anything will do.
	Expect Expect
	// VerifyCaller asks STS GetCallerIdentity after the first refresh, and
	// compares its answer too. False: the answer that brought the credentials
	// is believed. Where the last session's source does not say whose it is
	// (environment keys, container endpoints, profiles without a role), Expect
	// needs it, and STS is asked after each refresh.
	VerifyCaller bool

	// Refresh tunes when and how credentials are renewed. Zero: in the
	// background.
	Refresh Refresh
	// Pool shares sessions with other Providers. Nil: shared with nobody.
	Pool *Pool

	// HTTPClient for STS and for the aws.Config. Nil: the SDK's. AWS_CA_BUNDLE
	// goes into the SDK's client, also a *awshttp.BuildableClient given here;
	// any other client is used as it is, with the roots that it brings.
	// Container endpoints and the instance metadata service are asked past any
	// proxy; the client serves them only if it is not made of an http.Transport.
	HTTPClient aws.HTTPClient
	// Logger hears about selection conflicts, refreshes, failures that callers
	// do not see, overdue token rotation and service past expiry. Nil: nobody.
	Logger *slog.Logger
}

// Refresh tunes the renewal of credentials. The zero Refresh is right for
// services.
type Refresh struct {
	// Window is how long before expiry renewal begins. Zero: 5 minutes for
	// lifetimes up to 20 minutes, 15 minutes below 90, else 60. A window as long
	// as the lifetime becomes half of it.
	Window time.Duration
	// OnDemand renews only when a caller asks: the first in the window waits for
	// it. False: a timer renews in the background, spread over part of the
	// window, and no caller waits while credentials are valid.
	OnDemand bool
	// Timeout bounds one renewal with all its attempts. Zero: one minute.
	Timeout time.Duration
	// MaxStale bounds for how long past their expiry credentials are still
	// served while renewal fails for passing reasons. It is always logged and
	// counted. Zero: without bound, as the AWS SDKs agree
	// (aws-sdk-java-v2#7109). Negative: never.
	MaxStale time.Duration
}

func (r Refresh) timeout() time.Duration {
	if r.Timeout == 0 {
		return time.Minute
	}
	return r.Timeout
}

// profile is the one that the Config names; empty if it names none.
func (c Config) profile() string { return strings.TrimSpace(c.Profile) }

func (c Config) audience() string {
	if c.Audience == "" {
		return DefaultAudience
	}
	return c.Audience
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

// validate checks what needs neither environment nor files.
func (c Config) validate() error {
	if err := checkDuration("Config.Duration", c.Duration); err != nil {
		return err
	}
	if err := checkSessionName(setting{"Config.SessionName", c.SessionName}); err != nil {
		return err
	}
	for _, s := range []struct {
		field string
		value time.Duration
	}{
		{"Config.Refresh.Timeout", c.Refresh.Timeout},
		{"Config.Refresh.Window", c.Refresh.Window},
	} {
		if s.value < 0 {
			return &ConfigError{
				Field:   s.field,
				Problem: fmt.Sprintf("%v is negative", s.value),
				Remedy:  "use a positive duration, or zero for the default",
			}
		}
	}
	return nil
}

// checkDuration checks the duration of a session; zero is STS's default.
func checkDuration(field string, d time.Duration) error {
	if d == 0 || d >= minDuration && d <= maxDuration && d%time.Second == 0 {
		return nil
	}
	return &ConfigError{
		Field:   field,
		Problem: fmt.Sprintf("%v is not a session duration", d),
		Remedy:  fmt.Sprintf("use whole seconds from %v to %v, or zero for STS's default", minDuration, maxDuration),
	}
}
