package filesink_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/filesink"
)

// diary notes when a hook runs, and fails as often as it is told to.
type diary struct {
	start time.Time
	fails int
	takes time.Duration

	mu  sync.Mutex
	ran []time.Duration
}

// times are when the hook ran, after the start.
func (d *diary) times() []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.ran)
}

func (d *diary) Run(ctx context.Context) error {
	d.mu.Lock()
	d.ran = append(d.ran, time.Since(d.start))
	d.mu.Unlock()
	select {
	case <-time.After(d.takes):
	case <-ctx.Done():
		return ctx.Err()
	}
	if d.fails > 0 {
		d.fails--
		return errors.New("refused")
	}
	return nil
}

func notifier(t *testing.T, hook filesink.Hook, c filesink.NotifyConfig) *filesink.Notifier {
	t.Helper()
	n, err := filesink.NewNotifier(hook, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// checkRan compares times, to which up to 20 % of the pause before them may be
// lacking.
func checkRan(t *testing.T, d *diary, want ...time.Duration) {
	t.Helper()
	synctest.Wait()
	ran := d.times()
	if len(ran) != len(want) {
		t.Fatalf("ran at %v, want %v", ran, want)
	}
	var last, lastWant time.Duration
	for i, at := range ran {
		if pause, most := at-last, want[i]-lastWant; pause > most || pause < most*8/10 {
			t.Errorf("run %d after %v, want %v", i, pause, most)
		}
		last, lastWant = at, want[i]
	}
}

func TestNotify(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &diary{start: time.Now()}
		n := notifier(t, d, filesink.NotifyConfig{})
		checkRan(t, d)
		n.Notify()
		checkRan(t, d, 0)
		if runs, err := n.Status(); runs != 1 || err != nil {
			t.Errorf("status %d, %v", runs, err)
		}
		time.Sleep(time.Hour)
		checkRan(t, d, 0)
	})
}

// What changes during a run comes to one more run.
func TestNotifyDuringRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &diary{start: time.Now(), takes: 5 * time.Second}
		n := notifier(t, d, filesink.NotifyConfig{})
		n.Notify()
		synctest.Wait()
		for range 3 {
			n.Notify() // and does not wait
		}
		if waited := time.Since(d.start); waited != 0 {
			t.Errorf("Notify waited for %v", waited)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if diff := cmp.Diff([]time.Duration{0, 5 * time.Second}, d.times()); diff != "" {
			t.Errorf("runs (-want +got):\n%s", diff)
		}
	})
}

func TestNotifyRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		d := &diary{start: time.Now(), fails: 5}
		n := notifier(t, d, filesink.NotifyConfig{MinRetry: time.Second, MaxRetry: 4 * time.Second, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		n.Notify()
		synctest.Wait()
		if runs, err := n.Status(); runs != 1 || err == nil {
			t.Errorf("status %d, %v", runs, err)
		}
		time.Sleep(time.Minute)
		checkRan(t, d, 0, time.Second, 3*time.Second, 7*time.Second, 11*time.Second, 15*time.Second)
		if _, err := n.Status(); err != nil {
			t.Errorf("in the end: %v", err)
		}
		if got := strings.Count(log.String(), "refused"); got != 5 {
			t.Errorf("%d failures logged:\n%s", got, &log)
		}
	})
}

// A change does not wait for the end of a pause.
func TestNotifyDuringPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &diary{start: time.Now(), fails: 100}
		n := notifier(t, d, filesink.NotifyConfig{MinRetry: time.Minute, MaxRetry: time.Hour})
		n.Notify()
		time.Sleep(30 * time.Second)
		n.Notify()
		synctest.Wait()
		if ran := d.times(); len(ran) != 2 || ran[1] != 30*time.Second {
			t.Errorf("runs at %v", ran)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if ran := d.times(); len(ran) != 3 {
			t.Errorf("the pause did not begin anew: %v", ran)
		}
	})
}

// Once it has worked, nothing is left to try again.
func TestNotifyWorksDuringPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &diary{start: time.Now(), fails: 1}
		n := notifier(t, d, filesink.NotifyConfig{MinRetry: 2 * time.Minute}) // and as much at most
		n.Notify()
		time.Sleep(30 * time.Second)
		n.Notify()
		time.Sleep(time.Hour)
		synctest.Wait()
		if diff := cmp.Diff([]time.Duration{0, 30 * time.Second}, d.ran); diff != "" {
			t.Errorf("runs (-want +got):\n%s", diff)
		}
	})
}

// Close waits for a hook that takes its time to end, and is no failure to tell of.
func TestNotifyCloseWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		ended := false
		n := notifier(t, filesink.HookFunc(func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			ended = true
			return ctx.Err()
		}), filesink.NotifyConfig{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		n.Notify()
		synctest.Wait()
		if err := n.Close(); err != nil || !ended || log.Len() > 0 {
			t.Errorf("error %v, ended %v, log %q", err, ended, &log)
		}
	})
}

// A hook that hangs is told to stop, by its time limit and by Close.
func TestNotifyHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &diary{start: time.Now(), takes: time.Hour}
		n := notifier(t, d, filesink.NotifyConfig{MinRetry: time.Minute})
		n.Notify()
		time.Sleep(11 * time.Second) // one more than the limit
		synctest.Wait()
		if _, err := n.Status(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after the limit: %v", err)
		}
		n.Notify()
		synctest.Wait()
		if err := n.Close(); err != nil || time.Since(d.start) != 11*time.Second {
			t.Errorf("Close: %v after %v", err, time.Since(d.start))
		}
		n.Notify() // does nothing
	})
}

func TestRefusedNotifier(t *testing.T) {
	t.Parallel()
	good := filesink.HookFunc(func(context.Context) error { return nil })
	tests := map[string]struct {
		hook   filesink.Hook
		config filesink.NotifyConfig
		field  string
	}{
		"no hook":            {nil, filesink.NotifyConfig{}, "Hook"},
		"timeout":            {good, filesink.NotifyConfig{Timeout: -1}, "NotifyConfig.Timeout"},
		"retry":              {good, filesink.NotifyConfig{MinRetry: -1}, "NotifyConfig.MinRetry"},
		"retries":            {good, filesink.NotifyConfig{MaxRetry: time.Millisecond}, "NotifyConfig.MaxRetry"},
		"no command":         {filesink.Command{}, filesink.NotifyConfig{}, "Command.Args"},
		"empty command":      {filesink.Command{Args: []string{""}}, filesink.NotifyConfig{}, "Command.Args"},
		"no URL":             {filesink.Call{}, filesink.NotifyConfig{}, "Call.URL"},
		"no HTTP":            {filesink.Call{URL: "file:///etc/passwd"}, filesink.NotifyConfig{}, "Call.URL"},
		"no host":            {filesink.Call{URL: "http:///reload"}, filesink.NotifyConfig{}, "Call.URL"},
		"no method":          {filesink.Call{URL: "http://127.0.0.1/", Method: "("}, filesink.NotifyConfig{}, "Call.Method"},
		"no process":         {filesink.Signal{}, filesink.NotifyConfig{}, "Signal"},
		"two processes":      {filesink.Signal{PID: 2, Process: "x"}, filesink.NotifyConfig{}, "Signal"},
		"a group":            {filesink.Signal{PID: -2}, filesink.NotifyConfig{}, "Signal.PID"},
		"process with slash": {filesink.Signal{Process: "/bin/x"}, filesink.NotifyConfig{}, "Signal.Process"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, err := filesink.NewNotifier(test.hook, test.config)
			if c, ok := errors.AsType[*filesink.ConfigError](err); !ok || c.Field != test.field || !errors.Is(err, secrets.ErrConfiguration) {
				t.Errorf("%v, %#v", n, err)
			}
		})
	}
}
