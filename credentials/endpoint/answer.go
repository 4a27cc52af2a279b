package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
)

// answer is what SDKs read (AWS SDKs and Tools Reference Guide, "Container
// credential provider"), with the role's ARN as ECS gives it.
type answer struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
	Expiration      string
	AccountID       string `json:"AccountId,omitempty"`
	RoleARN         string `json:"RoleArn,omitempty"`
}

func newAnswer(creds aws.Credentials, p aws.CredentialsProvider) answer {
	a := answer{
		AccessKeyID:     creds.AccessKeyID,
		SecretAccessKey: creds.SecretAccessKey,
		Token:           creds.SessionToken,
		Expiration:      expiration(creds),
		AccountID:       creds.AccountID,
	}
	if p, ok := p.(interface {
		Identity() (credentials.Identity, bool)
	}); ok {
		id, _ := p.Identity()
		a.RoleARN = id.RoleARN
	}
	return a
}

// expiration has whole seconds and Z: the SDK for JavaScript reads no other
// zone.
func expiration(creds aws.Credentials) string { return creds.Expires.UTC().Format(time.RFC3339) }

// left is how long credentials last for those who read their expiration.
func left(creds aws.Credentials) time.Duration {
	return time.Until(creds.Expires.Truncate(time.Second))
}

// refusal is any answer that is not credentials. Its text is for clients.
type refusal struct {
	status  int
	code    string
	message string
}

// MarshalJSON writes both spellings of the members: the SDK for JavaScript
// looks for capital ones, others for small ones.
func (f *refusal) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Code2   string `json:"Code"`
		Text2   string `json:"Message"`
	}{f.code, f.message, f.code, f.message})
}

// failed is the refusal for a provider's error. Texts of package credentials
// and of this one are known to have no secrets, others are left to the log.
func failed(err error) *refusal {
	f := &refusal{http.StatusServiceUnavailable, "CredentialsUnavailable", err.Error()}
	switch {
	case errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, credentials.ErrUnavailable):
		f.code, f.message = "CredentialsPending", "the credentials are being fetched; ask again"
	case errors.Is(err, credentials.ErrDenied):
		f.status, f.code = http.StatusForbidden, "AccessDenied"
	case errors.Is(err, credentials.ErrIdentity):
		f.status, f.code = http.StatusFailedDependency, "IdentityNotEstablished"
	case errors.Is(err, credentials.ErrConfiguration):
		f.status, f.code = http.StatusFailedDependency, "Misconfigured"
	case errors.Is(err, credentials.ErrUnavailable), errors.Is(err, credentials.ErrClosed):
	default:
		f.message = "the provider has none; see the server's log"
	}
	return f
}

// write answers. The SDK for Go takes a refusal for JSON only if the type has no
// parameter.
func write(w http.ResponseWriter, status int, body any) {
	text, _ := json.Marshal(body) // strings and booleans do not fail
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	switch status {
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodGet)
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Token") // RFC 9110, 15.5.2 wants some challenge
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client is gone if this fails
}
