package fakeaws

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
)

// apiError is an error as AWS answers it. The messages must not hold secrets
// or tokens: they are recorded.
type apiError struct {
	Code    string // as on the wire: "ResourceNotFoundException", "AccessDenied"
	Message string
	Status  int // HTTP status; zero is 400
}

// errorf makes an error with status 400.
func errorf(code, format string, args ...any) *apiError {
	return &apiError{Code: code, Message: fmt.Sprintf(format, args...)}
}

func (e *apiError) Error() string { return e.Code + ": " + e.Message }

// status is the HTTP status.
func (e *apiError) status() int { return cmp.Or(e.Status, http.StatusBadRequest) }

// asAPIError gives an error of any other kind the face of AWS's own trouble,
// without its text.
func asAPIError(err error) *apiError {
	if e, ok := errors.AsType[*apiError](err); ok {
		return e
	}
	return &apiError{
		Code:    "InternalFailure",
		Message: "The request processing has failed because of an unknown error, exception or failure.",
		Status:  http.StatusInternalServerError,
	}
}
