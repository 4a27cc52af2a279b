package secretstest

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// AWS is a running fake. It is safe for concurrent use and needs no closing.
type AWS struct {
	engine *fakeaws.AWS
}

// New starts a fake of w. It takes a copy: what happens to w afterwards does
// not reach the fake. The error names the place in w that does not fit.
func New(w World) (*AWS, error) {
	data, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("secretstest: marshal world: %w", err)
	}
	engine, err := fakeaws.New(data)
	if err != nil {
		return nil, fmt.Errorf("secretstest: %w", err)
	}
	return &AWS{engine: engine}, nil
}

// HTTPClient returns a client whose requests the fake answers in memory,
// whatever their host; hand it to credentials.Config or aws.Config. It works in
// a synctest bubble.
func (a *AWS) HTTPClient() *http.Client {
	return &http.Client{Transport: a.engine.Transport()}
}

// Handler serves the fake, for a listener of your own.
func (a *AWS) Handler() http.Handler { return a.engine }

// Token mints a token as the cluster's API server would.
func (a *AWS) Token(r credentialstest.TokenRequest) (string, error) {
	return a.engine.MintToken(fakeaws.TokenSpec(r))
}

// Calls returns the calls served so far, oldest first. The KMS call that a
// service makes on the caller's behalf, with Via set, follows the call that
// caused it.
func (a *AWS) Calls() []credentialstest.Call {
	served := a.engine.Calls()
	calls := make([]credentialstest.Call, len(served))
	for i, c := range served {
		calls[i] = credentialstest.Call(c)
	}
	return calls
}

// PutSecretValue gives a secret, named by its ARN, a new version, as the call
// of that name does, and returns the version's id. Without Stages it becomes
// AWSCURRENT and the version before it AWSPREVIOUS.
func (a *AWS) PutSecretValue(secretARN string, v Version) (versionID string, err error) {
	versionID, err = a.engine.PutSecretValue(secretARN, fakeaws.Version(v))
	if err != nil {
		return "", fmt.Errorf("secretstest: %w", err)
	}
	return versionID, nil
}

// Inject lets calls go wrong from now on, until the function that it returns is
// called; see [credentialstest.AWS.Inject].
func (a *AWS) Inject(when credentialstest.When, fault credentialstest.Fault) (remove func()) {
	return a.engine.Inject(fakeaws.When(when), fakeaws.Fault(fault))
}

// InjectFunc is Inject with a function that decides about every call; see
// [credentialstest.AWS.InjectFunc].
func (a *AWS) InjectFunc(decide func(credentialstest.Call) credentialstest.Fault) (remove func()) {
	return a.engine.InjectFunc(func(c fakeaws.Call) fakeaws.Fault { return fakeaws.Fault(decide(credentialstest.Call(c))) })
}

// CallCount returns how many calls of an operation, such as "secretsmanager" and
// "GetSecretValue", were served so far, whatever came of them.
func (a *AWS) CallCount(service, operation string) int { return a.engine.CallCount(service, operation) }

// KeepCalls bounds the log to the last n calls, for tests that make very many;
// zero is without bound, which is how it begins. [AWS.CallCount] goes on
// counting all.
func (a *AWS) KeepCalls(n int) { a.engine.KeepCalls(n) }
