package endpoint_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials/endpoint"
)

// send sends text as it is, with ADDR and PORT filled in, and returns the answer.
func send(t *testing.T, addr, text string) (*http.Response, []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, port, _ := net.SplitHostPort(addr)
	text = strings.NewReplacer("ADDR", addr, "PORT", port, "TOKEN", password, "\n", "\r\n").Replace(text)
	verb, _, _ := strings.Cut(text, " ")
	// A server that has seen enough may close before all is written.
	_, _ = io.WriteString(conn, text)
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: verb})
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, body
}

func TestRequests(t *testing.T) {
	t.Parallel()
	addr := serve(t, newServer(t, endpoint.Config{
		Provider: stub{creds: lasting(time.Hour)},
		Roles:    map[string]aws.CredentialsProvider{"billing": stub{creds: lasting(2 * time.Hour)}},
		Hosts:    []string{"credserver.test:9911"},
	}))
	const good = "Host: ADDR\nAuthorization: TOKEN\n"
	tests := map[string]struct {
		request string
		status  int
		code    string
	}{
		"good":               {"GET /credentials HTTP/1.1\n" + good, 200, ""},
		"by name":            {"GET /credentials HTTP/1.1\nHost: localhost:PORT\nAuthorization: TOKEN\n", 200, ""},
		"by name in capital": {"GET /credentials HTTP/1.1\nHost: LocalHost:PORT\nAuthorization: TOKEN\n", 200, ""},
		"by IPv6":            {"GET /credentials HTTP/1.1\nHost: [::1]:PORT\nAuthorization: TOKEN\n", 200, ""},
		"by a listed name":   {"GET /credentials HTTP/1.1\nHost: credserver.test:9911\nAuthorization: TOKEN\n", 200, ""},
		"listed, in capital": {"GET /credentials HTTP/1.1\nHost: CredServer.test:9911\nAuthorization: TOKEN\n", 200, ""},
		"a role":             {"GET /role/billing HTTP/1.1\n" + good, 200, ""},
		"a query":            {"GET /credentials?id=1 HTTP/1.1\n" + good, 200, ""},
		"HTTP/1.0":           {"GET /credentials HTTP/1.0\n" + good, 200, ""},

		"no token":         {"GET /credentials HTTP/1.1\nHost: ADDR\n", 401, "WrongToken"},
		"empty token":      {"GET /credentials HTTP/1.1\nHost: ADDR\nAuthorization: \n", 401, "WrongToken"},
		"wrong token":      {"GET /credentials HTTP/1.1\nHost: ADDR\nAuthorization: TOKEN-\n", 401, "WrongToken"},
		"half a token":     {"GET /credentials HTTP/1.1\nHost: ADDR\nAuthorization: c0ffee\n", 401, "WrongToken"},
		"token in capital": {"GET /credentials HTTP/1.1\nHost: ADDR\nAuthorization: " + strings.ToUpper(password) + "\n", 401, "WrongToken"},
		"with a scheme":    {"GET /credentials HTTP/1.1\nHost: ADDR\nAuthorization: Bearer TOKEN\n", 401, "WrongToken"},
		"two tokens":       {"GET /credentials HTTP/1.1\n" + good + "Authorization: TOKEN\n", 401, "WrongToken"},
		"token in query":   {"GET /credentials?Authorization=TOKEN HTTP/1.1\nHost: ADDR\n", 401, "WrongToken"},

		"rebound name":       {"GET /credentials HTTP/1.1\nHost: evil.example:PORT\nAuthorization: TOKEN\n", 403, "WrongHost"},
		"other port":         {"GET /credentials HTTP/1.1\nHost: 127.0.0.1:1\nAuthorization: TOKEN\n", 403, "WrongHost"},
		"no port":            {"GET /credentials HTTP/1.1\nHost: 127.0.0.1\nAuthorization: TOKEN\n", 403, "WrongHost"},
		"empty host":         {"GET /credentials HTTP/1.1\nHost: \nAuthorization: TOKEN\n", 403, "WrongHost"},
		"no host":            {"GET /credentials HTTP/1.0\nAuthorization: TOKEN\n", 403, "WrongHost"},
		"name with loopback": {"GET /credentials HTTP/1.1\nHost: 127.0.0.1.evil.example:PORT\nAuthorization: TOKEN\n", 403, "WrongHost"},
		"octal address":      {"GET /credentials HTTP/1.1\nHost: 0177.0.0.1:PORT\nAuthorization: TOKEN\n", 403, "WrongHost"},
		"wildcard":           {"GET /credentials HTTP/1.1\nHost: 0.0.0.0:PORT\nAuthorization: TOKEN\n", 403, "WrongHost"},
		"another address":    {"GET /credentials HTTP/1.1\nHost: 192.0.2.1:PORT\nAuthorization: TOKEN\n", 403, "WrongHost"},
		"two hosts":          {"GET /credentials HTTP/1.1\nHost: evil.example\n" + good, 400, "-"},

		"X-Forwarded-For":   {"GET /credentials HTTP/1.1\n" + good + "X-Forwarded-For: 127.0.0.1\n", 403, "Forwarded"},
		"empty, in capital": {"GET /credentials HTTP/1.1\n" + good + "X-FORWARDED-FOR: \n", 403, "Forwarded"},
		"X-Forwarded-Host":  {"GET /credentials HTTP/1.1\n" + good + "X-Forwarded-Host: a\n", 403, "Forwarded"},
		"Forwarded":         {"GET /credentials HTTP/1.1\n" + good + "Forwarded: for=1\n", 403, "Forwarded"},
		"Via":               {"GET /credentials HTTP/1.1\n" + good + "Via: 1.1 proxy\n", 403, "Forwarded"},
		"whole URL":         {"GET http://ADDR/credentials HTTP/1.1\n" + good, 400, "UnexpectedRequest"},
		"another's URL":     {"GET http://evil.example/credentials HTTP/1.1\n" + good, 403, "WrongHost"},
		"CONNECT":           {"CONNECT ADDR HTTP/1.1\n" + good, 405, "MethodNotAllowed"},

		"HEAD":    {"HEAD /credentials HTTP/1.1\n" + good, 405, "-"},
		"POST":    {"POST /credentials HTTP/1.1\nContent-Length: 0\n" + good, 405, "MethodNotAllowed"},
		"PUT":     {"PUT /credentials HTTP/1.1\nContent-Length: 0\n" + good, 405, "MethodNotAllowed"},
		"OPTIONS": {"OPTIONS /credentials HTTP/1.1\n" + good, 405, "MethodNotAllowed"},
		"star":    {"OPTIONS * HTTP/1.1\n" + good, 405, "MethodNotAllowed"},
		"TRACE":   {"TRACE /credentials HTTP/1.1\n" + good, 405, "MethodNotAllowed"},
		"get":     {"get /credentials HTTP/1.1\n" + good, 405, "MethodNotAllowed"},

		"nothing there":     {"GET / HTTP/1.1\n" + good, 404, "NotFound"},
		"slash after":       {"GET /credentials/ HTTP/1.1\n" + good, 404, "NotFound"},
		"two slashes":       {"GET //credentials HTTP/1.1\n" + good, 404, "NotFound"},
		"dots":              {"GET /x/../credentials HTTP/1.1\n" + good, 404, "NotFound"},
		"a dot":             {"GET /./credentials HTTP/1.1\n" + good, 404, "NotFound"},
		"escaped letter":    {"GET /%63redentials HTTP/1.1\n" + good, 404, "NotFound"},
		"escaped slash":     {"GET /role%2Fbilling HTTP/1.1\n" + good, 404, "NotFound"},
		"capital":           {"GET /Credentials HTTP/1.1\n" + good, 404, "NotFound"},
		"no name":           {"GET /role/ HTTP/1.1\n" + good, 404, "NotFound"},
		"unknown role":      {"GET /role/admin HTTP/1.1\n" + good, 404, "NotFound"},
		"longer role":       {"GET /role/billing/x HTTP/1.1\n" + good, 404, "NotFound"},
		"zero byte":         {"GET /role/billing%00 HTTP/1.1\n" + good, 404, "NotFound"},
		"unknown, no token": {"GET /role/admin HTTP/1.1\nHost: ADDR\n", 401, "WrongToken"},

		"body":               {"GET /credentials HTTP/1.1\nContent-Length: 3\n" + good + "\nabc", 400, "UnexpectedRequest"},
		"chunks":             {"GET /credentials HTTP/1.1\nTransfer-Encoding: chunked\n" + good, 400, "UnexpectedRequest"},
		"chunks and length":  {"GET /credentials HTTP/1.1\nContent-Length: 4\nTransfer-Encoding: chunked\n" + good, 400, "UnexpectedRequest"},
		"two lengths":        {"GET /credentials HTTP/1.1\nContent-Length: 0\nContent-Length: 5\n" + good, 400, "-"},
		"unknown coding":     {"GET /credentials HTTP/1.1\nTransfer-Encoding: xchunked\n" + good, 501, "-"},
		"space before colon": {"GET /credentials HTTP/1.1\nX-Header : 1\n" + good, 400, "-"},
		"folded header":      {"GET /credentials HTTP/1.1\n" + good + "X-Header: a\n b\n", 200, ""},
		"huge header":        {"GET /credentials HTTP/1.1\n" + good + "X-Header: " + strings.Repeat("x", 64<<10) + "\n", 431, "-"},
		"many headers":       {"GET /credentials HTTP/1.1\n" + good + strings.Repeat("X-Header: x\n", 4<<10), 431, "-"},
		"huge path":          {"GET /" + strings.Repeat("x", 64<<10) + " HTTP/1.1\n" + good, 431, "-"},
		"HTTP/2":             {"PRI * HTTP/2.0\n\nSM\n", 403, "WrongHost"},
		"no HTTP":            {"\x16\x03\x01\x02\x00\x01\n", 400, "-"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := send(t, addr, test.request+"\n")
			if response.StatusCode != test.status {
				t.Fatalf("status %d, want %d: %s", response.StatusCode, test.status, body)
			}
			if test.status != http.StatusOK && strings.Contains(string(body), marker) {
				t.Error("a refusal shows a secret")
			}
			if test.code == "-" { // net/http's own
				return
			}
			wantHeaders(t, response, len(body))
			got := decode(t, response.StatusCode, body)
			// The SDK for JavaScript looks for capital letters, others for small ones.
			if test.code != "" && (!strings.Contains(string(body), `"code":"`+test.code) || !strings.Contains(string(body), `"Code":"`+test.code)) {
				t.Errorf("the code is not in both spellings: %s", body)
			}
			if got.Code != test.code || (got.SecretAccessKey != "") != (test.status == http.StatusOK) {
				t.Errorf("code %q, want %q", got.Code, test.code)
			}
			if strings.Contains(got.Message, "billing") {
				t.Errorf("message %q tells of the roles", got.Message)
			}
		})
	}
}

// wantHeaders checks what every answer has.
func wantHeaders(t *testing.T, response *http.Response, length int) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"Content-Length": fmt.Sprint(length), "Connection": "close",
	} {
		if got := response.Header.Get(name); got != want && (name != "Connection" || !response.Close) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if allow := response.Header.Get("Allow"); (response.StatusCode == http.StatusMethodNotAllowed) != (allow == "GET") {
		t.Errorf("Allow: %q with status %d", allow, response.StatusCode)
	}
	if challenge := response.Header.Get("WWW-Authenticate"); (response.StatusCode == http.StatusUnauthorized) != (challenge != "") {
		t.Errorf("WWW-Authenticate: %q with status %d", challenge, response.StatusCode)
	}
}
