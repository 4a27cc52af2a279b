package credentials

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
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
	// RoleARN and TokenFile select web identity explicitly, before anything in
	// the environment; both or neither. Empty: the environment decides.
	RoleARN   string
	TokenFile string
	// SessionName is the role session's name, [\w+=,.@-]{2,64}. Empty:
	// AWS_ROLE_SESSION_NAME, else built from the token's namespace, service
	// account and pod.
	SessionName string
	// Duration of the session, 15 minutes to 12 hours in whole seconds; the
	// role may allow less. Zero: STS's default, one hour.
	Duration time.Duration
	// Audience that the token must carry. Empty: [DefaultAudience]. Set it if
	// the service account is annotated with another.
	Audience string
	// HTTPClient for STS and for the aws.Config. Nil: the SDK's. AWS_CA_BUNDLE
	// goes into the SDK's client, also a *awshttp.BuildableClient given here;
	// any other client is used as it is, with the roots that it brings.
	HTTPClient aws.HTTPClient
	// RefreshTimeout bounds one refresh with all its retries. Zero: one minute.
	RefreshTimeout time.Duration
	// Logger hears about refreshes that fail while callers are served from the
	// cache. Nil: nobody.
	Logger *slog.Logger
}

func (c Config) audience() string {
	if c.Audience == "" {
		return DefaultAudience
	}
	return c.Audience
}

func (c Config) refreshTimeout() time.Duration {
	if c.RefreshTimeout == 0 {
		return time.Minute
	}
	return c.RefreshTimeout
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

// validate checks what needs neither environment nor files.
func (c Config) validate() error {
	if d := c.Duration; d != 0 && (d < minDuration || d > maxDuration || d%time.Second != 0) {
		return &ConfigError{
			Field:   "Config.Duration",
			Problem: fmt.Sprintf("%v is not a session duration", d),
			Remedy:  fmt.Sprintf("use whole seconds from %v to %v, or zero for STS's default", minDuration, maxDuration),
		}
	}
	if c.RefreshTimeout < 0 {
		return &ConfigError{
			Field:   "Config.RefreshTimeout",
			Problem: fmt.Sprintf("%v is negative", c.RefreshTimeout),
			Remedy:  "use a positive duration, or zero for one minute",
		}
	}
	return nil
}

// environ reads an environment variable; one of only white space is empty.
type environ func(name string) string

// trimmed returns get with white space cut off.
func trimmed(get func(string) string) environ {
	return func(name string) string { return strings.TrimSpace(get(name)) }
}

// set returns those of the names that are set.
func (e environ) set(names ...string) []string {
	var found []string
	for _, name := range names {
		if e(name) != "" {
			found = append(found, name)
		}
	}
	return found
}
