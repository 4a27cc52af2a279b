package secrets

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials"
)

// verdict is what an error code of Secrets Manager, Parameter Store or KMS
// means.
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
		"the secret has no value with the staging label %s",
	},
	{"ResourceNotFoundException", "VersionId", ErrNotFound, "the secret has no version with that id any more"},
	{
		"ResourceNotFoundException", "", ErrNotFound,
		"there is no such secret in that account and Region; check name, Region and ARN",
	},
	{
		"InvalidRequestException", "marked for deletion", ErrDeleted,
		"the secret is scheduled for deletion; restore it with secretsmanager:RestoreSecret",
	},
	{
		"InvalidRequestException", "currently marked deleted", ErrDeleted,
		"the secret is scheduled for deletion; restore it with secretsmanager:RestoreSecret",
	},
	{
		"InvalidRequestException", "VersionStage that is not associated", ErrConfiguration,
		"the version does not have the staging label %s; leave out one of the two",
	},
	{"InvalidRequestException", defaultKeyText, ErrDenied, ""},
	{"InvalidRequestException", "", ErrConfiguration, "Secrets Manager does not take the request in the secret's present state"},
	{"InvalidParameterException", "", ErrConfiguration, "AWS does not take the reference"},
	{"ValidationException", "", ErrConfiguration, "AWS does not take the reference"},
	{"AccessDeniedException", "", ErrDenied, ""},
	{"AccessDenied", "", ErrDenied, ""},
	{
		"DecryptionFailure", "", ErrDecryption,
		"the secret's KMS key cannot decrypt it; see whether the key is disabled or pending deletion",
	},
	{"InvalidFilterKey", "", ErrConfiguration, "AWS does not take the filter"},
	{"InvalidFilterOption", "", ErrConfiguration, "AWS does not take the filter"},
	{"InvalidFilterValue", "", ErrConfiguration, "AWS does not take the filter"},
	{"InvalidResourceId", "", ErrNotFound, "there is no such parameter in that account and Region; check name and Region"},
	{"ParameterNotFound", "", ErrNotFound, "there is no such parameter in that account and Region, or not in that version; check name and Region"},
	{"ParameterVersionNotFound", "", ErrNotFound, "the parameter has no such version or label"},
	{"InvalidKeyId", ciphertextText, ErrDenied, ""},
	{
		"InvalidKeyId", "", ErrDecryption,
		"the parameter's KMS key cannot decrypt it; see whether the key is disabled, pending deletion or gone",
	},
	{"IncorrectKeyException", "", ErrDecryption, "it was encrypted under another key"},
	{"InvalidCiphertextException", "", ErrDecryption, "the ciphertext is not KMS's, or the encryption context is not that of the encryption"},
	{"DisabledException", "", ErrDecryption, "the key is disabled"},
	{"KMSInvalidStateException", "", ErrDecryption, "the key is in no state to be used; see whether it is pending deletion"},
	{"NotFoundException", "", ErrNotFound, "there is no such key in that account and Region"},
	{"InvalidArnException", "", ErrConfiguration, "AWS does not take the key's ARN"},
	{"InvalidKeyUsageException", "", ErrConfiguration, "the key is not one to decrypt with"},
	{"ExpiredTokenException", "", ErrIdentity, "the credentials have expired; check the clock and the token file"},
	{"UnrecognizedClientException", "", ErrIdentity, "AWS does not know the credentials; they may belong to another partition or have been revoked"},
	{"InvalidSignatureException", "", ErrIdentity, "AWS does not accept the signature; check the clock and the secret access key"},
	{"ThrottlingException", "", ErrUnavailable, "AWS asks for fewer calls"},
	{"ThrottledException", "", ErrUnavailable, "AWS asks for fewer calls"},
	{"Throttling", "", ErrUnavailable, "AWS asks for fewer calls"},
	{"TooManyRequestsException", "", ErrUnavailable, "AWS asks for fewer calls"},
	{"RequestLimitExceeded", "", ErrUnavailable, "AWS asks for fewer calls"},
	{"", "", ErrUnavailable, "AWS cannot answer at the moment"},
}

// ciphertextText is in the message of KMS for a caller whom it tells nothing.
const ciphertextText = "ciphertext refers to a customer master key"

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
	if strings.Contains(e.Problem, "%s") {
		e.Problem = fmt.Sprintf(e.Problem, cmp.Or(ref.Stage, current))
	}
	if e.kind == ErrNotFound {
		e.Problem += suffixAdvice(ref)
	}
	return e
}

// suffixAdvice is what to think of when a secret is not found whose name ends
// like an ARN (Secrets Manager User Guide, "troubleshoot"; aws-cdk#18555).
func suffixAdvice(ref Ref) string {
	switch {
	case !ref.HasSuffix():
		return ""
	case ref.IsARN():
		return "; an ARN that ends in a hyphen and six characters is taken for a complete one: " +
			"if they belong to the secret's name, the six random characters are missing behind them"
	default:
		return "; the name ends like an ARN, but a name is asked for without the six random characters"
	}
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
