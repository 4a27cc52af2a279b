package secrets

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials"
)

// verdict is what an error code of Secrets Manager means.
type verdict struct {
	code    string
	message string // a part of AWS's message that must be there; "" is any
	kind    error
	problem string
}

// verdicts are looked through in order. The SDK's types are of no use here:
// AccessDeniedException is not among those it models, and neither faults nor
// HTTP statuses tell a refusal from a passing failure.
var verdicts = []verdict{
	{
		"ResourceNotFoundException", "staging label", ErrNotFound,
		"the secret has no value with the staging label AWSCURRENT; give it one",
	},
	{
		"ResourceNotFoundException", "", ErrNotFound,
		"there is no such secret in that account and Region; check name, Region and ARN",
	},
	{
		"InvalidRequestException", "marked for deletion", ErrDeleted,
		"the secret is scheduled for deletion; restore it with secretsmanager:RestoreSecret",
	},
	{"InvalidRequestException", defaultKeyText, ErrDenied, ""},
	{"InvalidRequestException", "", ErrConfiguration, "Secrets Manager does not take the request in the secret's present state"},
	{"InvalidParameterException", "", ErrConfiguration, "Secrets Manager does not take the reference"},
	{"ValidationException", "", ErrConfiguration, "Secrets Manager does not take the reference"},
	{"AccessDeniedException", "", ErrDenied, ""},
	{"AccessDenied", "", ErrDenied, ""},
	{
		"DecryptionFailure", "", ErrDecryption,
		"the secret's KMS key cannot decrypt it; see whether the key is disabled or pending deletion",
	},
	{"ExpiredTokenException", "", ErrIdentity, "the credentials have expired; check the clock and the token file"},
	{"UnrecognizedClientException", "", ErrIdentity, "AWS does not know the credentials; they may belong to another partition or have been revoked"},
	{"InvalidSignatureException", "", ErrIdentity, "AWS does not accept the signature; check the clock and the secret access key"},
	{"ThrottlingException", "", ErrUnavailable, "Secrets Manager asks for fewer calls"},
	{"", "", ErrUnavailable, "Secrets Manager cannot answer at the moment"},
}

// defaultKeyText is in AWS's message when a secret under its account's
// aws/secretsmanager key is read from another account.
const defaultKeyText = "default KMS service key"

// classify turns an error of the SDK into a ReadError.
func classify(ref Ref, region, operation string, err error) *ReadError {
	e := &ReadError{Ref: ref.String(), Region: region, Operation: operation, err: err, kind: ErrUnavailable}
	if id, ok := errors.AsType[*identityError](err); ok {
		e.kind = ErrIdentity
		e.Problem = "no credentials to ask with: " + noCredentials(id)
		return e
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		e.Problem = noAnswer(err)
		return e
	}
	e.Code, e.RequestID = api.ErrorCode(), requestID(err)
	for _, v := range verdicts {
		if (v.code == "" || v.code == e.Code) && strings.Contains(api.ErrorMessage(), v.message) {
			e.kind, e.Problem = v.kind, v.problem
			break
		}
	}
	if e.kind == ErrNotFound && !ref.IsARN() && ref.HasSuffix() {
		e.Problem += "; the name ends like an ARN, but a name is asked for without the six random characters"
	}
	return e
}

// noCredentials describes why there are none. The errors of package credentials
// quote no answer; those of other providers may.
func noCredentials(err error) string {
	_, ours := errors.AsType[*credentials.AssumeRoleError](err)
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok && !ours {
		return "the answer to the request for them cannot be understood"
	}
	return err.Error()
}

// noAnswer describes a failure that is no answer of AWS.
func noAnswer(err error) string {
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return "the answer cannot be understood" // its text may quote the answer
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer within Config.Timeout"
	}
	return "no answer: " + err.Error()
}

// requestID returns the id that AWS gave the call, or "".
func requestID(err error) string {
	if r, ok := errors.AsType[interface {
		error
		ServiceRequestID() string
	}](err); ok {
		return r.ServiceRequestID()
	}
	return ""
}

// final reports whether an error speaks about the secret or the caller's right
// to it, as opposed to a failure that may pass by itself.
func final(err error) bool {
	switch {
	case errors.Is(err, ErrIdentity):
		return identityRefused(err)
	default:
		return !errors.Is(err, ErrUnavailable)
	}
}

// identityRefused reports whether STS refused the role, which may be meant to
// end the access. An expired token or session is no such thing.
func identityRefused(err error) bool {
	if errors.Is(err, credentials.ErrDenied) {
		return true
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	switch api.ErrorCode() {
	case "AccessDenied", "AccessDeniedException", "InvalidIdentityToken", "InvalidIdentityTokenException":
		return true
	default:
		return false
	}
}
