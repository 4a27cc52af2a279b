package credentials_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// marker stands for what must never be printed.
const marker = "c0ffee-S3CR3T-marker"

// newPod starts a pod's world.
func newPod(t *testing.T, opts *credentialstest.PodOptions) *credentialstest.Pod {
	t.Helper()
	pod, err := credentialstest.NewPod(t.TempDir(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return pod
}

// newProvider makes a provider that is closed when the test ends.
func newProvider(t *testing.T, cfg credentials.Config) *credentials.Provider {
	t.Helper()
	p, err := credentials.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// roundTripFunc is an HTTP client made of a function.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

// noNetwork is an HTTP client that fails the test when it is used.
func noNetwork(t *testing.T) roundTripFunc {
	return func(r *http.Request) (*http.Response, error) {
		t.Errorf("a request went to %s", r.URL.Host)
		return nil, http.ErrUseLastResponse
	}
}

// faulty puts a fault before a pod's AWS. While fault is set, it answers.
type faulty struct {
	next  *http.Client
	fault atomic.Pointer[func(*http.Request) (*http.Response, error)]
}

func newFaulty(pod *credentialstest.Pod) *faulty {
	return &faulty{next: pod.AWS.HTTPClient()}
}

func (f *faulty) Do(r *http.Request) (*http.Response, error) {
	if fault := f.fault.Load(); fault != nil {
		return (*fault)(r)
	}
	return f.next.Do(r)
}

func (f *faulty) set(fault func(*http.Request) (*http.Response, error)) {
	if fault == nil {
		f.fault.Store(nil)
		return
	}
	f.fault.Store(&fault)
}

// hang answers when the request's context ends.
func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// answer is a response of STS.
func answer(status int, code, message string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		body := "<ErrorResponse><Error><Code>" + code + "</Code><Message>" + message +
			"</Message></Error><RequestId>11111111-2222-3333-4444-555555555555</RequestId></ErrorResponse>"
		return response(r, status, body), nil
	}
}

// wantText checks that an error's text contains all parts.
func wantText(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error lacks %q:\n%v", part, err)
		}
	}
	if strings.Contains(err.Error(), marker) {
		t.Errorf("error contains the marker:\n%v", err)
	}
}

// count is how often an operation reached a pod's AWS.
func count(pod *credentialstest.Pod, operation string) int {
	n := 0
	for _, c := range pod.AWS.Calls() {
		if c.Operation == operation {
			n++
		}
	}
	return n
}
