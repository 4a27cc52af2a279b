package secrets

import "context"

// Source is where a [Store] gets its secrets from. The Store's own is AWS;
// others stand in for it in tests and development. A Source must be safe for
// concurrent use.
type Source interface {
	// Fetch reads the secrets that refs name, all at once if it can, and returns
	// one Result for each, in the order of refs, whose JSON keys it ignores. It
	// returns when ctx ends. Errors are classed by this package's sentinels: one
	// that is none of them counts as [ErrUnavailable].
	Fetch(ctx context.Context, refs []Ref) []Result
}

// SourceFunc is a [Source] that reads one secret at a time.
type SourceFunc func(ctx context.Context, ref Ref) (Value, error)

// Fetch calls f for each ref in turn.
func (f SourceFunc) Fetch(ctx context.Context, refs []Ref) []Result {
	results := make([]Result, len(refs))
	for i, ref := range refs {
		results[i].Value, results[i].Err = f(ctx, ref)
	}
	return results
}

// Result is what became of one ref. Value is zero if Err is not nil.
type Result struct {
	Value Value
	Err   error
}
