package endpoint_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/endpoint"
)

// onceWriter takes one call of Write.
type onceWriter struct {
	bytes.Buffer
	calls int
}

func (w *onceWriter) Write(p []byte) (int, error) {
	w.calls++
	return w.Buffer.Write(p)
}

var errDisk = errors.New("disk full")

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errDisk }

func TestWriteProcess(t *testing.T) {
	t.Parallel()
	session := aws.Credentials{
		AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "secret", SessionToken: "token", AccountID: "111122223333",
		CanExpire: true, Expires: time.Date(2126, 1, 2, 3, 4, 5, 999, time.FixedZone("", 3600)),
	}
	with := func(change func(*aws.Credentials)) stub {
		creds := session
		change(&creds)
		return stub{creds: creds}
	}
	tests := map[string]struct {
		provider stub
		want     map[string]any
		is       error
	}{
		"session": {stub{creds: session}, map[string]any{
			"Version": 1.0, "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret", "SessionToken": "token",
			"Expiration": "2126-01-02T02:04:05Z", "AccountId": "111122223333",
		}, nil},
		"lasting keys": {
			with(func(c *aws.Credentials) {
				c.CanExpire, c.Expires, c.SessionToken, c.AccountID = false, time.Time{}, "", ""
			}),
			map[string]any{"Version": 1.0, "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret"},
			nil,
		},
		"empty":            {stub{}, nil, credentials.ErrUnavailable},
		"no secret":        {with(func(c *aws.Credentials) { c.SecretAccessKey = "" }), nil, credentials.ErrUnavailable},
		"expired":          {with(func(c *aws.Credentials) { c.Expires = time.Now().Add(-time.Hour) }), nil, credentials.ErrUnavailable},
		"zero expiry":      {with(func(c *aws.Credentials) { c.Expires = time.Time{} }), nil, credentials.ErrUnavailable},
		"no session token": {with(func(c *aws.Credentials) { c.SessionToken = "" }), nil, credentials.ErrConfiguration},
		"denied":           {stub{err: credentials.ErrDenied}, nil, credentials.ErrDenied},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out onceWriter
			err := endpoint.WriteProcess(t.Context(), &out, test.provider)
			if !errors.Is(err, test.is) {
				t.Errorf("error %v, want %v", err, test.is)
			}
			if test.want == nil {
				if err == nil || out.calls != 0 {
					t.Errorf("%d writes, error %v", out.calls, err)
				}
				return
			}
			var got map[string]any
			if err := json.Unmarshal(out.Bytes(), &got); err != nil || out.calls != 1 || !strings.HasSuffix(out.String(), "}\n") {
				t.Fatalf("%d writes: %v", out.calls, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("output (-want +got):\n%s", diff)
			}
			if err := endpoint.WriteProcess(t.Context(), failingWriter{}, test.provider); !errors.Is(err, errDisk) {
				t.Errorf("a full disk gives %v", err)
			}
		})
	}
}

// What ends at this moment, or does by the whole seconds that are written, is of
// no use to anybody.
func TestWriteProcessAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for left, want := range map[time.Duration]error{
			0: credentials.ErrUnavailable, 999 * time.Millisecond: credentials.ErrUnavailable, time.Second: nil,
		} {
			if err := endpoint.WriteProcess(t.Context(), io.Discard, stub{creds: lasting(left)}); !errors.Is(err, want) {
				t.Errorf("with %v left: %v", left, err)
			}
		}
	})
}

// The SDK reads what was written.
func TestProcessForSDK(t *testing.T) {
	t.Parallel()
	_, p := newPod(t, nil)
	want, err := p.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "output")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := endpoint.WriteProcess(t.Context(), f, p); err != nil {
		t.Fatal(err)
	}
	got, err := processcreds.NewProvider("cat " + file).Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.AccessKeyID != want.AccessKeyID || got.SecretAccessKey != want.SecretAccessKey || got.SessionToken != want.SessionToken ||
		!got.Expires.Equal(want.Expires.Truncate(time.Second)) || got.AccountID != want.AccountID {
		t.Error("other credentials arrived")
	}
}
