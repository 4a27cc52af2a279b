package agent_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/internal/testutil/redaction"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// post sends a form as a browser on the page does.
func (r *rig) post(t *testing.T, path, form string, headers ...string) reply {
	t.Helper()
	lines := append([]string{
		"POST " + path + " HTTP/1.1", "Host: " + r.host(), "Connection: close", "Origin: http://" + r.host(),
		"Content-Type: application/x-www-form-urlencoded", fmt.Sprint("Content-Length: ", len(form)),
	}, headers...)
	return r.raw(t, "POST", strings.Join(lines, "\r\n")+"\r\n\r\n"+form)
}

// login returns the cookie of a session.
func (r *rig) login(t *testing.T, token string) string {
	t.Helper()
	got := r.post(t, "/irsa/login", "token="+url.QueryEscape(token))
	set := got.header.Get("Set-Cookie")
	if got.Status != 303 || got.header.Get("Location") != "/irsa/" || got.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("login: %v", got)
	}
	if !regexp.MustCompile(`^irsa_session=[0-9a-f]{64}; Path=/irsa/; Max-Age=3600; HttpOnly; SameSite=Strict$`).MatchString(set) {
		t.Errorf("cookie %q", set)
	}
	value, _, _ := strings.Cut(set, ";")
	return value
}

// checkPageHeader looks at what a browser is told about a page.
func (got reply) checkPageHeader(t *testing.T) {
	t.Helper()
	nonce := regexp.MustCompile(`<style nonce="([A-Z2-7]{26})">`).FindStringSubmatch(got.Body)
	if nonce == nil {
		t.Fatal("no nonce")
	}
	for name, want := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Security-Policy": "default-src 'none'; style-src 'nonce-" + nonce[1] + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"Cache-Control":           "no-store",
		"X-Frame-Options":         "DENY",
		"X-Content-Type-Options":  "nosniff",
	} {
		if have := got.header.Get(name); have != want {
			t.Errorf("%s: %q", name, have)
		}
	}
	if strings.Contains(got.Body, "<script") || strings.Contains(got.Body, "style=") {
		t.Error("the page needs what its policy forbids")
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(s *setup) { s.agent.Declared = []string{"db/main", "absent"} })
	if got := r.good(t); got.Status != 200 {
		t.Fatal(got)
	}
	denied := `User: arn:aws:sts::111122223333:assumed-role/pod-role/s is not authorized to perform: secretsmanager:GetSecretValue on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-AbCdEf ` +
		`because no identity-based policy allows the secretsmanager:GetSecretValue action`
	r.fake.Inject(credentialstest.When{Operation: "GetSecretValue", Resource: "a"}, credentialstest.Fault{Code: "AccessDeniedException", Message: denied})
	for _, name := range []string{"a", "absent"} {
		if got := r.ask(t, "GET", "/v1/"+name, withT...); got.Status != 400 {
			t.Fatal(got)
		}
	}
	for how, got := range map[string]reply{
		"by token":   r.ask(t, "GET", "/irsa/", withT...),
		"by session": r.ask(t, "GET", "/irsa/", "Cookie: "+r.login(t, tok)),
	} {
		if got.Status != 200 {
			t.Fatalf("%s: %v", how, got)
		}
		got.checkPageHeader(t)
		for _, want := range []string{
			"not ready", "1 of 2 declared secrets are missing",
			"arn:aws:sts::111122223333:assumed-role/pod-role/", "system:serviceaccount:testnamespace:testapp",
			"<code>db/main</code>", currentID, `<td class="fresh">fresh</td>`, "0 s",
			"<code>absent</code>", "there is no such secret",
			"Access denied: secretsmanager:GetSecretValue", "Add this statement:", "&#34;Effect&#34;: &#34;Allow&#34;",
			"3 calls", "about $0.0000 since start", "3, of which 0 did not wait for AWS", "not found 1",
			"<td>path</td><td>400</td><td class=\"n\">2</td>",
		} {
			if !strings.Contains(got.Body, want) {
				t.Errorf("%s: the page lacks %q", how, want)
			}
		}
		redaction.CheckText(t, "the page", got.Body, marker)
	}
}

// TestPageOfNarrowToken shows only what the token may read.
func TestPageOfNarrowToken(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(s *setup) {
		narrow := token(t, "narrow")
		narrow.Secrets = []string{"a"}
		s.agent.Tokens = append(s.agent.Tokens, narrow)
	})
	for _, name := range []string{"a", "db/main"} {
		if got := r.ask(t, "GET", "/v1/"+name, withT...); got.Status != 200 {
			t.Fatal(got)
		}
	}
	got := r.ask(t, "GET", "/irsa/", "Cookie: "+r.login(t, "narrow"))
	if !strings.Contains(got.Body, "<code>a</code>") || strings.Contains(got.Body, "db/main") {
		t.Error(got.Body)
	}
}

// TestPageOfNarrowRoles shows nothing that was read in a role that the token may
// not take.
func TestPageOfNarrowRoles(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(s *setup) {
		narrow := token(t, "narrow")
		narrow.Secrets, narrow.Roles = []string{"*"}, []string{"arn:aws:iam::*:role/p/*"}
		s.agent.Tokens = append(s.agent.Tokens, narrow)
	})
	for _, role := range []string{roleARN, "arn:aws:iam::111122223333:role/r1"} {
		if got := r.ask(t, "GET", "/v1/db/main?roleArn="+role, withT...); got.Status != 200 {
			t.Fatal(got)
		}
	}
	got := r.ask(t, "GET", "/irsa/", "X-Vault-Token: narrow")
	if !strings.Contains(got.Body, "<code>db/main?role_arn="+roleARN) || strings.Contains(got.Body, "<code>db/main?role_arn=arn:aws:iam::111122223333:role/r1") {
		t.Error(got.Body)
	}
}

// TestPageOfManySecrets leaves out names that there are not, of which clients may
// ask for any number.
func TestPageOfManySecrets(t *testing.T) {
	t.Parallel()
	made, err := agent.New(agent.Config{Store: sourceStore(t, secretstest.NewSource(map[string]string{"z": marker})), Tokens: []agent.Token{token(t, tok)}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(path string) string {
		w, request := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost"+path, nil)
		request.Header.Set("X-Vault-Token", tok)
		made.ServeHTTP(w, request)
		return w.Body.String()
	}
	ask("/v1/z")
	for i := range 999 {
		ask(fmt.Sprintf("/v1/absent-%d", i))
	}
	if text := ask("/irsa/"); strings.Count(text, "<code>absent-") != 999 || !strings.Contains(text, "<code>z</code>") || strings.Contains(text, "not shown") {
		t.Error("the page does not show a thousand secrets")
	}
	for i := range 3 {
		ask(fmt.Sprintf("/v1/absent-too-%d", i))
	}
	if text := ask("/irsa/"); strings.Count(text, "<code>absent-") != 999 || !strings.Contains(text, "<code>z</code>") || !strings.Contains(text, "3 more are not shown.") {
		t.Error("the page shows more than a thousand secrets, or not the one that was read")
	}
}

// TestPageOfOutage tells what ended and what failed, and how long ago.
func TestPageOfOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, err := credentialstest.NewPod(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		provider, err := credentials.New(t.Context(), pod.Config())
		if err != nil {
			t.Fatal(err)
		}
		defer provider.Close()
		made, err := agent.New(agent.Config{Store: sourceStore(t, secretstest.NewSource(nil)), Tokens: []agent.Token{token(t, tok)}, Provider: provider})
		if err != nil {
			t.Fatal(err)
		}
		page := func() string {
			w, request := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/irsa/", nil)
			request.Header.Set("X-Vault-Token", tok)
			made.ServeHTTP(w, request)
			return w.Body.String()
		}
		if text := page(); !strings.Contains(text, "No credentials yet.") {
			t.Error("the page does not say that there are no credentials")
		}
		if err := provider.WaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(90 * time.Second)
		for _, want := range []string{`<span class="soft">in 58 min 30 s</span>`, "<td>in 58 min 30 s</td>", "<td>1 min 30 s ago</td>"} {
			if text := page(); !strings.Contains(text, want) {
				t.Errorf("with a session the page lacks %q", want)
			}
		}
		pod.AWS.Inject(credentialstest.When{Service: "sts"}, credentialstest.Unavailable())
		time.Sleep(90 * time.Minute)
		text := page()
		for _, want := range []string{`<span class="soft">31 min 30 s ago</span>`, "<td>31 min 30 s ago</td>", "<td>1 h 31 min ago</td>"} {
			if !strings.Contains(text, want) {
				t.Errorf("after its end the page lacks %q", want)
			}
		}
		if !regexp.MustCompile(`ServiceUnavailable.* <span class="soft">\d+ (min \d+ )?s ago</span></td>`).MatchString(text) {
			t.Error("the page does not say when STS failed")
		}
	})
}

// TestPageOfHostileTexts shows markup as what it is: text.
func TestPageOfHostileTexts(t *testing.T) {
	t.Parallel()
	const text, escaped = `"><img src=x onerror='y'>&amp;%s`, `&#34;&gt;&lt;img src=x onerror=&#39;y&#39;&gt;&amp;amp;%s`
	page, form, places := agent.PageOf(text)
	for name, got := range map[string]struct {
		body   string
		places int
	}{"page": {page, places}, "form": {form, 1}} {
		if n := strings.Count(got.body, escaped); n != got.places {
			t.Errorf("%s: the text is there %d times, want %d", name, n, got.places)
		}
		if strings.Contains(got.body, "<img") || strings.Contains(got.body, "%!") {
			t.Errorf("%s: %s", name, got.body)
		}
	}
}

// TestPageWithoutAnything has nothing to show yet.
func TestPageWithoutAnything(t *testing.T) {
	t.Parallel()
	r := sourceRig(t, nil, func(c *agent.Config) { c.Provider, _ = credentials.FromConfig(aws.Config{}) })
	got := r.ask(t, "GET", "/irsa/", withT...)
	for _, want := range []string{"ready", "Not known here.", "None have been asked for."} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// TestSessions covers who is let in, to what, and for how long.
func TestSessions(t *testing.T) {
	t.Parallel()
	r := sourceRig(t, secretstest.NewSource(map[string]string{"db/main": marker}), nil)
	form := r.ask(t, "GET", "/irsa/login")
	if form.Status != 200 || !strings.Contains(form.Body, `name="token"`) {
		t.Errorf("the form: %v", form)
	}
	form.checkPageHeader(t)
	if got := r.ask(t, "GET", "/irsa/"); got.Status != 303 || got.header.Get("Location") != "/irsa/login" || got.Body != "" {
		t.Errorf("nobody: %v", got)
	}
	if got := r.post(t, "/irsa/login", "token=no"); got.Status != 403 || !strings.Contains(got.Body, "not a token") || got.header.Get("Set-Cookie") != "" {
		t.Errorf("a wrong token: %v", got)
	}
	cookie := "Cookie: " + r.login(t, tok)
	if got := r.ask(t, "GET", "/irsa/", cookie); got.Status != 200 {
		t.Errorf("the page: %v", got)
	}
	for target, method := range map[string]string{"/v1/db/main": "GET", "/irsa/watch?ref=db/main": "GET", "/irsa/invalidate": "POST", "/secretsmanager/get?secretId=db/main": "GET"} {
		if got := r.ask(t, method, target, cookie); got.Status != 403 || got.Body != "Bad Token" {
			t.Errorf("the session opens %s: %v", target, got)
		}
	}
	for path, method := range map[string]string{"/irsa/": "POST", "/irsa/login": "PUT", "/irsa/logout": "GET"} {
		if got := r.ask(t, method, path, cookie); got.Status != 405 {
			t.Errorf("%s %s: %v", method, path, got)
		}
	}
	if got := r.post(t, "/irsa/logout", "", cookie, "Sec-Fetch-Site: cross-site"); got.Status != 403 {
		t.Errorf("logout by another site: %v", got)
	}
	if got := r.ask(t, "GET", "/irsa/", cookie); got.Status != 200 {
		t.Errorf("the page after that: %v", got)
	}
	got := r.post(t, "/irsa/logout", "", cookie)
	if got.Status != 303 || !strings.Contains(got.header.Get("Set-Cookie"), "irsa_session=; Path=/irsa/; Max-Age=0") {
		t.Errorf("logout: %v", got)
	}
	if got := r.post(t, "/irsa/logout", ""); got.Status != 303 {
		t.Errorf("logout of nobody: %v", got)
	}
	if got := r.ask(t, "GET", "/irsa/", cookie); got.Status != http.StatusSeeOther {
		t.Errorf("the page after logout: %v", got)
	}
	old := "Cookie: " + r.login(t, tok)
	r.agent.AgeSessions()
	if got := r.ask(t, "GET", "/irsa/", old); got.Status != http.StatusSeeOther {
		t.Errorf("the page after an hour: %v", got)
	}
	first := "Cookie: " + r.login(t, tok)
	for range 31 {
		r.login(t, tok)
	}
	if got := r.ask(t, "GET", "/irsa/", first); got.Status != 200 {
		t.Errorf("one of 32 sessions: %v", got)
	}
	r.login(t, tok)
	if got := r.ask(t, "GET", "/irsa/", first); got.Status != http.StatusSeeOther {
		t.Errorf("the first of 33 sessions: %v", got)
	}
	open := "Cookie: " + r.login(t, tok)
	if err := r.agent.Close(); err != nil {
		t.Error(err)
	}
	if got := r.ask(t, "GET", "/irsa/", open); got.Status != http.StatusSeeOther {
		t.Errorf("the page after Close: %v", got)
	}
}

// TestRedaction prints all that the package exports after a secret went through.
func TestRedaction(t *testing.T) {
	t.Parallel()
	const value = "MARKER-t0k3n-51b0"
	key := token(t, value)
	source := secretstest.NewSource(map[string]string{"db/main": marker})
	c := agent.Config{Store: sourceStore(t, source), Tokens: []agent.Token{key}, Fetches: new(agent.Fetches)}
	r := &rig{store: c.Store}
	r.serve(t, c, loopback(t))
	if got := r.ask(t, "GET", "/v1/db/main", "X-Vault-Token: "+value); got.Status != 200 {
		t.Fatal(got)
	}
	r.login(t, value)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	snapshot := r.agent.Snapshot()
	if err := r.store.Close(); err != nil { // it moves while it is printed
		t.Error(err)
	}
	redaction.Check(t, "Config", c, marker, value)
	redaction.Check(t, "Token", key, marker, value)
	redaction.Check(t, "Agent", r.agent, marker, value)
	redaction.Check(t, "Snapshot", snapshot, marker, value)
	redaction.Check(t, "ConfigError", &agent.ConfigError{Field: "Config.Tokens[0]", Problem: "is empty"}, marker, value)
	_, err := agent.NewToken(value + "\n")
	redaction.Check(t, "the error of a token", err, marker, value)
	redaction.Check(t, "Fetches", c.Fetches, marker, value)
	redaction.Check(t, "Route", agent.RouteSecret, marker, value)
	redaction.Check(t, "Dialect", agent.DialectAgent, marker, value)
}
