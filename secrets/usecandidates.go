package secrets

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// readSpacing is for how long what a read for Use brought answers all who
	// ask for the same.
	readSpacing = time.Second
	// readTimeout bounds such a read.
	readTimeout = 30 * time.Second
)

// candidates is what the calls of Use on one handle share. The zero candidates
// is ready for use.
type candidates[T any] struct {
	known atomic.Pointer[known[T]]

	mu    sync.Mutex // never held during a read
	reads map[string]*read[T]
}

// known is a candidate that was accepted while base was AWSCURRENT.
type known[T any] struct {
	base   string
	sample sample[T]
}

// read is one read of a stage, for all who want it. Its result is set before
// done is closed.
type read[T any] struct {
	done   chan struct{}
	sample sample[T]
	err    error
}

// accepted returns the candidate that is known to work in the place of the
// current version, or nil. When AWSCURRENT has moved, there is none.
func (c *candidates[T]) accepted(currentVersion string) *sample[T] {
	k := c.known.Load()
	switch {
	case k == nil:
		return nil
	case k.base != currentVersion:
		c.known.CompareAndSwap(k, nil) // it is of no more use: do not keep it in memory
		return nil
	}
	return &k.sample
}

func (c *candidates[T]) accept(base string, s sample[T]) {
	if k := c.known.Load(); k == nil || k.base != base || k.sample.version != s.version {
		c.known.Store(&known[T]{base, s})
	}
}

func (c *candidates[T]) reject(s sample[T]) {
	if k := c.known.Load(); k != nil && k.sample.version == s.version {
		c.known.CompareAndSwap(k, nil)
	}
}

// read returns what fetch brings for a stage, or what another caller's fetch
// has brought less than readSpacing ago. A fetch outlives the caller that began
// it; its result does not outlive readSpacing.
func (c *candidates[T]) read(ctx context.Context, stage string, fetch func(context.Context) (sample[T], error)) (sample[T], error) {
	c.mu.Lock()
	r := c.reads[stage]
	if r == nil {
		r = &read[T]{done: make(chan struct{})}
		if c.reads == nil {
			c.reads = map[string]*read[T]{}
		}
		c.reads[stage] = r
		go c.run(context.WithoutCancel(ctx), stage, r, fetch)
	}
	c.mu.Unlock()
	select {
	case <-r.done:
		return r.sample, r.err
	case <-ctx.Done():
		return sample[T]{}, ctx.Err()
	}
}

func (c *candidates[T]) run(ctx context.Context, stage string, r *read[T], fetch func(context.Context) (sample[T], error)) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	r.sample, r.err = fetch(ctx)
	close(r.done)
	time.AfterFunc(readSpacing, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.reads, stage)
	})
}
