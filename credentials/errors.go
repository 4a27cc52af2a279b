package credentials

import (
	"errors"
	"fmt"
	"strings"
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

// TokenProblem is what is wrong with a token.
type TokenProblem string

// The problems of a token.
const (
	TokenMissing           TokenProblem = "there is no such file"
	TokenUnreadable        TokenProblem = "cannot be read"
	TokenNotRegular        TokenProblem = "is not a regular file"
	TokenEmpty             TokenProblem = "is empty"
	TokenTooLarge          TokenProblem = "is too large"
	TokenMalformed         TokenProblem = "is not a JSON Web Token"
	TokenIncomplete        TokenProblem = "lacks a claim"
	TokenNotServiceAccount TokenProblem = "is not a service account's"
	TokenWrongAudience     TokenProblem = "has the wrong audience"
	TokenExpired           TokenProblem = "has expired"
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
