package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
)

// source is a secret that is kept fresh, as one value under the empty name or as
// the members of an object.
type source struct {
	binding
	load  func() (map[string]secrets.Value, error)
	close func() error
}

// loaded are the secrets of all bindings.
type loaded struct {
	vars, members, files []source
	changed              chan struct{} // holds one; receives when any of them may have changed

	watchers sync.WaitGroup
	store    *secrets.Store
	release  func() error
}

// load reads all secrets, in one batch.
func load(ctx context.Context, o *options) (_ *loaded, err error) {
	l := &loaded{changed: make(chan struct{}, 1), release: func() error { return nil }}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	refs := o.refs()
	if len(refs) == 0 {
		return l, nil
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	cfg, err := credentials.LoadConfig(ctx, credentials.Config{})
	if err != nil {
		return nil, err
	}
	if p, ok := credentials.FromConfig(cfg); ok {
		l.release = p.Close
	}
	l.store, err = secrets.New(ctx, cfg, secrets.Config{Preload: refs, WaitForPreload: true, TTL: o.refresh})
	if err != nil {
		return nil, fmt.Errorf("not all secrets can be read:\n%w", err)
	}
	var errs [3]error
	l.vars, errs[0] = open(ctx, l, o.vars, whole)
	l.members, errs[1] = open(ctx, l, o.members, members)
	l.files, errs[2] = open(ctx, l, o.files, whole)
	return l, errors.Join(errs[:]...)
}

// whole takes a secret as it is.
func whole(v secrets.Value) map[string]secrets.Value { return map[string]secrets.Value{"": v} }

// members takes a secret as an object.
func members(m map[string]secrets.Value) map[string]secrets.Value { return m }

// open opens a handle for each binding.
func open[T any](ctx context.Context, l *loaded, bindings []binding, split func(T) map[string]secrets.Value) ([]source, error) {
	var sources []source
	var errs []error
	for _, b := range bindings {
		h, err := secrets.Open[T](ctx, l.store, b.ref)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		l.watchers.Go(func() {
			for range h.Updated() {
				select {
				case l.changed <- struct{}{}:
				default:
				}
			}
		})
		sources = append(sources, source{b, func() (map[string]secrets.Value, error) {
			v, err := h.Load()
			if err != nil {
				return nil, err
			}
			return split(v), nil
		}, h.Close})
	}
	return sources, errors.Join(errs...)
}

// close ends all reading. The errors are those of ending what ends with the
// process anyway.
func (l *loaded) close() {
	for _, list := range [][]source{l.vars, l.members, l.files} {
		for _, s := range list {
			_ = s.close()
		}
	}
	l.watchers.Wait()
	if l.store != nil {
		_ = l.store.Close()
	}
	_ = l.release()
}
