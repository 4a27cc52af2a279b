package secrets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Updater holds something that is built from a secret and must be built anew
// when the secret changes: a connection pool, a signer, a client. Make it with
// [NewUpdater] and close it at the end. It is safe for concurrent use.
type Updater[U any] struct {
	current atomic.Pointer[U]
	failed  atomic.Pointer[error] // of the latest build; nil: it succeeded
	err     func() error          // of the handle
	load    func() error
	name    func() string
	dispose func(U) error
	grace   time.Duration

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu     sync.Mutex
	closed []error // of what has been disposed of
	once   sync.Once
}

// UpdaterOptions tune an [Updater]; nil is good.
type UpdaterOptions[U any] struct {
	// Close disposes of a U that is no longer handed out. Nil: its own method
	// Close, with or without an error, if it has one.
	Close func(U) error
	// Grace is how long a U stays open after another has taken its place, for
	// those who are still using it. Zero: thirty seconds. Negative: not at all.
	Grace time.Duration
}

func (o *UpdaterOptions[U]) grace() time.Duration {
	if o == nil || o.Grace == 0 {
		return 30 * time.Second
	}
	return max(o.Grace, 0)
}

func (o *UpdaterOptions[U]) dispose() func(U) error {
	if o == nil || o.Close == nil {
		return disposeOf[U]
	}
	return o.Close
}

// disposeOf closes u if it can be closed.
func disposeOf[U any](u U) error {
	switch u := any(u).(type) {
	case io.Closer:
		return u.Close()
	case interface{ Close() }:
		u.Close()
	}
	return nil
}

const (
	// rebuildAfter is the time to the second attempt to build, and doubles.
	rebuildAfter = time.Second
	// maxRebuild bounds it.
	maxRebuild = time.Minute
)

// NewUpdater builds a U from h's secret and returns an Updater of it, or build's
// error. Afterwards build is called whenever the secret has changed, never
// concurrently; while it fails, the U before it stays and build is tried again,
// after a second first and after a minute later on. Its context ends with Close,
// the first time also with ctx.
//
// When the secret is withdrawn (see [Handle]) the U stays open, since it is not
// the secret: what can be done with it is for others to say. [Updater.Load] no
// longer returns it.
func NewUpdater[T, U any](ctx context.Context, h *Handle[T], build func(ctx context.Context, secret T) (U, error), opts *UpdaterOptions[U]) (*Updater[U], error) {
	r := h.state.Load()
	if !r.held {
		return nil, r.err
	}
	u := &Updater[U]{err: h.Err, load: h.failure, name: h.String, dispose: opts.dispose(), grace: opts.grace()}
	u.ctx, u.cancel = context.WithCancel(context.Background())
	ctx, end := context.WithCancel(ctx)
	context.AfterFunc(u.ctx, end)
	first, err := build(ctx, r.value)
	if err != nil {
		u.cancel()
		return nil, err
	}
	u.current.Store(&first)
	u.work.Go(func() { follow(u, h, r, build) })
	return u, nil
}

// follow keeps u up to date with h, from the reading that u was built from.
func follow[T, U any](u *Updater[U], h *Handle[T], r *reading[T], build func(context.Context, T) (U, error)) {
	built, wait := r.version, rebuildAfter
	for {
		var again <-chan time.Time
		if r.held && r.version != built {
			fresh, err := build(u.ctx, r.value)
			if err == nil {
				built, wait = r.version, rebuildAfter
				u.replace(fresh)
			} else {
				u.failed.Store(&err)
				again = time.After(wait)
				wait = min(2*wait, maxRebuild)
			}
		} else {
			u.failed.Store(nil)
		}
		select {
		case <-r.next:
			wait = rebuildAfter
		case <-again:
		case <-u.ctx.Done():
			return
		}
		r = h.state.Load()
	}
}

// replace hands out fresh from now on and retires the one before.
func (u *Updater[U]) replace(fresh U) {
	u.failed.Store(nil)
	old := u.current.Swap(&fresh)
	u.work.Go(func() {
		pause(u.ctx, u.grace)
		u.close(*old)
	})
}

func (u *Updater[U]) close(it U) {
	if err := u.dispose(it); err != nil {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.closed = append(u.closed, err)
	}
}

// Value returns what was built last, with one atomic load. Do not keep it for
// longer than the grace: it is closed then, if another has taken its place.
func (u *Updater[U]) Value() U { return *u.current.Load() }

// Load returns what Value does, or why the secret that it is built from has been
// withdrawn.
func (u *Updater[U]) Load() (U, error) {
	if err := u.load(); err != nil {
		return *new(U), err
	}
	if u.ctx.Err() != nil {
		return *new(U), ErrClosed
	}
	return u.Value(), nil
}

// Err returns why Value is not built from the current version of the secret: the
// error of build, or that of [Handle.Err]. It is nil if it is.
func (u *Updater[U]) Err() error {
	if err := u.failed.Load(); err != nil {
		return *err
	}
	return u.err()
}

// Close ends the updates and closes all that was built, at once. It returns the
// errors of everything closed in the life of the Updater, joined; calling it
// again does the same. It does not close the Handle.
func (u *Updater[U]) Close() error {
	u.once.Do(func() {
		u.cancel()
		u.work.Wait()
		u.close(u.Value())
	})
	u.mu.Lock()
	defer u.mu.Unlock()
	return errors.Join(u.closed...)
}

// String returns the reference and version of the secret, and nothing of what is
// built from it.
func (u *Updater[U]) String() string { return u.name() }

// Format prints String under every verb.
func (u *Updater[U]) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, u.name()) }
