package credentials_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/credentials"
)

// profileProvider makes a provider of the default profile.
func profileProvider(t *testing.T, text string, cfg credentials.Config) *credentials.Provider {
	t.Helper()
	t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config", "[default]\n"+text))
	cfg.Region = "eu-west-1"
	return newProvider(t, cfg)
}

func TestCredentialProcess(t *testing.T) {
	expiry := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	printed := func(extra string) string {
		return "credential_process = echo '{\"Version\":1,\"AccessKeyId\":\"ASIAPROCESS\",\"SecretAccessKey\":\"" + marker + "\"" + extra + "}'\n"
	}
	p := profileProvider(t, printed(`,"SessionToken":"t","AccountId":"111122223333","Expiration":"`+expiry.Format(time.RFC3339)+`"`), credentials.Config{})
	creds := retrieve(t, p)
	if creds.AccessKeyID != "ASIAPROCESS" || creds.AccountID != "111122223333" || !creds.Expires.Equal(expiry) || creds.Source != string(credentials.SourceProfile) {
		t.Errorf("source %q, account %q, expires %v", creds.Source, creds.AccountID, creds.Expires)
	}
	tests := map[string]struct {
		text string
		cfg  credentials.Config
		kind error
		want string
	}{
		"exit code": {"credential_process = exit 3\n", credentials.Config{}, credentials.ErrUnavailable, "exit code 3"},
		"no such":   {"credential_process = /no/such/command\n", credentials.Config{}, credentials.ErrUnavailable, "exit code 127"},
		"garbage":   {"credential_process = echo " + marker + "\n", credentials.Config{}, credentials.ErrConfiguration, "does not print the JSON"},
		"half":      {"credential_process = echo '{\"Version\":1,\"SecretAccessKey\":\"" + marker + "\"}'\n", credentials.Config{}, credentials.ErrConfiguration, "does not print the JSON"},
		"expired":   {printed(`,"Expiration":"2001-01-01T00:00:00Z"`), credentials.Config{}, credentials.ErrUnavailable, "expired already"},
		"too slow": {
			"credential_process = sleep 60 2>/dev/null; echo\n",
			credentials.Config{Refresh: credentials.Refresh{Timeout: 100 * time.Millisecond}},
			credentials.ErrUnavailable, "",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := profileProvider(t, test.text, test.cfg)
			began := time.Now()
			_, err := p.Retrieve(t.Context())
			wantText(t, err, test.want)
			if !errors.Is(err, test.kind) {
				t.Errorf("not %v: %v", test.kind, err)
			}
			if took := time.Since(began); took > 30*time.Second {
				t.Errorf("took %v", took)
			}
			wantNoSecret(t, "error", err, marker)
			wantNoneShows(t, err, marker)
		})
	}
}

// wantNoneShows checks an error and all that it wraps.
func wantNoneShows(t *testing.T, err error, secret string) {
	t.Helper()
	if strings.Contains(fmt.Sprintf("%+v %#v", err, err), secret) {
		t.Errorf("%T shows what was printed", err)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			wantNoneShows(t, inner, secret)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			wantNoneShows(t, inner, secret)
		}
	}
}

// home is a home directory with one file in it.
func home(t *testing.T, name, text string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", dir)
}

func ssoCache(key string) string {
	sum := sha1.Sum([]byte(key))
	return ".aws/sso/cache/" + hex.EncodeToString(sum[:]) + ".json"
}

func TestSSO(t *testing.T) {
	const (
		startURL = "https://example.awsapps.com/start"
		account  = "sso_account_id = 111122223333\nsso_role_name = reader\n"
		where    = "sso_region = eu-north-1\nsso_start_url = " + startURL + "\n"
	)
	profiles := map[string]struct{ text, cache string }{
		"legacy":  {account + where, ssoCache(startURL)},
		"session": {account + "sso_session = team\n[sso-session team]\n" + where, ssoCache("team")},
	}
	expires := time.Now().Add(time.Hour).Truncate(time.Second)
	granted := fmt.Sprintf(`{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"secret","sessionToken":"t","expiration":%d}}`, expires.UnixMilli())
	for name, profile := range profiles {
		t.Run(name, func(t *testing.T) {
			tests := map[string]struct {
				life   time.Duration
				status int
				kind   error // nil: credentials
				text   string
			}{
				"granted":         {time.Hour, http.StatusOK, nil, ""},
				"session expired": {-time.Hour, http.StatusOK, credentials.ErrIdentity, "aws sso login --profile default"},
				"unauthorized":    {time.Hour, http.StatusUnauthorized, credentials.ErrIdentity, "aws sso login"},
				"not assigned":    {time.Hour, http.StatusForbidden, credentials.ErrDenied, "not granted"},
				"bad request":     {time.Hour, http.StatusBadRequest, credentials.ErrConfiguration, "InvalidRequestException"},
				"away":            {time.Hour, http.StatusServiceUnavailable, credentials.ErrUnavailable, "no answer"},
			}
			for name, test := range tests {
				t.Run(name, func(t *testing.T) {
					home(t, profile.cache, fmt.Sprintf(`{"accessToken":%q,"expiresAt":%q}`, marker, time.Now().Add(test.life).UTC().Format(time.RFC3339)))
					t.Setenv("AWS_MAX_ATTEMPTS", "1")
					client := roundTripFunc(func(r *http.Request) (*http.Response, error) {
						if r.URL.Host != "portal.sso.eu-north-1.amazonaws.com" || r.Header.Get("X-Amz-Sso_bearer_token") != marker {
							t.Errorf("a request went to %s", r.URL.Host)
						}
						if test.status == http.StatusOK {
							return response(r, http.StatusOK, granted), nil
						}
						answer := response(r, test.status, `{"message":"`+marker+`"}`)
						answer.Header.Set("X-Amzn-Errortype", "InvalidRequestException")
						return answer, nil
					})
					p := profileProvider(t, profile.text, credentials.Config{HTTPClient: client})
					creds, err := p.Retrieve(t.Context())
					if test.kind == nil {
						if err != nil || creds.AccessKeyID != "ASIASSO" || creds.AccountID != "111122223333" || !creds.Expires.Equal(expires) {
							t.Errorf("account %q, expires %v: %v", creds.AccountID, creds.Expires, err)
						}
						return
					}
					wantText(t, err, test.text, `SSO of profile "default"`)
					if !errors.Is(err, test.kind) {
						t.Errorf("not %v: %v", test.kind, err)
					}
				})
			}
		})
	}
}

func TestLogin(t *testing.T) {
	const session = "arn:aws:sts::111122223333:assumed-role/reader/me"
	sum := sha256.Sum256([]byte(session))
	cache := ".aws/login/cache/" + hex.EncodeToString(sum[:]) + ".json"
	profile := "login_session = " + session + "\n"

	home(t, cache, fmt.Sprintf(`{"accessToken":{"accessKeyId":"ASIALOGIN","secretAccessKey":"s","sessionToken":"t","accountId":"111122223333","expiresAt":%q},`+
		`"clientId":"c","refreshToken":"r","dpopKey":"k"}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339)))
	creds := retrieve(t, profileProvider(t, profile, credentials.Config{HTTPClient: noNetwork(t)}))
	if creds.AccessKeyID != "ASIALOGIN" || creds.Source != string(credentials.SourceProfile) {
		t.Errorf("source %q", creds.Source)
	}

	home(t, "elsewhere", "")
	_, err := profileProvider(t, profile, credentials.Config{HTTPClient: noNetwork(t)}).Retrieve(t.Context())
	wantText(t, err, "there is no valid session", "aws login --profile default")
	if !errors.Is(err, credentials.ErrIdentity) {
		t.Errorf("not ErrIdentity: %v", err)
	}
}
