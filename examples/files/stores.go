package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/manifest"
)

// stores are the readers of all Accesses, and what must be closed after them, in
// reverse.
type stores struct {
	readers map[string]manifest.Reader
	closers []func() error
}

// fresh is how old a value may be that is written to a file: outputs that fall
// due together share what they read, and nothing is kept for longer. While AWS
// cannot be reached, the files stay as they are.
func (o *options) fresh(set *manifest.Set) time.Duration {
	shortest := o.refresh
	for _, out := range set.Outputs {
		if every := o.interval(out); every > 0 {
			shortest = min(shortest, every)
		}
	}
	return max(shortest/20, time.Second)
}

// open makes a Store for each Access, which the pod's identity reads. It makes no
// call.
func (o *options) open(ctx context.Context, set *manifest.Set) (_ *stores, err error) {
	s := &stores{readers: map[string]manifest.Reader{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	// Only STS is asked there; each Access has its own Region for secrets.
	identity := o.identity
	identity.Region = cmp.Or(identity.Region, set.Accesses[0].Region)
	fresh := o.fresh(set)
	cfg, err := credentials.LoadConfig(ctx, identity)
	if err != nil {
		return nil, err
	}
	if p, ok := credentials.FromConfig(cfg); ok {
		s.closers = append(s.closers, p.Close)
	}
	for _, a := range set.Accesses {
		own, done, err := a.Config(cfg, credentials.Config{})
		if err != nil {
			return nil, err
		}
		s.closers = append(s.closers, done)
		store, err := secrets.New(ctx, own, secrets.Config{TTL: fresh, MaxStale: fresh})
		if err != nil {
			return nil, err
		}
		s.closers = append(s.closers, store.Close)
		s.readers[a.Name] = store
	}
	return s, nil
}

func (s *stores) close() error {
	var errs []error
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}
