package credentials

import (
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/irsakit/irsa/policy"
)

// reaction is what to do about an answer within one refresh.
type reaction uint8

const (
	stop     reaction = iota
	again             // after a pause
	slower            // after a longer pause
	renew             // at once, if the token or key that STS refused is no longer the current one
	stepDown          // at once, with a shorter duration
)

// verdict is what an answer of STS means: its class for callers, whether to
// remember it (terminal) and what to do about it within the refresh.
type verdict struct {
	kind     error // sentinel
	terminal bool  // not worth repeating within seconds
	stage    policy.Stage
	reaction reaction
	// elsewhere says that the STS of another Region may do better.
	elsewhere bool
}

// silent is the verdict on no answer.
var silent = verdict{kind: ErrUnavailable, reaction: again, elsewhere: true}

// judge classes an answer to AssumeRoleWithWebIdentity by code and message,
// both as AWS writes them today; the code is without "Exception". Only the
// message tells a missing provider from a bad token: STS says
// InvalidIdentityToken to both.
func judge(code, message string, status int) verdict {
	message = strings.ToLower(message)
	switch code {
	case "InvalidIdentityToken":
		return judgeToken(message)
	case "ExpiredToken":
		return verdict{kind: ErrIdentity, stage: policy.TokenStage, reaction: renew}
	case "IDPRejectedClaim":
		return verdict{kind: ErrIdentity, terminal: true, stage: policy.TokenStage, reaction: renew}
	case "IDPCommunicationError":
		return verdict{kind: ErrUnavailable, reaction: again}
	case "AccessDenied":
		return verdict{kind: ErrDenied, terminal: true, stage: policy.TrustStage}
	case "RegionDisabled":
		return verdict{kind: ErrConfiguration, terminal: true, elsewhere: true}
	case "MalformedPolicyDocument", "PackedPolicyTooLarge":
		return verdict{kind: ErrConfiguration, terminal: true}
	case "ValidationError":
		if strings.Contains(message, "durationseconds") {
			return verdict{kind: ErrConfiguration, reaction: stepDown}
		}
		return verdict{kind: ErrConfiguration}
	}
	return judgeTrouble(code, status)
}

// judgeToken is for InvalidIdentityToken, whose message is in lower case.
func judgeToken(message string) verdict {
	switch {
	case strings.Contains(message, "verification key"):
		return verdict{kind: ErrUnavailable, reaction: again}
	case strings.Contains(message, "openidconnect provider"), strings.Contains(message, "thumbprint"):
		return verdict{kind: ErrIdentity, terminal: true, stage: policy.ProviderStage}
	case strings.Contains(message, "audience"):
		return verdict{kind: ErrIdentity, terminal: true, stage: policy.AudienceStage}
	case strings.Contains(message, "required claim"):
		return verdict{kind: ErrIdentity, terminal: true, stage: policy.TokenStage}
	}
	return verdict{kind: ErrIdentity, terminal: true, stage: policy.TokenStage, reaction: renew}
}

// judgeTrouble is for what every AWS service answers when it cannot serve.
func judgeTrouble(code string, status int) verdict {
	_, throttled := retry.DefaultThrottleErrorCodes[code]
	if !throttled {
		_, throttled = retry.DefaultThrottleErrorCodes[code+"Exception"]
	}
	switch {
	case throttled, status == http.StatusTooManyRequests:
		return verdict{kind: ErrUnavailable, reaction: slower}
	case code == "RequestTimeout":
		return silent
	case code == "InternalFailure" && status < http.StatusInternalServerError:
		return verdict{kind: ErrUnavailable, reaction: again}
	case status >= http.StatusBadRequest && status < http.StatusInternalServerError:
		return verdict{kind: ErrConfiguration}
	}
	return silent
}

// judgeSigned is judge for calls that are signed, in which the credentials may
// be at fault. A refused signature is worth a second attempt: from the answer
// the SDK has learned how this machine's clock differs from STS's.
func judgeSigned(code, message string, status int) verdict {
	switch code {
	case "ExpiredToken", "InvalidClientTokenId", "InvalidToken", "UnrecognizedClient":
		return verdict{kind: ErrIdentity, reaction: renew}
	case "SignatureDoesNotMatch", "InvalidSignature", "RequestTimeTooSkewed", "RequestExpired":
		return verdict{kind: ErrIdentity, reaction: again}
	}
	return judge(code, message, status)
}
