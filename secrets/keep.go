package secrets

import "context"

// Keep waits for the secret that ref names and from then on has it fetched anew
// whenever it is due, whether anybody reads it or not. It is not evicted, until
// stop, which may be called again, or the Store's end. That is what a [Handle]
// does too, with a decoded value: Keep is for those who read by [Store.Get], such
// as servers that hold many secrets for others. A key of ref makes no difference.
//
// The error is that of Get, and nothing is kept then. What is kept outlives ctx.
func (s *Store) Keep(ctx context.Context, ref string) (stop func(), err error) {
	r, err := s.parse(ref)
	if err != nil {
		return nil, err
	}
	_, stop, err = s.subscribe(ctx, r.whole(), func(Value, error) {})
	return stop, err
}
