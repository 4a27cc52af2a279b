package secrets_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/secrets"
)

const (
	marker    = "MARKER-s3cr3t-7f1e"
	secretARN = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:prod/db-AbCdEf"
)

// goodAnswer is what GetSecretValue answers, with the marker as the secret.
const goodAnswer = `{"ARN":"` + secretARN + `","Name":"prod/db","VersionId":"a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",` +
	`"VersionStages":["AWSCURRENT"],"CreatedDate":1.7e9,"SecretString":"` + marker + `"}`

// script is an AWS that answers what a function says, for answers that no
// faithful fake gives at will. It is called with the operation's name.
type script func(operation string) (status int, body string)

func (s script) RoundTrip(r *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	status, body := s(operation)
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  http.Header{"X-Amzn-Requestid": {"request-1"}, "Content-Type": {"application/x-amz-json-1.1"}},
		Body:    io.NopCloser(strings.NewReader(body)),
		Request: r,
	}, nil
}

// config returns an aws.Config that leads to s, with fixed credentials and no
// retries.
func (s script) config() aws.Config {
	return aws.Config{
		Region: "eu-west-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: marker}, nil
		}),
		HTTPClient: &http.Client{Transport: s},
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// answer is a script that gives one answer and counts the calls.
func answer(calls *atomic.Int64, status int, body string) script {
	return func(string) (int, string) {
		calls.Add(1)
		return status, body
	}
}

func refusal(code, message string) string {
	return fmt.Sprintf(`{"__type":%q,"message":%q}`, code, message)
}

func newStore(t *testing.T, cfg aws.Config, opts secrets.Config) *secrets.Store {
	t.Helper()
	store, err := secrets.New(t.Context(), cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// get returns the value that the script's answer gives.
func get(t *testing.T, body string) (secrets.Value, error) {
	t.Helper()
	var calls atomic.Int64
	return newStore(t, answer(&calls, http.StatusOK, body).config(), secrets.Config{}).Get(t.Context(), "prod/db")
}
