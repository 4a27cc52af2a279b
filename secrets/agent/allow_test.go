package agent_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// TestAllowLists gives a token lists, and asks with it for this and that.
func TestAllowLists(t *testing.T) {
	t.Parallel()
	const (
		denied    = `{"__type":"AccessDeniedException","message":"The token of this request is not allowed to read this secret"}`
		parameter = "/systemsmanager/parameters/get?name="
	)
	noRole := func(arn string) string {
		return `{"__type":"AccessDeniedException","message":"Failed to create caching client from role: ` + arn + `"}`
	}
	for name, test := range map[string]struct {
		secrets, roles []string
		config         []string // Config.Roles
		target         string
		status         int
		body           string // "": any
	}{
		"no list":                     {target: "/v1/db/main", status: 200},
		"empty list":                  {secrets: []string{}, target: "/v1/db/main", status: 400, body: denied},
		"name":                        {secrets: []string{"db/main"}, target: "/v1/db/main", status: 200},
		"another name":                {secrets: []string{"db/mai"}, target: "/v1/db/main", status: 400, body: denied},
		"pattern":                     {secrets: []string{"x", "db/*"}, target: "/v1/db/main", status: 200},
		"pattern in the middle":       {secrets: []string{"d*/m*n"}, target: "/v1/db/main", status: 200},
		"pattern that ends elsewhere": {secrets: []string{"d*/m*i"}, target: "/v1/db/main", status: 400, body: denied},
		"pattern that repeats itself": {secrets: []string{"*db/main*db/main"}, target: "/v1/db/main", status: 400, body: denied},
		"all":                         {secrets: []string{"*"}, target: "/v1/" + mainARN, status: 200},
		"name by ARN":                 {secrets: []string{"db/main"}, target: "/v1/" + mainARN, status: 400, body: denied},
		"pattern by ARN":              {secrets: []string{"*main*"}, target: "/v1/" + mainARN, status: 400, body: denied},
		"ARN":                         {secrets: []string{"arn:aws:secretsmanager:*:" + account + ":secret:db/*"}, target: "/v1/" + mainARN, status: 200},
		"partial ARN":                 {secrets: []string{strings.TrimSuffix(mainARN, "-AbCdEf")}, target: "/v1/" + strings.TrimSuffix(mainARN, "-AbCdEf"), status: 200},
		"ARN by name":                 {secrets: []string{mainARN}, target: "/v1/db/main", status: 400, body: denied},
		"any version":                 {secrets: []string{"db/main"}, target: "/v1/db/main?versionStage=AWSPENDING", status: 200},
		"parameter":                   {secrets: []string{"ssm:/app/*"}, target: parameter + "/app/x", status: 200},
		"parameter by a secret's":     {secrets: []string{"/app/x", "*x"}, target: parameter + "/app/x", status: 400, body: fixedText},
		"secret as a parameter":       {secrets: []string{"db/main"}, target: parameter + "/aws/reference/secretsmanager/db/main&withDecryption=true", status: 400, body: fixedText},
		"role":                        {roles: []string{"arn:aws:iam::*:role/p/*"}, target: "/v1/db/main?roleArn=" + roleARN, status: 200},
		"another role":                {roles: []string{"arn:aws:iam::*:role/q/*"}, target: "/v1/db/main?roleArn=" + roleARN, status: 403, body: noRole(roleARN)},
		"no role of the token":        {roles: []string{}, target: "/v1/db/main?roleArn=" + roleARN, status: 403, body: noRole(roleARN)},
		"no role of the agent":        {config: []string{}, target: "/v1/db/main?roleArn=" + roleARN, status: 403, body: noRole(roleARN)},
		"role of both":                {roles: []string{"*"}, config: []string{roleARN}, target: "/v1/db/main?roleArn=" + roleARN, status: 200},
		"role and another secret":     {secrets: []string{"a"}, target: "/v1/db/main?roleArn=" + roleARN, status: 400, body: denied},
		"name in any role":            {secrets: []string{"db/main"}, target: "/v1/db/main?roleArn=" + roleARN, status: 403, body: noRole(roleARN)},
		"name in a role of the token": {secrets: []string{"db/main"}, roles: []string{roleARN}, target: "/v1/db/main?roleArn=" + roleARN, status: 200},
		"name in a role of the agent": {secrets: []string{"db/main"}, config: []string{roleARN}, target: "/v1/db/main?roleArn=" + roleARN, status: 200},
		"ARN in any role":             {secrets: []string{mainARN}, target: "/v1/" + mainARN + "?roleArn=" + roleARN, status: 200},
		"every name in any role":      {secrets: []string{"*"}, target: "/v1/db/main?roleArn=" + roleARN, status: 200},
		"watch":                       {secrets: []string{"db/*"}, target: "/irsa/watch?ref=db/main", status: 200},
		"watch of another":            {secrets: []string{"db/*"}, target: "/irsa/watch?ref=a", status: 400, body: denied},
		"watch in another Region":     {secrets: []string{"db/main"}, target: "/irsa/watch?ref=db/main%3Fregion=eu-west-1", status: 200},
		"watch as a role":             {roles: []string{}, target: "/irsa/watch?ref=a?role_arn=" + roleARN, status: 403, body: noRole(roleARN)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(s *setup) {
				narrow := token(t, "narrow")
				narrow.Secrets, narrow.Roles = test.secrets, test.roles
				s.agent.Tokens = append(s.agent.Tokens, narrow)
				s.agent.Roles = test.config
			})
			got := r.ask(t, http.MethodGet, test.target, "X-Vault-Token: narrow")
			if got.Status != test.status || test.body != "" && got.Body != test.body {
				t.Errorf("got %d %s", got.Status, got.Body)
			}
			if calls := r.spy.take(); test.status != 200 && len(calls) > 0 {
				t.Errorf("AWS was asked: %q", calls)
			}
			if got := r.good(t); got.Status != 200 {
				t.Errorf("the other token: %v", got)
			}
		})
	}
}

// TestSettingsAreCopied changes lists after New has seen them.
func TestSettingsAreCopied(t *testing.T) {
	t.Parallel()
	list, declared, hosts := []string{"a"}, []string{"a"}, []string{"a.example"}
	narrow := token(t, tok)
	narrow.Secrets = list
	made, err := agent.New(agent.Config{
		Store: sourceStore(t, secretstest.NewSource(map[string]string{"a": marker, "b": marker})), Tokens: []agent.Token{narrow}, Declared: declared, Hosts: hosts,
	})
	if err != nil {
		t.Fatal(err)
	}
	list[0], declared[0], hosts[0] = "b", "nobody", "b.example"
	if err := made.Load(t.Context()); err != nil || !made.Ready() {
		t.Error(err)
	}
	for url, want := range map[string]int{"http://a.example/v1/a": 200, "http://a.example/v1/b": 400, "http://b.example/v1/a": 403} {
		w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		r.Header.Set("X-Vault-Token", tok)
		if made.ServeHTTP(w, r); w.Code != want {
			t.Errorf("%s: %d %s", url, w.Code, w.Body)
		}
	}
	if err := made.Close(); err != nil {
		t.Error(err)
	}
}

// TestProxiedSecrets asks for secrets by way of Parameter Store. The star of a
// pattern for parameters does not reach them.
func TestProxiedSecrets(t *testing.T) {
	t.Parallel()
	const name, arn = "/aws/reference/secretsmanager/db/main", "arn:aws:ssm:eu-west-1:" + account + ":parameter"
	for _, test := range []struct {
		pattern, name string
		asked         bool
	}{
		{"ssm:*", name, false},
		{"ssm:/*", name, false},
		{"ssm:/aws/*", name, false},
		{"ssm:/aws/reference/secretsmanager*", name, false},
		{"ssm:*", strings.Replace(name, "aws/reference/secretsmanager", "AWS/Reference/SecretsManager", 1), false},
		{"arn:aws:ssm:*", arn + name, false},
		{"db/main", name, false},
		{"ssm:/aws/reference/secretsmanager/db/*", name, true},
		{"ssm:/aws/reference/secretsmanager/a", name, false},
		{arn + "/aws/reference/secretsmanager/*", arn + name, true},
		{"*", name, true},
		{"ssm:*", "/app/aws/reference", true},
	} {
		r := newRig(t, func(s *setup) { s.agent.Tokens[0].Secrets = []string{test.pattern} })
		got := r.ask(t, "GET", "/systemsmanager/parameters/get?withDecryption=true&name="+test.name, withT...)
		if got.Status != 400 || got.Body != fixedText { // the fake shows none
			t.Errorf("%s by %s: %v", test.name, test.pattern, got)
		}
		if calls := r.spy.take(); (len(calls) > 0) != test.asked {
			t.Errorf("%s by %s: sent %q", test.name, test.pattern, calls)
		}
	}
}

// askAndLeave is a client that does not wait for the answer.
func (r *rig) askAndLeave(t *testing.T, target string) {
	t.Helper()
	defer func() {
		if got := recover(); got != http.ErrAbortHandler {
			t.Errorf("panic: %v", got)
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+target, nil)
	request.Header.Set("X-Vault-Token", tok)
	r.agent.ServeHTTP(httptest.NewRecorder(), request)
}

// TestRoles covers what becomes of roles after the first answer.
func TestRoles(t *testing.T) {
	t.Parallel()
	asRole := func(n string) string { return q + "?secretId=a&roleArn=arn:aws:iam::111122223333:role/" + n }
	t.Run("one that cannot be assumed takes no place", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, func(s *setup) { s.agent.MaxRoles = 1 })
		for _, want := range []struct {
			role   string
			status int
		}{{"nobody", 403}, {"nobody2", 403}, {"r1", 200}, {"r1", 200}, {"r2", 400}, {"nobody", 400}} {
			if got := r.ask(t, "GET", asRole(want.role), withT...); got.Status != want.status {
				t.Errorf("%s: %v", want.role, got)
			}
		}
		if s := r.agent.Snapshot(); s.Roles != 1 {
			t.Errorf("%d roles are in use", s.Roles)
		}
	})
	t.Run("one that nobody uses makes room", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, func(s *setup) { s.agent.MaxRoles = 2 })
		for _, role := range []string{"r1", "r2"} {
			if got := r.ask(t, "GET", asRole(role), withT...); got.Status != 200 {
				t.Fatal(got)
			}
		}
		if got := r.ask(t, "GET", asRole("r3"), withT...); got.Status != 400 {
			t.Errorf("a third: %v", got)
		}
		r.agent.AgeRole("arn:aws:iam::111122223333:role/r2")
		if got := r.ask(t, "GET", asRole("r3"), withT...); got.Status != 200 {
			t.Errorf("a third, later: %v", got)
		}
		if got := r.ask(t, "GET", asRole("r2"), withT...); got.Status != 400 {
			t.Errorf("the one that made room: %v", got)
		}
	})
	t.Run("the one that was not used for longest makes room", func(t *testing.T) {
		t.Parallel()
		const most = 8
		r := newRig(t, func(s *setup) { s.agent.MaxRoles = most })
		arn := func(i int) string { return fmt.Sprintf("arn:aws:iam::111122223333:role/r%d", i) }
		for i := range most {
			if got := r.ask(t, "GET", asRole(fmt.Sprintf("r%d", i)), withT...); got.Status != 200 {
				t.Fatal(got)
			}
			r.agent.AgeRole(arn(i))
		}
		r.agent.AgeRole(arn(3))
		if got := r.ask(t, "GET", asRole("r8"), withT...); got.Status != 200 {
			t.Fatal(got)
		}
		for i := range most + 1 {
			if got, want := r.agent.UsesRole(arn(i)), i != 3; got != want {
				t.Errorf("role %d is in use: %t", i, got)
			}
		}
	})
	t.Run("one that loses trust", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, nil)
		if got := r.ask(t, "GET", asRole("r1"), withT...); got.Status != 200 {
			t.Fatal(got)
		}
		r.agent.KnowRole("arn:aws:iam::111122223333:role/r2")
		fault("AssumeRole", faultDenied)(t, r)
		got := r.ask(t, "GET", asRole("r2"), withT...)
		if got.Status != 403 || !strings.HasPrefix(got.Body, `{"__type":"AccessDeniedException","message":"secrets: read \"a?role_arn=`) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("what the Store does not take for a role", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, func(s *setup) { s.agent.MaxRoles = 1 })
		if got := r.ask(t, "GET", q+"?secretId=a&roleArn=arn:evil:iam::111122223333:role/r", withT...); got.Status != 403 {
			t.Error(got)
		}
		if got := r.ask(t, "GET", asRole("r1"), withT...); got.Status != 200 {
			t.Errorf("it has taken a place: %v", got)
		}
	})
	t.Run("a name that is none, in a role that may be one", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, nil)
		got := r.ask(t, "GET", "/v1/"+strings.Repeat("x", 3000)+"?roleArn="+roleARN, withT...)
		if got.Status != 400 || got.Body != noName || r.agent.Snapshot().Roles != 0 {
			t.Error(got)
		}
	})
	t.Run("one that a client did not wait for takes no place", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, nil)
		r.askAndLeave(t, asRole("r1"))
		if s := r.agent.Snapshot(); s.Roles != 0 {
			t.Errorf("%d roles are in use", s.Roles)
		}
	})
	t.Run("one that STS does not answer for", func(t *testing.T) {
		t.Parallel()
		for name, f := range map[string]credentialstest.Fault{"in time": credentialstest.Hanging(), "at all": credentialstest.ConnectionReset()} {
			r := newRig(t, func(s *setup) { s.store.Timeout = 50 * time.Millisecond })
			fault("AssumeRole", f)(t, r)
			got := r.ask(t, "GET", asRole("r1"), withT...)
			if want := "Failed to create caching client from role: "; got.Status != 403 || !strings.Contains(got.Body, want) {
				t.Errorf("%s: %v", name, got)
			}
		}
	})
}
