package credentials_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

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
	parsed, err := credentials.ParseTokenUnverified(token)
	if err != nil {
		t.Fatal(err)
	}
	wantNoSecret(t, "Token", parsed, secrets...)

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
	})
}
