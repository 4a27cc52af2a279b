package secrets

import "context"

// want is a secret that is to be read, and what is known of it. The zero values
// of the latter are of one that was never read.
type want struct {
	ref  Ref
	seen seen
	held Value // may be given as the answer if it is still current
}

// informed is a [Source] that has use for what is known. Its results are those
// of Fetch.
type informed interface {
	fetch(ctx context.Context, wants []want) []Result
}

// consult asks the source.
func (s *Store) consult(ctx context.Context, wants []want) []Result {
	if source, ok := s.source.(informed); ok {
		return source.fetch(ctx, wants)
	}
	refs := make([]Ref, len(wants))
	for i, w := range wants {
		refs[i] = w.ref
	}
	return s.source.Fetch(ctx, refs)
}
