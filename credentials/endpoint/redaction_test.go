package endpoint_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials/endpoint"
	"github.com/irsakit/irsa/internal/testutil/redaction"
)

func TestRedaction(t *testing.T) {
	t.Parallel()
	token, err := endpoint.StaticToken(password)
	if err != nil {
		t.Fatal(err)
	}
	file, err := endpoint.FileToken(writeFile(t, "token", password, 0o440))
	if err != nil {
		t.Fatal(err)
	}
	_, p := newPod(t, nil)
	keys, err := p.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cfg := endpoint.Config{Provider: p, Token: token}
	s := newServer(t, cfg)
	ask(t, s, endpoint.PathCredentials)

	_, short := endpoint.StaticToken(password + "\n")
	redaction.Check(t, "ConfigError", short, marker)
	_, inFile := endpoint.FileToken(writeFile(t, "token", password+"\n", 0o440))
	unusable := endpoint.WriteProcess(t.Context(), io.Discard, stub{creds: lasting(-time.Hour)})
	redaction.CheckTypes(t, ".", redaction.Table{
		"Token":          redaction.Samples{token, file},
		"Config":         redaction.Samples{cfg},
		"Server":         redaction.Samples{s},
		"TokenFileError": redaction.Samples{inFile},
		"UnusableError":  redaction.Samples{unusable},
	}, marker, keys.SecretAccessKey, keys.SessionToken)
}

// No way through the server writes a secret to the log, though it says what
// happened.
func TestLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, p := range []stub{{creds: lasting(time.Hour)}, {creds: lasting(-time.Hour)}, {err: errors.New("the weather")}} {
		s := newServer(t, endpoint.Config{Provider: p, Logger: logger})
		ask(t, s, endpoint.PathCredentials)
		for range 5 {
			r := newRequest(t.Context(), endpoint.PathCredentials+"?"+marker)
			r.Header.Set("Authorization", marker)
			r.Header.Set("X-Forwarded-For", marker)
			r.Host = marker
			if got := answerTo(t, s, r); got.Status != http.StatusForbidden || strings.Contains(got.Message, marker) {
				t.Errorf("%d %s", got.Status, got.Message)
			}
		}
	}
	text := log.String()
	if strings.Contains(text, marker) {
		t.Error("the log shows a secret")
	}
	for _, want := range []string{"credentials handed out", "key=ASIAEXAMPLE", "the weather", "expired", "code=WrongHost"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log lacks %q:\n%s", want, text)
		}
	}
	if n := strings.Count(text, "request refused"); n > 9 {
		t.Errorf("%d records of 15 refusals", n)
	}
}

// A token file that cannot be read is told to the log, but not for each request:
// anybody can send those.
func TestLogOfUnreadableToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := writeFile(t, "token", password, 0o440)
		token, err := endpoint.FileToken(path)
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		s, err := endpoint.New(endpoint.Config{
			Provider: stub{creds: lasting(time.Hour)}, Token: token, Logger: slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			for range 50 {
				if got := ask(t, s, endpoint.PathCredentials); got.Code != "TokenUnreadable" || strings.Contains(got.Message, path) {
					t.Fatalf("%d %s %s", got.Status, got.Code, got.Message)
				}
			}
			time.Sleep(time.Second)
		}
		text := log.String()
		if n := strings.Count(text, "\n"); n != 3 || strings.Count(text, "no such file") != n || !strings.Contains(text, "level=ERROR") {
			t.Errorf("%d records:\n%s", n, text)
		}
	})
}
