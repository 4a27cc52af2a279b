package agent_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
)

func TestSnapshot(t *testing.T) {
	t.Parallel()
	fetches := new(agent.Fetches)
	r := newRig(t, func(s *setup) {
		s.store.OnFetch = fetches.Record
		s.agent.Fetches = fetches
		s.agent.Declared = []string{"db/main"}
	})
	for _, target := range []string{"/ping", "/v1/db/main", "/v1/db/main", "/v1/nope", "/nope", q, q + "?secretId=a&roleArn=" + roleARN} {
		r.ask(t, "GET", target, withT...)
	}
	r.ask(t, "GET", "/v1/db/main")
	for fetches.Counts().Took.Count < 3 { // they are told of after the answer
		runtime.Gosched()
	}
	s := r.agent.Snapshot()
	want := []agent.RequestCount{
		{Route: agent.RouteNone, Status: 404, Count: 1},
		{Route: agent.RoutePing, Status: 200, Count: 1},
		{Route: agent.RouteSecret, Status: 200, Count: 1},
		{Route: agent.RouteSecret, Status: 400, Count: 1},
		{Route: agent.RoutePath, Status: 200, Count: 2},
		{Route: agent.RoutePath, Status: 400, Count: 1},
		{Route: agent.RoutePath, Status: 403, Count: 1},
	}
	if diff := cmp.Diff(want, s.Requests); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if s.Reads != 4 || s.Hits != 1 || !s.Ready || s.Roles != 1 || len(s.Secrets) != 3 || s.Store.Calls.SecretsManager != 3 {
		t.Errorf("%+v", s)
	}
	var sessions []string
	for _, one := range s.Sessions {
		sessions = append(sessions, one.RoleARN)
	}
	if diff := cmp.Diff([]string{"arn:aws:iam::111122223333:role/pod-role", roleARN}, sessions); diff != "" {
		t.Errorf("sessions -want +got:\n%s", diff)
	}
	if f := s.Fetches; f.Succeeded != 2 || f.Changed != 2 || f.Failed != 1 || f.Took.Count != 3 || f.Took.Total < f.Took.Max {
		t.Errorf("%+v", f)
	}
	text, err := json.Marshal(s.Requests[0])
	if err != nil || string(text) != `{"Route":"none","Status":404,"Count":1}` {
		t.Errorf("%s, %v", text, err)
	}
	if name := agent.Route(200).String(); name != "none" {
		t.Error(name)
	}
}

func TestFetches(t *testing.T) {
	t.Parallel()
	api := func(code, message string) error {
		return fmt.Errorf("call: %w", &smithy.GenericAPIError{Code: code, Message: message})
	}
	var f agent.Fetches
	for _, err := range []error{
		nil,
		&secrets.AccessError{Action: "kms:Decrypt"},
		&secrets.AccessError{Action: "secretsmanager:GetSecretValue"},
		api("ThrottlingException", "Rate exceeded"),
		api("ThrottlingException", "KMS request rate exceeded"),
		api("InternalServiceError", "no"),
		errors.New("no"),
	} {
		f.Record(secrets.Fetched{Ref: "a", Err: err, Took: time.Second, Changed: true})
	}
	got := f.Counts()
	if got.Took.Count != 7 || got.Took.Total != 7*time.Second || got.Took.Max != time.Second {
		t.Errorf("%+v", got.Took)
	}
	got.Took = agent.FetchCounts{}.Took
	want := agent.FetchCounts{Succeeded: 1, Failed: 6, Changed: 1, Throttled: 2, KMSDenied: 1, KMSThrottled: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
