package credentials_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// nested holds a value where fmt does not call its methods.
type nested struct{ hidden any }

// printings are all that fmt, slog and json make of a value, alone and nested.
func printings(t *testing.T, value any) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		out[verb] = fmt.Sprintf(verb, value)
		out["nested "+verb] = fmt.Sprintf(verb, nested{value})
		out["nested pointer "+verb] = fmt.Sprintf(verb, &nested{value})
	}
	var text, structured bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("it", "value", value, "nested", nested{value})
	slog.New(slog.NewJSONHandler(&structured, nil)).Info("it", "value", value, "nested", nested{value})
	out["slog text"], out["slog JSON"] = text.String(), structured.String()
	if data, err := json.Marshal(value); err == nil {
		out["JSON"] = string(data)
	}
	return out
}

// wantNoSecret looks for each secret in clear, in hex and as decimal bytes.
func wantNoSecret(t *testing.T, name string, value any, secrets ...string) {
	t.Helper()
	for how, text := range printings(t, value) {
		for _, secret := range secrets {
			decimal := strings.Trim(fmt.Sprint([]byte(secret)), "[]")
			for _, form := range []string{secret, hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))), decimal} {
				if strings.Contains(text, form) {
					t.Errorf("%s printed by %s shows a secret", name, how)
				}
			}
		}
	}
}

func TestRedaction(t *testing.T) {
	pod := newPod(t, nil)
	token, err := pod.AWS.Token(credentialstest.TokenRequest{Namespace: credentialstest.PodNamespace, ServiceAccount: credentialstest.PodServiceAccount})
	if err != nil {
		t.Fatal(err)
	}
	if err := pod.TokenFile.Rotate(token); err != nil {
		t.Fatal(err)
	}
	signature := token[strings.LastIndexByte(token, '.')+1:]
	cfg := pod.Config()
	p := newProvider(t, cfg)
	creds := retrieve(t, p)
	secrets := []string{marker, signature, creds.SecretAccessKey, creds.SessionToken}
	wantNoSecret(t, "Provider", p, secrets...)
	wantNoSecret(t, "Config", cfg, secrets...)
	wantNoSecret(t, "Selection", p.Selection(), secrets...)
	id, _ := p.Identity()
	wantNoSecret(t, "Identity", id, secrets...)
	wantNoSecret(t, "Stats", p.Stats(), secrets...)
	_, err = p.RetrieveMin(t.Context(), 2*time.Hour)
	wantNoSecret(t, "LifetimeError", err, secrets...)
	pooled := cfg
	pooled.Pool = new(credentials.Pool)
	retrieve(t, newProvider(t, pooled))
	wantNoSecret(t, "Pool", pooled.Pool, secrets...)
	parsed, err := credentials.ParseTokenUnverified(token)
	if err != nil {
		t.Fatal(err)
	}
	wantNoSecret(t, "Token", parsed, secrets...)
	report := credentials.Diagnose(t.Context(), cfg)
	wantNoSecret(t, "Report", report, secrets...)
	wantNoSecret(t, "Check", report.Checks[0], secrets...)
	wantNoSecret(t, "Status", report.Worst(), secrets...)

	t.Run("keys", func(t *testing.T) {
		setenv(t, map[string]string{"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": marker, "AWS_SESSION_TOKEN": marker})
		p := newProvider(t, credentials.Config{HTTPClient: noNetwork(t)})
		wantNoSecret(t, "Provider", p, marker)
		loaded, err := credentials.LoadConfig(t.Context(), credentials.Config{HTTPClient: noNetwork(t)})
		if err != nil {
			t.Fatal(err)
		}
		wantNoSecret(t, "the config's credentials", loaded.Credentials, marker)
	})

	t.Run("sources", func(t *testing.T) {
		setenv(t, map[string]string{
			"AWS_REGION": "eu-west-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/?" + marker,
			"AWS_CONTAINER_AUTHORIZATION_TOKEN": marker, "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": marker,
		})
		p := newProvider(t, credentials.Config{Sources: []credentials.Source{credentials.SourceContainer}, HTTPClient: roundTripFunc(
			func(r *http.Request) (*http.Response, error) {
				return answer(http.StatusBadRequest, marker, r.Header.Get("Authorization"))(r)
			})})
		sel := p.Selection()
		if sel.Others == nil {
			t.Error("no conflict to print")
		}
		wantNoSecret(t, "Selection", sel, marker)
		_, err := p.Retrieve(t.Context())
		if _, ok := errors.AsType[*credentials.ContainerError](err); !ok {
			t.Errorf("no ContainerError: %v", err)
		}
		wantNoSecret(t, "ContainerError", err, marker)
		t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config", "[default]\ncredential_process = echo "+marker+"\n"))
		_, err = newProvider(t, credentials.Config{Sources: []credentials.Source{credentials.SourceProfile}}).Retrieve(t.Context())
		if _, ok := errors.AsType[*credentials.SourceError](err); !ok {
			t.Errorf("no SourceError: %v", err)
		}
		wantNoSecret(t, "SourceError", err, marker)
	})

	t.Run("errors", func(t *testing.T) {
		for name, env := range map[string]map[string]string{
			"half a key":    {"AWS_SECRET_ACCESS_KEY": marker},
			"session token": {"AWS_SESSION_TOKEN": marker},
		} {
			t.Run(name, func(t *testing.T) {
				t.Setenv("AWS_REGION", "eu-west-1")
				setenv(t, env)
				_, err := credentials.New(t.Context(), credentials.Config{})
				wantNoSecret(t, "error", err, marker)
			})
		}
		broken := newPod(t, nil)
		for name, text := range map[string]string{
			"garbage": marker, "cut off": token[:len(token)-20], "claims": jwtOf(es256, `{"exp":"`+marker+`"}`), "header": jwtOf(marker, "{}"),
		} {
			if err := broken.TokenFile.Rotate(text); err != nil {
				t.Fatal(err)
			}
			_, err := newProvider(t, broken.Config()).Retrieve(t.Context())
			wantNoSecret(t, name, err, marker, signature[:20])
		}
		cfg.HTTPClient = roundTripFunc(func(r *http.Request) (*http.Response, error) {
			// As STS does, which quotes what it does not accept.
			return answer(http.StatusBadRequest, "ValidationError", "Value '"+token+marker+"' at 'webIdentityToken'")(r)
		})
		_, err := newProvider(t, cfg).Retrieve(t.Context())
		wantNoSecret(t, "refusal", err, secrets...)
		wantNoSecret(t, "report of a refusal", credentials.Diagnose(t.Context(), cfg), append(secrets, token)...)
		for name, change := range map[string]func(*credentials.Config){
			"hop":      func(c *credentials.Config) { c.Hops = []credentials.Hop{{RoleARN: hopARN(1)}} },
			"caller":   func(c *credentials.Config) { c.VerifyCaller = true },
			"mismatch": func(c *credentials.Config) { c.Expect.Account = "999999999999" },
		} {
			cfg := pod.Config()
			change(&cfg)
			cfg.HTTPClient = newScript(pod.AWS.HTTPClient().Do, func(r *http.Request) (*http.Response, error) {
				return answer(http.StatusForbidden, "AccessDenied", r.Header.Get("X-Amz-Security-Token")+marker)(r)
			})
			_, err := newProvider(t, cfg).Retrieve(t.Context())
			wantNoSecret(t, name, err, append(secrets, token)...)
		}
		cfg.HTTPClient = roundTripFunc(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("broken " + token) // as a client of the caller's own may
		})
		wantNoSecret(t, "report of a client's error", credentials.Diagnose(t.Context(), cfg), append(secrets, token)...)
	})
}
