package secrets

import (
	"context"
	"errors"
)

// Use runs fn with the value that h holds, and again with others while a
// rotation is under way, until one is accepted: that is, until fn returns
// something else than an authentication failure. fn says which errors are such
// by wrapping them with [Rejected]; see [UseWith] for errors that tell it
// themselves, and for what is tried.
//
//	err := secrets.Use(ctx, login, func(l Login) error {
//		err := connect(ctx, l)
//		if isAuthenticationFailure(err) {
//			return secrets.Rejected(err)
//		}
//		return err
//	})
func Use[T any](ctx context.Context, h *Handle[T], fn func(T) error) error {
	return UseWith(ctx, h, UseConfig{}, fn)
}

// UseWith is [Use] with settings.
//
// Between the moment at which a rotation changes the database and the one at
// which AWSCURRENT moves, the current password is wrong; with services that
// rotate by themselves, that lasts for about a minute. So when fn's error is an
// authentication failure, UseWith goes on in this order:
//
//  1. If h has got another version since, fn runs with it at once.
//  2. Else AWSCURRENT is read anew, and fn runs if its version is another.
//  3. Else fn runs with the version that is AWSPENDING, then with AWSPREVIOUS,
//     as far as there are such, they may be read, and are others. They are never
//     what h holds, but one that is accepted is what Use begins with until
//     AWSCURRENT moves.
//  4. Else AWSCURRENT is read at growing intervals, beginning with a second,
//     until it moves or a limit is reached.
//
// Callers that fail together share the reads: each stage is read at most once a
// second for a handle. fn runs in the goroutine of the caller, and may run
// while others do.
//
// The error is nil or what fn returned, unchanged; a [*RejectedError] if every
// version was rejected; or, before fn has run, what keeps h from being used.
func UseWith[T any](ctx context.Context, h *Handle[T], c UseConfig, fn func(T) error) error {
	return use(ctx, usableHandle[T]{h}, c, fn)
}

// usableHandle is a [Handle] as Use needs it.
type usableHandle[T any] struct{ *Handle[T] }

func (h usableHandle[T]) name() string { return h.ref.String() }

func (h usableHandle[T]) current() (sample[T], <-chan struct{}, error) {
	r := h.state.Load()
	if !r.held {
		return sample[T]{}, r.next, r.err
	}
	return sample[T]{value: r.value, version: r.version, stage: current}, r.next, nil
}

func (h usableHandle[T]) refresh(ctx context.Context) error {
	before := h.state.Load()
	if errors.Is(before.err, ErrClosed) {
		return before.err // it hears of nothing any more
	}
	outcome, err := h.store.Refresh(ctx, h.ref.whole())
	if err != nil || outcome.New == before.version || errors.Is(before.err, ErrDecode) {
		return err
	}
	// The store knows a version that the handle has yet to hear of.
	select {
	case <-before.next:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stages are none if the handle is on a parameter, or on one version or label:
// what the caller asked for is what it gets.
func (h usableHandle[T]) stages() []string {
	if h.ref.Service == ParameterStore || h.ref.Version != "" || h.ref.Stage != "" {
		return nil
	}
	return []string{"AWSPENDING", "AWSPREVIOUS"}
}

func (h usableHandle[T]) candidate(ctx context.Context, stage string) (sample[T], error) {
	ref := h.ref
	ref.Key = "" // decode picks it out
	v, err := h.store.candidate(ctx, ref, stage)
	if err != nil {
		return sample[T]{}, err
	}
	h.mu.Lock() // decode is never called concurrently
	defer h.mu.Unlock()
	value, err := h.decode(v)
	return sample[T]{value: value, version: v.Version(), stage: stage}, err
}

func (h usableHandle[T]) candidates() *candidates[T] { return &h.shared }
