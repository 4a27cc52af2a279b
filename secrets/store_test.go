package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// service is a scripted Secrets Manager whose answer can be changed. Each call
// takes a second.
type service struct {
	mu     sync.Mutex
	status int
	body   string
	calls  []time.Duration // since start
	start  time.Time
}

func newService() *service { return &service{status: 200, body: version("v1"), start: time.Now()} }

// version is the answer for a secret whose value is v.
func version(v string) string {
	return fmt.Sprintf(`{"ARN":%q,"Name":"prod/db","VersionId":%q,"VersionStages":["AWSCURRENT"],"SecretString":%q}`, secretARN, v, v)
}

func (s *service) set(status int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.body = status, body
}

func (s *service) answer(operation string) (int, string) {
	if operation != "GetSecretValue" {
		return 400, refusal("AccessDeniedException", "no")
	}
	s.mu.Lock()
	s.calls = append(s.calls, time.Since(s.start))
	status, body := s.status, s.body
	s.mu.Unlock()
	time.Sleep(time.Second)
	return status, body
}

// count returns the number of calls so far.
func (s *service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

const (
	denied    = "AccessDeniedException"
	throttled = "ThrottlingException"
)

// reader reads one secret in a bubble.
type reader struct {
	*testing.T
	service *service
	store   *secrets.Store
}

func bubble(t *testing.T, opts secrets.Config, f func(r reader)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		f(reader{t, s, newStore(t, script(s.answer).config(), opts)})
	})
}

// want reads and checks the value, and how many calls there were when all was
// done that the read caused.
func (r reader) want(value string, calls int) {
	r.Helper()
	v, err := r.store.Get(r.Context(), "prod/db")
	if err != nil {
		r.Fatal(err)
	}
	r.settle()
	if v.Reveal() != value || r.service.count() != calls {
		r.Fatalf("%q after %d calls, want %q after %d", v.Reveal(), r.service.count(), value, calls)
	}
}

// wantErr is want for an error.
func (r reader) wantErr(kind error, calls int) error {
	r.Helper()
	_, err := r.store.Get(r.Context(), "prod/db")
	checkKind(r.T, err, kind)
	r.settle()
	if r.service.count() != calls {
		r.Fatalf("%d calls, want %d (%v)", r.service.count(), calls, err)
	}
	return err
}

// settle waits longer than a fetch with its confirmation takes.
func (r reader) settle() {
	time.Sleep(3500 * time.Millisecond)
	synctest.Wait()
}

func TestFreshValueMakesNoCall(t *testing.T) {
	bubble(t, secrets.Config{}, func(r reader) {
		r.want("v1", 1)
		r.service.set(200, version("v2"))
		time.Sleep(3*time.Minute + 50*time.Second) // less than 80 % of the TTL
		r.want("v1", 1)
	})
}

func TestRefreshBehindTheRead(t *testing.T) {
	bubble(t, secrets.Config{}, func(r reader) {
		r.want("v1", 1)
		r.service.set(200, version("v2"))
		time.Sleep(5*time.Minute + time.Second)
		start := time.Now()
		if v, err := r.store.Get(r.Context(), "prod/db"); err != nil || v.Reveal() != "v1" || time.Since(start) != 0 {
			r.Fatalf("the first read past the TTL gives %q, %v after %v", v.Reveal(), err, time.Since(start))
		}
		r.settle()
		r.want("v2", 2)
	})
}

func TestJitterSpreadsRefreshes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		early := 0
		const stores = 60
		for range stores {
			store := newStore(t, script(s.answer).config(), secrets.Config{TTL: 100 * time.Minute, MaxStale: 3 * time.Hour})
			if _, err := store.Get(t.Context(), "prod/db"); err != nil {
				t.Fatal(err)
			}
			before := s.count()
			time.Sleep(90 * time.Minute)
			if _, err := store.Get(t.Context(), "prod/db"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			if s.count() > before {
				early++
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
		}
		// Half of them, on average: fewer than 8 or more than 52 of 60 is less
		// likely than one in a hundred million.
		if early < 8 || early > 52 {
			t.Errorf("%d of %d refreshed at 90 %% of the TTL", early, stores)
		}
	})
}

func TestOutageKeepsTheValueUntilMaxStale(t *testing.T) {
	log := new(strings.Builder)
	opts := secrets.Config{Logger: slog.New(slog.NewTextHandler(log, nil))}
	bubble(t, opts, func(r reader) {
		r.want("v1", 1)
		r.service.set(400, refusal(throttled, "Rate exceeded"))
		start := r.service.calls[0]
		for time.Since(r.service.start)-start < time.Hour-5*time.Second {
			if v, err := r.store.Get(r.Context(), "prod/db"); err != nil || v.Reveal() != "v1" {
				r.Fatalf("after %v: %v", time.Since(r.service.start), err)
			}
			time.Sleep(time.Second)
		}
		synctest.Wait()
		// From the end of the TTL on: a few quick ones, then one a minute.
		if n := r.service.count(); n < 55 || n > 90 {
			r.Errorf("%d calls in an hour of outage", n)
		}
		last := r.service.calls[len(r.service.calls)-2:]
		if gap := last[1] - last[0]; gap < 48*time.Second || gap > 65*time.Second {
			r.Errorf("%v between the last calls", gap)
		}
		time.Sleep(10 * time.Second)
		_, err := r.store.Get(r.Context(), "prod/db")
		checkKind(r.T, err, secrets.ErrUnavailable)
		read, ok := errors.AsType[*secrets.ReadError](err)
		if !ok || read.LastSuccess.IsZero() || !strings.Contains(err.Error(), "(last read at 2000-01-01T00:00:01Z)") {
			r.Errorf("got %v", err)
		}
		r.service.set(200, version("v2"))
		time.Sleep(time.Minute)
		if v, err := r.store.Get(r.Context(), "prod/db"); err != nil || v.Reveal() != "v2" {
			r.Errorf("after the outage: %v", err)
		}
		synctest.Wait()
		if n := strings.Count(log.String(), `level=WARN msg="secret not refreshed" ref=prod/db age=`); n < 50 {
			r.Errorf("logged %d times; %.500s", n, log)
		}
	})
}

func TestRecoveryAfterOneFailure(t *testing.T) {
	bubble(t, secrets.Config{}, func(r reader) {
		r.want("v1", 1)
		time.Sleep(6 * time.Minute)
		r.service.set(400, refusal(throttled, "Rate exceeded"))
		r.want("v1", 2)
		r.service.set(200, version("v2"))
		r.want("v1", 3) // two seconds have passed
		r.want("v2", 3)
		time.Sleep(3 * time.Minute)
		r.want("v2", 3)
	})
}

func TestNoLimitOfStaleness(t *testing.T) {
	bubble(t, secrets.Config{MaxStale: -1}, func(r reader) {
		r.want("v1", 1)
		r.service.set(400, refusal(throttled, "Rate exceeded"))
		time.Sleep(48 * time.Hour)
		r.want("v1", 2)
	})
}

func TestFetchOnce(t *testing.T) {
	bubble(t, secrets.Config{TTL: -1}, func(r reader) {
		r.want("v1", 1)
		time.Sleep(48 * time.Hour)
		r.want("v1", 1)
	})
}

func TestRefusalEndsTheValue(t *testing.T) {
	for name, kind := range map[string]struct {
		body string
		want error
	}{
		"denied":    {refusal(denied, "no"), secrets.ErrDenied},
		"not found": {refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret."), secrets.ErrNotFound},
		"deleted":   {refusal("InvalidRequestException", "was marked for deletion."), secrets.ErrDeleted},
		"key":       {refusal("DecryptionFailure", "no"), secrets.ErrDecryption},
	} {
		t.Run(name, func(t *testing.T) {
			log := new(strings.Builder)
			bubble(t, secrets.Config{Logger: slog.New(slog.NewTextHandler(log, nil))}, func(r reader) {
				r.want("v1", 1)
				time.Sleep(6 * time.Minute)
				r.service.set(400, kind.body)
				r.want("v1", 3)                // the read that finds it out, the refusal, its confirmation
				err := r.wantErr(kind.want, 3) // remembered, but no longer when all is done
				r.wantErr(kind.want, 4)
				if strings.Contains(err.Error(), "v1") {
					r.Error(err)
				}
				if strings.Count(log.String(), `level=ERROR msg="secret given up" ref=prod/db`) != 1 {
					r.Errorf("logged %s", log)
				}
				r.service.set(200, version("v2"))
				time.Sleep(2 * time.Second)
				r.want("v2", 5)
			})
		})
	}
}

func TestFlappingRefusalIsNotBelieved(t *testing.T) {
	bubble(t, secrets.Config{}, func(r reader) {
		r.want("v1", 1)
		time.Sleep(6 * time.Minute)
		r.service.set(400, refusal(denied, "no"))
		if _, err := r.store.Get(r.Context(), "prod/db"); err != nil {
			r.Fatal(err)
		}
		time.Sleep(1500 * time.Millisecond)
		r.service.set(200, version("v2"))
		r.settle()
		r.want("v2", 3)
	})
}

// TestConfirmationIsAReadOfItsOwn has MaxStale run from the second call when
// that brings a value.
func TestConfirmationIsAReadOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := &variable{result: good("v1")}
		source := &fakeSource{latency: 20 * time.Second, answer: v.answer}
		store := newFake(t, source, secrets.Config{})
		_, _ = read(t, store)
		v.set(bad(secrets.ErrDenied), good("v2"), bad(secrets.ErrUnavailable))
		_, _ = store.Refresh(t.Context(), "s")
		second := source.calls()[2].at
		for time.Since(second) < time.Hour-3*time.Second {
			time.Sleep(time.Second)
			if got, err := read(t, store); got != "v2" {
				t.Fatalf("%v after the second call: %q, %v", time.Since(second), got, err)
			}
		}
		time.Sleep(5 * time.Second)
		if got, err := read(t, store); got != "" {
			t.Errorf("past MaxStale: %q, %v", got, err)
		}
	})
}

func TestErrorsAreRememberedShortly(t *testing.T) {
	bubble(t, secrets.Config{ErrorTTL: 10 * time.Second}, func(r reader) {
		r.service.set(400, refusal(denied, "no"))
		first := r.wantErr(secrets.ErrDenied, 1)
		if again := r.wantErr(secrets.ErrDenied, 1); again != first {
			r.Error("the error is another one")
		}
		time.Sleep(10 * time.Second)
		r.wantErr(secrets.ErrDenied, 2)
		r.service.set(200, version("v1"))
		time.Sleep(10 * time.Second)
		r.want("v1", 3)
	})
}

func TestErrorsAreNotRemembered(t *testing.T) {
	bubble(t, secrets.Config{ErrorTTL: -1}, func(r reader) {
		r.service.set(400, refusal(denied, "no"))
		r.wantErr(secrets.ErrDenied, 1)
		r.wantErr(secrets.ErrDenied, 2)
		r.service.set(200, version("v1"))
		r.want("v1", 3)
	})
}

// TestWaitersLeaveOnTheirOwn has the reader that causes the call give up, and
// others stay.
func TestWaitersLeaveOnTheirOwn(t *testing.T) {
	bubble(t, secrets.Config{}, func(r reader) {
		ctx, cancel := context.WithTimeout(r.Context(), 300*time.Millisecond)
		defer cancel()
		var stayed atomic.Int64
		var wg sync.WaitGroup
		wg.Go(func() {
			start := time.Now()
			_, err := r.store.Get(ctx, "prod/db")
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 300*time.Millisecond {
				r.Errorf("after %v: %v", time.Since(start), err)
			}
			if !strings.Contains(err.Error(), `secrets: wait for "prod/db": `) {
				r.Error(err)
			}
			checkKind(r.T, err, nil)
		})
		synctest.Wait()
		for range 10 {
			wg.Go(func() {
				if v, err := r.store.Get(r.Context(), "prod/db"); err == nil && v.Reveal() == "v1" {
					stayed.Add(1)
				}
			})
		}
		wg.Wait()
		if stayed.Load() != 10 || r.service.count() != 1 {
			r.Errorf("%d readers got the value, after %d calls", stayed.Load(), r.service.count())
		}
		if _, err := r.store.Get(ctx, "prod/db"); err != nil {
			r.Errorf("a held value with an ended context: %v", err)
		}
		if _, err := r.store.Get(ctx, "other"); !errors.Is(err, context.DeadlineExceeded) || r.service.count() != 1 {
			r.Errorf("an ended context makes %d calls, %v", r.service.count(), err)
		}
	})
}

func TestCloseEndsFetches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := script(nil).config()
		cfg.HTTPClient = &http.Client{Transport: hanging{}}
		store := newStore(t, cfg, secrets.Config{})
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_, err := store.Get(t.Context(), "prod/db")
				checkKind(t, err, secrets.ErrClosed)
			})
		}
		time.Sleep(time.Second)
		for range 2 {
			if err := store.Close(); err != nil {
				t.Error(err)
			}
		}
		wg.Wait()
		_, err := store.Get(t.Context(), "prod/db")
		checkKind(t, err, secrets.ErrClosed)
	})
}

func TestCloseForgetsValues(t *testing.T) {
	bubble(t, secrets.Config{}, func(r reader) {
		r.want("v1", 1)
		if err := r.store.Close(); err != nil {
			r.Error(err)
		}
		r.wantErr(secrets.ErrClosed, 1)
	})
}

// TestCloseDuringConfirmation closes between a refusal and the second look.
func TestCloseDuringConfirmation(t *testing.T) {
	bubble(t, secrets.Config{}, func(r reader) {
		r.want("v1", 1)
		time.Sleep(6 * time.Minute)
		r.service.set(400, refusal(denied, "no"))
		if _, err := r.store.Get(r.Context(), "prod/db"); err != nil {
			r.Fatal(err)
		}
		time.Sleep(1200 * time.Millisecond)
		start := time.Now()
		if err := r.store.Close(); err != nil || time.Since(start) != 0 {
			r.Errorf("Close after %v: %v", time.Since(start), err)
		}
	})
}

func TestPreload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		store := newStore(t, script(s.answer).config(), secrets.Config{Preload: []string{"prod/db", secretARN, "prod/db"}})
		if s.count() != 2 {
			t.Errorf("%d calls", s.count())
		}
		reader{t, s, store}.want("v1", 2)
	})
}

func TestPreloadFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newService()
		s.set(400, refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret."))
		_, err := secrets.New(t.Context(), script(s.answer).config(), secrets.Config{Preload: []string{"one", "two"}})
		checkKind(t, err, secrets.ErrNotFound)
		if !strings.Contains(err.Error(), `"one"`) || !strings.Contains(err.Error(), `"two"`) {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := secrets.New(ctx, script(s.answer).config(), secrets.Config{Preload: []string{"one"}}); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// TestPreloadUndecodable has New wait for nothing that does not pass by itself.
func TestPreloadUndecodable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := secrets.NewWithSource(ctx, secrets.Static(map[string]string{"s": `{"a":1}`}),
			secrets.Config{Preload: []string{"s#a", "s#b"}, WaitForPreload: true})
		if !errors.Is(err, secrets.ErrDecode) || ctx.Err() != nil {
			t.Error(err)
		}
	})
}
