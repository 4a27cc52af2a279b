package secrets

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

// Finder is a [Source] that can tell what it has, for [Store.Find] and
// [Store.Tags]. Its errors are classed as those of [Source] are.
type Finder interface {
	// Find returns references to all that q selects, in any order; see
	// [Query.Selects] and [Query.Ref].
	Find(ctx context.Context, q Query) ([]Ref, error)
	// Tags returns the tags of a secret, whose key, version and stage it
	// ignores.
	Tags(ctx context.Context, ref Ref) (map[string]string, error)
}

// Find returns references to the secrets or parameters that exist and that q
// selects: sorted, each once, and in the form that [Ref.String] gives, ready for
// [Store.GetAll]. Nothing found is no error. Find reads no value, and nothing is
// kept: it makes calls each time, one for up to a hundred secrets or ten
// parameters, whether they are selected or not. It is meant for the start of a
// program and for looking again now and then.
//
// That a name is found does not mean that its value may be read. In particular,
// who may list a path of parameters gets the names, and from AWS even the values,
// below it that are denied to them one by one (Systems Manager User Guide,
// "Restricting access to parameters"); which is why values are left to
// [Store.Get], which such a denial stops.
//
// Secrets take secretsmanager:ListSecrets on "*". The list lags up to five
// minutes behind, and leaves out what is scheduled for deletion. Parameters take
// ssm:GetParametersByPath on the path, or else ssm:DescribeParameters on "*",
// which is the one that it takes to find by tags. Secrets and parameters that
// other accounts share are not found; see [Query].Role.
//
// The error is a [*ConfigError], an [*AccessError], a [*ReadError], [ErrClosed],
// or that of ctx, wrapped. With an error there are no references: a part could
// be taken for all.
func (s *Store) Find(ctx context.Context, q Query) ([]string, error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	var found []string
	err := s.search(ctx, "find", q.all(), func(ctx context.Context, source Finder) error {
		refs, err := source.Find(ctx, q)
		for _, ref := range refs {
			found = append(found, ref.String())
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// Tags returns the tags of the secret or parameter that ref names; its key,
// version and stage are ignored. Tags are no secrets: whoever may list secrets
// sees them. Nothing is kept. It takes secretsmanager:DescribeSecret or
// ssm:ListTagsForResource.
//
// The error is a [*RefError], an [*AccessError], a [*ReadError], a
// [*ConfigError], [ErrClosed], or that of ctx, wrapped.
func (s *Store) Tags(ctx context.Context, ref string) (map[string]string, error) {
	r, err := ParseRef(ref)
	if err != nil {
		return nil, err
	}
	r.Key = ""
	var tags map[string]string
	err = s.search(ctx, "read the tags of", r, func(ctx context.Context, source Finder) (err error) {
		tags, err = source.Tags(ctx, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	return tags, nil
}

// verb is what an operation is there for, in words.
func verb(operation string) string {
	switch operation {
	case listSecrets, byPath, describeParameters:
		return "find"
	case describeSecret, listTags:
		return "read the tags of"
	default:
		return "read"
	}
}

// search asks the source what it has. Close ends it and waits for it.
func (s *Store) search(ctx context.Context, verb string, ref Ref, ask func(context.Context, Finder) error) error {
	source, ok := s.source.(Finder)
	if !ok {
		return &ConfigError{"the source", "cannot tell what secrets it has: it is no secrets.Finder"}
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	s.work.Add(1)
	s.mu.Unlock()
	defer s.work.Done()
	bounded, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ctx, cancel)()
	err := ask(bounded, source)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("secrets: %s %q: %w", verb, ref, ctx.Err())
	case s.ctx.Err() != nil:
		return ErrClosed
	}
	return sound(ref, Result{Err: err}).Err
}

// found are references to what a stand-in for AWS has, by name, without tags.
func found(q Query, names iter.Seq[string]) []Ref {
	var refs []Ref
	for name := range names {
		ref := q.Ref(name)
		if _, err := ParseRef(ref.String()); err != nil && q.Service == ParameterStore {
			ref.Name = "/" + name // levels need a slash before them
		}
		if _, err := ParseRef(ref.String()); err == nil && q.Selects(ref.Name, nil) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// untagged are the tags of what a stand-in for AWS has, which are none.
func untagged(ctx context.Context, source Source, ref Ref) (map[string]string, error) {
	if r := source.Fetch(ctx, []Ref{ref})[0]; r.Err != nil {
		return nil, r.Err
	}
	return map[string]string{}, nil
}
