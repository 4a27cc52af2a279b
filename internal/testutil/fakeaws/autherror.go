package fakeaws

import (
	"cmp"
	"net/http"
)

// authFailure is a way to fail authentication. STS and the JSON services give
// it different codes, and STS a status of 403 where the others have 400 (IAM
// and STS API References, "Common errors").
type authFailure struct {
	query, json string
	status      int // of STS
	message     string
}

var (
	missingAuthentication = authFailure{
		"MissingAuthenticationToken", "MissingAuthenticationTokenException", http.StatusForbidden,
		"Request is missing Authentication Token",
	}
	incompleteSignature = authFailure{
		"IncompleteSignature", "IncompleteSignatureException", http.StatusBadRequest, "",
	}
	invalidKey = authFailure{
		"InvalidClientTokenId", "UnrecognizedClientException", http.StatusForbidden,
		"The security token included in the request is invalid.",
	}
	expiredToken = authFailure{
		"ExpiredToken", "ExpiredTokenException", http.StatusForbidden,
		"The security token included in the request is expired",
	}
	wrongSignature = authFailure{
		"SignatureDoesNotMatch", "InvalidSignatureException", http.StatusForbidden, "",
	}
)

// authError is the failure as the call's service words it; an empty message
// takes the failure's own.
func (c *call) authError(f authFailure, message string) error {
	message = cmp.Or(message, f.message)
	if c.service == "sts" {
		return &apiError{Code: f.query, Message: message, Status: f.status}
	}
	return &apiError{Code: f.json, Message: message}
}
