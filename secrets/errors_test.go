package secrets_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
)

var sentinels = map[string]error{
	"ErrConfiguration": secrets.ErrConfiguration,
	"ErrIdentity":      secrets.ErrIdentity,
	"ErrDenied":        secrets.ErrDenied,
	"ErrNotFound":      secrets.ErrNotFound,
	"ErrDeleted":       secrets.ErrDeleted,
	"ErrDecryption":    secrets.ErrDecryption,
	"ErrUnavailable":   secrets.ErrUnavailable,
	"ErrClosed":        secrets.ErrClosed,
}

// checkKind checks that err is the wanted sentinel and no other.
func checkKind(t *testing.T, err, want error) {
	t.Helper()
	for name, sentinel := range sentinels {
		if got := errors.Is(err, sentinel); got != (sentinel == want) {
			t.Errorf("errors.Is(%q, %s) = %t", err, name, got)
		}
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code, message string
		status        int // default 400
		want          error
		text          string
	}{
		"not found":            {"ResourceNotFoundException", "Secrets Manager can't find the specified secret.", 0, secrets.ErrNotFound, "no such secret"},
		"no current value":     {"ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT", 0, secrets.ErrNotFound, "AWSCURRENT"},
		"deleted":              {"InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.", 0, secrets.ErrDeleted, "RestoreSecret"},
		"deleted, older words": {"InvalidRequestException", "You tried to perform the operation on a secret that's currently marked deleted.", 0, secrets.ErrDeleted, "RestoreSecret"},
		"other state":          {"InvalidRequestException", "whatever", 0, secrets.ErrConfiguration, "does not take"},
		"parameter":            {"InvalidParameterException", "whatever", 0, secrets.ErrConfiguration, "does not take"},
		"validation":           {"ValidationException", "whatever", 0, secrets.ErrConfiguration, "does not take"},
		"denied":               {"AccessDeniedException", "whatever", 0, secrets.ErrDenied, "secretsmanager:GetSecretValue denied to the caller"},
		"key":                  {"DecryptionFailure", "whatever", 0, secrets.ErrDecryption, "disabled"},
		"expired":              {"ExpiredTokenException", "whatever", 0, secrets.ErrIdentity, "expired"},
		"unknown key id":       {"UnrecognizedClientException", "whatever", 0, secrets.ErrIdentity, "does not know"},
		"signature":            {"InvalidSignatureException", "whatever", 0, secrets.ErrIdentity, "clock"},
		"throttled":            {"ThrottlingException", "Rate exceeded", 0, secrets.ErrUnavailable, "fewer calls"},
		"internal":             {"InternalServiceError", "An unknown error occurred", 500, secrets.ErrUnavailable, "cannot answer"},
		"unheard of":           {"SomethingNew", "whatever", 0, secrets.ErrUnavailable, "cannot answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.status == 0 {
				test.status = http.StatusBadRequest
			}
			var calls atomic.Int64
			store := newStore(t, answer(&calls, test.status, refusal(test.code, test.message+marker)).config(), secrets.Config{})
			_, err := store.Get(t.Context(), secretARN)
			checkKind(t, err, test.want)
			if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != test.code {
				t.Errorf("no smithy.APIError %s in %v", test.code, err)
			}
			for _, want := range []string{"secrets: read ", secretARN, "eu-west-1", test.code, "request-1", test.text} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in %q", want, err)
				}
			}
			printAll(t, "the error", err)
		})
	}
}

func TestNotFoundByNameWithSuffix(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	store := newStore(t, answer(&calls, 400, refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")).config(), secrets.Config{})
	_, err := store.Get(t.Context(), "prod/db-AbCdEf")
	if !errors.Is(err, secrets.ErrNotFound) || !strings.Contains(err.Error(), "without the six random characters") {
		t.Error(err)
	}
}

// TestUnusableAnswers plants the marker in answers of all three services that the
// SDK or the Store refuses.
func TestUnusableAnswers(t *testing.T) {
	t.Parallel()
	const parameter = `{"Parameters":[{"Name":"/a","Type":"String","Value":"` + marker + `","Version":3}]}`
	for name, test := range map[string]struct{ ref, body string }{
		"truncated":                  {"prod/db", goodAnswer[:len(goodAnswer)-3]},
		"wrong type":                 {"prod/db", strings.Replace(goodAnswer, `"SecretString":`, `"SecretString":[`, 1)},
		"wrong base64":               {"prod/db", strings.Replace(goodAnswer, `"SecretString":`, `"SecretBinary":`, 1)},
		"neither":                    {"prod/db", `{"ARN":"` + secretARN + `","Name":"` + marker + `"}`},
		"both":                       {"prod/db", strings.Replace(goodAnswer, `"SecretString":`, `"SecretBinary":"AAAA","SecretString":`, 1)},
		"HTML":                       {"prod/db", "<html>" + marker},
		"wrong date":                 {"prod/db", strings.Replace(goodAnswer, `1.7e9`, `"`+marker+`"`, 1)},
		"parameter, truncated":       {"ssm:/a", parameter[:len(parameter)-5]},
		"parameter, wrong type":      {"ssm:/a", strings.Replace(parameter, `"Value":`, `"Value":[`, 1)},
		"parameter, wrong version":   {"ssm:/a", strings.Replace(parameter, `:3`, `:"`+marker+`"`, 1)},
		"parameter, another's":       {"ssm:/b", parameter},
		"plaintext, wrong base64":    {"", `{"Plaintext":"` + marker + `"}`},
		"plaintext, truncated":       {"", `{"Plaintext":"` + marker},
		"plaintext that is a number": {"", `{"KeyId":"` + marker + `","Plaintext":5}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := script(func(string) (int, string) { return http.StatusOK, test.body }).config()
			_, err := readOrDecrypt(t, cfg, test.ref)
			checkKind(t, err, secrets.ErrUnavailable)
			printAll(t, "the error", err)
			if readErr, ok := errors.AsType[*secrets.ReadError](err); ok {
				printAll(t, "the error's fields", *readErr)
			} else {
				t.Errorf("not a ReadError: %v", err)
			}
		})
	}
}

// readOrDecrypt reads ref or, if that is empty, has KMS decrypt something.
func readOrDecrypt(t *testing.T, cfg aws.Config, ref string) (secrets.Value, error) {
	t.Helper()
	if ref != "" {
		return newStore(t, cfg, secrets.Config{}).Get(t.Context(), ref)
	}
	d, err := secrets.NewDecrypter(cfg, secrets.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	return d.Decrypt(t.Context(), secrets.Ciphertext{KeyID: "alias/k", Blob: []byte("x")})
}

func TestBodiesAreNotLogged(t *testing.T) {
	t.Parallel()
	cfg := script(func(string) (int, string) { return 200, goodAnswer }).config()
	cfg.ClientLogMode = aws.LogRequestWithBody | aws.LogResponseWithBody | aws.LogResponse
	log := new(logBuffer)
	cfg.Logger = log
	if _, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), secretARN); err != nil {
		t.Fatal(err)
	}
	if log.text == "" {
		t.Fatal("nothing was logged")
	}
	checkSilent(t, "the SDK's log", log.text)
}

// logBuffer is a smithy logger.
type logBuffer struct{ text string }

func (b *logBuffer) Logf(_ logging.Classification, format string, v ...any) {
	b.text += fmt.Sprintf(format, v...)
}

func TestIdentityErrors(t *testing.T) {
	t.Parallel()
	tokenErr := &credentials.TokenError{Path: "/var/run/token", Problem: credentials.TokenExpired}
	cfg := script(func(string) (int, string) { return 200, goodAnswer }).config()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, tokenErr
	})
	_, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), "prod/db")
	checkKind(t, err, secrets.ErrIdentity)
	if got, ok := errors.AsType[*credentials.TokenError](err); !ok || got != tokenErr || !errors.Is(err, credentials.ErrIdentity) {
		t.Errorf("the credentials' error is lost: %v", err)
	}
	if want := `secrets: read "prod/db" in eu-west-1: no credentials to ask with: ` + tokenErr.Error(); err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestUnusableAnswerToAnotherProvider(t *testing.T) {
	t.Parallel()
	cfg := script(nil).config()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, &smithy.OperationError{Err: &smithy.DeserializationError{Err: errors.New(marker)}}
	})
	_, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), "prod/db")
	checkKind(t, err, secrets.ErrIdentity)
	printAll(t, "the error", err)
}

func TestNetworkErrors(t *testing.T) {
	t.Parallel()
	cfg := script(nil).config()
	cfg.HTTPClient = &http.Client{Transport: failing{io.ErrUnexpectedEOF}}
	_, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), "prod/db")
	checkKind(t, err, secrets.ErrUnavailable)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), io.ErrUnexpectedEOF.Error()) {
		t.Error(err)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := script(nil).config()
		cfg.HTTPClient = &http.Client{Transport: hanging{}}
		start := time.Now()
		_, err := newStore(t, cfg, secrets.Config{Timeout: 7 * time.Second}).Get(t.Context(), "prod/db")
		checkKind(t, err, secrets.ErrUnavailable)
		if took := time.Since(start); took.Round(10*time.Millisecond) != 7*time.Second || !strings.Contains(err.Error(), "Config.Timeout") {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	good := script(nil).config()
	for name, test := range map[string]struct {
		cfg   aws.Config
		opts  secrets.Config
		field string
	}{
		"no credentials":          {aws.Config{Region: "eu-west-1"}, secrets.Config{}, "aws.Config.Credentials"},
		"negative timeout":        {good, secrets.Config{Timeout: -1}, "Config.Timeout"},
		"stale before refresh":    {good, secrets.Config{TTL: time.Hour, MaxStale: time.Minute}, "Config.MaxStale"},
		"stale before 5m refresh": {good, secrets.Config{MaxStale: time.Minute}, "Config.MaxStale"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := secrets.New(t.Context(), test.cfg, test.opts)
			config, ok := errors.AsType[*secrets.ConfigError](err)
			if !ok || config.Field != test.field || !strings.HasPrefix(err.Error(), "secrets: "+test.field+" is ") {
				t.Fatalf("got %v", err)
			}
			checkKind(t, err, secrets.ErrConfiguration)
		})
	}
}

// TestBadRefsMakeNoCall covers Get and Preload.
func TestBadRefsMakeNoCall(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	cfg := answer(&calls, 200, goodAnswer).config()
	store := newStore(t, cfg, secrets.Config{})
	for name, bad := range badRefs {
		if _, err := store.Get(t.Context(), bad.ref); !errors.Is(err, secrets.ErrConfiguration) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := secrets.New(t.Context(), cfg, secrets.Config{Preload: []string{secretARN, "a b", "c:d"}}); err == nil ||
		!strings.Contains(err.Error(), `"a b"`) || !strings.Contains(err.Error(), `"c:d"`) {
		t.Errorf("Preload: %v", err)
	}
	cfg.Region = ""
	if _, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), "prod/db"); err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("a name without Region: %v", err)
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d calls", n)
	}
	if _, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), secretARN); err != nil {
		t.Errorf("an ARN without Region: %v", err)
	}
}

func TestRegionOfARN(t *testing.T) {
	t.Parallel()
	var hosts []string
	cfg := script(nil).config()
	cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		return script(func(string) (int, string) { return 200, goodAnswer }).RoundTrip(r)
	})}
	store := newStore(t, cfg, secrets.Config{})
	for _, ref := range []string{"prod/db", secretARN, strings.Replace(secretARN, "eu-west-1", "us-east-2", 1)} {
		if _, err := store.Get(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"secretsmanager.eu-west-1.amazonaws.com", "secretsmanager.eu-west-1.amazonaws.com", "secretsmanager.us-east-2.amazonaws.com"}
	if !slices.Equal(hosts, want) {
		t.Errorf("asked %q, want %q", hosts, want)
	}
}

func TestStageIsSent(t *testing.T) {
	t.Parallel()
	var body map[string]string
	cfg := script(nil).config()
	cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, err
		}
		return script(func(string) (int, string) { return 200, goodAnswer }).RoundTrip(r)
	})}
	if _, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), "prod/db"); err != nil {
		t.Fatal(err)
	}
	if body["SecretId"] != "prod/db" || body["VersionStage"] != "AWSCURRENT" || len(body) != 2 {
		t.Errorf("sent %v", body)
	}
}

// roundTrip is an http.RoundTripper.
type roundTrip func(r *http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// failing fails every request.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

// hanging answers no request.
type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}
