package endpoint_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/credentials/endpoint"
)

// Whatever is sent, there are no credentials without the token, and none for a
// request that is not exactly a client's.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		"GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:9911\r\nAuthorization: " + password + "\r\n\r\n",
		"GET /credentials HTTP/1.1\r\nHost: 127.0.0.1:9911\r\n\r\n",
		"GET /ready HTTP/1.1\r\nHost: localhost:9911\r\nAuthorization: " + password + "\r\nX-Forwarded-For: 1\r\n\r\n",
		"GET //credentials/..;/role/a?b#c HTTP/1.1\r\nHost: [::1]:9911\r\nAuthorization: " + password + "\r\n\r\n",
		"POST http://evil.example/credentials HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1\r\n\r\nx",
		"OPTIONS * HTTP/1.0\r\n\r\n",
	} {
		f.Add(seed)
	}
	token, err := endpoint.StaticToken(password)
	if err != nil {
		f.Fatal(err)
	}
	s, err := endpoint.New(endpoint.Config{Provider: stub{creds: lasting(24 * time.Hour)}, Token: token})
	if err != nil {
		f.Fatal(err)
	}
	ctx := newRequest(context.Background(), "/").Context()
	f.Fuzz(func(t *testing.T, text string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r.WithContext(ctx))
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Error("the answer may be stored")
		}
		served := strings.Contains(w.Body.String(), marker)
		if served != (w.Code == http.StatusOK && r.URL.Path == endpoint.PathCredentials) {
			t.Errorf("status %d, credentials: %t", w.Code, served)
		}
		host, _, _ := strings.Cut(r.Host, ":9911")
		local := strings.EqualFold(host, "localhost") || strings.HasPrefix(host, "127.") || strings.Contains(host, ":")
		if served && (r.Method != http.MethodGet || r.Header.Get("Authorization") != password || !local) {
			t.Errorf("served: %q", text)
		}
	})
}
