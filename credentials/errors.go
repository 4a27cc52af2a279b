package credentials

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// What a caller may ask of an error with errors.Is. Every error of this package
// other than a caller's own context error is one of them.
var (
	// ErrConfiguration: the settings are missing, incomplete or malformed, or
	// STS refuses them. Someone must change them; retrying does not help.
	ErrConfiguration = errors.New("credentials: bad configuration")
	// ErrIdentity: the pod's token cannot be read or does not prove an identity
	// to the role's account.
	ErrIdentity = errors.New("credentials: identity not established")
	// ErrDenied: STS knows who asks and does not let it into the role.
	ErrDenied = errors.New("credentials: role denied")
	// ErrUnavailable: STS or the cluster's issuer did not answer, or asked to
	// come back later.
	ErrUnavailable = errors.New("credentials: service unavailable")
	// ErrClosed: the Provider has been closed.
	ErrClosed = errors.New("credentials: provider closed")
)

// ConfigError is a setting that cannot be used. It is [ErrConfiguration].
type ConfigError struct {
	// Field is the setting: "Config.Region", or an environment variable.
	Field string
	// Problem and Remedy are in words.
	Problem string
	Remedy  string

	err error
}

// Error names the setting, the problem and the remedy.
func (e *ConfigError) Error() string {
	return sentence("credentials: "+e.Field+": "+e.Problem, e.Remedy)
}

// Unwrap returns [ErrConfiguration] and the cause, if there is one.
func (e *ConfigError) Unwrap() []error { return causes(ErrConfiguration, e.err) }

// NoSourceError reports that nothing is configured from which credentials could
// come. It is [ErrConfiguration].
type NoSourceError struct {
	// Candidates are the sources that were looked at, in order.
	Candidates []Candidate
}

// Error lists what was looked at and says how a pod gets here.
func (e *NoSourceError) Error() string {
	var b strings.Builder
	b.WriteString("credentials: no source of credentials is configured: ")
	for i, c := range e.Candidates {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: %s", c.Source, c.Reason)
	}
	b.WriteString(". A pod without these variables was probably admitted without the EKS webhook," +
		" or its service account lacks the annotation eks.amazonaws.com/role-arn;" +
		" variables do not appear later, so put that right and recreate the pod." +
		" The node's own role is never used silently")
	return b.String()
}

// Unwrap returns [ErrConfiguration].
func (e *NoSourceError) Unwrap() error { return ErrConfiguration }

// MismatchError is an identity that is not the one expected. Its credentials
// have been thrown away. It is [ErrIdentity].
type MismatchError struct {
	// Field is "Config.Expect.Account" and so on; the setting of a role, such as
	// AWS_ROLE_ARN or "Config.Hops[0].RoleARN", for a session that is not of that
	// role; "Config.VerifyCaller" if STS's two answers differ.
	Field string
	Want  string
	Got   string
}

// Error names the field, what was wanted and what STS answered.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("credentials: %s: want %q, STS answers %q; the credentials were thrown away", e.Field, e.Want, e.Got)
}

// Unwrap returns [ErrIdentity].
func (e *MismatchError) Unwrap() error { return ErrIdentity }

func (e *MismatchError) isTerminal() bool { return true }

// CallerError is STS's refusal to say whose credentials they are, or the lack
// of an answer, where [Config.VerifyCaller] asks. The credentials are not
// published. It is [ErrIdentity], [ErrDenied], [ErrConfiguration] or
// [ErrUnavailable], and wraps the SDK's error.
type CallerError struct {
	// Code and RequestID are STS's; empty if there was no answer.
	Code      string
	RequestID string

	verdict verdict
	err     error
}

func (e *CallerError) isTerminal() bool   { return e.verdict.terminal }
func (e *CallerError) judgement() verdict { return e.verdict }

// Error says what STS answered.
func (e *CallerError) Error() string {
	return "credentials: verify caller: " + outcome(e.Code, e.RequestID, e.err)
}

// Unwrap returns the sentinel and the SDK's error.
func (e *CallerError) Unwrap() []error { return causes(e.verdict.kind, e.err) }

// RetryableError reports false, as that of [AssumeRoleError] does.
func (e *CallerError) RetryableError() bool { return false }

// NoCredentialsError reports that there are no credentials to give, and why none
// could be had. It is what its cause is; a cause that is nothing of this
// package's makes it [ErrUnavailable].
type NoCredentialsError struct {
	// Expired is when the last credentials ended, which are too old for
	// [Refresh].MaxStale. Zero: there never were any.
	Expired time.Time

	err error
}

// Error gives the cause.
func (e *NoCredentialsError) Error() string {
	text := "credentials: none yet: "
	if !e.Expired.IsZero() {
		text = fmt.Sprintf("credentials: those at hand expired at %s: ", e.Expired.UTC().Format(time.RFC3339))
	}
	return text + strings.TrimPrefix(e.err.Error(), "credentials: ")
}

// Unwrap returns the cause, and [ErrUnavailable] if that is no other sentinel.
func (e *NoCredentialsError) Unwrap() []error {
	if sentinel := class(e.err); !errors.Is(e.err, sentinel) {
		return causes(sentinel, e.err)
	}
	return []error{e.err}
}

// RetryableError reports false. It keeps the SDK's service clients, which take
// a lack of credentials for a failure of their own request, from repeating what
// has been retried already.
func (e *NoCredentialsError) RetryableError() bool { return false }

// LifetimeError reports that credentials cannot last as long as
// [Provider.RetrieveMin] was asked for. It is what kept newer ones away is,
// mostly [ErrUnavailable]; if the source does not give more, it is
// [ErrConfiguration].
type LifetimeError struct {
	Want time.Duration
	// Got is the lifetime that the best credentials at hand have left.
	Got time.Duration

	kind error
	err  error
}

// Error says what was wanted and what there is.
func (e *LifetimeError) Error() string {
	text := fmt.Sprintf("credentials: want credentials that last %v, those at hand last %v", e.Want, e.Got.Round(time.Second))
	if e.err != nil {
		text += ": " + e.err.Error()
	}
	return text
}

// Unwrap returns the sentinel and what kept newer credentials away, if that is
// known.
func (e *LifetimeError) Unwrap() []error { return causes(e.kind, e.err) }

// TokenProblem is what is wrong with a token.
type TokenProblem string

// The problems of a token.
const (
	TokenMissing           TokenProblem = "does not exist"
	TokenUnreadable        TokenProblem = "cannot be read"
	TokenNotRegular        TokenProblem = "is not a regular file"
	TokenEmpty             TokenProblem = "is empty"
	TokenTooLarge          TokenProblem = "is too large"
	TokenMalformed         TokenProblem = "is not a JSON Web Token"
	TokenIncomplete        TokenProblem = "lacks a claim"
	TokenNotServiceAccount TokenProblem = "is not a service account's"
	TokenWrongAudience     TokenProblem = "has the wrong audience"
	TokenExpired           TokenProblem = "has expired"
	TokenNotHeader         TokenProblem = "has a line break or another control character inside"
)

// TokenError is a token that STS would refuse, or that cannot be read in the
// first place. It is [ErrIdentity], and os.ErrNotExist or os.ErrPermission if
// that is why the file cannot be read. It never contains the token.
type TokenError struct {
	// Path of the file; empty if the token was not read from one.
	Path    string
	Problem TokenProblem
	// Detail and Remedy are in words; each may be empty.
	Detail string
	Remedy string

	err error
}

// Error names the file, the problem and the remedy.
func (e *TokenError) Error() string {
	text := "credentials: token "
	if e.Path != "" {
		text += fmt.Sprintf("%q ", e.Path)
	}
	text += string(e.Problem)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return sentence(text, e.Remedy)
}

// Unwrap returns [ErrIdentity] and the operating system's error, if there is
// one.
func (e *TokenError) Unwrap() []error { return causes(ErrIdentity, e.err) }

// sentence appends a remedy to a problem.
func sentence(problem, remedy string) string {
	if remedy == "" {
		return problem
	}
	return problem + "; " + remedy
}

// causes lists a sentinel and what else is known.
func causes(sentinel, err error) []error {
	if err == nil {
		return []error{sentinel}
	}
	return []error{sentinel, err}
}
