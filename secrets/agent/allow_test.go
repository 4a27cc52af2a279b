package agent_test

import (
	"net/http"
	"strings"
	"testing"
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
		"watch":                       {secrets: []string{"db/*"}, target: "/irsa/watch?ref=db/main", status: 200},
		"watch of another":            {secrets: []string{"db/*"}, target: "/irsa/watch?ref=a", status: 400, body: denied},
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
		r := newRig(t, nil)
		if got := r.ask(t, "GET", q+"?secretId=a&roleArn=arn:evil:iam::111122223333:role/r", withT...); got.Status != 403 {
			t.Error(got)
		}
	})
}
