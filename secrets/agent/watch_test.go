package agent_test

import (
	"bufio"
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// stream is a client of server-sent events.
type stream struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Scanner
}

func (r *rig) follow(t *testing.T, query string) *stream {
	t.Helper()
	c := r.dial(t)
	if _, err := fmt.Fprintf(c, "GET /irsa/watch?%s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\nX-Vault-Token: %s\r\n\r\n", query, r.host(), tok); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	// To close the body is to wait for its end; dial closes the connection.
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" || response.Header.Get("Cache-Control") != "no-store" {
		t.Fatal(response.Status, response.Header)
	}
	return &stream{t, response, bufio.NewScanner(response.Body)}
}

// next returns the next event; "" at the end of the stream.
func (s *stream) next() string {
	s.t.Helper()
	var event []string
	for s.lines.Scan() {
		switch line := s.lines.Text(); {
		case line != "":
			event = append(event, line)
		case len(event) > 0:
			return strings.Join(event, " ")
		}
	}
	return ""
}

// await takes events until one is want.
func (s *stream) await(want string) {
	s.t.Helper()
	for {
		switch got := s.next(); got {
		case want:
			return
		case "":
			s.t.Fatalf("the stream ends before %s", want)
		}
	}
}

func TestWatchStream(t *testing.T) {
	t.Parallel()
	source := secretstest.NewSource(map[string]string{"db/main": marker, "other": marker})
	r := sourceRig(t, source, nil)
	s := r.follow(t, "ref=db/main%23password&ref=other")
	if got := s.next(); got != "retry: 1000" {
		t.Errorf("first: %s", got)
	}
	first := []string{s.next(), s.next()}
	for _, name := range []string{"db/main", "other"} {
		want := `event: version data: {"ref":"` + name + `","version":"version-1"}`
		if first[0] != want && first[1] != want {
			t.Errorf("no %s in %q", want, first)
		}
	}
	if got := r.agent.Snapshot(); got.Watches != 1 {
		t.Errorf("%d watches", got.Watches)
	}
	source.Put("db/main", "new "+marker)
	if _, err := r.store.Refresh(t.Context(), "db/main"); err != nil {
		t.Fatal(err)
	}
	if got := s.next(); got != `event: version data: {"ref":"db/main","version":"version-2"}` {
		t.Errorf("after a change: %s", got)
	}
	source.Fail("other", secrets.ErrDenied)
	if _, err := r.store.Refresh(t.Context(), "other"); err == nil {
		t.Fatal("no error")
	}
	s.await(`event: withdrawn data: {"ref":"other","error":"denied"}`)
	if err := r.stop(); err != nil { // which ends streams
		t.Error(err)
	}
	if got := s.next(); got != "" {
		t.Errorf("at the end: %s", got)
	}
}

// TestWatchStreamEnds ends before the connection is cut, and when no secret can
// be watched.
func TestWatchStreamEnds(t *testing.T) {
	t.Parallel()
	t.Run("in time", func(t *testing.T) {
		t.Parallel()
		r := sourceRig(t, secretstest.NewSource(map[string]string{"db/main": marker}), func(c *agent.Config) { c.ConnLifetime = 5 * time.Second })
		s := r.follow(t, "ref=db/main")
		s.await(`event: version data: {"ref":"db/main","version":"version-1"}`)
		if got := s.next(); got != "" || s.lines.Err() != nil {
			t.Errorf("%q, %v", got, s.lines.Err())
		}
	})
	t.Run("without a secret", func(t *testing.T) {
		t.Parallel()
		r := sourceRig(t, nil, nil)
		s := r.follow(t, "ref=db/main")
		s.await(`event: withdrawn data: {"ref":"db/main","error":"not found"}`)
		if got := s.next(); got != "" {
			t.Error(got)
		}
	})
}

func TestWatchPoll(t *testing.T) {
	t.Parallel()
	source := secretstest.NewSource(map[string]string{"db/main": marker})
	r := sourceRig(t, source, nil)
	poll := func(query string) reply { return r.ask(t, "GET", "/irsa/watch?"+query, "X-Vault-Token: "+tok) }
	if got := poll("ref=db/main"); got.Status != 200 || got.Body != `{"ref":"db/main","version":"version-1"}` || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("first: %v", got)
	}
	if got := poll("ref=db/main&version=version-1&wait=10ms"); got.Status != 204 || got.Body != "" {
		t.Errorf("nothing new: %v", got)
	}
	changed := make(chan reply, 1)
	go func() { changed <- poll("ref=db/main&version=version-1") }()
	for r.agent.Snapshot().Watches == 0 {
		runtime.Gosched()
	}
	source.Put("db/main", marker+"2")
	if _, err := r.store.Refresh(t.Context(), "db/main"); err != nil {
		t.Fatal(err)
	}
	if got := <-changed; got.Body != `{"ref":"db/main","version":"version-2"}` {
		t.Errorf("after a change: %v", got)
	}
	for query, want := range map[string]reply{
		"":                             {Status: 400, Body: "missing parameter ref"},
		"ref=a+b":                      {Status: 400, Body: `invalid ref: secrets: reference "a b": name at position 2 holds ' '; it may have letters, digits and /_+=.@-`},
		"ref=db/main&wait=x":           {Status: 400, Body: "invalid wait value"},
		"ref=db/main&wait=-1s":         {Status: 400, Body: "invalid wait value"},
		"ref=db/main&nope":             {Status: 400, Body: "unknown parameter: nope"},
		"ref=a&ref=b":                  {Status: 400, Body: "more than one ref takes a stream of events"},
		strings.Repeat("ref=a&", 21):   {Status: 400, Body: "more than 20 refs"},
		"ref=nobody":                   {Status: 500, Body: internal},
		"ref=db/main&version=&wait=1h": {Status: 200, Body: `{"ref":"db/main","version":"version-2"}`},
	} {
		if got := poll(query); got.Status != want.Status || got.Body != want.Body {
			t.Errorf("%s: %v", query, got)
		}
	}
	if got := r.ask(t, "POST", "/irsa/watch?ref=db/main", "X-Vault-Token: "+tok); got.Status != 405 {
		t.Error(got)
	}
	waited := make(chan reply, 1)
	go func() { waited <- poll("ref=db/main&version=version-2") }()
	for r.agent.Snapshot().Watches == 0 {
		runtime.Gosched()
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if got := <-waited; got.Status != 204 {
		t.Errorf("at the end: %v", got)
	}
}

// TestWatchPollOfNoTime answers what is held, each time.
func TestWatchPollOfNoTime(t *testing.T) {
	t.Parallel()
	r := sourceRig(t, secretstest.NewSource(map[string]string{"db/main": marker}), nil)
	poll := func(query string) reply { return r.ask(t, "GET", "/irsa/watch?wait=0s&"+query, withT...) }
	if got := poll("ref=db/main"); got.Status != 204 {
		t.Errorf("before it was read: %v", got)
	}
	if got := poll("ref=db/main&version=version-9"); got.Status != 204 {
		t.Errorf("before it was read, by who has read it: %v", got)
	}
	if got := r.good(t); got.Status != 200 {
		t.Fatal(got)
	}
	for range 20 {
		if got := poll("ref=db/main%23key&version=version-0"); got.Status != 200 || got.Body != `{"ref":"db/main","version":"version-1"}` {
			t.Fatal(got)
		}
		if got := poll("ref=db/main&version=version-1"); got.Status != 204 {
			t.Fatal(got)
		}
	}
}

// TestWatchBeats says that a stream is alive, and nothing about a value that is
// still good although it could not be refreshed.
func TestWatchBeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := secretstest.NewSource(map[string]string{"db/main": marker})
		store, err := secrets.NewWithSource(t.Context(), source, secrets.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		made, err := agent.New(agent.Config{Store: store, Tokens: []agent.Token{token(t, tok)}})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(20*time.Second, func() {
			source.Fail("db/main", secrets.ErrUnavailable)
			store.Invalidate("db/main")
		})
		began := time.Now()
		w, request := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/irsa/watch?ref=db/main", nil)
		request.Header.Set("X-Vault-Token", tok)
		request.Header.Set("Accept", "text/event-stream")
		made.ServeHTTP(w, request)
		want := "retry: 1000\n\n" + `event: version` + "\n" + `data: {"ref":"db/main","version":"version-1"}` + "\n\n" + strings.Repeat(": alive\n\n", 3)
		if diff := cmp.Diff(want, w.Body.String()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if took := time.Since(began); took != 61*time.Second*9/10 {
			t.Errorf("it has ended after %v", took)
		}
		if st, _ := store.Status("db/main"); st.State != secrets.Stale {
			t.Errorf("the secret is %v", st.State)
		}
	})
}

// TestWatchRefusedRole is told so as by the other routes.
func TestWatchRefusedRole(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := newRig(t, func(s *setup) { s.agent.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	fault("AssumeRole", faultDenied)(t, r)
	w, request := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/irsa/watch?ref=a%3Frole_arn="+roleARN, nil)
	request.Header.Set("X-Vault-Token", tok)
	r.agent.ServeHTTP(w, request)
	if w.Code != 403 || !strings.HasPrefix(w.Body.String(), `{"__type":"AccessDeniedException","message":`) || r.agent.Snapshot().Roles != 0 {
		t.Error(w.Code, w.Body)
	}
	if !strings.Contains(log.String(), `msg="agent: secret not answered" ref=a`) {
		t.Errorf("log: %s", &log)
	}
	without := newRig(t, func(s *setup) { s.agent.MaxRoles = -1 })
	got := without.ask(t, "GET", "/irsa/watch?ref=a%3Frole_arn="+roleARN, withT...)
	if got.Status != 403 || len(without.spy.take()) > 0 {
		t.Errorf("without roles: %v", got)
	}
}

// TestWatchAsRole takes a place among the roles for as long as it lasts.
func TestWatchAsRole(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(s *setup) { s.agent.MaxRoles = 1 })
	ref := "a%3Frole_arn=arn:aws:iam::111122223333:role/"
	s := r.follow(t, "ref="+ref+"r1")
	s.await(`event: version data: {"ref":"a?role_arn=arn:aws:iam::111122223333:role/r1","version":"` + currentID + `"}`)
	r.askAndLeave(t, q+"?secretId=b&roleArn=arn:aws:iam::111122223333:role/r1")
	if s := r.agent.Snapshot(); s.Roles != 1 {
		t.Errorf("%d roles are in use", s.Roles)
	}
	if got := r.ask(t, "GET", "/irsa/watch?ref="+ref+"r2", withT...); got.Status != 400 || !strings.Contains(got.Body, "MaxRolesExceeded") {
		t.Errorf("another role: %v", got)
	}
	if got := r.ask(t, "GET", "/irsa/watch?ref="+ref+"r1", withT...); got.Status != 200 {
		t.Errorf("the same role: %v", got)
	}
}

// event is an event of EventBridge about something.
func event(source, detail string, resources ...string) string {
	return fmt.Sprintf(`{"version":"0","detail-type":"AWS API Call via CloudTrail","source":%q,"account":"111122223333","resources":[%s],"detail":%s}`,
		source, strings.Join(resources, ","), detail)
}

func TestInvalidate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		body   string
		status int
		want   string
		again  bool // the secret is read anew
	}{
		"refs": {`{"refs":["db/main"]}`, 200, `{"invalidated":["db/main"]}`, true},
		"call by name": {
			event("aws.secretsmanager", `{"eventName":"PutSecretValue","requestParameters":{"secretId":"db/main"},"responseElements":{"arn":"`+mainARN+`"}}`),
			200, `{"invalidated":["db/main","` + mainARN + `"]}`, true,
		},
		"rotation": {
			event("aws.secretsmanager", `{"eventName":"RotationSucceeded","requestParameters":null,"additionalEventData":{"SecretId":"`+mainARN+`"}}`),
			200, `{"invalidated":["` + mainARN + `"]}`, true,
		},
		"label": {
			event("aws.secretsmanager", `{"name":"db/main","labelUpdated":"AWSCURRENT","versionId":"`+nextID+`"}`, `"`+mainARN+`"`),
			200, `{"invalidated":["` + mainARN + `","db/main"]}`, true,
		},
		"label of what is known by name": {
			event("aws.secretsmanager", `{"name":"db/main","labelUpdated":"AWSCURRENT"}`, `"not/for/this/token"`), 200, `{"invalidated":["db/main"]}`, true,
		},
		"resource": {event("aws.secretsmanager", `{}`, `"`+mainARN+`"`), 200, `{"invalidated":["` + mainARN + `"]}`, true},
		"parameter": {
			event("aws.ssm", `{"name":"/app/x","operation":"Update"}`, `"arn:aws:ssm:eu-west-1:111122223333:parameter/app/x"`),
			200, `{"invalidated":["arn:aws:ssm:eu-west-1:111122223333:parameter/app/x","ssm:/app/x"]}`, false,
		},
		"about nothing": {event("aws.s3", `{}`, `"arn:aws:s3:::bucket"`), 200, `{"invalidated":[]}`, false},
		"no refs":       {`{"refs":[]}`, 200, `{"invalidated":[]}`, false},
		"no reference": {
			`{"refs":["a b"]}`, 400, `invalid ref: secrets: reference "a b": name at position 2 holds ' '; it may have letters, digits and /_+=.@-`, false,
		},
		"empty reference":         {`{"refs":["db/main",null]}`, 400, `invalid ref: secrets: reference "": reference at position 1 is empty`, false},
		"not for this token":      {`{"refs":["forbidden"]}`, 400, `{"__type":"AccessDeniedException","message":"The token of this request is not allowed to read this secret"}`, false},
		"one not for this token":  {`{"refs":["db/main","forbidden"]}`, 400, `{"__type":"AccessDeniedException","message":"The token of this request is not allowed to read this secret"}`, false},
		"event of another secret": {event("aws.secretsmanager", `{"requestParameters":{"secretId":"forbidden"}}`), 200, `{"invalidated":[]}`, false},

		"nothing":               {`{}`, 400, `member "refs" is no list of references`, false},
		"null":                  {`{"refs":null}`, 400, `member "refs" is no list of references`, false},
		"text in place of refs": {`{"refs":"db/main"}`, 400, `member "refs" is no list of references`, false},
		"number for a ref":      {`{"refs":["db/main",1e999999]}`, 400, `member "refs" is no list of references`, false},
		"another member":        {`{"ref":["db/main"]}`, 400, `unknown member: "ref"`, false},
		"one member more":       {`{"refs":["db/main"],"b":1,"a":1}`, 400, `unknown member: "a"`, false},
		"capital letters":       {`{"Refs":["db/main"]}`, 400, `unknown member: "Refs"`, false},
		"long member":           {`{"` + strings.Repeat("x", 1000) + `":1}`, 400, `unknown member: "` + strings.Repeat("x", 40) + `"`, false},
		"refs twice":            {`{"refs":["a"],"refs":["db/main"]}`, 400, `member "refs" is there twice`, false},
		"refs and an event":     {`{"refs":["db/main"],"source":"aws.s3"}`, 400, `the body has both "refs" and "source"`, false},
		"source of no text":     {`{"source":1}`, 400, `member "source" of the event has the type number`, false},
		"detail of another kind": {
			event("aws.secretsmanager", `{"requestParameters":{"secretId":["db/main"]}}`), 400, `member "detail.requestParameters.secretId" of the event has the type array`, false,
		},
		"something behind":     {`{"refs":["db/main"]} {}`, 400, "the body has something behind the JSON object", false},
		"bytes behind":         {`{"refs":["db/main"]}x`, 400, "the body has something behind the JSON object", false},
		"half of it":           {`{"refs":["db/main"]`, 400, "the body is no JSON object", false},
		"no JSON":              {`refs`, 400, "the body is no JSON object", false},
		"empty":                {``, 400, "the body is no JSON object", false},
		"something else":       {`[1]`, 400, "the body is no JSON object", false},
		"deep":                 {strings.Repeat(`{"refs":`, 20<<10), 400, "the body is no JSON object", false},
		"many":                 {`{"refs":["db/main"` + strings.Repeat(`,"db/main"`, 100) + `]}`, 400, "more than 100 refs in one body", false},
		"as many as there may": {`{"refs":["db/main"` + strings.Repeat(`,"db/main"`, 99) + `]}`, 200, `{"invalidated":["db/main"` + strings.Repeat(`,"db/main"`, 99) + `]}`, true},
		"too much":             {`{"refs":["` + strings.Repeat("x", 300<<10) + `"]}`, 400, "the body is longer than 262144 bytes", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(s *setup) {
				s.agent.Tokens[0].Secrets = []string{"db/*", "arn:*", "ssm:*"}
			})
			if got := r.good(t); got.Status != 200 {
				t.Fatal(got)
			}
			r.spy.take()
			got := r.raw(t, "POST", fmt.Sprintf("POST /irsa/invalidate HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nX-Vault-Token: %s\r\nContent-Length: %d\r\n\r\n%s",
				r.host(), tok, len(test.body), test.body))
			if got.Status != test.status || got.Body != test.want {
				t.Errorf("got %v", got)
			}
			if test.again && !t.Failed() { // the fetch that was begun; with none it would be a hit
				for len(r.spy.take()) == 0 {
					runtime.Gosched()
				}
				return
			}
			if got := r.good(t); got.Body != mainBody || len(r.spy.take()) > 0 {
				t.Errorf("it was read anew: %v", got)
			}
		})
	}
	r := newRig(t, nil)
	if got := r.ask(t, "GET", "/irsa/invalidate", withT...); got.Status != 405 {
		t.Error(got)
	}
}

// TestInvalidateParameter is about the parameter as it is read encrypted too,
// which is what a client gets that does not say.
func TestInvalidateParameter(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	if got := r.ask(t, "GET", "/systemsmanager/parameters/get?name=/app/x", withT...); got.Status != 200 {
		t.Fatal(got)
	}
	r.spy.take()
	body := event("aws.ssm", `{"eventName":"PutParameter","requestParameters":{"name":"/app/x"}}`)
	got := r.raw(t, "POST", fmt.Sprintf("POST /irsa/invalidate HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nX-Vault-Token: %s\r\nContent-Length: %d\r\n\r\n%s",
		r.host(), tok, len(body), body))
	if got.Status != 200 || got.Body != `{"invalidated":["ssm:/app/x"]}` {
		t.Fatal(got)
	}
	if _, err := r.store.Get(t.Context(), "ssm:/app/x?decrypt=false"); err != nil {
		t.Error(err)
	}
	var calls []string
	for len(calls) == 0 { // until it is read anew
		runtime.Gosched()
		calls = r.spy.take()
	}
	if calls[0] != parameterSent("/app/x", false) {
		t.Errorf("sent %q", calls)
	}
}

// TestInvalidateReadsAnew has the next reads get the new version.
func TestInvalidateReadsAnew(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	if got := r.good(t); got.Body != mainBody {
		t.Fatal(got)
	}
	s := r.follow(t, "ref=db/main")
	want := r.put(t, nextID, "moved")
	body := `{"refs":["` + mainARN + `"]}`
	if got := r.raw(t, "POST", fmt.Sprintf("POST /irsa/invalidate HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nX-Vault-Token: %s\r\nContent-Length: %d\r\n\r\n%s",
		r.host(), tok, len(body), body)); got.Status != 200 {
		t.Fatal(got)
	}
	s.await(`event: version data: {"ref":"db/main","version":"` + nextID + `"}`)
	if got := r.good(t); got.Body != want {
		t.Error(got)
	}
}
