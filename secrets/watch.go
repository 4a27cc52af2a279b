package secrets

import (
	"context"
	"errors"
	"iter"
)

// Watch returns an iterator over a secret: it yields the first value, and from
// then on the latest whenever it or its error changes, until ctx ends, the loop
// is left, or the Store is closed. A slow loop misses intermediate changes.
//
// A value alone is good. A value with an error is still good, but could not be
// refreshed, as with [Handle.Err]. An error alone withdraws the values before it;
// if it is the first, so that there never was a value, it is also the last.
func Watch(ctx context.Context, store *Store, ref string) iter.Seq2[Value, error] {
	return func(yield func(Value, error) bool) {
		h, err := Open[Value](ctx, store, ref)
		if err != nil {
			yield(Value{}, err)
			return
		}
		defer h.Close()
		for {
			r := h.state.Load()
			if !yield(r.value, r.err) || errors.Is(r.err, ErrClosed) {
				return
			}
			select {
			case <-r.next:
			case <-ctx.Done():
				return
			}
		}
	}
}
