package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/policy"
)

// AssumeRoleError is STS's refusal of a role session, or the lack of an answer.
// It is [ErrIdentity], [ErrDenied], [ErrConfiguration] or [ErrUnavailable], and
// wraps the SDK's error: errors.As finds the smithy.APIError. Its text leaves
// out STS's message, which may quote what was sent.
type AssumeRoleError struct {
	RoleARN string
	// Stage is where STS stopped; policy.NoStage if it did not judge the token.
	Stage policy.Stage
	// Code and RequestID are STS's; empty if there was no answer.
	Code      string
	RequestID string
	// Token is what the token claims that was presented.
	Token Token
	// Fault says which document in which account to change, with the statement
	// to add for a trust policy. Nil if there is nothing to change.
	Fault *policy.Fault

	kind     error // sentinel
	terminal bool  // asking again gives the same answer
	err      error
}

// Error says what happened and what to do about it.
func (e *AssumeRoleError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "credentials: assume role %q: ", e.RoleARN)
	switch {
	case e.Code != "" && e.RequestID != "":
		fmt.Fprintf(&b, "STS answers %s (request %s)", e.Code, e.RequestID)
	case e.Code != "":
		fmt.Fprintf(&b, "STS answers %s", e.Code)
	default:
		b.WriteString(silence(e.err))
	}
	if f := e.Fault; f != nil {
		b.WriteString(": " + sentence(f.Problem, f.Remedy))
		if s := compact(f.Statement); s != "" {
			b.WriteString(": " + s)
		}
	}
	return b.String()
}

// Unwrap returns the sentinel and the SDK's error.
func (e *AssumeRoleError) Unwrap() []error { return causes(e.kind, e.err) }

// RetryableError reports false. It keeps the SDK's service clients, which take
// a refusal of credentials for one of their own request, from repeating what
// has been retried already.
func (e *AssumeRoleError) RetryableError() bool { return false }

// silence describes the lack of an answer.
func silence(err error) string {
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		// The decoder's error may quote the answer.
		return "the answer is not STS's"
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer from STS in time"
	}
	return err.Error()
}

func compact(s *policy.Statement) string {
	if s == nil {
		return ""
	}
	text, err := json.Marshal(s)
	if err != nil {
		return ""
	}
	return string(text)
}

// verdict is what an answer of STS means.
type verdict struct {
	kind     error
	terminal bool // not worth repeating within seconds
	stage    policy.Stage
}

// judge classes an answer by code and message, both as AWS writes them today.
// Only the message tells a missing provider from a bad token: STS says
// InvalidIdentityToken to both.
func judge(code, message string, status int) verdict {
	message = strings.ToLower(message)
	switch code {
	case "AccessDenied":
		return verdict{ErrDenied, true, policy.TrustStage}
	case "ExpiredToken":
		return verdict{ErrIdentity, false, policy.TokenStage}
	case "IDPRejectedClaim":
		return verdict{ErrIdentity, true, policy.TokenStage}
	case "InvalidIdentityToken":
		return judgeToken(message)
	case "RegionDisabled", "MalformedPolicyDocument", "PackedPolicyTooLarge":
		return verdict{ErrConfiguration, true, policy.NoStage}
	case "ValidationError":
		return verdict{ErrConfiguration, false, policy.NoStage}
	case "IDPCommunicationError", "InternalFailure", "RequestTimeout":
		return verdict{ErrUnavailable, false, policy.NoStage}
	}
	_, throttled := retry.DefaultThrottleErrorCodes[code]
	if refused := status >= 400 && status < 500; refused && !throttled {
		return verdict{ErrConfiguration, false, policy.NoStage}
	}
	return verdict{ErrUnavailable, false, policy.NoStage}
}

func judgeToken(message string) verdict {
	switch {
	case strings.Contains(message, "verification key"):
		return verdict{ErrUnavailable, false, policy.NoStage}
	case strings.Contains(message, "openidconnect provider"), strings.Contains(message, "thumbprint"):
		return verdict{ErrIdentity, true, policy.ProviderStage}
	case strings.Contains(message, "audience"):
		return verdict{ErrIdentity, true, policy.AudienceStage}
	}
	return verdict{ErrIdentity, true, policy.TokenStage}
}

// refusal makes the error of a call that gave no session.
func refusal(roleARN string, role policy.ARN, t Token, err error) *AssumeRoleError {
	e := &AssumeRoleError{RoleARN: roleARN, Token: t, kind: ErrUnavailable, err: err}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return e
	}
	e.Code = strings.TrimSuffix(api.ErrorCode(), "Exception")
	v := judge(e.Code, api.ErrorMessage(), e.readResponse())
	e.kind, e.terminal, e.Stage = v.kind, v.terminal, v.stage
	e.Fault = explain(e, role, api.ErrorMessage())
	return e
}

// readResponse notes the request id and returns the HTTP status.
func (e *AssumeRoleError) readResponse() int {
	if r, ok := errors.AsType[interface {
		error
		ServiceRequestID() string
	}](e.err); ok {
		e.RequestID = r.ServiceRequestID()
	}
	if r, ok := errors.AsType[interface {
		error
		HTTPStatusCode() int
	}](e.err); ok {
		return r.HTTPStatusCode()
	}
	return 0
}
