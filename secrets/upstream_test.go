package secrets_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// fakeUpstream is a Source that gives the answers themselves.
type fakeUpstream struct{ *fakeSource }

func newFakeUpstream() upstream { return &fakeUpstream{&fakeSource{latency: 50 * time.Millisecond}} }

func (u *fakeUpstream) open(t *testing.T, v *variable) *secrets.Store {
	u.answer = v.answer
	return newFake(t, u, secrets.Config{})
}

func (u *fakeUpstream) replica(string) {}

// wire is AWS as its clients meet it, with one secret, and a replica of it.
type wire struct {
	opts secrets.Config
	v    *variable

	mu      sync.Mutex
	version string // of the replica
	met     []fetched
}

func newWire() upstream { return &wire{} }

func newWireWithReplica() upstream {
	return &wire{opts: secrets.Config{ReplicaRegions: []string{replicaRegion}}}
}

func newDescribedWire() upstream { return &wire{opts: secrets.Config{DescribeFirst: true}} }

func (w *wire) open(t *testing.T, v *variable) *secrets.Store {
	w.v = v
	cfg := script(nil).config()
	cfg.HTTPClient = &http.Client{Transport: w}
	return newStore(t, cfg, w.opts)
}

func (w *wire) replica(version string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.version = version
}

// calls returns what Secrets Manager was asked for. Before a replica answers at
// all, calls to it are left out.
func (w *wire) calls() []fetched {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]fetched(nil), w.met...)
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := http.StatusForbidden, refusal("AccessDenied", "")
	host := strings.Split(r.URL.Host, ".")
	if host[0] == "secretsmanager" {
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		status, body = w.reply(host[1], operation)
		time.Sleep(50 * time.Millisecond)
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

// reply returns the answer to an operation in a Region.
func (w *wire) reply(in, operation string) (int, string) {
	w.mu.Lock()
	version := w.version
	if in == region || version != "" {
		w.met = append(w.met, fetched{at: time.Now(), refs: []string{in, operation}})
	}
	w.mu.Unlock()
	var result secrets.Result
	switch {
	case in == region && operation == "DescribeSecret":
		result = w.v.peek()
	case in == region:
		result = w.v.answer(secrets.Ref{})
	case version == "":
		result = bad(secrets.ErrUnavailable)
	default:
		result = good(version)
	}
	if result.Err != nil {
		return onWire(result.Err)
	}
	return http.StatusOK, fmt.Sprintf(`{"ARN":%q,"Name":"s","VersionId":%q,"CreatedDate":%d,"SecretString":%q,"VersionIdsToStages":{%q:["AWSCURRENT"]}}`,
		secretARN, result.Value.Version(), result.Value.Created().Unix(), result.Value.Reveal(), result.Value.Version())
}

// onWire is how AWS says an error.
func onWire(err error) (int, string) {
	for kind, answer := range map[error]string{
		secrets.ErrIdentity:      refusal("ExpiredTokenException", ""),
		secrets.ErrDenied:        refusal("AccessDeniedException", ""),
		secrets.ErrNotFound:      refusal("ResourceNotFoundException", ""),
		secrets.ErrDeleted:       refusal("InvalidRequestException", "marked for deletion"),
		secrets.ErrDecryption:    refusal("DecryptionFailure", ""),
		secrets.ErrConfiguration: refusal("InvalidParameterException", ""),
	} {
		if errors.Is(err, kind) {
			return http.StatusBadRequest, answer
		}
	}
	return http.StatusInternalServerError, refusal("InternalServiceError", "")
}
