package credentialstest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// TB is the part of testing.TB that the fakes of this package report to.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
	Setenv(key, value string)
}

// errIMDS is what a request to a forbidden metadata service gets.
var errIMDS = errors.New("credentialstest: the instance metadata service must not be asked")

// NoIMDS returns a client that fails the test when a request goes to the node's
// metadata service at one of its addresses: a pod that asks there is about to
// take on the role of the node. All else goes to next; nil is
// http.DefaultClient.
//
//	cfg := pod.Config()
//	cfg.HTTPClient = credentialstest.NoIMDS(t, pod.AWS.HTTPClient())
func NoIMDS(tb TB, next *http.Client) *http.Client {
	if next == nil {
		next = http.DefaultClient
	}
	guarded := *next
	guarded.Transport = noIMDS{tb: tb, next: next.Transport}
	return &guarded
}

type noIMDS struct {
	tb   TB
	next http.RoundTripper
}

// RoundTrip hands on what does not go to the metadata service.
func (n noIMDS) RoundTrip(r *http.Request) (*http.Response, error) {
	if fakeaws.IsIMDS(r.URL.Host) {
		n.tb.Helper()
		n.tb.Errorf("credentialstest: %s %s went to the instance metadata service", r.Method, r.URL.Path)
		if r.Body != nil {
			_ = r.Body.Close() // as a RoundTripper must
		}
		return nil, errIMDS
	}
	next := n.next
	if next == nil {
		next = http.DefaultTransport
	}
	return next.RoundTrip(r)
}

// NoIMDSServer is [NoIMDS] for code that brings its own client: it listens on
// loopback until the test ends, fails the test when it is asked, and names itself
// in AWS_EC2_METADATA_SERVICE_ENDPOINT, where SDKs look. Like t.Setenv it is not
// for parallel tests, and like any listener not for synctest bubbles.
func NoIMDSServer(tb TB) {
	tb.Helper()
	var config net.ListenConfig
	l, err := config.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("credentialstest: listen: %v", err)
		return
	}
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			tb.Errorf("credentialstest: %s %s went to the instance metadata service", r.Method, r.URL.Path)
			w.WriteHeader(http.StatusForbidden) // which SDKs do not retry
		}),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // until Close
	}()
	tb.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	tb.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://"+l.Addr().String())
}
