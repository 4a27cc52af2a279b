package secrets

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	firstPoll = time.Second // at least; between reads of AWSCURRENT
	maxPoll   = 8 * time.Second
)

// sample is one version of a secret, decoded.
type sample[T any] struct {
	value   T
	version string
	stage   string // for reports
}

// usable is what Use needs of a handle.
type usable[T any] interface {
	name() string
	// current returns what the handle holds, without a call, and a channel that
	// is closed when that changes.
	current() (sample[T], <-chan struct{}, error)
	// refresh reads AWSCURRENT into the handle.
	refresh(ctx context.Context) error
	// stages are the labels, other than AWSCURRENT, of versions that may work.
	stages() []string
	// candidate reads the version with a label, past the handle.
	candidate(ctx context.Context, stage string) (sample[T], error)
	// candidates is the same at each call.
	candidates() *candidates[T]
}

// usage is one call of Use.
type usage[T any] struct {
	handle usable[T]
	config UseConfig

	round    int            // from 1; how many waits there were, and one
	tried    map[string]int // by version: the round of the latest attempt
	at       string         // the version that is AWSCURRENT and known to fail
	runs     int
	open     []string // stages to look at
	poll     time.Duration
	began    time.Time // of the retries
	attempts []Attempt
	last     error
}

func use[T any](ctx context.Context, h usable[T], c UseConfig, fn func(T) error) error {
	s, _, err := h.current()
	if err != nil {
		return err
	}
	u := &usage[T]{handle: h, config: c, round: 1, at: s.version, poll: firstPoll}
	shared := h.candidates()
	if known := shared.accepted(s.version); known != nil {
		s = *known
	}
	for {
		err := fn(s.value)
		if !c.rejects(err) {
			if err == nil && s.stage != current {
				shared.accept(u.at, s)
			}
			return err
		}
		if s.stage != current {
			shared.reject(s)
		}
		u.note(s, err)
		next, err := u.next(ctx)
		if err != nil {
			return err
		}
		s = next
	}
}

// note takes down that s was rejected.
func (u *usage[T]) note(s sample[T], err error) {
	if u.runs == 0 {
		u.tried = map[string]int{}
		u.began = time.Now()
		u.open = u.handle.stages()
	}
	if s.stage == current {
		if u.at != s.version {
			u.open = u.handle.stages() // labels have moved
		}
		u.at = s.version
	}
	if u.config.CurrentOnly {
		u.open = nil
	}
	u.runs++
	u.last = withhold(err)
	u.tried[s.version] = u.round
	u.attempts = append(u.attempts, Attempt{Stage: s.stage, Version: s.version, Err: u.last})
}

// next returns what to try next. The error is that of the whole use.
func (u *usage[T]) next(ctx context.Context) (sample[T], error) {
	if limit := u.config.attempts(); limit > 0 && u.runs >= limit {
		return sample[T]{}, u.giveUp("no attempts left", nil)
	}
	if budget := u.config.budget(); budget > 0 {
		bound, cancel := context.WithDeadline(ctx, u.began.Add(budget))
		defer cancel()
		s, err := u.search(bound)
		if err != nil && ctx.Err() == nil && bound.Err() != nil {
			return s, u.giveUp("time is up", nil)
		}
		return s, err
	}
	return u.search(ctx)
}

func (u *usage[T]) search(ctx context.Context) (sample[T], error) {
	for {
		if s, ok := u.atHand(false); ok {
			return s, nil
		}
		err := u.refresh(ctx)
		if s, ok := u.atHand(true); ok {
			return s, nil
		}
		s, changed, held := u.handle.current()
		if err = cmp.Or(held, err); err != nil && !passing(err) {
			return s, u.giveUp("AWSCURRENT cannot be read", err)
		}
		if s, ok := u.candidate(ctx); ok {
			return s, nil
		}
		if u.config.budget() < 0 {
			return s, u.giveUp("no other version", nil)
		}
		if err := u.wait(ctx, changed); err != nil {
			return s, u.giveUp("the caller has left", err)
		}
	}
}

// atHand returns what to try without a call: the candidate that works for other
// callers, or what the handle holds if that has changed or was read just now.
func (u *usage[T]) atHand(justRead bool) (sample[T], bool) {
	s, _, err := u.handle.current()
	if err != nil {
		return s, false
	}
	if known := u.handle.candidates().accepted(s.version); known != nil && u.tried[known.version] == 0 {
		u.at = s.version
		return *known, true
	}
	if u.fresh(s) && (justRead || s.version != u.at) {
		return s, true
	}
	if justRead {
		u.at = s.version
	}
	return s, false
}

// fresh reports whether s, which is AWSCURRENT, is worth an attempt. One that
// was rejected as a candidate is once it has become AWSCURRENT later.
func (u *usage[T]) fresh(s sample[T]) bool {
	last := u.tried[s.version]
	return last == 0 || s.version != u.at && last < u.round
}

func (u *usage[T]) refresh(ctx context.Context) error {
	_, err := u.handle.candidates().read(ctx, current, func(ctx context.Context) (sample[T], error) {
		return sample[T]{}, u.handle.refresh(ctx)
	})
	return err
}

// candidate returns the next version that has not been tried, as AWSCURRENT has
// been. A stage whose read failed in passing stays open for the next time.
func (u *usage[T]) candidate(ctx context.Context) (sample[T], bool) {
	var again []string
	defer func() { u.open = append(again, u.open...) }()
	for len(u.open) > 0 {
		stage := u.open[0]
		u.open = u.open[1:]
		s, err := u.handle.candidates().read(ctx, stage, func(ctx context.Context) (sample[T], error) {
			return u.handle.candidate(ctx, stage)
		})
		switch {
		case err != nil && passing(err):
			again = append(again, stage)
		case err != nil:
			u.attempts = append(u.attempts, Attempt{Stage: stage, Err: err})
		case u.tried[s.version] == 0:
			return s, true
		}
	}
	return sample[T]{}, false
}

// wait lets some time pass, more each time, but not after the handle has changed.
func (u *usage[T]) wait(ctx context.Context, changed <-chan struct{}) error {
	t := time.NewTimer(u.poll + rand.N(u.poll/4))
	defer t.Stop()
	u.poll = min(2*u.poll, maxPoll)
	u.round++
	select {
	case <-t.C:
		return nil
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (u *usage[T]) giveUp(reason string, cause error) error {
	return &RejectedError{
		Ref: u.handle.name(), Attempts: u.attempts, Elapsed: time.Since(u.began), Reason: reason,
		last: u.last, cause: cause,
	}
}

// passing reports whether a read that failed is worth repeating.
func passing(err error) bool {
	for _, kind := range []error{ErrDenied, ErrNotFound, ErrDeleted, ErrDecryption, ErrDecode, ErrConfiguration, ErrClosed} {
		if errors.Is(err, kind) {
			return false
		}
	}
	return true
}
