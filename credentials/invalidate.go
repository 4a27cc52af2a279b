package credentials

import (
	"context"
	"time"
)

// invalidate is [Provider.Invalidate] for one session. The credentials stay in
// hand: if there are no others to be had, they are better than none.
func (e *engine) invalidate(keyID string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.current == nil || e.current.creds.AccessKeyID != keyID {
		return false
	}
	e.ready.Store(nil)
	if !e.current.rejected {
		t := *e.current
		t.rejected = true
		e.current = &t
		e.stats.Invalidations++
	}
	e.hasten(e.now())
	return true
}

// replaced reports whether keyID is that of the credentials before those in
// hand.
func (e *engine) replaced(keyID string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return keyID != "" && e.previous == keyID
}

// renewed invalidates a key that a service has rejected, and reports whether
// another one is there to go on with.
func (e *engine) renewed(ctx context.Context, keyID string) bool {
	if !e.invalidate(keyID) && !e.replaced(keyID) {
		return false
	}
	creds, err := e.retrieve(ctx)
	return err == nil && creds.AccessKeyID != keyID
}

// waitReady is [Provider.WaitReady].
func (e *engine) waitReady(ctx context.Context) error {
	for {
		_, err := e.retrieve(ctx)
		if err == nil || ctx.Err() != nil || terminal(err) || class(err) == ErrConfiguration || class(err) == ErrClosed {
			return err
		}
		select {
		case <-time.After(between(minDenial, maxDenial)):
		case <-ctx.Done():
			return departed(ctx)
		}
	}
}
