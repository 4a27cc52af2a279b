package credentials

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/policy"
)

// words divides an error into what was seen and what to do about it.
func words(err error) (evidence, fix string) {
	switch e := err.(type) {
	case *ConfigError:
		return e.Field + ": " + e.Problem, e.Remedy
	case *NoSourceError:
		return noSource(e), injectionFix
	case *TokenError:
		return tokenWords(e), e.Remedy
	case *AssumeRoleError:
		return roleWords(e)
	case *NoCredentialsError:
		if evidence, fix = words(e.err); fix == "" && errors.Is(e, ErrUnavailable) {
			fix = silenceFix
		}
		return evidence, fix
	case *ContainerError:
		bare := *e
		bare.Remedy = ""
		return textOf(&bare), e.Remedy
	case *SourceError:
		bare := *e
		bare.Remedy = ""
		return textOf(&bare), e.Remedy
	case *MismatchError:
		return fmt.Sprintf("%s: want %s, STS answers %s", e.Field, quote(e.Want), quote(e.Got)),
			"look which role the service account is annotated with, and which was meant"
	case interface{ Unwrap() []error }:
		if all := e.Unwrap(); !isSentinel(all[0]) {
			return joined(all)
		}
	}
	if inner := errors.Unwrap(err); inner != nil && known(inner) {
		return words(inner)
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrUnavailable) {
		fix = silenceFix
	}
	return plain(err), fix
}

// textOf is an error's text without the package's name.
func textOf(err error) string { return strings.TrimPrefix(err.Error(), "credentials: ") }

// silenceFix is for when nothing says what to change.
const silenceFix = "look at the address, connection and clock of STS in this report; if they are well, try again later"

// known reports whether words has more to say of an error than its text.
func known(err error) bool {
	for _, is := range []func(error) bool{
		is[*ConfigError], is[*NoSourceError], is[*TokenError], is[*AssumeRoleError],
		is[*NoCredentialsError], is[*ContainerError], is[*SourceError], is[*MismatchError],
	} {
		if is(err) {
			return true
		}
	}
	return false
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// isSentinel reports whether an error is one of the package's own names.
func isSentinel(err error) bool {
	switch err {
	case ErrConfiguration, ErrIdentity, ErrDenied, ErrUnavailable, ErrClosed:
		return true
	}
	return false
}

// joined is for several errors at once.
func joined(all []error) (evidence, fix string) {
	var seen, todo []string
	for _, err := range all {
		e, f := words(err)
		seen = append(seen, e)
		if f != "" {
			todo = append(todo, f)
		}
	}
	return strings.Join(seen, "; "), strings.Join(todo, "; ")
}

func noSource(e *NoSourceError) string {
	reasons := make([]string, len(e.Candidates))
	for i, c := range e.Candidates {
		reasons[i] = fmt.Sprintf("%s: %s", c.Source, c.Reason)
	}
	return "no source of credentials is configured: " + strings.Join(reasons, "; ")
}

func tokenWords(e *TokenError) string {
	text := "the token " + string(e.Problem)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

func roleWords(e *AssumeRoleError) (evidence, fix string) {
	bare := *e
	bare.Fault, bare.CallerFault = nil, nil
	seen := []string{textOf(&bare)}
	var todo []string
	for _, f := range []*policy.Fault{e.Fault, e.CallerFault} {
		if f == nil {
			continue
		}
		seen = append(seen, f.Problem)
		if f.Statement != nil {
			todo = append(todo, f.Remedy+": "+f.Statement.Compact())
		} else if f.Remedy != "" {
			todo = append(todo, f.Remedy)
		}
	}
	if len(todo) == 0 && errors.Is(e, ErrUnavailable) {
		todo = []string{silenceFix}
	}
	return strings.Join(seen, ": "), strings.Join(todo, "; ")
}

// netWords says why the network did not answer, without quoting addresses that
// a proxy's password may be part of.
func netWords(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "the request was ended"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "no route to it"
	case is[*net.DNSError](err):
		e, _ := errors.AsType[*net.DNSError](err)
		return fmt.Sprintf("the name %s does not resolve: %s", quote(e.Name), e.Err)
	case is[x509.UnknownAuthorityError](err):
		return "its certificate is signed by an authority that this machine does not know"
	case is[x509.HostnameError](err):
		return "its certificate is for another host"
	case is[x509.CertificateInvalidError](err):
		return "its certificate is not valid"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before there was an answer"
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return fmt.Sprintf("%s: %v", e.Op, e.Err)
	}
	return "the request did not succeed"
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// moment is a time as evidence shows it.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// brief is a duration as evidence shows it.
func brief(d time.Duration) string {
	switch {
	case d.Abs() >= time.Minute:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	case d.Abs() >= time.Second:
		return d.Round(time.Second).String()
	}
	return d.Round(10 * time.Microsecond).String()
}

// plain is the text of an error that is none of ours. That of a decoder may
// quote what it could not decode.
func plain(err error) string {
	switch {
	case is[*smithy.DeserializationError](err):
		return "the answer is not AWS's"
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	}
	return textOf(err)
}
