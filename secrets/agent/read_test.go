package agent_test

import (
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// put gives db/main another version.
func (r *rig) put(t *testing.T, id, value string) string {
	t.Helper()
	later := created.Add(time.Second)
	if _, err := r.fake.PutSecretValue(mainARN, secretstest.Version{ID: id, String: &value, Created: &later}); err != nil {
		t.Fatal(err)
	}
	return strings.Replace(body(id, value, "AWSCURRENT"), "0000.5", "0001.5", 1)
}

const nextID = "a1b2c3d4-5678-90ab-cdef-EXAMPLE33333"

// TestFreshness covers what a value that is held is good for.
func TestFreshness(t *testing.T) {
	t.Parallel()
	t.Run("fresh", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, nil)
		for range 3 {
			if got := r.good(t); got.Body != mainBody {
				t.Fatal(got)
			}
			r.put(t, nextID, "not seen yet")
		}
		if calls := r.spy.take(); len(calls) != 1 {
			t.Errorf("calls: %q", calls)
		}
		if s := r.agent.Snapshot(); s.Reads != 3 || s.Hits != 2 {
			t.Errorf("%d reads, %d hits", s.Reads, s.Hits)
		}
	})
	t.Run("too old", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, nil)
		cached(t, r)
		want := r.put(t, nextID, "moved")
		if got := r.good(t); got.Body != want {
			t.Errorf("got %v", got)
		}
	})
	t.Run("refreshNow that fails", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, nil)
		if got := r.good(t); got.Status != 200 {
			t.Fatal(got)
		}
		fault("GetSecretValue", credentialstest.Throttled())(t, r)
		got := r.ask(t, "GET", q+"?secretId=db/main&refreshNow=1", withT...)
		if got.Status != 400 || got.Body != `{"__type":"ThrottlingException","message":"Rate exceeded"}` {
			t.Errorf("refreshNow: %v", got)
		}
		if got := r.good(t); got.Body != mainBody {
			t.Errorf("the old value: %v", got)
		}
	})
	t.Run("throttled", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, nil)
		cached(t, r)
		fault("GetSecretValue", credentialstest.Throttled())(t, r)
		for range 3 { // the second need not wait for AWS
			if got := r.good(t); got.Body != mainBody {
				t.Error(got)
			}
		}
		if s := r.agent.Snapshot(); s.Hits != 2 {
			t.Errorf("%d hits", s.Hits)
		}
	})
	t.Run("throttled, to be reported", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, func(s *setup) { s.agent.ReportTransient = true })
		cached(t, r)
		remove := r.fake.Inject(credentialstest.When{Operation: "GetSecretValue"}, credentialstest.Throttled())
		for range 2 {
			if got := r.good(t); got.Status != 400 || !strings.Contains(got.Body, "Throttling") {
				t.Error(got)
			}
		}
		remove()
		if got := r.good(t); got.Body != mainBody {
			t.Error(got)
		}
	})
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, func(s *setup) { s.agent.RefreshWait = 20 * time.Millisecond })
		cached(t, r)
		fault("GetSecretValue", credentialstest.Hanging())(t, r)
		if got := r.good(t); got.Body != mainBody {
			t.Error(got)
		}
	})
	t.Run("no identity", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, nil)
		fault("AssumeRoleWithWebIdentity", credentialstest.Denied())(t, r)
		if got := r.good(t); got.Status != 500 || got.Body != internal {
			t.Error(got)
		}
	})
	t.Run("no identity in time", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, func(s *setup) { s.store.Timeout = 20 * time.Millisecond })
		fault("AssumeRoleWithWebIdentity", credentialstest.Hanging())(t, r)
		if got := r.good(t); got.Status != 504 || !strings.Contains(got.Body, "TimeoutError") {
			t.Error(got)
		}
	})
	t.Run("closed", func(t *testing.T) {
		t.Parallel()
		r := newRig(t, nil)
		if err := r.store.Close(); err != nil {
			t.Fatal(err)
		}
		if got := r.good(t); got.Status != 500 || got.Body != internal {
			t.Error(got)
		}
	})
}

// TestMoreErrors covers what AWS is not asked, and answers that few get.
func TestMoreErrors(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]vector{
		"stage that is empty": {
			target: "/v1/a?versionStage=", headers: withT, status: 400,
			body: `{"__type":"ValidationException","message":"1 validation error detected: Value at 'versionStage' failed to satisfy constraint: Member must have length greater than or equal to 1"}`,
		},
		"stage that is none": {
			target: "/v1/a?versionStage=a+b", headers: withT, status: 400,
			body: `{"__type":"ResourceNotFoundException","message":"Secrets Manager can't find the specified secret value for staging label: a b"}`,
		},
		"stage that is too long": {
			target: "/v1/a?versionStage=" + strings.Repeat("x", 257), headers: withT, status: 400,
			body: `{"__type":"ValidationException","message":"1 validation error detected: Value at 'versionStage' failed to satisfy constraint: Member must have length less than or equal to 256"}`,
		},
		"version that is none": {
			target: "/v1/a?versionId=" + strings.Repeat("+", 32), headers: withT, status: 400,
			body: `{"__type":"ResourceNotFoundException","message":"Secrets Manager can't find the specified secret value for VersionId: ` + strings.Repeat(" ", 32) + `"}`,
		},
		"version that is too long": {
			target: "/v1/a?versionId=" + strings.Repeat("x", 65), headers: withT, status: 400,
			body: `{"__type":"ValidationException","message":"1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must have length less than or equal to 64"}`,
		},
		"version that is empty": {
			target: "/v1/a?versionId=", headers: withT, status: 400,
			body: `{"__type":"ValidationException","message":"1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must have length greater than or equal to 32"}`,
		},
		"stage that is meant anyway": {target: "/v1/a?versionStage=AWSCURRENT", headers: withT, status: 200, body: plainBody("a"), sent: []string{gotten("a")}},
		"ARN with a query":           {target: q + "?secretId=" + mainARN + "%3Fversion_stage=AWSPENDING", headers: withT, status: 400, body: noName},
		"ARN with a key":             {target: q + "?secretId=" + mainARN + "%23key", headers: withT, status: 400, body: noName},
		"ARN that is escaped twice":  {target: q + "?secretId=" + mainARN + "%253F", headers: withT, status: 400, body: noName},
		"something before a role":    {target: q + "?secretId=a&roleArn=x" + roleARN, headers: withT, status: 400, body: badRole},
		"something behind a role":    {target: q + "?secretId=a&roleArn=" + roleARN + "+", headers: withT, status: 400, body: badRole},
		"refreshNow and then not": {
			target: "/v1/db/main?refreshNow=1&refreshNow=0", headers: withT, before: func(t *testing.T, r *rig) { t.Helper(); r.good(t); r.spy.take() },
			status: 200, body: mainBody,
		},
		"too long a name":     {target: "/v1/" + strings.Repeat("x", 3000), headers: withT, status: 400, body: noName},
		"half an ARN":         {target: "/v1/arn:aws:secretsmanager", headers: withT, status: 400, body: noName},
		"pairs of nothing":    {target: q + "?&&secretId=a&", headers: withT, status: 200, body: plainBody("a"), sent: []string{gotten("a")}},
		"escape of nothing":   {target: q + "?secretId=a%zz", headers: withT, status: 400, body: noName},
		"semicolon":           {target: q + "?secretId=a;b", headers: withT, status: 400, body: noName},
		"no UTF-8":            {target: q + "?%ff=1", headers: withT, status: 400, body: "unknown parameter: \uFFFD"},
		"segments that end":   {target: "/v1/a/..", headers: withT, status: 400, body: "missing secret ID"},
		"segments of nothing": {target: "/v1/./%2E/a", headers: withT, status: 200, body: plainBody("a"), sent: []string{gotten("a")}},
		"another prefix": {
			target: "/sx", headers: withT, change: func(s *setup) { s.agent.PathPrefix = "/s" },
			status: 200, body: plainBody("x"), sent: []string{gotten("x")},
		},
		"a prefix of everything": {
			target: "/ping", change: func(s *setup) { s.agent.PathPrefix = "/" }, status: 200, body: "healthy",
		},
		"other headers": {
			target: "/v1/a", headers: []string{"x-mine: " + tok}, change: func(s *setup) { s.agent.Headers = []string{"X-Mine"} },
			status: 200, body: plainBody("a"), sent: []string{gotten("a")},
		},
		"no longer in the old headers": {
			target: "/v1/a", headers: withT, change: func(s *setup) { s.agent.Headers = []string{"X-Mine"} }, status: 403, body: "Bad Token",
		},
		"an error of AWS with a status of its own": {
			target: "/v1/a", headers: withT, before: fault("GetSecretValue", credentialstest.Failing()), status: 500, sent: []string{gotten("a")},
			body: `{"__type":"InternalServiceError","message":"The request processing has failed because of an unknown error, exception or failure."}`,
		},
		"a page in the place of AWS": {
			target: "/v1/a", headers: withT, before: fault("GetSecretValue", credentialstest.ProxyPage(503)), status: 502, sent: []string{gotten("a")},
			body: `{"__type":"ConnectionError","message":"Response Error"}`,
		},
		"an answer that breaks off": {
			target: "/v1/a", headers: withT, before: fault("GetSecretValue", credentialstest.CutAnswer()), status: 502, sent: []string{gotten("a")},
			body: `{"__type":"ConnectionError","message":"Response Error"}`,
		},
		"neither text nor bytes": {
			target: "/v1/a", headers: withT, before: fault("GetSecretValue", credentialstest.Fault{Status: 200, Body: "{}"}), status: 502, sent: []string{gotten("a")},
			body: `{"__type":"ConnectionError","message":"Response Error"}`,
		},
		"a message to escape": {
			target: "/v1/a", headers: withT, before: fault("GetSecretValue", credentialstest.Fault{Code: "X", Message: "a \"b\"\n<c>\x01"}), status: 400, sent: []string{gotten("a")},
			body: `{"__type":"X","message":"a \"b\"\n<c>\u0001"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v.check(t)
		})
	}
}
