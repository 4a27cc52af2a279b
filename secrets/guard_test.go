package secrets_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// regional is a Secrets Manager with one secret that may be at another version
// in each Region. A Region without a version answers that it cannot; with
// "silence", nothing.
type regional struct {
	mu       sync.Mutex
	versions map[string]string // v1, v2 and so on, in the order in which they were made
	asked    []string          // "region+seconds" of each call
	start    time.Time
}

func (r *regional) set(region, version string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.versions[region] = version
}

func (r *regional) RoundTrip(req *http.Request) (*http.Response, error) {
	region := strings.Split(req.URL.Host, ".")[1]
	r.mu.Lock()
	version := r.versions[region]
	r.asked = append(r.asked, fmt.Sprintf("%s+%.0f", region, time.Since(r.start).Seconds()))
	r.mu.Unlock()
	if version == "silence" {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	status, body := http.StatusInternalServerError, refusal("InternalServiceError", "")
	if version != "" {
		status = http.StatusOK
		body = fmt.Sprintf(`{"ARN":%q,"Name":"prod/db","VersionId":%q,"CreatedDate":%c00,"SecretString":%q}`, secretARN, version, version[1], version)
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Body: io.NopCloser(strings.NewReader(body)), Request: req,
	}, nil
}

// store returns a Store that reads from r, whose own Region is eu-west-1.
func (r *regional) store(t *testing.T, opts secrets.Config) *secrets.Store {
	r.start = time.Now()
	cfg := script(nil).config()
	cfg.HTTPClient = &http.Client{Transport: r}
	return newStore(t, cfg, opts)
}

// TestNeverBack leads one secret through lags and moves of AWSCURRENT.
func TestNeverBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const home, away = "eu-west-1", "us-east-1"
		world := &regional{versions: map[string]string{home: "v3", away: "v2"}}
		store := world.store(t, secrets.Config{ReplicaRegions: []string{away}})
		handle, err := secrets.Open[string](t.Context(), store, secretARN)
		if err != nil {
			t.Fatal(err)
		}
		defer handle.Close()
		for i, step := range []struct {
			home, away string        // their versions
			invalidate bool          // at first
			wait       time.Duration // then, with a refresh at its end
			want       string        // "": nothing
			err        error
		}{
			{"v3", "v2", false, time.Second, "v3", nil},
			{"", "v2", false, 50 * time.Minute, "v3", secrets.ErrUnavailable},
			{"", "v2", false, 2 * time.Hour, "", secrets.ErrStale}, // older than MaxStale
			{"", "v2", true, time.Hour, "", secrets.ErrStale},
			{"", "v3", false, time.Second, "v3", nil}, // the replica has caught up
			{"", "v2", true, 10 * time.Minute, "v3", secrets.ErrUnavailable},
			{"", "v4", false, time.Second, "v4", nil}, // and is ahead of what was read
			{"v4", "v4", false, time.Second, "v4", nil},
			{"v3", "v4", false, 50 * time.Second, "v4", secrets.ErrUnavailable}, // a lag, or moved back
			{"v3", "v4", false, 2 * time.Minute, "v3", nil},                     // moved back
			{"", "v4", false, 10 * time.Minute, "v3", secrets.ErrUnavailable},   // which the replica has not heard
			{"", "v3", false, time.Second, "v3", nil},
			{"v2", "v3", true, time.Second, "v2", nil}, // moved back, and said so
			{"", "v3", false, 10 * time.Minute, "v2", secrets.ErrUnavailable},
			{"", "v1", true, 10 * time.Minute, "v2", secrets.ErrUnavailable}, // said so while nobody can tell
			{"v1", "v1", false, time.Second, "v1", nil},                      // and it is still remembered
			{"v5", "v1", false, time.Second, "v5", nil},
		} {
			world.set(home, step.home)
			world.set(away, step.away)
			if step.invalidate {
				store.Invalidate(secretARN)
			}
			for range 10 {
				time.Sleep(step.wait / 10)
				if v := handle.Value(); v != step.want && v != "" && step.home == "" && step.wait > time.Minute {
					t.Fatalf("step %d: meanwhile %s", i, v)
				}
			}
			_, err := store.Refresh(t.Context(), secretARN)
			synctest.Wait()
			if got := handle.Value(); got != step.want || !errors.Is(err, step.err) || step.err == nil && err != nil {
				t.Fatalf("step %d: %q, %v, want %q, %v", i, got, err, step.want, step.err)
			}
			if step.home == "" && step.err != nil && strings.Count(err.Error(), "; its replica in us-east-1 has an older version") != 1 {
				t.Errorf("step %d: %v", i, err)
			}
		}
	})
}

// TestFailoverTime has each Region get its share of the time, of secrets that
// have replicas alone.
func TestFailoverTime(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refs     []string
		versions map[string]string
		want     []string
	}{
		"silence everywhere": {
			refs: []string{"a?replica_regions=us-east-1,us-west-2"}, versions: map[string]string{"eu-west-1": "silence", "us-east-1": "silence", "us-west-2": "silence"},
			want: []string{"a: none after 30", "eu-west-1+0", "us-east-1+10", "us-west-2+20"},
		},
		"a fast failure leaves time": {
			refs: []string{"a?replica_regions=us-east-1,us-west-2"}, versions: map[string]string{"us-east-1": "silence", "us-west-2": "v1"},
			want: []string{"a: v1 after 15", "eu-west-1+0", "us-east-1+0", "us-west-2+15"},
		},
		"its own Region is no replica": {
			refs: []string{"a?replica_regions=eu-west-1,us-east-1"}, versions: map[string]string{"eu-west-1": "silence", "us-east-1": "v1"},
			want: []string{"a: v1 after 15", "eu-west-1+0", "us-east-1+15"},
		},
		"secrets without replicas have all the time": {
			refs: []string{"a?replica_regions=us-east-1", "b"}, versions: map[string]string{"eu-west-1": "silence", "us-east-1": "v1"},
			want: []string{"a: v1 after 15", "b: none after 30", "eu-west-1+0", "eu-west-1+0", "us-east-1+15"},
		},
		"Regions do not wait for each other": {
			refs: []string{"a?region=us-east-1", "b"}, versions: map[string]string{"eu-west-1": "silence", "us-east-1": "v1"},
			want: []string{"a: v1 after 0", "b: none after 30", "eu-west-1+0", "us-east-1+0"},
		},
		"the second replica, when the first is silent": {
			refs: []string{"a?replica_regions=us-east-1,us-west-2"}, versions: map[string]string{"eu-west-1": "silence", "us-east-1": "v1"},
			want: []string{"a: v1 after 10", "eu-west-1+0", "us-east-1+10"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := &regional{versions: test.versions}
				store := world.store(t, secrets.Config{})
				var wg sync.WaitGroup
				got := make([]string, len(test.refs))
				for i, ref := range test.refs {
					wg.Go(func() {
						v, err := store.Get(t.Context(), ref)
						if err != nil {
							v = secrets.NewValue([]byte("none"), secrets.Meta{})
						}
						got[i] = fmt.Sprintf("%c: %s after %.0f", ref[0], v.Reveal(), time.Since(world.start).Seconds())
					})
				}
				wg.Wait()
				slices.Sort(world.asked)
				if got = append(got, world.asked...); fmt.Sprint(got) != fmt.Sprint(test.want) {
					t.Errorf("got  %q\nwant %q", got, test.want)
				}
			})
		})
	}
}

// TestFailoverOfSome asks the source for secrets with different replicas at once,
// which a Store does not.
func TestFailoverOfSome(t *testing.T) {
	t.Parallel()
	world := &regional{versions: map[string]string{"us-east-1": "v1"}, start: time.Now()}
	cfg := script(nil).config()
	cfg.HTTPClient = &http.Client{Transport: world}
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	got := fetch(t, source, "c?replica_regions=us-west-2,us-east-1", "a?replica_regions=us-east-1", "b")
	if b := got["b"]; !errors.Is(b.Err, secrets.ErrUnavailable) {
		t.Error(b.Err)
	}
	for ref, r := range got {
		if ref != "b" && (r.Err != nil || r.Value.Reveal() != "v1") {
			t.Errorf("%s: %q, %v", ref, r.Value.Reveal(), r.Err)
		}
	}
}

// TestParametersHaveNoReplicas asks for one where it is, and nowhere else.
func TestParametersHaveNoReplicas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := &regional{versions: map[string]string{"us-east-1": "v1"}}
		store := world.store(t, secrets.Config{ReplicaRegions: []string{"us-east-1"}})
		_, err := store.Get(t.Context(), "ssm:/a")
		checkKind(t, err, secrets.ErrUnavailable)
		if !slices.Equal(world.asked, []string{"eu-west-1+0"}) {
			t.Errorf("asked %q", world.asked)
		}
	})
}

// TestSecondReplica is asked when the first one lags.
func TestSecondReplica(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := &regional{versions: map[string]string{"eu-west-1": "v2", "us-east-1": "v1", "us-west-2": "v3"}}
		store := world.store(t, secrets.Config{ReplicaRegions: []string{"us-east-1", "us-west-2"}})
		if v, err := store.Get(t.Context(), secretARN); err != nil || v.Reveal() != "v2" {
			t.Fatal(v.Reveal(), err)
		}
		world.set("eu-west-1", "")
		if _, err := store.Refresh(t.Context(), secretARN); err != nil {
			t.Error(err)
		}
		if v, _ := store.Get(t.Context(), secretARN); v.Reveal() != "v3" {
			t.Errorf("reads %s", v.Reveal())
		}
	})
}

// TestInvalidateDuringAFetch has an event arrive while an answer is on its way
// that may be older than the event.
func TestInvalidateDuringAFetch(t *testing.T) {
	fakes(t, secrets.Config{}, func(t *testing.T, source *fakeSource, v *variable, store *secrets.Store) {
		v.set(good("v2"))
		_, _ = read(t, store)
		time.Sleep(2 * time.Second)
		v.set(good("v2"), good("v1"))
		go func() { _, _ = store.Refresh(t.Context(), "s") }()
		time.Sleep(20 * time.Millisecond)
		store.Invalidate("s")
		time.Sleep(100 * time.Millisecond)
		if value, _ := read(t, store); value != "v2" {
			t.Errorf("then reads %s", value)
		}
		time.Sleep(2 * time.Second)
		_, _ = read(t, store)
		time.Sleep(200 * time.Millisecond)
		if value, _ := read(t, store); value != "v1" || len(source.calls()) != 3 {
			t.Errorf("later reads %s after %d calls", value, len(source.calls()))
		}
	})
}
