package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// finder is a role of the secret's account that the pod may assume.
const finder = "arn:aws:iam::" + secretstest.StorySecretAccount + ":role/finder"

// taggedStory is the story with tagged secrets, in the pod's account and in
// another, that the pod and finder may find and read.
func taggedStory() secretstest.World {
	w := secretstest.Story()
	all := credentialstest.Policy{Name: "all", Document: policy.MustParse(
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["secretsmanager:*","sts:AssumeRole"],"Resource":"*"}}`,
	)}
	own := w.Account(secretstest.StoryClusterAccount)
	pod := own.Role("pod-role")
	pod.Boundary, pod.Policies = nil, append(pod.Policies, all)
	theirs := w.Account(secretstest.StorySecretAccount)
	theirs.Roles = append(theirs.Roles, credentialstest.Role{Name: "finder", Policies: []credentialstest.Policy{all}, Trust: policy.MustParse(
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"` + secretstest.StoryRoleARN + `"}}}`,
	)})
	add := func(a *secretstest.Account, name string, tags ...string) {
		s := secretstest.Secret{Name: name, Region: secretstest.StoryRegion, Tags: map[string]string{}, Versions: []secretstest.Version{{String: new("of " + name)}}}
		for _, key := range tags {
			s.Tags[key] = "any"
		}
		a.Secrets = append(a.Secrets, s)
	}
	add(own, "one", "env", "team")
	add(own, "two", "team", "env", "tier")
	add(own, "of-a-team", "team")
	add(own, "of-an-environment", "environment", "team")
	add(theirs, "three", "env")
	add(theirs, "four", "tier")
	return w
}

// newPrefetcher is a service that can do no more than prefetch.
func newPrefetcher(t *testing.T, w secretstest.World, size int, p prefetch) (*service, *secretstest.AWS, *bytes.Buffer) {
	t.Helper()
	fake, err := secretstest.New(w)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	store, err := secrets.New(t.Context(), cfg, secrets.Config{})
	if err != nil {
		t.Fatal(err)
	}
	provider, _ := credentials.FromConfig(cfg)
	t.Cleanup(func() {
		if err := errors.Join(store.Close(), provider.Close()); err != nil {
			t.Error(err)
		}
	})
	s := defaults()
	s.cacheSize, s.prefetch = size, p
	log := new(bytes.Buffer)
	return &service{settings: s, store: store, log: slog.New(slog.NewTextHandler(log, nil))}, fake, log
}

func TestPrefetch(t *testing.T) {
	t.Parallel()
	by := func(role string, keys ...string) secrets.Query { return secrets.Query{Role: role, TagKeys: keys} }
	const as, nobody = "?role_arn=" + finder, "arn:aws:iam::222233334444:role/nobody"
	for name, test := range map[string]struct {
		world func() secretstest.World // nil: taggedStory
		size  int
		refs  []string
		by    []secrets.Query
		want  []string
		log   []string
	}{
		"by a key":           {nil, 10, nil, []secrets.Query{by("", "env")}, []string{"one", "two"}, []string{"secrets=2 read=2"}},
		"by two keys":        {nil, 10, nil, []secrets.Query{by("", "env", "tier")}, []string{"two"}, nil},
		"in two roles":       {nil, 10, nil, []secrets.Query{by("", "tier"), by(finder, "tier")}, []string{"four" + as, "two"}, nil},
		"named and found":    {nil, 10, []string{"appsecret", "two"}, []secrets.Query{by("", "env")}, []string{"appsecret", "one", "two"}, []string{"secrets=3 read=3"}},
		"as far as is room":  {nil, 3, []string{"appsecret"}, []secrets.Query{by("", "team"), by(finder, "env")}, []string{"appsecret", "of-a-team"}, []string{"secrets=5 room=2"}},
		"room for one":       {nil, 1, []string{"two", "one"}, []secrets.Query{by("", "env")}, []string{"two"}, nil},
		"nothing has it":     {nil, 10, nil, []secrets.Query{by("", "nobody's")}, nil, []string{"secrets=0 read=0"}},
		"a role that is not": {nil, 10, nil, []secrets.Query{by(nobody, "env"), by("", "tier")}, []string{"two"}, []string{nobody, "secrets=1 read=1"}},
		"one that is absent": {nil, 10, []string{"absent", "one"}, nil, []string{"one"}, []string{"absent", "secrets=2 read=1"}},
		"who may not find":   {secretstest.Story, 10, []string{"appsecret"}, []secrets.Query{by("", "env")}, []string{"appsecret"}, []string{"secretsmanager:ListSecrets"}},
		"nothing to do":      {nil, 10, nil, nil, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := taggedStory()
				if test.world != nil {
					w = test.world()
				}
				svc, _, log := newPrefetcher(t, w, test.size, prefetch{ratio: 0.8, refs: test.refs, queries: test.by})
				svc.prefetch(t.Context())
				var got []string
				for _, st := range svc.store.Statuses() {
					if st.State == secrets.Fresh {
						got = append(got, st.Ref)
					}
				}
				slices.Sort(got)
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("held (-want +got):\n%s\n%s", diff, log)
				}
				for _, text := range test.log {
					if !strings.Contains(log.String(), text) {
						t.Errorf("no %q in the log: %s", text, log)
					}
				}
				if strings.Contains(log.String(), "of one") {
					t.Error("a value is in the log")
				}
			})
		})
	}
}

// A large prefetch keeps the pace that AWS's agent keeps, and one that is told to
// waits first.
func TestPrefetchPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := taggedStory()
		own := w.Account(secretstest.StoryClusterAccount)
		for n := range 90 {
			own.Secrets = append(own.Secrets, secretstest.Secret{
				Name: fmt.Sprint("bulk/", n), Region: secretstest.StoryRegion, Tags: map[string]string{"bulk": ""}, Versions: []secretstest.Version{{String: new("x")}},
			})
		}
		svc, fake, log := newPrefetcher(t, w, 1000, prefetch{ratio: 0.8, jitter: 10, queries: []secrets.Query{{TagKeys: []string{"bulk"}}}})
		began := time.Now()
		svc.prefetch(t.Context())
		var last time.Time
		batches := 0
		for _, call := range fake.Calls() {
			if call.Service != "secretsmanager" {
				continue
			}
			if call.Operation == "BatchGetSecretValue" {
				batches++
				if call.Time.Sub(last) < 34*time.Millisecond {
					t.Errorf("a call %v after the one before", call.Time.Sub(last))
				}
				last = call.Time
			}
			if took := call.Time.Sub(began); took == 0 || took > 11*time.Second {
				t.Errorf("%s after %v", call.Operation, took)
			}
		}
		if batches != 5 || !strings.Contains(log.String(), "secrets=90 read=90") {
			t.Errorf("%d batches: %s", batches, log)
		}

		ended, cancel := context.WithCancel(t.Context())
		cancel()
		svc.settings.prefetch.refs, svc.settings.prefetch.jitter = []string{"absent"}, 0
		before := log.Len()
		svc.prefetch(ended)
		if log.Len() > before {
			t.Errorf("at the end it says %s", log.Bytes()[before:])
		}
	})
}
