package credentials

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/irsakit/irsa/policy"
)

// AssumeRoleError is STS's refusal of a role session, or the lack of an answer.
// It is [ErrIdentity], [ErrDenied], [ErrConfiguration] or [ErrUnavailable], and
// wraps the SDK's error: errors.As finds the smithy.APIError. Its text leaves
// out STS's message, which may quote what was sent.
type AssumeRoleError struct {
	RoleARN string
	// Hop counts the hops from 1, in the order in which they are made. Zero is
	// the session that the token gives.
	Hop int
	// Caller is the ARN of who asked for a hop. Empty: not known, or none.
	Caller string
	// Region whose STS was asked last.
	Region string
	// Stage is where STS stopped; policy.NoStage if it judged neither the token
	// nor the trust policy.
	Stage policy.Stage
	// Code and RequestID are STS's; empty if there was no answer.
	Code      string
	RequestID string
	// Token is what the token claims that was presented; zero for a hop.
	Token Token
	// Fault says which document in which account to change, with the statement
	// to add for a trust policy. Nil if there is nothing to change.
	Fault *policy.Fault
	// CallerFault is the other half of a refused hop: what the caller's own
	// policies must allow. Nil if STS says that they are not why.
	CallerFault *policy.Fault

	verdict verdict
	err     error
}

func (e *AssumeRoleError) isTerminal() bool   { return e.verdict.terminal }
func (e *AssumeRoleError) judgement() verdict { return e.verdict }

// Error says what happened and what to do about it.
func (e *AssumeRoleError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "credentials: assume role %q", e.RoleARN)
	if e.Hop > 0 {
		fmt.Fprintf(&b, " (hop %d)", e.Hop)
	}
	if e.Caller != "" {
		fmt.Fprintf(&b, " as %q", e.Caller)
	}
	b.WriteString(": " + outcome(e.Code, e.RequestID, e.err))
	for _, f := range []*policy.Fault{e.Fault, e.CallerFault} {
		if f == nil {
			continue
		}
		b.WriteString(": " + sentence(f.Problem, f.Remedy))
		if f.Statement != nil {
			b.WriteString(": " + f.Statement.Compact())
		}
	}
	return b.String()
}

// Unwrap returns the sentinel and the SDK's error.
func (e *AssumeRoleError) Unwrap() []error { return causes(e.verdict.kind, e.err) }

// RetryableError reports false. It keeps the SDK's service clients, which take
// a refusal of credentials for one of their own request, from repeating what
// has been retried already.
func (e *AssumeRoleError) RetryableError() bool { return false }

// outcome is what STS answered, or that it did not.
func outcome(code, requestID string, err error) string {
	switch {
	case code != "" && requestID != "":
		return fmt.Sprintf("STS answers %s (request %s)", code, requestID)
	case code != "":
		return fmt.Sprintf("STS answers %s", code)
	}
	return silence(err)
}

// silence describes the lack of an answer. What could not be sent may be told
// with the URL, or that of a proxy with its password; below the level of HTTP
// there is neither.
func silence(err error) string {
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		// The decoder's error may quote the answer.
		return "the answer is not STS's"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer from STS in time"
	}
	if !is[*smithyhttp.RequestSendError](err) {
		return err.Error()
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return "no answer from STS: " + e.Error()
	}
	return "no answer from STS: " + netWords(err)
}

// reply is an answer of STS that is an error.
type reply struct {
	code      string // without "Exception"
	message   string
	requestID string
	status    int // of HTTP; 0 if not known
}

// readReply takes the SDK's error apart. It reports false if there was no
// answer.
func readReply(err error) (reply, bool) {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return reply{}, false
	}
	r := reply{code: strings.TrimSuffix(api.ErrorCode(), "Exception"), message: api.ErrorMessage()}
	if e, ok := errors.AsType[interface {
		error
		ServiceRequestID() string
	}](err); ok {
		r.requestID = e.ServiceRequestID()
	}
	if e, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](err); ok {
		r.status = e.HTTPStatusCode()
	}
	return r, true
}
