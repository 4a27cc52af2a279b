package secrets

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Handle holds a secret as a T, which it makes once per version. Reading it is
// one atomic load; the [Store] keeps it fresh behind the readers, by timer. Make
// it with [Open] or [OpenFunc] and close it when it is no longer needed. It is
// safe for concurrent use.
//
// # When a refresh fails
//
// While the failure may pass and the secret is not older than Config.MaxStale,
// Value stays and Err tells. It also stays, for as long as it takes, while a new
// version does not decode: what the secret was is known to have been good.
//
// Once the Store gives the secret up, since it is refused or gone or too old,
// the Handle no longer gives it out: Value is the zero T. The same goes for a
// Handle or a Store that is closed. Use Load where a zero T would do harm.
//
// T should be treated as read-only, since all readers share what it points to.
type Handle[T any] struct {
	state  atomic.Pointer[reading[T]]
	store  *Store
	ref    Ref
	decode func(Value) (T, error) // of the whole secret, whatever ref.Key is
	stop   func()
	shared candidates[T] // of the calls of Use

	mu      sync.Mutex // guards what follows, and replacing state
	closed  bool
	updates chan struct{}
}

// reading is what a Handle knows. It is replaced, never changed.
type reading[T any] struct {
	value   T
	held    bool // value is to be given out; otherwise it is zero
	version string
	read    time.Time
	err     error
	next    chan struct{} // closed when another reading is in this one's place
}

// Open waits for the secret that ref names and returns a Handle of it. T may be
//
//   - [Value], string or []byte, or a type of the latter two kinds: the secret
//     as it is;
//   - tls.Certificate: a PEM bundle of certificate, chain and private key, or
//     JSON that has them in members tls.crt and tls.key, Certificate,
//     CertificateChain and PrivateKey, or cert, chain and key;
//   - a type that is an encoding.TextUnmarshaler, such as netip.AddrPort;
//   - anything else that encoding/json decodes into, such as [Login], a struct, a
//     map, an int;
//   - a pointer to one of these.
//
// If ref has a key, as in "prod/db#password" or "prod/db#/replicas/0/host", T is
// made of that part of a secret in JSON: of the text of a string, or of any other
// value as it is written. So a number goes into a string as well as into an int,
// and a string "5432" into an int. Null is an error, and so is, all through the
// secret, JSON that is not UTF-8 or has an object with two members of the same
// name, for its readers would not agree on what it says.
//
// The error is a [*RefError], a [*DecodeError], that of [Store.Get], or that of
// ctx, wrapped. The Handle outlives ctx.
func Open[T any](ctx context.Context, store *Store, ref string) (*Handle[T], error) {
	return OpenFunc(ctx, store, ref, decode[T])
}

// OpenFunc is [Open] with a function that makes a T of a version of the secret.
// It is called when a version arrives, never concurrently, and must not wait.
// The [*DecodeError] for an error of it does not show that error's text, which
// may quote the secret, but unwraps to it.
func OpenFunc[T any](ctx context.Context, store *Store, ref string, decode func(Value) (T, error)) (*Handle[T], error) {
	r, err := store.parse(ref)
	if err != nil {
		return nil, err
	}
	h := &Handle[T]{store: store, ref: r, decode: decoder(r, decode), updates: make(chan struct{}, 1)}
	h.state.Store(&reading[T]{next: make(chan struct{})})
	first, stop, err := store.subscribe(ctx, r.whole(), h.notify)
	if err != nil {
		return nil, err
	}
	detach := context.AfterFunc(store.ctx, func() { h.notify(Value{}, ErrClosed) })
	h.stop = func() {
		detach()
		stop()
	}
	kept := false
	defer func() { // also if decode panics
		if !kept {
			h.Close()
		}
	}()
	h.begin(first)
	if err := h.failure(); err != nil {
		return nil, err
	}
	kept = true
	return h, nil
}

// whole is the canonical reference to all of the secret.
func (r Ref) whole() string {
	r.Key = ""
	return r.String()
}

// begin takes the first value, unless something newer has come already.
func (h *Handle[T]) begin(first Value) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if last := h.state.Load(); last.read.IsZero() {
		h.state.Store(h.after(last, first, nil))
		close(last.next)
	}
}

// notify takes what a fetch brought. News of one may come after the Store's end,
// which is the last.
func (h *Handle[T]) notify(v Value, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.store.ctx.Err() != nil {
		v, err = Value{}, ErrClosed
	}
	if !h.closed {
		h.replace(h.after(h.state.Load(), v, err))
	}
}

// replace puts next into effect; h.mu is held.
func (h *Handle[T]) replace(next *reading[T]) {
	last := h.state.Swap(next)
	close(last.next)
	select {
	case h.updates <- struct{}{}:
	default:
	}
}

// after returns the reading that follows last when a fetch brought v or err. With
// both, v is still good; with err alone, nothing is.
func (h *Handle[T]) after(last *reading[T], v Value, err error) *reading[T] {
	next := &reading[T]{read: time.Now(), err: err, next: make(chan struct{})}
	if v.IsZero() {
		return next
	}
	if !last.held || v.Version() != last.version {
		value, bad := h.decode(v)
		if bad == nil {
			next.value, next.held, next.version = value, true, v.Version()
			return next
		}
		next.err = bad
	}
	next.value, next.held, next.version, next.read = last.value, last.held, last.version, last.read
	return next
}

// Value returns the secret, or the zero T if there is none to give out. It never
// waits.
func (h *Handle[T]) Value() T { return h.state.Load().value }

// Load returns the secret, or why there is none to give out. Other than
// [Handle.Err], it has no error while Value is good.
func (h *Handle[T]) Load() (T, error) {
	r := h.state.Load()
	if !r.held {
		return r.value, r.err
	}
	return r.value, nil
}

// failure is the error of Load.
func (h *Handle[T]) failure() error {
	_, err := h.Load()
	return err
}

// Err returns nil if the latest fetch succeeded and its version was decoded, and
// otherwise the error of either, also while Value is still good; after Close,
// [ErrClosed].
func (h *Handle[T]) Err() error { return h.state.Load().err }

// Version returns the version that Value is of; empty if there is none.
func (h *Handle[T]) Version() string { return h.state.Load().version }

// Age returns how long ago the Store last read the version that Value is of;
// zero if there is none.
func (h *Handle[T]) Age() time.Duration {
	r := h.state.Load()
	if !r.held {
		return 0
	}
	read := r.read
	if st, ok := h.store.Status(h.ref.whole()); ok && st.Version == r.version && st.Read.After(read) {
		read = st.Read
	}
	return time.Since(read)
}

// Updated returns a channel that receives after Value or Err have changed. It
// holds one value, so a slow reader misses intermediate changes and holds nobody
// up; of several readers each change reaches one. Close closes it.
func (h *Handle[T]) Updated() <-chan struct{} { return h.updates }

// Close ends the updates. From then on Value is the zero T and Err is
// [ErrClosed]. It always returns nil and may be called again. It does not close
// the Store, and waits for no reader of what Value returned.
func (h *Handle[T]) Close() error {
	h.mu.Lock()
	if !h.closed {
		h.closed = true
		h.replace(&reading[T]{err: ErrClosed, next: make(chan struct{})})
		close(h.updates)
	}
	h.mu.Unlock()
	h.stop()
	return nil
}

// String returns the reference and version of the secret and nothing of it.
func (h *Handle[T]) String() string { return fmt.Sprintf("%s (version %q)", h.ref, h.Version()) }

// Format prints String under every verb.
func (h *Handle[T]) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, h.String()) }
