package credentialstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// AWS is a running fake with STS and the clusters' OIDC discovery. It is safe
// for concurrent use and needs no closing.
type AWS struct {
	engine *fakeaws.AWS
}

// New starts a fake of w. It takes a copy: what happens to w afterwards does
// not reach the fake. The error names the place in w that does not fit.
func New(w World) (*AWS, error) {
	data, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("credentialstest: marshal world: %w", err)
	}
	engine, err := fakeaws.New(data)
	if err != nil {
		return nil, fmt.Errorf("credentialstest: %w", err)
	}
	return &AWS{engine: engine}, nil
}

// HTTPClient returns a client whose requests to AWS's hosts and to the clusters'
// issuers the fake answers in memory; other hosts do not exist. Hand it to
// credentials.Config or aws.Config. It works in a synctest bubble.
func (a *AWS) HTTPClient() *http.Client {
	return &http.Client{Transport: a.engine.Transport()}
}

// Handler serves the fake, for a listener of your own.
func (a *AWS) Handler() http.Handler { return a.engine }

// TokenRequest describes a service account token to mint.
type TokenRequest struct {
	Cluster        string // name; "" is the first
	Namespace      string
	ServiceAccount string
	Pod            string        // "" leaves the pod claims out
	Audience       []string      // default sts.amazonaws.com
	Lifetime       time.Duration // default 24h
	IssuedAt       time.Time     // default now
}

// Token mints a token as the cluster's API server would.
func (a *AWS) Token(r TokenRequest) (string, error) {
	return a.engine.MintToken(fakeaws.TokenSpec(r))
}

// Call is one API call that the fake served, much as CloudTrail would record
// it. It holds no secrets and no tokens.
type Call struct {
	Time         time.Time
	Duration     time.Duration
	Service      string // "sts"
	Operation    string // "AssumeRoleWithWebIdentity"
	Region       string
	Principal    string // ARN of the caller; "" if not established
	Account      string // of the resource
	Resource     string // ARN, or as asked for
	ErrorCode    string // "" if the call succeeded
	ErrorMessage string
	Via          string // service that called on the caller's behalf
	RequestID    string
	Fault        bool // an injected fault met it
}

// Calls returns the calls served so far, oldest first, or as many of the last as
// [AWS.KeepCalls] says.
func (a *AWS) Calls() []Call {
	served := a.engine.Calls()
	calls := make([]Call, len(served))
	for i, c := range served {
		calls[i] = Call(c)
	}
	return calls
}

// CallCount returns how many calls of an operation, such as "sts" and
// "AssumeRole", were served so far, whatever came of them.
func (a *AWS) CallCount(service, operation string) int { return a.engine.CallCount(service, operation) }

// KeepCalls bounds the log to the last n calls, for tests that make very many;
// zero is without bound, which is how it begins. [AWS.CallCount] goes on
// counting all.
func (a *AWS) KeepCalls(n int) { a.engine.KeepCalls(n) }
