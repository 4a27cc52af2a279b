package filesink

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// Hook tells somebody that the files have changed: [Signal], [Command], [Call],
// or one of the caller's own. It gets nothing of the files but what it reads
// from them, must return soon after ctx ends, and may be asked again.
type Hook interface {
	Run(ctx context.Context) error
}

// HookFunc is a function as a [Hook].
type HookFunc func(ctx context.Context) error

// Run calls f.
func (f HookFunc) Run(ctx context.Context) error { return f(ctx) }

// NotifyConfig tunes a [Notifier]; the zero NotifyConfig is good.
type NotifyConfig struct {
	// Timeout bounds one run of the hook. Zero: ten seconds.
	Timeout time.Duration
	// MinRetry is how long to wait after a failure; each further one in a row
	// doubles it, up to MaxRetry. 80 to 100 % of it are used at random.
	// Zero: one second and one minute.
	MinRetry, MaxRetry time.Duration
	// Logger hears about failures, which go on until the hook works. Nil:
	// nobody.
	Logger *slog.Logger
}

func (c NotifyConfig) timeout() time.Duration {
	if c.Timeout == 0 {
		return 10 * time.Second
	}
	return c.Timeout
}

func (c NotifyConfig) minRetry() time.Duration {
	if c.MinRetry == 0 {
		return time.Second
	}
	return c.MinRetry
}

func (c NotifyConfig) maxRetry() time.Duration {
	if c.MaxRetry == 0 {
		return max(time.Minute, c.minRetry())
	}
	return c.MaxRetry
}

func (c NotifyConfig) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

func (c NotifyConfig) check() error {
	switch {
	case c.Timeout < 0:
		return &ConfigError{"NotifyConfig.Timeout", "is negative: " + c.Timeout.String()}
	case c.MinRetry < 0:
		return &ConfigError{"NotifyConfig.MinRetry", "is negative: " + c.MinRetry.String()}
	case c.maxRetry() < c.minRetry():
		return &ConfigError{"NotifyConfig.MaxRetry", "is " + c.MaxRetry.String() + ", less than MinRetry"}
	}
	return nil
}

// Notifier runs a [Hook] after changes, behind the back of whoever makes them,
// until it works. Several changes during a run, or before a hook works again,
// come to one more run. Make it with [NewNotifier] and close it at the end. It
// is safe for concurrent use.
type Notifier struct {
	hook   Hook
	config NotifyConfig
	wake   chan struct{} // holds one
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu   sync.Mutex
	err  error
	runs int
}

// NewNotifier returns a Notifier, which does not run the hook before the first
// Notify. The error is a [*ConfigError].
func NewNotifier(hook Hook, c NotifyConfig) (*Notifier, error) {
	if hook == nil {
		return nil, &ConfigError{"Hook", "is nil"}
	}
	if own, ok := hook.(interface{ check() error }); ok {
		if err := own.check(); err != nil {
			return nil, err
		}
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	n := &Notifier{hook: hook, config: c, wake: make(chan struct{}, 1), cancel: cancel}
	n.work.Go(func() { n.loop(ctx) })
	return n, nil
}

// Notify has the hook run. It never waits.
func (n *Notifier) Notify() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// Status returns how often the hook has been run, whatever came of it, and the
// error of the last time.
func (n *Notifier) Status() (runs int, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.runs, n.err
}

// Close ends a run that is under way, waits for it, and forgets about retries. It
// may be called again.
func (n *Notifier) Close() error {
	n.cancel()
	n.work.Wait()
	return nil
}

// loop runs the hook for each wake, again after a pause if it fails.
func (n *Notifier) loop(ctx context.Context) {
	var pause time.Duration // none: there is nothing to try again
	retry := time.NewTimer(0)
	defer retry.Stop()
	retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
			pause = 0
		case <-retry.C:
		}
		retry.Stop()
		err := n.run(ctx)
		if err == nil || ctx.Err() != nil {
			continue
		}
		pause = min(max(2*pause, n.config.minRetry()), n.config.maxRetry())
		n.config.logger().LogAttrs(ctx, slog.LevelWarn, "notification failed", slog.Any("error", err), slog.Duration("retry", pause))
		retry.Reset(time.Duration(float64(pause) * (0.8 + 0.2*rand.Float64())))
	}
}

// run runs the hook once.
func (n *Notifier) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, n.config.timeout())
	defer cancel()
	err := n.hook.Run(ctx)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.runs++
	n.err = err
	return err
}
