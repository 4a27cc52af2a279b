package credentialstest

import (
	"net/http"
	"time"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// Fault is what goes wrong with a call. The zero Fault is nothing. The
// functions of this package make the usual ones. Delay and Skew go with
// everything; of the other fields, which say what the caller gets, the first in
// this order counts.
type Fault struct {
	// Delay passes before anything else happens to the call. It ends when the
	// caller gives up; negative, it ends only then.
	Delay time.Duration
	// Skew is by how much AWS's clock is ahead, for all that the call meets:
	// the Date header, the checks of tokens and signatures, expirations.
	Skew time.Duration

	// Reset breaks the connection before the call is served.
	Reset bool
	// Body is answered as it is, as HTML, with Status (zero: 200), and the call
	// is not served.
	Body string
	// Code is an error that is answered in the service's protocol, with Message
	// and with Status (zero: the one that goes with the code); the call is not
	// served.
	Code, Message string
	// Status alone is answered without a body.
	Status int
	// Lose serves the call and breaks the connection before the answer; Cut in
	// the middle of it.
	Lose, Cut bool
	// Lifetime is how long issued credentials last, whatever was asked for and
	// allowed; negative: they have expired. Zero: as long as they should.
	Lifetime time.Duration
}

// Throttled is a call beyond the rate that AWS allows.
func Throttled() Fault { return Fault{Code: "Throttling", Message: "Rate exceeded"} }

// Unavailable is a service that is overloaded or down: HTTP status 503.
func Unavailable() Fault {
	return Fault{Code: "ServiceUnavailable", Message: "Service is unavailable. Please try again."}
}

// Failing is a service with trouble of its own: HTTP status 500.
func Failing() Fault {
	return Fault{Code: "InternalFailure", Message: "The request processing has failed because of an unknown error, exception or failure."}
}

// ConnectionReset is a call that does not arrive.
func ConnectionReset() Fault { return Fault{Reset: true} }

// LostAnswer is a call that is served and whose answer does not arrive.
func LostAnswer() Fault { return Fault{Lose: true} }

// CutAnswer is an answer that breaks off in the middle.
func CutAnswer() Fault { return Fault{Cut: true} }

// ProxyPage is the HTML of something between the caller and AWS, with the given
// HTTP status; some proxies say 200.
func ProxyPage(status int) Fault {
	return Fault{
		Status: status,
		Body:   "<!DOCTYPE html>\n<html><head><title>" + http.StatusText(status) + "</title></head><body><h1>Proxy</h1></body></html>\n",
	}
}

// Slow is an answer after d.
func Slow(d time.Duration) Fault { return Fault{Delay: d} }

// Hanging is a call without an answer: it ends when the caller gives up.
func Hanging() Fault { return Fault{Delay: -1} }

// Skewed is an AWS whose clock is ahead by d, or behind if d is negative.
func Skewed(d time.Duration) Fault { return Fault{Skew: d} }

// ExpiredCredentials are issued credentials that expired a minute ago.
func ExpiredCredentials() Fault { return Fault{Lifetime: -time.Minute} }

// IssuerUnreachable is STS that cannot reach the cluster's issuer. It passes.
func IssuerUnreachable() Fault {
	return Fault{Code: "IDPCommunicationError", Message: "The identity provider could not be reached"}
}

// NoVerificationKey is STS that did not get the issuer's keys. In spite of its
// code, InvalidIdentityToken, it passes.
func NoVerificationKey() Fault {
	return Fault{
		Code:    "InvalidIdentityToken",
		Message: "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
	}
}

// Denied is a role that does not let the caller in, as STS words it for a token.
func Denied() Fault {
	return Fault{Code: "AccessDenied", Message: "Not authorized to perform sts:AssumeRoleWithWebIdentity"}
}

// When says which calls a fault meets. The zero When is all of them.
type When struct {
	// Service, Operation and Region of the call, as in [Call]. Empty: any. The
	// Pod Identity agent is "eks-auth", "AssumeRoleForPodIdentity". Two services
	// have faults but no entry in [AWS.Calls]: the documents of the clusters'
	// issuers are "oidc", "Discovery" and "Keys", and [IMDS] is "imds".
	Service, Operation, Region string
	// Resource is what the call names: a role's ARN, a secret's id, a key's or
	// a parameter's name, in the form in which the call has it. Empty: any.
	Resource string
	// Of the calls that match, the first Skip are spared, and the Times after
	// them are met; zero Times is all.
	Skip, Times int
	// From and Until bound the time: From is the first instant, Until the first
	// that no longer counts. Zero: no bound.
	From, Until time.Time
}

// Inject lets calls go wrong from now on, until the function that it returns is
// called. Rules are asked in the order in which they came. Delays and skews of
// several add up; an answer is given by the first rule that has one for the
// call, and the others' Times are not spent on it, so that rules in a row are a
// script:
//
//	aws.Inject(When{Operation: "AssumeRole", Times: 3}, Throttled())
//	aws.Inject(When{Operation: "AssumeRole", Times: 1}, ConnectionReset())
//
// throttles three calls and resets the fourth.
func (a *AWS) Inject(when When, fault Fault) (remove func()) {
	return a.engine.Inject(fakeaws.When(when), fakeaws.Fault(fault))
}

// InjectFunc is [AWS.Inject] with a function that decides; the zero Fault lets
// a call pass. It is asked about every call before that is served, so that the
// call has Time, Service, Operation, Region and Resource alone, and may be asked
// by several goroutines at once.
func (a *AWS) InjectFunc(decide func(Call) Fault) (remove func()) {
	return a.engine.InjectFunc(func(c fakeaws.Call) fakeaws.Fault { return fakeaws.Fault(decide(Call(c))) })
}
