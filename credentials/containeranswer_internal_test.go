package credentials

import (
	"strings"
	"testing"
	"time"
)

// FuzzParseAnswer: whatever an endpoint answers, only whole credentials that
// expire come out, and no text of the answer's in an error.
func FuzzParseAnswer(f *testing.F) {
	const secret = "c0ffee-S3CR3T"
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, `"x"`, `{"code":"AccessDenied","message":"no"}`, `{"Code":"Success"}`, `{"code":1}`,
		`{"AccessKeyId":"A","SecretAccessKey":"` + secret + `","Token":"t","Expiration":"2100-01-01T00:00:00Z","AccountId":"111122223333"}`,
		`{"accesskeyid":"A","SECRETACCESSKEY":"` + secret + `","expiration":"2100-01-01T00:00:00.123+02:00"}`,
		`{"AccessKeyId":"A","SecretAccessKey":"` + secret + `","Expiration":"` + secret + `"}`,
		`{"AccessKeyId":"A","SecretAccessKey":"` + secret + `","Expiration":null}`,
		`{"code":"` + secret + ` "}`, strings.Repeat("[", 10000),
	} {
		f.Add([]byte(seed))
	}
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, data []byte) {
		a, err := parseAnswer(data)
		if err != nil {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error quotes the answer: %v", err)
			}
			return
		}
		if len(a.code) > maxCode || strings.ContainsAny(a.code, " \r\n\"") {
			t.Errorf("code %q", a.code)
		}
		creds, problem := a.credentials(SourceContainer, now)
		switch {
		case problem == "":
			if !creds.HasKeys() || !creds.CanExpire || !creds.Expires.After(now) || creds.Source != string(SourceContainer) {
				t.Error("what came out are no credentials that expire")
			}
		case creds.HasKeys() || strings.Contains(problem, secret):
			t.Errorf("credentials, or a quotation, in spite of %q", problem)
		}
	})
}

func FuzzParseEndpoint(f *testing.F) {
	for _, seed := range []string{
		"http://127.0.0.1/x", "http://169.254.170.2@192.0.2.1/", "https://host", "/v2/x", "@host/", "//host/x", "http://[fe80::1%25eth0]/", "http://a b/", "ftp://x",
	} {
		f.Add(true, seed)
		f.Add(false, seed)
	}
	f.Fuzz(func(t *testing.T, relative bool, uri string) {
		name := envFullURI
		if relative {
			name = envRelativeURI
		}
		u, err := parseEndpoint(setting{name, uri})
		switch {
		case err != nil:
			return
		case relative && u.Scheme+"://"+u.Host != relativeHost:
			t.Errorf("a relative URI leads to %s", u.Host)
		case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
			t.Errorf("scheme %q, host %q", u.Scheme, u.Host)
		}
	})
}
