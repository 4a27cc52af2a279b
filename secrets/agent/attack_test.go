package agent_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets/agent"
)

// attack is a request by somebody who wants a secret and should not get it.
type attack struct {
	// request is sent as it is, HOST standing for the right Host header's value,
	// PORT for the port, and TOKEN for a header with the right token, where
	// somebody may have it and come from the wrong place.
	request string
	status  int // 0: none
}

const target = "GET /secretsmanager/get?secretId=db/main HTTP/1.1\r\n"

var attacks = map[string]attack{
	"rebound name":                  {target + "Host: evil.example:PORT\r\nTOKEN\r\n\r\n", 403},
	"rebound name, no port":         {target + "Host: evil.example\r\nTOKEN\r\n\r\n", 403},
	"name that ends well":           {target + "Host: evil.localhost:PORT\r\nTOKEN\r\n\r\n", 403},
	"name that begins well":         {target + "Host: localhost.evil.example:PORT\r\nTOKEN\r\n\r\n", 403},
	"name with a dot":               {target + "Host: localhost.:PORT\r\nTOKEN\r\n\r\n", 403},
	"another port":                  {target + "Host: localhost:1\r\nTOKEN\r\n\r\n", 403},
	"no port":                       {target + "Host: localhost\r\nTOKEN\r\n\r\n", 403},
	"address of the pod":            {target + "Host: 10.0.0.7:PORT\r\nTOKEN\r\n\r\n", 403},
	"address of nowhere":            {target + "Host: 0.0.0.0:PORT\r\nTOKEN\r\n\r\n", 403},
	"address with a zone":           {target + "Host: [::1%25lo]:PORT\r\nTOKEN\r\n\r\n", 403},
	"address as a number":           {target + "Host: 2130706433:PORT\r\nTOKEN\r\n\r\n", 403},
	"empty host":                    {target + "Host:\r\nTOKEN\r\n\r\n", 403},
	"no host":                       {target + "TOKEN\r\n\r\n", 400},
	"no host in HTTP/1.0":           {strings.Replace(target, "1.1", "1.0", 1) + "TOKEN\r\n\r\n", 403},
	"two hosts":                     {target + "Host: HOST\r\nHost: evil.example\r\nTOKEN\r\n\r\n", 400},
	"user in the host":              {target + "Host: localhost:PORT@evil.example\r\nTOKEN\r\n\r\n", 400},
	"absolute form, another host":   {"GET http://evil.example/secretsmanager/get?secretId=db/main HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 403},
	"absolute form, no token":       {"GET http://HOST/secretsmanager/get?secretId=db/main HTTP/1.1\r\nHost: HOST\r\n\r\n", 403},
	"forwarded":                     {target + "Host: HOST\r\nX-Forwarded-For: 127.0.0.1\r\nTOKEN\r\n\r\n", 400},
	"forwarded, in lower case":      {target + "Host: HOST\r\nx-forwarded-for: 127.0.0.1\r\nTOKEN\r\n\r\n", 400},
	"forwarded by the RFC":          {target + "Host: HOST\r\nForwarded: for=127.0.0.1\r\nTOKEN\r\n\r\n", 400},
	"through a proxy":               {target + "Host: HOST\r\nVia: 1.1 proxy\r\nTOKEN\r\n\r\n", 400},
	"no token":                      {target + "Host: HOST\r\n\r\n", 403},
	"empty token":                   {target + "Host: HOST\r\nX-Vault-Token:\r\n\r\n", 403},
	"beginning of the token":        {target + "Host: HOST\r\nX-Vault-Token: to\r\n\r\n", 403},
	"token and more":                {target + "Host: HOST\r\nX-Vault-Token: tok, tok\r\n\r\n", 403},
	"token in the second header":    {target + "Host: HOST\r\nX-Vault-Token: no\r\nX-Vault-Token: tok\r\n\r\n", 403},
	"token in another header":       {target + "Host: HOST\r\nAuthorization: Bearer tok\r\n\r\n", 403},
	"token in the query":            {"GET /secretsmanager/get?secretId=db/main&X-Vault-Token=tok HTTP/1.1\r\nHost: HOST\r\n\r\n", 403},
	"token in a trailer":            {target + "Host: HOST\r\nTransfer-Encoding: chunked\r\nTrailer: X-Vault-Token\r\n\r\n0\r\nX-Vault-Token: tok\r\n\r\n", 403},
	"token in a folded line":        {target + "Host: HOST\r\nX-Nothing: no\r\n X-Vault-Token: tok\r\n\r\n", 403},
	"the ping's way around":         {"GET /ping/../secretsmanager/get?secretId=db/main HTTP/1.1\r\nHost: HOST\r\n\r\n", 403},
	"the login's way around":        {"GET /irsa/login/../../v1/db/main HTTP/1.1\r\nHost: HOST\r\n\r\n", 403},
	"two slashes":                   {"GET //ping HTTP/1.1\r\nHost: HOST\r\n\r\n", 403},
	"two slashes with token":        {"GET //secretsmanager/get?secretId=db/main HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 404},
	"another's authority":           {"GET //evil.example/secretsmanager/get HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 404},
	"out of the prefix":             {"GET /v1/../db/main HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 404},
	"out of the prefix, escaped":    {"GET /v1/%2e%2E/db/main HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 404},
	"out of the root":               {"GET /v1/../../../../db/main HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 404},
	"escaped route":                 {"GET /secretsmanager%2fget?secretId=db/main HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 404},
	"escaped letter":                {"GET /%70ing HTTP/1.1\r\nHost: HOST\r\n\r\n", 403},
	"backslash":                     {"GET /v1\\db\\main HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 404},
	"NUL":                           {"GET /v1/db/main\x00 HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 400},
	"escaped NUL":                   {"GET /v1/db/main%00 HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 400},
	"NUL in the query":              {"GET /secretsmanager/get?secretId=db/main%00 HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 400},
	"our grammar in an id":          {"GET /secretsmanager/get?secretId=ssm:/app/x HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 400},
	"a scheme in an id":             {"GET /v1/ref+awssecrets://db/main HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 400},
	"a query in an id":              {"GET /secretsmanager/get?secretId=db/main%3Frole_arn%3Dx HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 400},
	"a key in an id":                {"GET /secretsmanager/get?secretId=db/main%23password HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 400},
	"a stage that ends the query":   {"GET /secretsmanager/get?secretId=db/main&versionStage=x%26role_arn%3Dy HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nTOKEN\r\n\r\n", 400},
	"ARN of a parameter":            {"GET /secretsmanager/get?secretId=arn:aws:ssm:eu-west-1:111122223333:parameter/app/x HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 400},
	"a role of another partition":   {"GET /secretsmanager/get?secretId=db/main&roleArn=arn:evil:iam::111122223333:role/r HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nTOKEN\r\n\r\n", 403},
	"CONNECT":                       {"CONNECT HOST HTTP/1.1\r\nHost: HOST\r\n\r\n", 403},
	"CONNECT with token":            {"CONNECT HOST HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 405},
	"OPTIONS of all":                {"OPTIONS * HTTP/1.1\r\nHost: HOST\r\n\r\n", 403},
	"preflight":                     {"OPTIONS /secretsmanager/get HTTP/1.1\r\nHost: HOST\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: GET\r\n\r\n", 403},
	"TRACE":                         {"TRACE / HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 405},
	"two lengths":                   {target + "Host: HOST\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
	"length of no number":           {target + "Host: HOST\r\nContent-Length: +1\r\n\r\n", 400},
	"length and chunks":             {target + "Host: HOST\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 403},
	"unknown encoding":              {target + "Host: HOST\r\nTransfer-Encoding: xchunked\r\n\r\n", 501},
	"encoding that is hidden":       {target + "Host: HOST\r\nTransfer-Encoding : chunked\r\n\r\n", 400},
	"bare line feeds":               {strings.ReplaceAll(target, "\r", "") + "Host: HOST\n\n", 403},
	"bare carriage return":          {target + "Host: HOST\rX-Vault-Token: tok\r\n\r\n", 400},
	"space in a name":               {target + "Host: HOST\r\nX-Vault-Token : tok\r\n\r\n", 400},
	"chunks that never end":         {target + "Host: HOST\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 403},
	"HTTP/2":                        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 403},
	"HTTP/2 by upgrade":             {target + "Host: HOST\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", 403},
	"HTTP/0.9":                      {"GET /secretsmanager/get?secretId=db/main\r\n\r\n", 400},
	"TLS":                           {"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", 400},
	"too much in a header":          {target + "Host: HOST\r\nX-Long: " + strings.Repeat("x", 400<<10) + "\r\nTOKEN\r\n\r\n", 431},
	"too many headers":              {target + "Host: HOST\r\n" + strings.Repeat("X-Many: x\r\n", 40<<10) + "TOKEN\r\n\r\n", 431},
	"a huge query":                  {"GET /secretsmanager/get?" + strings.Repeat("secretId=db/main&", 25<<10) + " HTTP/1.1\r\nHost: HOST\r\nTOKEN\r\n\r\n", 431},
	"many pairs":                    {"GET /secretsmanager/get?" + strings.Repeat("secretId=%64&", 20<<10) + " HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nTOKEN\r\n\r\n", 400},
	"a huge id":                     {"GET /v1/" + strings.Repeat("x", 300<<10) + " HTTP/1.1\r\nHost: HOST\r\nConnection: close\r\nTOKEN\r\n\r\n", 400},
	"watch without token":           {"GET /irsa/watch?ref=db/main HTTP/1.1\r\nHost: HOST\r\n\r\n", 403},
	"invalidation without token":    {"POST /irsa/invalidate HTTP/1.1\r\nHost: HOST\r\nContent-Length: 22\r\n\r\n{\"refs\":[\"db/main\"]}\r\n", 403},
	"page without token":            {"GET /irsa/ HTTP/1.1\r\nHost: HOST\r\n\r\n", 303},
	"page with another's cookie":    {"GET /irsa/ HTTP/1.1\r\nHost: HOST\r\nCookie: irsa_session=" + strings.Repeat("0", 64) + "\r\n\r\n", 303},
	"page under another name":       {"GET /irsa/ HTTP/1.1\r\nHost: evil.example:PORT\r\nTOKEN\r\n\r\n", 403},
	"login form under another":      {"GET /irsa/login HTTP/1.1\r\nHost: evil.example:PORT\r\n\r\n", 403},
	"login from another site":       {"POST /irsa/login HTTP/1.1\r\nHost: HOST\r\nOrigin: http://evil.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\ntoken=tok", 403},
	"login from another port":       {"POST /irsa/login HTTP/1.1\r\nHost: HOST\r\nSec-Fetch-Site: same-site\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\ntoken=tok", 403},
	"login with a wrong token":      {"POST /irsa/login HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\ntoken=no", 403},
	"login with no token":           {"POST /irsa/login HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n", 403},
	"login with a token in the URL": {"POST /irsa/login?token=tok HTTP/1.1\r\nHost: HOST\r\nContent-Length: 0\r\n\r\n", 403},
	"login with too much":           {"POST /irsa/login HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 20000\r\n\r\ntoken=" + strings.Repeat("x", 19994), 400},
}

// TestAttacks sends what clients do not, over real TCP. Nobody gets a secret, and
// the next honest client does.
func TestAttacks(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(s *setup) { s.agent.HeaderTimeout = time.Second })
	_, port, err := net.SplitHostPort(r.addr)
	if err != nil {
		t.Fatal(err)
	}
	words := strings.NewReplacer("HOST", r.host(), "PORT", port, "TOKEN", "X-Vault-Token: "+tok)
	for name, a := range attacks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := r.dial(t)
			all := r.converse(t, c, words.Replace(a.request))
			if strings.Contains(all, marker) || strings.Contains(all, "SecretString") {
				t.Errorf("a secret was served: %q", all)
			}
			want := ""
			if a.status != 0 {
				want = fmt.Sprintf("HTTP/1.1 %d ", a.status)
			}
			all = strings.Replace(all, "HTTP/1.0", "HTTP/1.1", 1)
			if first, _, _ := strings.Cut(all, "\r\n"); !strings.HasPrefix(first, want) || (want == "") != (first == "") {
				t.Errorf("status line %q, want %q", first, want)
			}
			if got := r.good(t); got.Body != mainBody {
				t.Errorf("then an honest client got %v", got)
			}
		})
	}
}

// converse sends bytes, says that there is no more to come, and returns all that
// comes back, of however many responses. To net/http, who has no more to say has
// left; a request that waits for AWS says "Connection: close" instead.
func (r *rig) converse(t *testing.T, c net.Conn, request string) string {
	t.Helper()
	// The agent may answer, and close, before it has read everything.
	if _, err := io.WriteString(c, request); err == nil && !strings.Contains(request, "Connection: close") {
		_ = c.(*net.TCPConn).CloseWrite()
	}
	all, err := io.ReadAll(c)
	if err != nil && len(all) == 0 && !errors.Is(err, io.EOF) {
		t.Logf("nothing came back: %v", err)
	}
	return string(all)
}

// TestSmuggling sends a request inside of another's body. It is never taken for
// one, wherever the body is thought to end.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	if got := r.good(t); got.Status != 200 { // the hidden request would be answered at once
		t.Fatal(got)
	}
	hidden := "GET /secretsmanager/get?secretId=db/main HTTP/1.1\r\nHost: " + r.host() + "\r\nX-Vault-Token: " + tok + "\r\n\r\n"
	outer := "GET /ping HTTP/1.1\r\nHost: " + r.host() + "\r\n"
	chunk := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(hidden), hidden)
	for name, request := range map[string]string{
		"in a body":                 outer + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(hidden)) + hidden,
		"in a chunk":                outer + "Transfer-Encoding: chunked\r\n\r\n" + chunk,
		"behind the last chunk":     outer + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"behind chunks, by length":  outer + fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 5+len(hidden)) + hidden,
		"in the body of a page":     strings.Replace(outer, "ping", "irsa/", 1) + fmt.Sprintf("Content-Length: %d\r\n\r\n", len(hidden)) + hidden,
		"behind the body of a page": strings.Replace(outer, "ping", "irsa/login", 1) + "Content-Length: 4\r\n\r\nbody" + hidden,
		"behind a form, by length": strings.Replace(outer, "GET /ping", "POST /irsa/login", 1) +
			fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 5+len(hidden)) + hidden,
		"behind an event, by length": strings.Replace(outer, "GET /ping", "POST /irsa/invalidate", 1) + "X-Vault-Token: " + tok + "\r\n" +
			fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 5+len(hidden)) + hidden,
		"behind a body":             outer + "Content-Length: 4\r\n\r\nbody" + hidden,
		"behind a body of no token": strings.Replace(outer, "ping", "v1/a", 1) + "Content-Length: 4\r\n\r\nbody" + hidden,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := r.converse(t, r.dial(t), request)
			if n := strings.Count(all, "HTTP/1.1 "); n != 1 || strings.Contains(all, marker) {
				t.Errorf("%d responses: %q", n, all)
			}
			if got := r.good(t); got.Body != mainBody {
				t.Errorf("then an honest client got %v", got)
			}
		})
	}
}

// TestSlowClients closes connections on which nothing gets finished.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	for name, sent := range map[string]string{
		"nothing":          "",
		"half a line":      "GET /secretsmanager/ge",
		"half the headers": target + "Host: localhost\r\nX-Vault-Token: t",
		"half a body":      "POST /irsa/invalidate HTTP/1.1\r\nHost: HOST\r\nX-Vault-Token: tok\r\nContent-Length: 100\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // an honest client is never slow
				r := newRig(t, func(s *setup) { s.agent.HeaderTimeout, s.listen = 100*time.Millisecond, inMemory })
				c := r.dial(t)
				if _, err := io.WriteString(c, strings.ReplaceAll(sent, "HOST", r.host())); err != nil {
					t.Fatal(err)
				}
				all, err := io.ReadAll(c)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error("the connection was left open")
				}
				if strings.Contains(string(all), marker) {
					t.Errorf("a secret was served: %q", all)
				}
				if got := r.good(t); got.Body != mainBody {
					t.Errorf("then an honest client got %v", got)
				}
			})
		})
	}
}

// TestManyConnections opens far more than may be served. They take up no more
// than the limit, those beyond it are told so, and when they are gone, clients
// are served as before.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	const limit, many = 20, 1000
	r := newRig(t, func(s *setup) { s.agent.MaxConns = limit })
	var mu sync.Mutex
	var open []net.Conn
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for range many / 10 {
				c, err := net.Dial("tcp", r.addr)
				if err != nil {
					continue // nor does the system have room for all
				}
				mu.Lock()
				open = append(open, c)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	told := 0
	for _, c := range open {
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		_, _ = fmt.Fprintf(c, "GET /v1/db/main HTTP/1.1\r\nHost: %s\r\n\r\n", r.host())
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			continue // closed without a word, since there are too many
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusTooManyRequests {
			told++
		}
	}
	if s := r.agent.Snapshot(); s.Connections > limit+2 || s.TurnedAway < int64(len(open)/2) || told == 0 {
		t.Errorf("of %d connections, %d are open, %d were turned away, %d of them told", len(open), s.Connections, s.TurnedAway, told)
	}
	for _, c := range open {
		_ = c.Close()
	}
	for range 10_000 { // until the agent has heard that they are closed
		if got := r.good(t); got.Status == http.StatusOK {
			return
		}
	}
	t.Error("honest clients are no longer served")
}

// TestConnectionLimit counts connections when they are accepted, and lets two
// more ask for the ping.
func TestConnectionLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(s *setup) { s.agent.MaxConns = 1 })
	conns := []net.Conn{r.dial(t), r.dial(t), r.dial(t), r.dial(t)}
	tooMany := reply{Status: 429, Body: "Connection limit exceeded"}
	healthy := reply{Status: 200, Body: "healthy"}
	// They are accepted in the order in which they were made: once the last has
	// its answer, all are.
	for _, step := range []struct {
		conn int
		path string
		want reply
	}{{4, "/ping", tooMany}, {1, "/ping", healthy}, {2, "/ping", healthy}, {3, "/v1/db/main", tooMany}} {
		conn := conns[step.conn-1]
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nX-Vault-Token: %s\r\n\r\n", step.path, r.host(), tok); err != nil {
			t.Fatal(err)
		}
		got := receive(t, conn, "GET")
		if got.Status != step.want.Status || got.Body != step.want.Body || (step.conn > 1) != got.last {
			t.Errorf("connection %d: %v", step.conn, got)
		}
		got.checkHeader(t, "GET")
	}
}

// TestTokenFileReplaced goes on with the token that was read at the start.
func TestTokenFileReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, other := dir+"/token", dir+"/other"
	minted, err := agent.MintToken(path)
	if err != nil {
		t.Fatal(err)
	}
	value, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, func(s *setup) { s.agent.Tokens = []agent.Token{minted} })
	if err := errors.Join(os.Remove(path), os.WriteFile(other, []byte("theirs"), 0o600), os.Symlink(other, path)); err != nil {
		t.Fatal(err)
	}
	if got := r.ask(t, "GET", "/v1/db/main", "X-Vault-Token: theirs"); got.Status != 403 {
		t.Errorf("the other file's token: %v", got)
	}
	if got := r.ask(t, "GET", "/v1/db/main", "X-Vault-Token: "+string(value)); got.Body != mainBody {
		t.Errorf("the minted token: %v", got)
	}
	if _, err := agent.MintToken(path); err == nil {
		t.Error("a restart takes the symbolic link for its token")
	}
}
