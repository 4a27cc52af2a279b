package credentials_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// response is an HTTP response with a body.
func response(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode:    status,
		Status:        fmt.Sprintf("%d %s", status, http.StatusText(status)),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {"text/xml"}},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       r,
	}
}

// session is STS's answer with credentials that expire at the given time; an
// empty key leaves the credentials out.
func session(key string, expires time.Time) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		creds := fmt.Sprintf(`<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey>
			<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials>`, key, expires.UTC().Format(time.RFC3339))
		if key == "" {
			creds = ""
		}
		return response(r, http.StatusOK, `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>`+
			creds+`</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`), nil
	}
}
