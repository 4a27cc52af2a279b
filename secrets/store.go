package secrets

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Store reads secrets and keeps them. Make it with [New], share it, and close
// it at the end. It is safe for concurrent use.
type Store struct {
	config Config
	source Source
	clock  clock

	demandWindow, behindWindow time.Duration

	slots table         // its find is for all
	epoch atomic.Uint64 // counts landings and new entries; orders reads
	stale atomic.Int64  // reads answered with a value that could not be refreshed

	// mu guards what follows, the fields of entries that say so, and changes of
	// their state. It is never held during a call or a wait.
	mu             sync.Mutex
	closed         bool
	entries        map[string]*entry // by canonical reference without key
	demand, behind *batch            // being gathered; nil: none
	ripe           queue             // entries that may go along with a fetch, by state.early
	due            queue             // entries that the timer looks after
	aged           queue             // entries that may be evicted
	bytes          int64
	stats          Stats

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	work    sync.WaitGroup // batches, flights and the timer
	release func() error   // of the source
}

// New returns a Store that reads from AWS with cfg's credentials, endpoints,
// HTTP client and, for secrets asked for by name, Region. If opts.Preload lists
// secrets, New reads them before it returns, see [Config.WaitForPreload];
// otherwise it makes no call.
//
// A setting that cannot be used is a [*ConfigError], a malformed reference in
// opts.Preload a [*RefError]; the errors of all secrets that could not be read
// are joined.
func New(ctx context.Context, cfg aws.Config, opts Config) (*Store, error) {
	if cfg.Credentials == nil {
		return nil, noCredentialsConfig()
	}
	source, err := newAWSSource(cfg, opts)
	if err != nil {
		return nil, err
	}
	return start(ctx, source, source.Close, opts)
}

// NewWithSource is [New] for a Store that reads from a source of the caller's,
// which Close does not close.
func NewWithSource(ctx context.Context, source Source, opts Config) (*Store, error) {
	return start(ctx, source, func() error { return nil }, opts)
}

func start(ctx context.Context, source Source, release func() error, opts Config) (*Store, error) {
	if err := opts.check(); err != nil {
		return nil, errors.Join(err, release())
	}
	s := newStore(source, opts)
	s.release = release
	s.work.Go(s.tick)
	if err := s.preload(ctx, opts.Preload); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func newStore(source Source, opts Config) *Store {
	s := &Store{
		config: opts, source: source,
		demandWindow: demandWindow, behindWindow: behindWindow,
		entries: make(map[string]*entry),
		ripe:    queue{place: func(e *entry) *place { return &e.ripe }},
		due:     queue{place: func(e *entry) *place { return &e.due }},
		aged:    queue{place: func(e *entry) *place { return &e.aged }},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.clock.last = time.Now()
	return s
}

// Get returns the current value of the secret that ref names, see [ParseRef].
// See the package documentation for how fresh it is.
//
// The error is a [*RefError], an [*AccessError], a [*ReadError], a
// [*DecodeError], [ErrClosed], or that of ctx, wrapped. A value that is held is
// returned even if ctx has ended.
func (s *Store) Get(ctx context.Context, ref string) (Value, error) {
	if sl := s.slots.find(ref); sl != nil {
		e := sl.entry
		if st := e.state.Load(); s.clock.now() < st.fresh {
			e.touch(s.epoch.Load())
			return sl.of(st)
		}
	}
	return s.get(ctx, ref)
}

// get is Get for all but a fresh value.
func (s *Store) get(ctx context.Context, ref string) (Value, error) {
	for {
		sl, err := s.slot(ref)
		if err != nil {
			return Value{}, err
		}
		a := s.look(sl.entry)
		switch {
		case a.st.gone:
			continue
		case a.answer && a.held:
			return sl.of(a.st)
		case a.answer:
			return Value{}, a.st.err
		case !a.held && ctx.Err() != nil:
			return Value{}, left(ref, ctx.Err())
		}
		f, err := s.join(sl.entry, a)
		switch {
		case err != nil:
			return Value{}, err
		case f == nil: // things have moved on
		case a.held:
			return sl.of(a.st)
		default:
			return f.wait(ctx, sl)
		}
	}
}

// view is what a read finds.
type view struct {
	st     *state
	held   bool // there is a value to return
	answer bool // no fetch is due: return the value or the error
}

// look looks at e for a read.
func (s *Store) look(e *entry) view {
	st, now := e.state.Load(), s.clock.now()
	v := view{st: st, held: st.held(now)}
	e.touch(s.epoch.Load())
	if !v.held {
		v.answer = st.err != nil && now < st.retry
		return v
	}
	if st.err != nil {
		s.stale.Add(1)
	}
	v.answer = now < st.soft
	return v
}

// join returns the flight for e and starts it if there is none. It returns nil
// if e's state is no longer the one seen.
func (s *Store) join(e *entry, seen view) (*flight, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case e.flight != nil:
		return e.flight, nil
	case e.state.Load() != seen.st:
		return nil, nil
	}
	if !seen.held && seen.st.err != nil {
		s.open(true) // for companions: an outage ends for all at once, or for none
	}
	return s.launch(e, seen.held), nil
}

// Close ends all fetches and waits for them. Reads that wait and all later ones
// return [ErrClosed]. Close may be called again. It does not close the
// credentials of the aws.Config. The error is that of ending the sessions that
// were assumed for [Config.Roles].
func (s *Store) Close() error {
	s.mu.Lock()
	s.closed = true
	for _, e := range s.entries {
		e.state.Store(removed)
	}
	clear(s.entries)
	s.slots.clear()
	s.ripe.entries, s.due.entries, s.aged.entries = nil, nil, nil
	s.mu.Unlock()
	s.cancel()
	s.work.Wait()
	return s.release()
}
