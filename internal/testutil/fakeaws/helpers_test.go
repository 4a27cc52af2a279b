package fakeaws_test

import (
	"errors"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// wantError checks what the SDK made of an error answer; an empty message is
// not compared.
func wantError(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Fatalf("got %v, want an API error %s", err, code)
	}
	equal(t, "code", api.ErrorCode(), code)
	if message != "" {
		equal(t, "message", api.ErrorMessage(), message)
	}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); !ok {
		t.Errorf("%v tells no status", err)
	} else {
		equal(t, "status", response.HTTPStatusCode(), status)
	}
}
