package fakeaws_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/google/go-cmp/cmp"
)

// post sends a signed request that no SDK would build.
func (f *fake) post(t *testing.T, service, target, body string) (status int, got failure) {
	t.Helper()
	host := service + "." + region + ".amazonaws.com"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+host+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", target)
	credentials, err := f.credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hex.EncodeToString(sum[:]), service, region, time.Now()); err != nil {
		t.Fatal(err)
	}
	w, err := f.Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	var answer bytes.Buffer
	if _, err := answer.ReadFrom(w.Body); err != nil {
		t.Fatal(err)
	}
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(answer.Bytes(), &e); err != nil {
		t.Fatal(err)
	}
	return w.StatusCode, failure{e.Type, e.Message}
}

// What the SDKs check before they send is checked again.
func TestRequiredMembers(t *testing.T) {
	t.Parallel()
	f := startData(t)
	null := func(member string) string {
		return "Value null at '" + member + "' failed to satisfy constraint: Member must not be null"
	}
	one := func(member string) failure {
		return failure{"ValidationException", "1 validation error detected: " + null(member)}
	}
	tests := map[string]struct {
		service string
		want    failure
	}{
		"secretsmanager.GetSecretValue": {"secretsmanager", one("secretId")},
		"secretsmanager.DescribeSecret": {"secretsmanager", one("secretId")},
		"secretsmanager.PutSecretValue": {"secretsmanager", one("secretId")},
		"secretsmanager.BatchGetSecretValue": {"secretsmanager", failure{
			"InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both.",
		}},
		"AmazonSSM.GetParameter":        {"ssm", one("name")},
		"AmazonSSM.GetParameters":       {"ssm", one("names")},
		"AmazonSSM.GetParametersByPath": {"ssm", one("path")},
		"TrentService.Encrypt": {"kms", failure{
			"ValidationException", "2 validation errors detected: " + null("keyId") + "; " + null("plaintext"),
		}},
		"TrentService.Decrypt":         {"kms", one("ciphertextBlob")},
		"TrentService.GenerateDataKey": {"kms", one("keyId")},
		"TrentService.DescribeKey":     {"kms", one("keyId")},
	}
	for target, test := range tests {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			status, got := f.post(t, test.service, target, "{}")
			if diff := cmp.Diff(test.want, got); diff != "" || status != http.StatusBadRequest {
				t.Errorf("status %d, error (-want +got):\n%s", status, diff)
			}
			// A body of another shape, whose content is not shown.
			_, got = f.post(t, test.service, target, `["`+marker+`"]`)
			want := failure{"SerializationException", "The request's body is not what the operation expects."}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
