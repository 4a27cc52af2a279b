package secrets

import (
	"context"
	"slices"
	"sync"
	"time"
)

// groupKey is what asks must have in common to go out together.
type groupKey struct {
	site    *site
	service Service
}

// read reads the asks that name a site, each service, Region and caller on its
// own, and waits for all. timeout bounds it.
func (s *awsSource) read(ctx context.Context, asks []*ask, timeout time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	groups := map[groupKey][]*ask{}
	for _, a := range asks {
		if a.site != nil {
			key := groupKey{a.site, a.ref.service()}
			groups[key] = append(groups[key], a)
		}
	}
	var wg sync.WaitGroup
	for key, group := range groups {
		wg.Go(func() {
			if key.service == ParameterStore {
				s.readParameters(ctx, key.site, group)
			} else {
				s.readSecrets(ctx, key.site, group)
			}
		})
	}
	wg.Wait()
}

// each calls f for each of list at the same time, as far as slots allow.
func each[T any](ctx context.Context, s *awsSource, list []T, f func(T)) {
	var wg sync.WaitGroup
	for _, one := range list {
		wg.Go(func() { s.call(ctx, func() { f(one) }) })
	}
	wg.Wait()
}

// lonely is how long a batch is not tried again after it was refused: for all
// secrets if the operation is denied, for one that spoils the batch of others.
const lonely = time.Hour

// maxSeparate bounds what is remembered of secrets that spoil a batch.
const maxSeparate = 10_000

// isSeparate reports whether a secret is not to be put into a batch.
func (s *site) isSeparate(ref Ref, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.separate[ref])
}

// keepSeparate has a secret read on its own for a while.
func (s *site) keepSeparate(ref Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.separate) >= maxSeparate {
		clear(s.separate)
	}
	s.separate[ref] = time.Now().Add(lonely)
}

// batchDenied reports whether BatchGetSecretValue is known to be denied.
func (s *site) batchDenied(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.noBatch)
}

func (s *site) denyBatch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noBatch = time.Now().Add(lonely)
}

// pack cuts asks into batches of at most size, in none of which two have the
// same id: the answer could not be told apart. One call decrypts all of its
// parameters or none.
func pack(asks []*ask, size int) [][]*ask {
	var batches [][]*ask
	for _, a := range asks {
		same := func(b *ask) bool { return b.ref.id() == a.ref.id() }
		fits := func(batch []*ask) bool {
			return len(batch) < size && batch[0].ref.Ciphertext == a.ref.Ciphertext && !slices.ContainsFunc(batch, same)
		}
		if i := slices.IndexFunc(batches, fits); i >= 0 {
			batches[i] = append(batches[i], a)
		} else {
			batches = append(batches, []*ask{a})
		}
	}
	return batches
}

// apart divides asks into those that may go into a batch and batches of one.
func apart(asks []*ask, together func(*ask) bool) (joint []*ask, alone [][]*ask) {
	for _, a := range asks {
		if together(a) {
			joint = append(joint, a)
		} else {
			alone = append(alone, []*ask{a})
		}
	}
	return joint, alone
}

// unanswered is the error of a secret that the answer to a batch leaves out.
func unanswered(a *ask, operation string) *ReadError {
	return &ReadError{
		Ref: a.ref.String(), Region: a.site.region, Operation: operation, kind: ErrUnavailable,
		Problem: "the answer has neither a value nor an error for it",
	}
}
