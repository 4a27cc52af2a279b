package policy

import (
	"fmt"
	"time"
)

// The error codes of AssumeRoleWithWebIdentity that mean something is wrong
// with the token, the provider or the trust policy (STS API reference).
const (
	CodeInvalidIdentityToken = "InvalidIdentityToken"  // HTTP 400
	CodeExpiredToken         = "ExpiredTokenException" // HTTP 400
	CodeAccessDenied         = "AccessDenied"          // HTTP 403
)

// The messages of AssumeRoleWithWebIdentity, word for word, misprints included.
const (
	MessageInvalidJWT         = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	MessageNoVerificationKey  = "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"
	MessageIncorrectAudience  = "Incorrect token audience"
	MessageWebIdentityRefused = "Not authorized to perform " + actionWebIdentity
)

// MessageMissingClaim is the message for a token without the claim.
func MessageMissingClaim(claim string) string {
	return "Missing a required claim: " + claim
}

// MessageTokenExpired is the message for a token whose exp is not after now;
// AWS gives both in seconds since 1970.
func MessageTokenExpired(now, exp time.Time) string {
	return fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d", now.Unix(), exp.Unix())
}

// MessageNoProvider is the message for a token whose issuer is not the URL of
// an OIDC provider in the role's account.
func MessageNoProvider(issuer string) string {
	return "No OpenIDConnect provider found in your account for " + issuer
}
