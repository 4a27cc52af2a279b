package credentials

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/irsakit/irsa/internal/lazyregexp"
)

// ContainerError is a container endpoint's refusal, or the lack of a usable
// answer. It is [ErrIdentity], [ErrDenied], [ErrConfiguration] or
// [ErrUnavailable]. Its text quotes nothing of the answer but a code.
type ContainerError struct {
	// Endpoint is scheme and host.
	Endpoint string
	// Status is HTTP's; 0 if there was no answer.
	Status int
	// Code is that of the service behind the endpoint (EKS Auth for Pod
	// Identity), without the suffix "Exception", and RequestID its request;
	// empty if it names none.
	Code      string
	RequestID string
	// Problem and Remedy are in words; Remedy may be empty.
	Problem string
	Remedy  string

	kind     error
	terminal bool // asking again gives the same answer
	retry    bool // within seconds
	err      error
}

// Error names the endpoint, the problem and the remedy.
func (e *ContainerError) Error() string {
	text := "credentials: container endpoint " + e.Endpoint + ": " + e.Problem
	if e.RequestID != "" {
		text += fmt.Sprintf(" (request %s)", e.RequestID)
	}
	return sentence(text, e.Remedy)
}

// Unwrap returns the sentinel and the cause, if there is one.
func (e *ContainerError) Unwrap() []error { return causes(e.kind, e.err) }

func (e *ContainerError) isTerminal() bool { return e.terminal }

// RetryableError reports false. It keeps the SDK's service clients from
// repeating what has been retried already.
func (e *ContainerError) RetryableError() bool { return false }

func (c *container) error(status int, problem string) *ContainerError {
	return &ContainerError{
		Endpoint: c.endpoint.Scheme + "://" + c.endpoint.Host,
		Status:   status,
		Problem:  problem,
		kind:     ErrUnavailable,
	}
}

// failed is for the lack of an answer. The text of the cause is left out, for
// it quotes the URL, query included.
func (c *container) failed(status int, err error) error {
	e := c.error(status, "no answer")
	e.retry, e.err = true, err
	elsewhere, isElsewhere := errors.AsType[addressError](err)
	switch {
	case isElsewhere:
		e.Problem, e.Remedy = elsewhere.Error(), hostRemedy
		e.kind, e.terminal, e.retry = ErrConfiguration, true, false
	case errors.Is(err, context.DeadlineExceeded):
		e.Problem = "no answer in time"
	}
	if e.Remedy == "" && isAgent(c.endpoint) {
		e.Remedy = "look whether the EKS Pod Identity Agent runs on this node"
	}
	return e
}

// unusable is for an answer that says it is one, and is none.
func (c *container) unusable(problem string, retry bool) error {
	e := c.error(http.StatusOK, problem)
	e.retry = retry
	return e
}

// agentText is how the EKS Pod Identity Agent writes what EKS Auth answered:
// "[request id]: (code): message".
var agentText = lazyregexp.New(`^(?:\[([0-9A-Fa-f-]{1,64})\]: )?\(([A-Za-z0-9._]{1,64})\): `)

// refused is for any status but 200, whose body is never taken for credentials.
func (c *container) refused(status int, data []byte) error {
	e := c.error(status, "")
	if a, err := parseAnswer(data); err == nil {
		e.Code = a.code
	} else if m := agentText().FindSubmatch(data[:min(len(data), 256)]); m != nil {
		e.RequestID, e.Code = string(m[1]), string(m[2])
	}
	e.Code = strings.TrimSuffix(e.Code, "Exception")
	e.Problem = fmt.Sprintf("it answers %d", status)
	if e.Code != "" {
		e.Problem += " " + e.Code
	}
	e.judge(isAgent(c.endpoint))
	return e
}

// judge classes a refusal, by code if EKS Auth gave one (EKS Auth API
// Reference, AssumeRoleForPodIdentity, "Errors"), else by status: the agent
// answers 400 for a bad token and 403 to a wrong host. What to change in AWS is
// known of the agent only.
func (e *ContainerError) judge(agent bool) {
	switch {
	case e.Status == http.StatusTooManyRequests || e.Status >= 500 || e.Code == "Throttling":
		e.retry = true
	case e.Code == "ResourceNotFound" || e.Status == http.StatusNotFound:
		e.kind, e.terminal = ErrConfiguration, true
		e.Remedy = "mend the path of the URI, at which it has no credentials"
		if agent {
			e.Remedy = "create an EKS Pod Identity association of the service account with a role, or mend the path"
		}
	case e.Code == "AccessDenied":
		e.kind, e.terminal = ErrDenied, true
		e.Remedy = "look in the endpoint's own settings for who may have credentials from it"
		if agent {
			e.Remedy = "let pods.eks.amazonaws.com do sts:AssumeRole and sts:TagSession in the role's trust policy, and the node's role eks-auth:AssumeRoleForPodIdentity"
		}
	case e.Status == http.StatusForbidden:
		e.kind, e.terminal = ErrDenied, true
		e.Remedy = "ask it by the address that it serves, with the token of this pod"
	case e.Code == "ExpiredToken":
		e.kind = ErrIdentity
		e.Remedy = "look whether the kubelet still renews the authorization token file"
	case e.Status == http.StatusBadRequest || e.Status == http.StatusUnauthorized:
		e.kind, e.terminal = ErrIdentity, true
		e.Remedy = "it does not accept the authorization token: give this program the one that it has been set up with"
		if agent {
			e.Remedy = "it does not accept the authorization token: the file must be the one projected for this pod, and not expired"
		}
	case e.Status < 400:
		e.kind = ErrConfiguration
		e.Remedy = "redirects are not followed; set the URI to where the credentials are"
	default:
		e.kind = ErrConfiguration
	}
}
