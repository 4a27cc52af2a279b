package agent_test

import (
	"bufio"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

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
		r := sourceRig(t, secretstest.NewSource(map[string]string{"db/main": marker}), func(c *agent.Config) { c.ConnLifetime = time.Second })
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
		"ref=a+b":                      {Status: 400, Body: "invalid ref"},
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

// TestWatchAsRole takes a place among the roles for as long as it lasts.
func TestWatchAsRole(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(s *setup) { s.agent.MaxRoles = 1 })
	ref := "a%3Frole_arn=arn:aws:iam::111122223333:role/"
	s := r.follow(t, "ref="+ref+"r1")
	s.await(`event: version data: {"ref":"a?role_arn=arn:aws:iam::111122223333:role/r1","version":"` + currentID + `"}`)
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
		"resource": {event("aws.secretsmanager", `{}`, `"`+mainARN+`"`), 200, `{"invalidated":["` + mainARN + `"]}`, true},
		"parameter": {
			event("aws.ssm", `{"name":"/app/x","operation":"Update"}`, `"arn:aws:ssm:eu-west-1:111122223333:parameter/app/x"`),
			200, `{"invalidated":["arn:aws:ssm:eu-west-1:111122223333:parameter/app/x","ssm:/app/x"]}`, false,
		},
		"about nothing":      {event("aws.s3", `{}`, `"arn:aws:s3:::bucket"`), 200, `{"invalidated":[]}`, false},
		"nothing":            {`{}`, 200, `{"invalidated":[]}`, false},
		"no reference":       {`{"refs":["a b"]}`, 400, "invalid ref", false},
		"no JSON":            {`refs`, 400, "the body is neither refs nor an event", false},
		"something else":     {`[1]`, 400, "the body is neither refs nor an event", false},
		"too much":           {`{"refs":["` + strings.Repeat("x", 300<<10) + `"]}`, 400, "the body is neither refs nor an event", false},
		"not for this token": {`{"refs":["forbidden"]}`, 400, `{"__type":"AccessDeniedException","message":"The token of this request is not allowed to read this secret"}`, false},
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
			if test.again { // the fetch that was begun; with none it would be a hit
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
