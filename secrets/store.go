package secrets

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Store reads secrets and keeps them. Make it with [New], share it, and close
// it at the end. It is safe for concurrent use.
type Store struct {
	config  Config
	manager *manager
	clock   clock

	// entries are keyed by reference. The map is replaced, never changed, so
	// that reading it takes no lock.
	entries atomic.Pointer[map[string]*entry]

	mu     sync.Mutex // never held during a call; guards what follows, replacement of entries, and entry.flight
	closed bool

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup // flights and the clock
}

// New returns a Store that uses cfg's credentials, endpoints, HTTP client and,
// for secrets asked for by name, Region. If opts.Preload lists secrets, New
// reads them before it returns, and fails with all their errors joined if one
// cannot be read or ctx ends; otherwise it makes no call.
//
// A setting that cannot be used is a [*ConfigError], a malformed reference in
// opts.Preload a [*RefError].
func New(ctx context.Context, cfg aws.Config, opts Config) (*Store, error) {
	if cfg.Credentials == nil {
		return nil, &ConfigError{"aws.Config.Credentials", "is nil; make the aws.Config with credentials.LoadConfig"}
	}
	if err := opts.check(); err != nil {
		return nil, err
	}
	s := &Store{config: opts, manager: newManager(cfg, opts.timeout())}
	s.entries.Store(&map[string]*entry{})
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.clock.last = time.Now()
	s.work.Go(s.tick)
	if err := s.preload(ctx, opts.Preload); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// preload reads secrets, after it has checked all references.
func (s *Store) preload(ctx context.Context, refs []string) error {
	errs := make([]error, len(refs))
	for i, ref := range refs {
		_, errs[i] = s.parse(ref)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, 16)
	for i, ref := range refs {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			_, errs[i] = s.Get(ctx, ref)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// Get returns the current value of the secret that ref names: a name, or a
// complete or partial ARN, whose Region and account are then used. See the
// package documentation for how fresh it is.
//
// The error is a [*RefError], an [*AccessError], a [*ReadError], [ErrClosed], or
// that of ctx, wrapped. A value that is held is returned even if ctx has ended.
func (s *Store) Get(ctx context.Context, ref string) (Value, error) {
	if e := (*s.entries.Load())[ref]; e != nil {
		if st := e.state.Load(); s.clock.now() < st.soft {
			return st.value, nil
		}
	}
	return s.get(ctx, ref)
}

// get is Get for all but a fresh value.
func (s *Store) get(ctx context.Context, ref string) (Value, error) {
	for {
		e, err := s.entry(ref)
		if err != nil {
			return Value{}, err
		}
		st, now := e.state.Load(), s.clock.now()
		held := now < st.hard
		switch {
		case held && now < st.soft:
			return st.value, nil
		case !held && st.err != nil && now < st.retry:
			return Value{}, st.err
		case !held && ctx.Err() != nil:
			return Value{}, left(ref, ctx.Err())
		}
		f, err := s.join(e, st)
		switch {
		case err != nil:
			return Value{}, err
		case f == nil:
			continue // things have moved on: look again
		case held:
			return st.value, nil
		}
		v, err := f.wait(ctx)
		if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return Value{}, left(ref, err)
		}
		return v, err
	}
}

// left says that a reader did not wait for a secret.
func left(ref string, err error) error {
	return fmt.Errorf("secrets: wait for %q: %w", ref, err)
}

// Close ends all fetches and waits for them. Reads that wait and all later ones
// return [ErrClosed]. Close always returns nil and may be called again. It does
// not close the credentials.
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	s.entries.Store(&map[string]*entry{})
	s.mu.Unlock()
	s.cancel()
	s.work.Wait()
	return nil
}

// parse parses a reference and checks that its Region is known.
func (s *Store) parse(ref string) (Ref, error) {
	r, err := ParseRef(ref)
	if err != nil {
		return Ref{}, err
	}
	if s.manager.region(r) == "" {
		return Ref{}, &RefError{
			Ref: ref, Part: "region", Position: 1,
			Problem: "is missing: a name is looked up in the Region of the aws.Config, which has none; set AWS_REGION or use the ARN",
		}
	}
	return r, nil
}

// entry returns the entry for ref and makes it if there is none.
func (s *Store) entry(ref string) (*entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	old := *s.entries.Load()
	if e := old[ref]; e != nil {
		return e, nil
	}
	r, err := s.parse(ref)
	if err != nil {
		return nil, err
	}
	e := &entry{ref: r}
	e.state.Store(&state{})
	entries := maps.Clone(old)
	entries[ref] = e
	s.entries.Store(&entries)
	return e, nil
}

// join returns the flight for e and starts it if there is none. It returns nil
// if e's state is no longer seen, or e has been swept away.
func (s *Store) join(e *entry, seen *state) (*flight, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case e.flight != nil:
		return e.flight, nil
	case e.state.Load() != seen, (*s.entries.Load())[e.ref.String()] != e:
		return nil, nil
	}
	f := &flight{done: make(chan struct{})}
	e.flight = f
	s.work.Go(func() { s.fly(e, f) })
	return f, nil
}

// fly makes the flight f.
func (s *Store) fly(e *entry, f *flight) {
	f.value, f.err = s.fetch(e)
	before, now := e.state.Load(), s.clock.now()
	after := s.config.succeeded(now, f.value)
	if f.err != nil {
		after = s.config.failed(now, before, f.err)
	}
	s.mu.Lock()
	e.state.Store(after)
	e.flight = nil
	s.mu.Unlock()
	close(f.done)
	s.report(e, before, after)
}

// report logs a failure that readers do not see yet, or did not cause.
func (s *Store) report(e *entry, before, after *state) {
	switch {
	case after.err == nil || before.value.IsZero() || s.ctx.Err() != nil:
	case after.value.IsZero():
		s.config.logger().Error("secret given up", "ref", e.ref.String(), "error", after.err)
	default:
		s.config.logger().Warn("secret not refreshed", "ref", e.ref.String(), "age", time.Since(after.read), "error", after.err)
	}
}

// tick advances the clock and drops what it makes useless, until Close.
func (s *Store) tick() {
	t := time.NewTicker(min(max(s.config.ttl()/100, 10*time.Millisecond), time.Second))
	defer t.Stop()
	for {
		select {
		case now := <-t.C:
			s.clock.advance(now)
			s.sweep(s.clock.now())
		case <-s.ctx.Done():
			return
		}
	}
}

// sweep drops the entries that a read has had to fetch anyway for a while, so
// that neither values nor errors stay that nobody asks for.
func (s *Store) sweep(now instant) {
	useless := func(_ string, e *entry) bool {
		st := e.state.Load()
		return now >= max(st.hard, st.retry).after(linger) && e.flight == nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := *s.entries.Load()
	for ref, e := range old {
		if useless(ref, e) {
			entries := maps.Clone(old)
			maps.DeleteFunc(entries, useless)
			s.entries.Store(&entries)
			return
		}
	}
}
