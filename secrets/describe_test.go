package secrets_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// described is a Secrets Manager with one secret, whose operations can be made
// to fail.
type described struct {
	mu      sync.Mutex
	version string
	stages  string // of version; default: AWSCURRENT
	arn     string // that DescribeSecret tells; default: secretARN
	deleted bool
	fail    map[string]string // by operation: the code
	calls   []string
}

func (d *described) answer(operation string) (int, string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, strings.TrimSuffix(operation, "SecretValue"))
	if code := d.fail[operation]; code != "" {
		return 400, refusal(code, "")
	}
	stages, arn, deleted := d.stages, d.arn, ""
	if stages == "" {
		stages = "AWSCURRENT"
	}
	if arn == "" {
		arn = secretARN
	}
	if d.deleted {
		deleted = `"DeletedDate":1.7e9,`
	}
	switch {
	case operation == "DescribeSecret":
		return 200, fmt.Sprintf(`{"ARN":%q,"Name":"prod/db",%s"VersionIdsToStages":{%q:[%q],"other":["AWSPREVIOUS"]}}`, arn, deleted, d.version, stages)
	case d.deleted:
		return 400, refusal("InvalidRequestException", "marked for deletion")
	case operation == "BatchGetSecretValue":
		return 200, fmt.Sprintf(`{"SecretValues":[%s,%s]}`, version(d.version), strings.ReplaceAll(version(d.version), "prod/db", "prod/other"))
	default:
		return 200, version(d.version)
	}
}

// take returns the calls since it was last called.
func (d *described) take() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	calls := strings.Join(d.calls, " ")
	d.calls = nil
	return calls
}

// TestDescribeFirst has a secret fall due, and tells by which calls it is looked
// after.
func TestDescribeFirst(t *testing.T) {
	t.Parallel()
	type ds = described
	due := func(t *testing.T, store *secrets.Store, ref string) {
		time.Sleep(5*time.Minute + 2*time.Second)
		_, _ = store.Get(t.Context(), ref)
		time.Sleep(100 * time.Millisecond)
	}
	const get, look, both = "Get", "DescribeSecret", "DescribeSecret Get"
	for name, test := range map[string]struct {
		ref    string // default: secretARN
		off    bool   // DescribeFirst is not set
		change func(d *described)
		do     func(t *testing.T, store *secrets.Store, ref string) // default: due
		calls  string
		again  string // calls, when it is due again; not looked at if empty
		want   string // default: v1
		err    error
	}{
		"unchanged":             {calls: look, again: look},
		"switched off":          {off: true, calls: get, again: get},
		"changed":               {change: func(d *ds) { d.version = "v2" }, calls: both, again: look, want: "v2"},
		"label elsewhere":       {change: func(d *ds) { d.stages = "AWSPENDING" }, calls: both, again: both},
		"another secret":        {change: func(d *ds) { d.arn = secretARN + "x" }, calls: both, again: both},
		"version":               {ref: secretARN + "?version_id=11111111-2222-3333-4444-555555555555", change: func(d *ds) { d.stages = "" }, calls: look, again: look},
		"version without label": {ref: secretARN + "?version_id=11111111-2222-3333-4444-555555555555", change: func(d *ds) { d.version = "other" }, calls: both, again: look, want: "other"},
		"stage":                 {ref: secretARN + "?version_stage=AWSPENDING", change: func(d *ds) { d.stages = "AWSPENDING" }, calls: look, again: look},
		"other stage":           {ref: secretARN + "?version_stage=AWSPENDING", calls: both, again: both},
		"version and stage":     {ref: secretARN + "?version_id=11111111-2222-3333-4444-555555555555&version_stage=AWSPENDING", change: func(d *ds) { d.stages = "AWSPENDING" }, calls: look, again: look},
		"version, other stage":  {ref: secretARN + "?version_id=11111111-2222-3333-4444-555555555555&version_stage=AWSPENDING", calls: both, again: both},
		"denied": {
			change: func(d *ds) { d.fail = map[string]string{"DescribeSecret": "AccessDeniedException"} }, calls: both, again: get,
		},
		"unknown to a stand-in": {
			change: func(d *ds) { d.fail = map[string]string{"DescribeSecret": "UnknownOperationException"} }, calls: both, again: get,
		},
		"throttled": { // one call, not two
			change: func(d *ds) { d.fail = map[string]string{"DescribeSecret": "ThrottlingException"} }, calls: look, again: look, err: secrets.ErrUnavailable,
		},
		"expired token": {
			change: func(d *ds) { d.fail = map[string]string{"DescribeSecret": "ExpiredTokenException"} }, calls: look, again: look, err: secrets.ErrIdentity,
		},
		"not found, for a moment": {
			change: func(d *ds) { d.fail = map[string]string{"DescribeSecret": "ResourceNotFoundException"} }, calls: both, again: both,
		},
		"deleted": {
			change: func(d *ds) { d.deleted = true },
			do: func(t *testing.T, store *secrets.Store, ref string) {
				due(t, store, ref)
				time.Sleep(2 * time.Second)
			},
			calls: both + " " + both, want: "-", err: secrets.ErrDeleted,
		},
		"refreshed": {do: func(t *testing.T, store *secrets.Store, ref string) {
			if _, err := store.Refresh(t.Context(), ref); err != nil {
				t.Error(err)
			}
		}, calls: get, again: look},
		"invalidated": {do: func(_ *testing.T, store *secrets.Store, ref string) {
			store.Invalidate(ref)
			time.Sleep(time.Second)
		}, calls: get, again: look},
		"refreshed while it is about to be looked after": {do: func(t *testing.T, store *secrets.Store, ref string) {
			time.Sleep(5*time.Minute + 2*time.Second)
			_, _ = store.Get(t.Context(), ref)
			if _, err := store.Refresh(t.Context(), ref); err != nil {
				t.Error(err)
			}
		}, calls: get, again: look},
		"for longer than MaxStale": {do: func(t *testing.T, store *secrets.Store, ref string) {
			for range 13 {
				due(t, store, ref)
			}
		}, calls: strings.Repeat(look+" ", 11) + get + " " + look, again: look},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if test.ref == "" {
					test.ref = secretARN
				}
				if test.do == nil {
					test.do = due
				}
				if test.want == "" {
					test.want = "v1"
				}
				world := &described{version: "v1"}
				store := newStore(t, script(world.answer).config(), secrets.Config{DescribeFirst: !test.off})
				if v, err := store.Get(t.Context(), test.ref); err != nil || v.Reveal() != "v1" || world.take() != get {
					t.Fatal("the first read:", err)
				}
				if test.change != nil {
					world.mu.Lock()
					test.change(world)
					world.mu.Unlock()
				}
				before := time.Now()
				test.do(t, store, test.ref)
				if calls := world.take(); calls != test.calls {
					t.Errorf("calls %q, want %q", calls, test.calls)
				}
				v, err := store.Get(t.Context(), test.ref)
				if status, _ := store.Status(test.ref); !errors.Is(status.Err, test.err) || test.err == nil && !status.Read.After(before) {
					t.Errorf("then it is %+v", status)
				}
				if v.Reveal() != strings.Trim(test.want, "-") || (err == nil) != (test.want != "-") {
					t.Errorf("reads %q, %v", v.Reveal(), err)
				}
				due(t, store, test.ref)
				if calls := world.take(); calls != test.again && test.again != "" {
					t.Errorf("then calls %q, want %q", calls, test.again)
				}
			})
		})
	}
}

// TestDescribeFirstLeavesBatches has two secrets fall due together, which takes
// one call, as before.
func TestDescribeFirstLeavesBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := &described{version: "v1"}
		store := newStore(t, script(world.answer).config(), secrets.Config{DescribeFirst: true})
		if _, err := store.GetAll(t.Context(), "prod/db", "prod/other"); err != nil || world.take() != "BatchGet" {
			t.Fatal("the first read:", err)
		}
		time.Sleep(5*time.Minute + 2*time.Second)
		for _, ref := range []string{"prod/db", "prod/other"} {
			_, _ = store.Get(t.Context(), ref)
		}
		time.Sleep(time.Second)
		if calls := world.take(); calls != "BatchGet" {
			t.Errorf("calls %q", calls)
		}
	})
}

// TestDescribeFirstAcrossAccounts leads the story's pod through a rotation.
func TestDescribeFirstAcrossAccounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		fake, err := secretstest.New(secretstest.Story())
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		p, _ := credentials.FromConfig(cfg)
		defer p.Close()
		store := newStore(t, cfg, secrets.Config{DescribeFirst: true})
		var got []string
		for _, value := range []string{"", "", "rotated", ""} {
			if value != "" {
				if _, err := fake.PutSecretValue(secretstest.StorySecretARN, secretstest.Version{String: &value}); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				if _, err := store.Get(t.Context(), secretstest.StorySecretARN); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second)
			}
			time.Sleep(5 * time.Minute)
		}
		for _, c := range fake.Calls() {
			if c.Service == "secretsmanager" || c.Service == "kms" {
				got = append(got, c.Operation)
			}
		}
		want := []string{"GetSecretValue", "Decrypt", "DescribeSecret", "DescribeSecret", "GetSecretValue", "Decrypt", "DescribeSecret"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
