package secrets

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rotated is a handle on a secret under rotation, and the database it is for.
// Versions are single letters; the value is the version.
type rotated struct {
	shared candidates[string]

	mu      sync.Mutex
	held    string            // in the handle
	heldErr error             // in its place
	changed chan struct{}     // closed when held changes
	labels  map[string]string // at AWS: versions by label
	errs    map[string]error  // of reads, by label
	latency time.Duration     // of reads
	accepts string            // versions that the database accepts
	calls   []string
	tries   string
	left    int // fetches whose context ended
}

func (r *rotated) name() string                    { return "prod/db" }
func (r *rotated) stages() []string                { return []string{"AWSPENDING", "AWSPREVIOUS"} }
func (r *rotated) candidates() *candidates[string] { return &r.shared }

func (r *rotated) current() (sample[string], <-chan struct{}, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed == nil {
		r.changed = make(chan struct{})
	}
	return sample[string]{value: r.held, version: r.held, stage: current}, r.changed, r.heldErr
}

func (r *rotated) refresh(ctx context.Context) error {
	s, err := r.candidate(ctx, current)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.held != s.version && r.changed != nil {
			close(r.changed)
			r.changed = nil
		}
		r.held = s.version
	}
	return err
}

func (r *rotated) candidate(ctx context.Context, stage string) (sample[string], error) {
	select {
	case <-time.After(r.latency):
	case <-ctx.Done():
		r.mu.Lock()
		defer r.mu.Unlock()
		r.left++
		return sample[string]{}, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, strings.TrimPrefix(stage, "AWS"))
	version := r.labels[stage]
	switch {
	case r.errs[stage] != nil:
		return sample[string]{}, r.errs[stage]
	case version == "":
		return sample[string]{}, ErrNotFound
	}
	return sample[string]{value: version, version: version, stage: stage}, nil
}

var errPassword = errors.New("password authentication failed")

// login is what the application does with the secret.
func (r *rotated) login(version string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries += version
	if !strings.Contains(r.accepts, version) {
		return Rejected(errPassword)
	}
	return nil
}

// set changes r while others use it.
func (r *rotated) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// TestUse goes over the moments of a rotation from A to B (and on to C) in which
// a login fails. Before the table's rotation, Z was AWSPREVIOUS.
func TestUse(t *testing.T) {
	t.Parallel()
	type moment struct {
		held, current, pending, previous, accepts string
		denied                                    []string // labels
		failing                                   []string // labels, at first
		config                                    UseConfig
		after                                     time.Duration // then:
		then                                      func(*rotated)
	}
	finish := func(r *rotated) {
		r.labels = map[string]string{"AWSCURRENT": "B", "AWSPREVIOUS": "A"}
		r.errs = nil
	}
	tests := map[string]struct {
		moment
		tries   string
		calls   []string // CURRENT at most once more than another
		reason  string   // "" is success
		atLeast time.Duration
		atMost  time.Duration
	}{
		"no rotation": {
			moment: moment{held: "A", current: "A", previous: "Z", accepts: "A"},
			tries:  "A",
		},
		"handle behind": {
			moment: moment{held: "A", current: "B", previous: "A", accepts: "B"},
			tries:  "AB", calls: []string{"CURRENT"},
		},
		"database set": {
			moment: moment{held: "A", current: "A", pending: "B", previous: "Z", accepts: "B"},
			tries:  "AB", calls: []string{"CURRENT", "PENDING"},
		},
		"database set, handle behind": {
			moment: moment{held: "Z", current: "A", pending: "B", previous: "Z", accepts: "B"},
			tries:  "ZAB", calls: []string{"CURRENT", "PENDING"},
		},
		"pending empty, rolled back to previous": {
			moment: moment{held: "A", current: "A", previous: "Z", accepts: "Z"},
			tries:  "AZ", calls: []string{"CURRENT", "PENDING", "PREVIOUS"},
		},
		"pending is current": {
			moment: moment{held: "A", current: "A", pending: "A", previous: "Z", accepts: "Z"},
			tries:  "AZ", calls: []string{"CURRENT", "PENDING", "PREVIOUS"},
		},
		"pending not set in the database": {
			moment: moment{held: "A", current: "A", pending: "B", previous: "Z", accepts: "Z"},
			tries:  "ABZ", calls: []string{"CURRENT", "PENDING", "PREVIOUS"},
		},
		"pending denied, finishes": {
			moment: moment{
				held: "A", current: "A", pending: "B", previous: "Z", accepts: "B",
				denied: []string{"AWSPENDING", "AWSPREVIOUS"}, after: 20 * time.Second, then: finish,
			},
			tries: "AB", calls: []string{"CURRENT", "PENDING", "PREVIOUS", "CURRENT", "CURRENT", "CURRENT", "CURRENT", "CURRENT"},
			atLeast: 20 * time.Second, atMost: 30 * time.Second,
		},
		"pending fails in passing": {
			moment: moment{
				held: "A", current: "A", pending: "B", previous: "Z", accepts: "B",
				failing: []string{"AWSPENDING"}, after: 500 * time.Millisecond, then: func(r *rotated) { r.errs = nil },
			},
			tries: "AZB", calls: []string{"CURRENT", "PENDING", "PREVIOUS", "CURRENT", "PENDING"},
			atLeast: time.Second, atMost: 1250 * time.Millisecond,
		},
		"current fails in passing": {
			moment: moment{
				held: "A", current: "B", previous: "A", accepts: "B",
				failing: []string{"AWSCURRENT"}, after: 500 * time.Millisecond, then: func(r *rotated) { r.errs = nil },
			},
			tries: "AB", calls: []string{"CURRENT", "PENDING", "PREVIOUS", "CURRENT"},
			atLeast: time.Second, atMost: 1250 * time.Millisecond,
		},
		"candidate rejected, accepted once current": {
			moment: moment{
				held: "A", current: "A", pending: "B", accepts: "",
				after: 2 * time.Second, then: func(r *rotated) { finish(r); r.accepts = "B" },
			},
			tries: "ABB", calls: []string{"CURRENT", "PENDING", "PREVIOUS", "CURRENT", "CURRENT"},
			atLeast: 3 * time.Second, atMost: 3750 * time.Millisecond,
		},
		"next rotation while waiting": {
			moment: moment{
				held: "A", current: "A", accepts: "", after: 2 * time.Second, then: func(r *rotated) {
					r.labels = map[string]string{"AWSCURRENT": "B", "AWSPENDING": "C", "AWSPREVIOUS": "A"}
					r.accepts = "C"
				},
			},
			tries: "ABC", calls: []string{"CURRENT", "PENDING", "PREVIOUS", "CURRENT", "CURRENT", "PENDING"},
			atLeast: 3 * time.Second, atMost: 3750 * time.Millisecond,
		},
		"current only": {
			moment: moment{
				held: "A", current: "A", pending: "B", previous: "Z", accepts: "B",
				config: UseConfig{CurrentOnly: true}, after: 500 * time.Millisecond, then: finish,
			},
			tries: "AB", calls: []string{"CURRENT", "CURRENT"},
			atLeast: time.Second, atMost: 1250 * time.Millisecond,
		},
		"budget": {
			moment: moment{held: "A", current: "A", accepts: ""},
			tries:  "A", reason: "time is up",
			atLeast: 90 * time.Second, atMost: 90 * time.Second,
		},
		"own budget": {
			moment: moment{held: "A", current: "A", accepts: "", config: UseConfig{Budget: 5 * time.Second}},
			tries:  "A", reason: "time is up",
			atLeast: 5 * time.Second, atMost: 5 * time.Second,
		},
		"no waiting": {
			moment: moment{held: "A", current: "A", pending: "B", accepts: "", config: UseConfig{Budget: -1}},
			tries:  "AB", calls: []string{"CURRENT", "PENDING", "PREVIOUS"}, reason: "no other version",
		},
		"attempts": {
			moment: moment{held: "A", current: "A", pending: "B", previous: "Z", accepts: "", config: UseConfig{Attempts: 2}},
			tries:  "AB", calls: []string{"CURRENT", "PENDING"}, reason: "no attempts left",
		},
		"one attempt": {
			moment: moment{held: "A", current: "B", accepts: "B", config: UseConfig{Attempts: 1}},
			tries:  "A", reason: "no attempts left",
		},
		"current denied": {
			moment: moment{held: "A", current: "B", pending: "B", accepts: "B", denied: []string{"AWSCURRENT"}},
			tries:  "A", calls: []string{"CURRENT"}, reason: "AWSCURRENT cannot be read",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &rotated{
					held: test.held, accepts: test.accepts, errs: map[string]error{},
					labels: map[string]string{"AWSCURRENT": test.current, "AWSPENDING": test.pending, "AWSPREVIOUS": test.previous},
				}
				for _, label := range test.denied {
					r.errs[label] = ErrDenied
				}
				for _, label := range test.failing {
					r.errs[label] = ErrUnavailable
				}
				if test.then != nil {
					time.AfterFunc(test.after, func() { r.set(func() { test.then(r) }) })
				}
				start := time.Now()
				err := use(t.Context(), r, test.config, r.login)
				took := time.Since(start)
				if took < test.atLeast || took > test.atMost {
					t.Errorf("took %v, want %v to %v", took, test.atLeast, test.atMost)
				}
				if r.tries != test.tries {
					t.Errorf("tried %q, want %q", r.tries, test.tries)
				}
				if !strings.Contains(test.reason, "time is up") {
					if diff := cmp.Diff(test.calls, r.calls); diff != "" {
						t.Errorf("calls (-want +got):\n%s", diff)
					}
				}
				checkOutcome(t, err, test.reason)
			})
		})
	}
}

func checkOutcome(t *testing.T, err error, reason string) {
	t.Helper()
	if reason == "" {
		if err != nil {
			t.Errorf("unexpected error: %v", err)
		}
		return
	}
	rejected, ok := errors.AsType[*RejectedError](err)
	if !ok || rejected.Reason != reason {
		t.Fatalf("got %v, want a RejectedError for %q", err, reason)
	}
	if !errors.Is(err, ErrRejected) || !errors.Is(err, errPassword) {
		t.Errorf("%v hides the sentinel or the last error", err)
	}
}

// While a candidate works, it is what later calls begin with, until AWSCURRENT
// moves; it never gets into the handle.
func TestUseRemembersCandidate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{held: "A", accepts: "B", labels: map[string]string{"AWSCURRENT": "A", "AWSPENDING": "B"}}
		login := func() {
			t.Helper()
			if err := use(t.Context(), r, UseConfig{}, r.login); err != nil {
				t.Error(err)
			}
		}
		login()
		login()
		if r.tries != "ABB" || len(r.calls) != 2 || r.held != "A" {
			t.Errorf("tried %q with %d calls and hold %q", r.tries, len(r.calls), r.held)
		}
		// The operator gives up the rotation and resets the password: the
		// remembered candidate fails, and AWSCURRENT is tried after a look at it.
		time.Sleep(time.Minute)
		synctest.Wait()
		r.labels, r.accepts, r.tries, r.calls = map[string]string{"AWSCURRENT": "A"}, "A", "", nil
		login()
		login()
		if r.tries != "BAA" || len(r.calls) != 1 {
			t.Errorf("tried %q with %d calls", r.tries, len(r.calls))
		}
		// Two rotations later than the remembered candidate.
		time.Sleep(time.Minute)
		synctest.Wait()
		r.labels, r.accepts = map[string]string{"AWSCURRENT": "A", "AWSPENDING": "B"}, "B"
		login()
		time.Sleep(time.Minute)
		synctest.Wait()
		r.labels, r.accepts, r.tries, r.calls = map[string]string{"AWSCURRENT": "B", "AWSPENDING": "C"}, "C", "", nil
		login()
		login()
		if r.tries != "BCC" || !slices.Equal(r.calls, []string{"CURRENT", "PENDING"}) {
			t.Errorf("tried %q with calls %v", r.tries, r.calls)
		}
		// AWSCURRENT moves: nothing is left of the candidate.
		r.held, r.accepts, r.tries = "C", "C", ""
		login()
		if r.tries != "C" || r.shared.known.Load() != nil {
			t.Errorf("tried %q, and keep %v", r.tries, r.shared.known.Load())
		}
	})
}

// What another caller has found out is used without a call, even when AWS no
// longer answers.
func TestUseLearnsFromOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{held: "A", accepts: "B", labels: map[string]string{"AWSCURRENT": "A", "AWSPENDING": "B"}}
		slow := make(chan error)
		go func() {
			first := true
			slow <- use(t.Context(), r, UseConfig{}, func(version string) error {
				if first {
					first = false
					time.Sleep(2500 * time.Millisecond)
				}
				return r.login(version)
			})
		}()
		time.Sleep(time.Second)
		if err := use(t.Context(), r, UseConfig{}, r.login); err != nil {
			t.Error(err)
		}
		r.set(func() { r.errs = map[string]error{"AWSCURRENT": ErrUnavailable, "AWSPENDING": ErrUnavailable} })
		start := time.Now()
		if err := <-slow; err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 1500*time.Millisecond || len(r.calls) != 2 || r.tries != "ABAB" {
			t.Errorf("took %v and calls %v, tried %q", took, r.calls, r.tries)
		}
	})
}

// The current version that arrives while the login is under way is used without
// a call.
func TestUseHandleMoved(t *testing.T) {
	t.Parallel()
	r := &rotated{held: "A", accepts: "B"}
	err := use(t.Context(), r, UseConfig{}, func(version string) error {
		r.set(func() { r.held = "B" })
		return r.login(version)
	})
	if err != nil || r.tries != "AB" || len(r.calls) != 0 {
		t.Errorf("%v: tried %q, with calls %v", err, r.tries, r.calls)
	}
}

// A handle that moves during a wait ends it.
func TestUseHandleMovesWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{held: "A", accepts: "B", labels: map[string]string{"AWSCURRENT": "A"}}
		const moves = 10 * time.Second // in the fourth wait
		time.AfterFunc(moves, func() {
			r.set(func() {
				r.held = "B"
				close(r.changed)
				r.changed = nil
			})
		})
		start := time.Now()
		if err := use(t.Context(), r, UseConfig{}, r.login); err != nil || time.Since(start) != moves || r.tries != "AB" {
			t.Errorf("%v after %v: tried %q", err, time.Since(start), r.tries)
		}
	})
}

// A candidate that works for others, but has not for this caller, is left to
// them.
func TestUseOthersCandidate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{held: "A", labels: map[string]string{"AWSCURRENT": "A", "AWSPENDING": "B"}}
		time.AfterFunc(500*time.Millisecond, func() { r.shared.accept("A", sample[string]{value: "B", version: "B", stage: "AWSPENDING"}) })
		err := use(t.Context(), r, UseConfig{Budget: 5 * time.Second}, r.login)
		if checkOutcome(t, err, "time is up"); r.tries != "AB" {
			t.Errorf("tried %q", r.tries)
		}
	})
}

// A candidate of others for a version that the handle has moved to is confirmed
// for that version.
func TestUseOthersCandidateAfterAMove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{held: "A", accepts: "P"}
		known := sample[string]{value: "P", version: "P", stage: "AWSPENDING"}
		err := use(t.Context(), r, UseConfig{}, func(version string) error {
			r.set(func() { r.held = "C" })
			if version == "A" {
				r.shared.accept("C", known)
			}
			return r.login(version)
		})
		if got := r.shared.accepted("C"); err != nil || r.tries != "AP" || got == nil || got.version != "P" {
			t.Errorf("%v: tried %q, then remembers %v", err, r.tries, got)
		}
	})
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	var c candidates[string]
	b := sample[string]{version: "B"}
	if c.accepted("A") != nil {
		t.Error("the zero candidates has one")
	}
	c.reject(b)
	c.accept("A", b)
	if c.reject(sample[string]{version: "C"}); c.accepted("A") == nil {
		t.Error("another one's rejection ends it")
	}
	if c.accept("C", b); c.accepted("C") == nil {
		t.Error("it is not accepted for the next version")
	}
	if c.accept("C", sample[string]{version: "D"}); c.accepted("C").version != "D" {
		t.Error("a later one does not replace it")
	}
	if c.accepted("A") != nil || c.known.Load() != nil {
		t.Error("it is kept when AWSCURRENT has moved")
	}
}

// What the handle says counts for more than how the read went.
func TestUseHandleWithdrawn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{held: "A", errs: map[string]error{"AWSCURRENT": ErrUnavailable}}
		err := use(t.Context(), r, UseConfig{}, func(version string) error {
			r.set(func() { r.heldErr = ErrDenied })
			return r.login(version)
		})
		if checkOutcome(t, err, "AWSCURRENT cannot be read"); !errors.Is(err, ErrDenied) {
			t.Error(err)
		}
	})
}

// A candidate with which fn fails for another reason has not been accepted.
func TestUseCandidateFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := errors.New("connection refused")
		r := &rotated{held: "A", labels: map[string]string{"AWSCURRENT": "A", "AWSPENDING": "B"}}
		err := use(t.Context(), r, UseConfig{}, func(version string) error {
			if version == "B" {
				return network
			}
			return r.login(version)
		})
		if err != network || r.shared.accepted("A") != nil {
			t.Errorf("%v, remembers %v", err, r.shared.accepted("A"))
		}
	})
}

// TestUseDecodesOneAtATime has two stages be read at the same time by a handle
// whose decoder must not be called so.
func TestUseDecodesOneAtATime(t *testing.T) {
	t.Parallel()
	store, err := NewWithSource(t.Context(), SourceFunc(func(_ context.Context, r Ref) (Value, error) {
		return NewValue([]byte(r.Stage), Meta{Version: r.Stage}), nil
	}), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var decoding sync.Mutex
	h, err := OpenFunc(t.Context(), store, "s", func(v Value) (string, error) {
		if !decoding.TryLock() {
			t.Error("decode is called concurrently")
			return "", nil
		}
		defer decoding.Unlock()
		for range 1000 {
			runtime.Gosched()
		}
		return v.Reveal(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var wg sync.WaitGroup
	for _, stage := range []string{"AWSPENDING", "AWSPREVIOUS"} {
		wg.Go(func() {
			for range 10 {
				if s, err := (usableHandle[string]{h}).candidate(t.Context(), stage); err != nil || s.value != stage {
					t.Error(s.value, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestUseVersionThatDoesNotDecode does not wait for the handle to take up a
// version that it never will.
func TestUseVersionThatDoesNotDecode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := &changing{version: `{"n":1}`}
		store, err := NewWithSource(t.Context(), SourceFunc(source.read), Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		type numbered struct{ N int }
		h, err := Open[numbered](t.Context(), store, "s")
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		source.set("no number", nil)
		_, _ = store.Refresh(t.Context(), "s")
		synctest.Wait()
		time.Sleep(time.Minute)
		if !errors.Is(h.Err(), ErrDecode) {
			t.Fatal(h.Err())
		}
		start := time.Now()
		err = UseWith(t.Context(), h, UseConfig{Budget: -1}, func(numbered) error { return Rejected(errPassword) })
		checkOutcome(t, err, "no other version")
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// TestUseStages has the handles with candidates be those on the current version.
func TestUseStages(t *testing.T) {
	t.Parallel()
	for ref, want := range map[string]int{
		"db": 2, "db#key": 2, "db?version_stage=AWSCURRENT": 2, "db?version_stage=AWSPREVIOUS": 0, "db?version_stage=own": 0,
		"db?version_id=11111111-2222-3333-4444-555555555555": 0, "ssm:/db": 0, "ssm:/db:3": 0,
	} {
		r, err := ParseRef(ref)
		if err != nil {
			t.Fatal(err)
		}
		if got := (usableHandle[string]{&Handle[string]{ref: r}}).stages(); len(got) != want {
			t.Errorf("%s: %q", ref, got)
		}
	}
}

// A hundred callers that fail together cause one read of each stage, and so do
// those that fail within the second after.
func TestUseCoalesces(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{
			held: "A", accepts: "Y", latency: 50 * time.Millisecond,
			labels: map[string]string{"AWSCURRENT": "A", "AWSPENDING": "B", "AWSPREVIOUS": "Y"},
		}
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				if err := use(t.Context(), r, UseConfig{}, r.login); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		slices.Sort(r.calls)
		if want := []string{"CURRENT", "PENDING", "PREVIOUS"}; !slices.Equal(r.calls, want) {
			t.Errorf("calls %v, want %v", r.calls, want)
		}
	})
}

// A hundred callers that wait poll no more often than once a second together.
func TestUsePollsTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{held: "A", labels: map[string]string{"AWSCURRENT": "A"}}
		time.AfterFunc(30*time.Second, func() {
			r.set(func() { r.labels["AWSCURRENT"], r.accepts = "B", "B" })
		})
		start := time.Now()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				if err := use(t.Context(), r, UseConfig{}, r.login); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); took > 41*time.Second {
			t.Errorf("took %v", took)
		}
		if len(r.calls) > 45 {
			t.Errorf("%d calls in 40 s", len(r.calls))
		}
		if len(r.tries) != 200 {
			t.Errorf("%d attempts, want 200", len(r.tries))
		}
	})
}

// A caller whose context ends leaves at once, whatever it waits for; the others
// get what it began.
func TestUseContext(t *testing.T) {
	t.Parallel()
	for name, latency := range map[string]time.Duration{"during a read": 10 * time.Second, "while waiting": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &rotated{held: "A", latency: latency, labels: map[string]string{"AWSCURRENT": "A"}}
				ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
				defer cancel()
				start := time.Now()
				err := use(ctx, r, UseConfig{}, r.login)
				if took := time.Since(start); took != 3500*time.Millisecond {
					t.Errorf("left after %v", took)
				}
				checkOutcome(t, err, "the caller has left")
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%v is not the context's error", err)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				if r.left != 0 {
					t.Error("a shared read ended with its first caller")
				}
			})
		})
	}
}

// A read that never ends is given up, so that a later one can succeed.
func TestUseReadHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{held: "A", latency: time.Hour}
		err := use(t.Context(), r, UseConfig{Budget: 40 * time.Second}, r.login)
		checkOutcome(t, err, "time is up")
		time.Sleep(time.Minute)
		synctest.Wait()
		if r.left == 0 || len(r.shared.reads) != 0 {
			t.Errorf("%d reads ended, %d kept", r.left, len(r.shared.reads))
		}
	})
}

// Errors that are no rejections come back as they are, and end it.
func TestUseOtherErrors(t *testing.T) {
	t.Parallel()
	network := errors.New("connection refused")
	r := &rotated{held: "A"}
	if err := use(t.Context(), r, UseConfig{}, func(string) error { return network }); err != network {
		t.Errorf("got %v", err)
	}
	r.heldErr = fmt.Errorf("wrapped: %w", ErrDenied)
	if err := use(t.Context(), r, UseConfig{}, r.login); err != r.heldErr || r.tries != "" {
		t.Errorf("got %v, tried %q", err, r.tries)
	}
	if Rejected(nil) != nil {
		t.Error("nil is rejected")
	}
}

// UseConfig.Rejected tells the caller's own errors.
func TestUseClassifier(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{held: "A", accepts: "B", labels: map[string]string{"AWSCURRENT": "B"}}
		config := UseConfig{Rejected: func(err error) bool { return err == errPassword }}
		err := use(t.Context(), r, config, func(version string) error {
			if r.login(version) != nil {
				return errPassword
			}
			return nil
		})
		if err != nil || r.tries != "AB" {
			t.Errorf("%v: tried %q", err, r.tries)
		}
	})
}

// UseConfig.Rejected is not asked about success.
func TestUseClassifierAndSuccess(t *testing.T) {
	t.Parallel()
	config := UseConfig{Rejected: func(error) bool { return true }}
	if err := use(t.Context(), &rotated{held: "A"}, config, func(string) error { return nil }); err != nil {
		t.Error(err)
	}
}

func TestRejectedErrorText(t *testing.T) {
	t.Parallel()
	err := &RejectedError{
		Ref: "prod/db", Reason: "time is up", Elapsed: 90 * time.Second, last: errPassword,
		Attempts: []Attempt{
			{Stage: "AWSCURRENT", Version: "v1", Err: errPassword},
			{Stage: "AWSPENDING", Err: fmt.Errorf("long story: %w", ErrDenied)},
			{Stage: "AWSPREVIOUS", Err: errors.New("other")},
		},
	}
	// Nothing of errPassword's own words, which may quote the secret.
	want := `secrets: use "prod/db": time is up after 1m30s; AWSCURRENT v1 rejected; ` +
		`AWSPENDING not readable (access denied); AWSPREVIOUS not readable`
	if got := err.Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if errors.Is(err, ErrDenied) {
		t.Error("a candidate that is denied makes the whole denied")
	}
}
