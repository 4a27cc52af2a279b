package secrets

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"sync"
)

// LoadAndWatch is [Store.Load] into settings and, from then on, a call of changed
// whenever one of the secrets has changed, with a new struct: a copy of what
// *settings was at first, with all secrets in it. No struct that has been handed
// out is changed again, so readers need no lock if they get the new one through
// an atomic.Pointer.
//
// While a secret cannot be had, or does not decode, changed is called with nil
// and the error instead: the latest struct stays as it is, and whether to go on
// with it is for the caller to say. [ErrClosed] is the last error, when the Store
// is closed.
//
// changed is never called concurrently, and misses intermediate changes while it
// runs. ctx bounds the first read alone. stop ends the calls and waits for one
// that is under way, so that changed must not call it.
func LoadAndWatch[T any](ctx context.Context, store *Store, settings *T, changed func(*T, error)) (stop func(), err error) {
	if settings == nil {
		return nil, &ConfigError{"LoadAndWatch", fmt.Sprintf("takes a pointer to a struct, and %T is nil", settings)}
	}
	fields, err := store.fields(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	base := *settings
	w := store.watchEach(ctx, fields)
	kept := false
	defer func() { // also if a decoder panics
		if !kept {
			w.end()
		}
	}()
	if err := w.fill(reflect.ValueOf(settings).Elem()); err != nil {
		return nil, err
	}
	kept = true
	done := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		for w.wait(done) {
			next := new(base)
			if err := w.fill(reflect.ValueOf(next).Elem()); err != nil {
				changed(nil, err)
			} else {
				changed(next, nil)
			}
		}
		if store.ctx.Err() != nil {
			changed(nil, ErrClosed)
		}
	})
	return sync.OnceFunc(func() {
		close(done)
		work.Wait()
		w.end()
	}), nil
}

// watching follows the secrets of some fields.
type watching struct {
	store  *Store
	fields []field
	signal chan struct{} // receives after a change

	mu     sync.Mutex
	values map[string]Value // by whole reference
	errs   map[string]error
	stops  []func()
}

// watchEach reads the secrets of fields at once and subscribes to them.
func (s *Store) watchEach(ctx context.Context, fields []field) *watching {
	w := &watching{
		store: s, fields: fields, signal: make(chan struct{}, 1),
		values: map[string]Value{}, errs: map[string]error{},
	}
	var first sync.WaitGroup
	for _, ref := range wholes(fields) {
		first.Go(func() {
			v, stop, err := s.subscribe(ctx, ref, func(v Value, err error) { w.notify(ref, v, err) })
			w.begin(ref, v, stop, err)
		})
	}
	first.Wait()
	return w
}

// begin takes the outcome of the first read, unless something newer has come.
func (w *watching) begin(ref string, v Value, stop func(), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil {
		w.stops = append(w.stops, stop)
	}
	if _, ok := w.values[ref]; !ok {
		w.values[ref], w.errs[ref] = v, err
	}
}

func (w *watching) notify(ref string, v Value, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.values[ref], w.errs[ref] = v, err
	select {
	case w.signal <- struct{}{}:
	default:
	}
}

// wait returns true after a change, and false once done or the Store is closed.
func (w *watching) wait(done <-chan struct{}) bool {
	select {
	case <-w.signal:
		return w.store.ctx.Err() == nil
	case <-done:
	case <-w.store.ctx.Done():
	}
	return false
}

// fill decodes the latest secrets into dst, a struct.
func (w *watching) fill(dst reflect.Value) error {
	w.mu.Lock()
	values, errs := maps.Clone(w.values), maps.Clone(w.errs)
	w.mu.Unlock()
	return fill(dst, w.fields, values, errs)
}

func (w *watching) end() {
	for _, stop := range w.stops {
		stop()
	}
}
