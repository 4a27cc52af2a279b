package agent

import (
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/irsakit/irsa/secrets"
)

// answerTo translates the error of a read into the answer of AWS's agent.
func answerTo(err error, ref secrets.Ref) *answer {
	if p, ok := problemOf(err); ok {
		return p.answer
	}
	if errors.Is(err, secrets.ErrIdentity) {
		// The error that STS has sent is no answer to the request.
		return identityAnswer(err, ref)
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return apiAnswer(api, err)
	}
	if e, ok := errors.AsType[*secrets.RefError](err); ok {
		return refAnswer(e, ref)
	}
	var network net.Error
	var sent *smithyhttp.RequestSendError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return failure(http.StatusGatewayTimeout, "TimeoutError", "Timeout")
	case errors.As(err, &sent):
		return failure(http.StatusBadGateway, "ConnectionError", "Read Error")
	case errors.Is(err, secrets.ErrUnavailable):
		return failure(http.StatusBadGateway, "ConnectionError", "Response Error")
	default:
		return internal
	}
}

// apiAnswer passes on what AWS has said.
func apiAnswer(api smithy.APIError, err error) *answer {
	// The SDK's name for what the answer left out.
	const unknown = "UnknownError"
	code, message := api.ErrorCode(), api.ErrorMessage()
	if code == "" || code == unknown || message == "" || message == unknown {
		return internal
	}
	// The answer to a batch has no status for each of its errors.
	status := http.StatusBadRequest
	if r, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && r.HTTPStatusCode() >= 400 {
		status = r.HTTPStatusCode()
	}
	return failure(status, code, message)
}

// identityAnswer is for a read that there were no credentials for. The first
// failure of a role has been answered before.
func identityAnswer(err error, ref secrets.Ref) *answer {
	switch {
	case ref.Role != "":
		return failure(http.StatusForbidden, "AccessDeniedException", err.Error())
	case errors.Is(err, context.DeadlineExceeded):
		return failure(http.StatusGatewayTimeout, "TimeoutError", "Timeout")
	default:
		return internal
	}
}

// refAnswer is what AWS would say of a reference that it was not asked about.
func refAnswer(e *secrets.RefError, ref secrets.Ref) *answer {
	switch part := e.Part; {
	case part == "role_arn":
		return roleRefused(ref.Role)
	case part == "version_id" && len(ref.Version) < 32:
		return invalid(shortVersion).answer
	case part == "version_id" && len(ref.Version) > 64:
		return invalid(longVersion).answer
	case part == "version_id":
		return noVersion("VersionId", ref.Version)
	case part == "version_stage" && len(ref.Stage) > 256:
		return invalid(longStage).answer
	case part == "version_stage":
		return noVersion("staging label", ref.Stage)
	case part == "region":
		return internal // none is configured
	default:
		return invalid(invalidName).answer
	}
}

// noVersion is the answer about an id or label that no version has.
func noVersion(kind, value string) *answer {
	return failure(http.StatusBadRequest, "ResourceNotFoundException",
		"Secrets Manager can't find the specified secret value for "+kind+": "+value)
}
