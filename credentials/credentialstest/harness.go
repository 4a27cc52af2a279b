package credentialstest

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Harness is what [TestProvider] needs to know of the provider under test.
type Harness struct {
	// New makes the provider for a pod: with the pod's role, token file and
	// Region, over the pod's HTTP client, as [Pod.Config] has them. It is called
	// in a synctest bubble, once per check. A provider that is an io.Closer is
	// closed when the check ends.
	New func(ctx context.Context, pod *Pod) (aws.CredentialsProvider, error)
	// Pod varies the pod. Nil: [NewPod]'s own.
	Pod *PodOptions
	// Operation is the call that brings the credentials, of STS or, for
	// AssumeRoleForPodIdentity, of the agent. Empty: AssumeRoleWithWebIdentity.
	Operation string
	// Exempt are checks that the provider is not to meet, each with the reason.
	Exempt map[string]string
}

// T is the part of *testing.T that a check uses.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Context() context.Context
	TempDir() string
}

// check is one demand on providers, run in a bubble of its own.
type check struct {
	name string
	run  func(*subject)
}

// checks are all demands, in the order of [TestProvider]'s comment.
var checks = []check{
	{"complete", checkComplete},
	{"single flight", checkSingleFlight},
	{"cancellation", checkCancellation},
	{"hung call", checkHungCall},
	{"no waiting", checkNoWaiting},
	{"early refresh", checkEarlyRefresh},
	{"throttled", checkThrottled},
	{"unavailable", checkUnavailable},
	{"expired answer", checkExpiredAnswer},
	{"token rotation", checkTokenRotation},
	{"denial", checkDenial},
	{"redaction", checkRedaction},
	{"close", checkClose},
	{"goroutines", checkGoroutines},
}

// TestProvider runs the conformance suite over a caching provider, each check in
// a synctest bubble with a pod and an AWS of its own:
//
//   - complete: credentials come with Source, AccountID and the Expires that STS
//     gave, not an earlier one
//   - single flight: a hundred callers at once cost one call
//   - cancellation: a caller that gives up gets its context's error at once and
//     takes nothing from the others
//   - hung call: a call without an answer does not block later callers for ever
//   - no waiting: until the last minute of valid credentials no caller waits
//     while STS is slow
//   - early refresh: no caller gets credentials with less than a minute left
//     while STS answers
//   - throttled, unavailable: no caller gets an error while there are valid
//     credentials, and new ones come within a quarter of an hour afterwards
//   - expired answer: an answer that has already expired does not displace valid
//     credentials
//   - token rotation: two days with a kubelet that rotates the token
//   - denial: a refused role is asked for sixty times a minute at most, and used
//     half a minute after it is granted
//   - redaction: no way to print the provider shows a key or a token
//   - close: after Close, which also ends a call under way, Retrieve fails
//     without a call; for providers that are an io.Closer
//   - goroutines: none is left after Close, or after the last call
func TestProvider(t *testing.T, h Harness) {
	t.Helper()
	for name := range h.Exempt {
		if !isCheck(name) {
			t.Errorf("credentialstest: Harness.Exempt: there is no check %q", name)
		}
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if reason, ok := h.Exempt[c.name]; ok {
				t.Skipf("exempt: %s", reason)
			}
			synctest.Test(t, func(t *testing.T) { h.run(t, c) })
		})
	}
}

func isCheck(name string) bool {
	for _, c := range checks {
		if c.name == name {
			return true
		}
	}
	return false
}

// run runs a check in the bubble that it is called in.
func (h Harness) run(t T, c check) {
	t.Helper()
	if h.Operation == "" {
		h.Operation = "AssumeRoleWithWebIdentity"
	}
	before := bubbleGoroutines()
	pod, err := NewPod(t.TempDir(), h.Pod)
	if err != nil {
		t.Fatalf("pod: %v", err)
	}
	provider, err := h.New(t.Context(), pod)
	if err != nil {
		t.Fatalf("Harness.New: %v", err)
	}
	s := &subject{T: t, Harness: h, pod: pod, provider: provider, before: before}
	defer s.end()
	c.run(s)
}

// subject is a provider being checked.
type subject struct {
	T
	Harness
	pod      *Pod
	provider aws.CredentialsProvider
	before   int // goroutines in the bubble before there was the provider
}

// end closes the provider and lets what is still under way come to its end:
// a bubble's clock stops with its test.
func (s *subject) end() {
	s.close()
	time.Sleep(longest)
}

// close closes the provider if that is possible, and reports whether it is.
func (s *subject) close() bool {
	closer, ok := s.provider.(io.Closer)
	if !ok {
		return false
	}
	if err := closer.Close(); err != nil {
		s.Errorf("Close: %v", err)
	}
	return true
}

// calls is how often credentials have been asked for.
func (s *subject) calls() int {
	return s.pod.AWS.CallCount("sts", s.Operation) + s.pod.AWS.CallCount("eks-auth", s.Operation)
}

// inject lets the calls that bring credentials go wrong.
func (s *subject) inject(fault Fault) (remove func()) {
	return s.pod.AWS.Inject(When{Operation: s.Operation}, fault)
}

// retrieve asks for credentials with the given patience.
func (s *subject) retrieve(patience time.Duration) (aws.Credentials, time.Duration, error) {
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	begin := time.Now()
	creds, err := s.provider.Retrieve(ctx)
	return creds, time.Since(begin), err
}

// first gets the first credentials, without which there is no check, and says
// when they end.
func (s *subject) first() (aws.Credentials, time.Time) {
	s.Helper()
	creds, _, err := s.retrieve(time.Minute)
	if err != nil {
		s.Fatalf("first Retrieve: %v", err)
	}
	return creds, s.expiry(creds)
}

// expiry is when credentials end by what the fake knows, whatever the provider
// says.
func (s *subject) expiry(creds aws.Credentials) time.Time {
	return s.pod.AWS.engine.Expiry(creds.AccessKeyID)
}
